"""Is everything right, and what happens when it is sent? Check, submit once, confirmation."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from keyturn import flow
from keyturn.flow import sentences
from keyturn.look.parts import Problem
from keyturn.portal import forms
from keyturn.portal import seat as seats
from keyturn.portal.desk import StartDesk, at_desk, show
from keyturn.portal.premise_lines import place_lines
from keyturn.portal.rows import rows_of
from keyturn.portal.way import way_of
from keyturn.records.queries import requests
from keyturn.terms.errors import Invalid, StaleVersion
from keyturn.terms.finding import Finding


@at_desk
def check(desk: StartDesk) -> HttpResponse:
    """Everything that was said, each with a link to change it; the button sends it once (ER-22)."""
    barrier = desk.walk.barrier("check")
    if barrier:
        return desk.go(barrier)
    if desk.request.method != "POST":
        return _show(desk, [])
    seen = desk.request.POST.get("version", "")
    try:
        request = flow.submit(
            request_id=desk.draft.pk, actor=desk.seat.actor, now=desk.now, policy=desk.policy,
            version=int(seen) if seen.isdecimal() and len(seen) < 10 else 0,
        )  # fmt: skip
    except Invalid as refused:
        return _show(desk, list(refused.findings), status=422)
    except StaleVersion:
        banner = {
            "title": _("You changed something in another window"),
            "text": _("These are your answers now. Check them, and send."),
            "tone": "wait",
            "urgent": True,
        }
        return _show(desk.again(), [], status=409, banners=[banner])
    return seats.keep(redirect("portal:done"), desk.seat.seeing(request.reference, desk.now))


def _show(desk: StartDesk, problems: list[Finding], *, status: int = 200, **more: Any) -> HttpResponse:
    errors: dict[str, str] = {}
    for found in problems:
        errors.setdefault(found.field.partition(".")[0], sentences.sentence(found))
    sections = _sections(desk, errors)
    lines = [Problem(error, f"#row-{name}") for name, error in errors.items()]
    return desk.show("check.html", "check", sections=sections, problems=lines, status=status, **more)


def _sections(desk: StartDesk, errors: Mapping[str, str]) -> list[dict[str, Any]]:
    sections: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of(desk.walk, errors):
        sections.setdefault(row["section"], []).append(row)
    return [{"title": gettext(title), "rows": rows} for title, rows in sections.items()]


@never_cache
def done(request: HttpRequest) -> HttpResponse:
    """The confirmation; the same one however often the request was sent, and when one comes back to it."""
    seat = seats.of(request)
    sent = requests.by_id(seat.draft_id) if seat.draft_id else None
    if sent is None or sent.submitted_at is None or not seat.may_see(sent.reference, timezone.now()):
        return redirect("portal:find" if sent is not None and sent.submitted_at else "portal:start")
    return show(
        request, "done.html", reference=sent.reference, email=sent.answers.get("email", ""),
        summary=summary_of(sent.answers), way=way_of(sent), login=not request.user.is_authenticated,
    )  # fmt: skip


def summary_of(answers: Mapping[str, Any]) -> str:
    """One sentence: "Electricity and water at 12 Alder Street, from June 3, 2026." """
    services = forms.said("services", answers)
    services = [*services[:1], *(each.lower() for each in services[1:])]
    together = (
        _("%(most)s and %(last)s") % {"most": ", ".join(services[:-1]), "last": services[-1]}
        if len(services) > 1
        else "".join(services)
    )
    return _("%(services)s at %(place)s, from %(date)s.") % {
        "services": together,
        "place": ", ".join(place_lines(answers.get("service_address"))[:-1]),
        "date": "".join(forms.said("start_date", answers)),
    }
