"""How is any page of a journey asked, answered and shown again with what is wrong?"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from keyturn import flow
from keyturn.flow import sentences
from keyturn.journeys.journey import Ask, Page
from keyturn.look.parts import problems_of
from keyturn.portal import forms, uploads
from keyturn.portal.desk import Desk, at_desk
from keyturn.portal.premise_lines import place_lines
from keyturn.portal.proof import send_code
from keyturn.terms.errors import StaleVersion
from keyturn.terms.finding import Finding


def page_of(desk: Desk, name: str) -> HttpResponse:
    """One page of the journey, by its name in the address."""
    asked = desk.walk.journey.page(name)
    if asked is None or name not in desk.walk.names:
        return desk.go(desk.walk.furthest())
    barrier = desk.walk.barrier(name)
    if barrier:
        return desk.go(barrier)
    if desk.request.method == "POST":
        return _answer(desk, asked)
    before = desk.typed_before()
    if before is not None:
        typed = forms.answers_in(asked, before, desk.answers)
        banner = {"title": _("You were signed out"), "text": _("What you typed is still here. Go on where you were.")}
        return _show(desk, asked, _together(desk.answers, typed), [], banners=[{**banner, "tone": "wait"}])
    return _show(desk, asked, desk.answers, [])


page = at_desk(uploads.takes_files(page_of))


def _answer(desk: Desk, asked: Page) -> HttpResponse:
    """Keep what was typed, right or wrong; then go on, or say what is wrong."""
    posted = desk.request.POST
    typed = forms.only_offered(forms.answers_in(asked, posted, desk.answers), desk.setting(asked))
    files = uploads.receive(
        desk.request, request_id=desk.draft.pk, purposes=uploads.purposes_on(asked), actor=desk.actor, now=desk.now,
        policy=desk.policy,
    )  # fmt: skip
    desk = desk.again() if uploads.purposes_on(asked) else desk
    if _changed_elsewhere(desk, asked, typed, str(posted.get("seen", ""))):
        return _conflict(desk, asked, typed)
    try:
        draft, problems = flow.answer(
            request_id=desk.draft.pk, answers={**_no_longer_fitting(desk, asked, typed), **typed}, actor=desk.actor,
            now=desk.now, policy=desk.policy, version=desk.draft.version,
        )  # fmt: skip
    except StaleVersion:
        return _conflict(desk.again(), asked, typed)
    desk = desk.again()
    if files.pressed and not files.problems:
        return desk.go(asked.name)
    missing = [] if files.pressed else desk.walk.missing(asked)
    problems = [*files.problems, *missing, *(problems if not files.pressed else ())]
    # Something long or odd is not kept by the rules: it is shown again from what was typed.
    if problems:
        return _show(desk, asked, _together(draft.answers, typed), problems)
    return onwards(desk, asked.name)


def onwards(desk: Desk, name: str) -> HttpResponse:
    """To the next page; to the check where one came from there and nothing new is missing."""
    if name == "email" and not desk.walk.proved:
        send_code(desk)
        return desk.go("code")
    if desk.from_check:
        return desk.go(desk.walk.barrier("check") or "check")
    return desk.go(desk.walk.after(name))


def _show(desk: Desk, asked: Page, answers: Mapping[str, Any], problems: list[Finding], **more: Any) -> HttpResponse:
    parts = forms.parts_of(asked, answers, sentences.by_field(problems), desk.setting(asked))
    summary = problems_of(parts)
    return desk.show(
        "page.html", asked.name, title=gettext(asked.title), single=bool(forms.heading_of(asked)),
        intro=gettext(asked.intro) if asked.intro else "", parts=parts, problems=summary,
        why=[gettext(question.why) for question in asked.questions if question.why],
        files=bool(uploads.purposes_on(asked)), terms=asked.name == "consents", seen=digest_of(asked, desk.answers), place=_place(desk) if asked.name == "services" else [],
        status=422 if problems else 200, **more,
    )  # fmt: skip


def _together(answers: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    return {**answers, **{name: value for name, value in typed.items() if value is not None}}


def _place(desk: Desk) -> list[str]:
    return place_lines(desk.answers.get("service_address"))


def _no_longer_fitting(desk: Desk, asked: Page, typed: Mapping[str, Any]) -> dict[str, Any]:
    """An organisation has other documents than a person: a changed mind takes the old answer away."""
    if asked.name == "kind" and typed.get("kind") != desk.answers.get("kind"):
        return {"id_type": None, "id_value": None}
    return {}


# ---- two tabs


def digest_of(asked: Page, answers: Mapping[str, Any]) -> str:
    """What this page's answers were when it was shown: says nothing, but tells a change."""
    said = {each.name: answers.get(each.name) for each in asked.questions if each.ask is not Ask.DOCUMENTS}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def _changed_elsewhere(desk: Desk, asked: Page, typed: Mapping[str, Any], seen: str) -> bool:
    """Another tab changed these very answers since the page was shown, to something else than what is sent now."""
    return (
        bool(seen)
        and seen != digest_of(asked, desk.answers)
        and digest_of(asked, typed) != digest_of(asked, desk.answers)
    )


def _conflict(desk: Desk, asked: Page, typed: Mapping[str, Any]) -> HttpResponse:
    """Show what was typed, say what happened, and let one more press decide (ER-21, ER-25)."""
    banner = {
        "title": _("You changed this in another window"),
        "text": _("Below is what you typed here. Press the button once more to keep it."),
        "tone": "wait",
        "urgent": True,
    }
    response = _show(desk, asked, _together(desk.answers, typed), [], banners=[banner])
    response.status_code = 409
    return response
