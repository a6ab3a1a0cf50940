"""Where does a request stand? By its reference and a code sent to its proved e-mail; nothing personal before (I7).

The permission ends some time after the page was last shown. An answer sent later waits, sealed, until the code is entered.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from keyturn import flow
from keyturn.flow import sentences
from keyturn.journeys import JOURNEYS
from keyturn.look import brand
from keyturn.look.parts import Part, problems_of
from keyturn.portal import seat as seats
from keyturn.portal import uploads
from keyturn.portal.desk import show
from keyturn.portal.proof import code_field
from keyturn.portal.rows import rows_of
from keyturn.portal.sending import summary_of
from keyturn.portal.walk import Walk
from keyturn.portal.way import advice_of, heading_of, status_of, tag_of, way_of
from keyturn.records import kept
from keyturn.records.queries import documents, requests
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.finding import Finding
from keyturn.terms.request import Actor, Role, Status

OPEN = (Status.PROCESSING, Status.NEEDS_CUSTOMER, Status.IN_REVIEW, Status.WAITING, Status.STUCK)
SLOT = "reply_kept"


def normal_reference(text: str) -> str:
    """A reference as people copy it: small letters, blanks and missing dashes do not matter."""
    body = re.sub(r"[^0-9A-Z]", "", text.upper()[:40]).removeprefix("KT")
    return f"KT-{body[:4]}-{body[4:8]}" if len(body) == 8 else ""


@never_cache
def find(request: HttpRequest) -> HttpResponse:
    """Enter a reference."""
    typed, error = request.POST.get("reference", "").strip()[:40], ""
    if request.method == "POST":
        reference = normal_reference(typed)
        if reference:
            return redirect("portal:status", reference)
        error = _("Enter the reference from our e-mail, for example KT-7QX4-M2ZP.")
    field = Part(
        "text",
        "reference",
        _("Reference"),
        value=typed,
        error=error,
        hint=_("It begins with KT. You find it in our e-mail."),
        width=20,
        capitals="characters",
    )
    return show(
        request, "find.html", title=_("Check a request"), button=_("Continue"), parts=(field,), back="/",
        lead=_("See where your request is, answer a question, or withdraw it."), problems=problems_of((field,)),
        status=422 if error else 200,
    )  # fmt: skip


@never_cache
def status(request: HttpRequest, reference: str) -> HttpResponse:
    """The request, for whoever has proved its e-mail here; for everybody else the way to prove it."""
    seat = seats.of(request)
    if seat.may_see(reference, timezone.now()):
        found = requests.by_reference(reference)
        if found is not None and found.submitted_at is not None:
            return _show_with_what_waits(request, found)
    return _prove(request, reference)


def _prove(request: HttpRequest, reference: str) -> HttpResponse:
    """The same pages and words whether or not there is such a request."""
    if request.method != "POST":
        waits = kept.waits(request.session, SLOT, reference)
        return show(
            request, "notice.html", title=_("First, let us make sure that it is you"), form_button=_("Send me a code"), back="/requests",
            paragraphs=[
                _("We send a code to the e-mail address that belongs to request %(reference)s.") % {"reference": reference},
                _("If no e-mail comes, check the reference."),
            ],
            banners=[_unsent(_("We keep what you typed until you have entered the code."))] if waits else [],
        )  # fmt: skip
    now, found = timezone.now(), requests.by_reference(reference)
    found = found if found is not None and found.submitted_at is not None else None
    if "code" not in request.POST:
        if found is not None:
            flow.send_code(request_id=found.pk, purpose="status", now=now, policy=settings.KEYTURN_POLICY)
        return _show_code(request, reference, "", "", again="again" in request.POST)
    typed, seat = request.POST.get("code", "").strip()[:40], seats.of(request)
    if not typed:
        return _show_code(request, reference, "", sentences.sentence(Finding("G-05", "code")))
    if found is None or flow.prove_email(
        request_id=found.pk, purpose="status", code=typed, actor=seat.actor, now=now, policy=settings.KEYTURN_POLICY
    ):
        # One sentence for every cause: wrong code, old code, too many tries, no such request.
        error = _("This code is not right, or it is too old. Check our newest e-mail, or ask for a new code.")
        return _show_code(request, reference, typed, error)
    return seats.keep(redirect("portal:status", reference), seat.seeing(reference, now))


def _show_code(request: HttpRequest, reference: str, typed: str, error: str, *, again: bool = False) -> HttpResponse:
    field = code_field(typed, error)
    banner = {"title": _("A new code is on its way"), "text": _("Only the newest one works."), "tone": "good"}
    return show(
        request, "code.html", field=field, heading=_("Enter the code from our e-mail"), problems=problems_of((field,)), back="/requests",
        lead=_("If there is a request %(reference)s, a code is on its way to its e-mail address.") % {"reference": reference},
        banners=[banner] if again else [], status=422 if error else 200,
    )  # fmt: skip


def _unsent(text: str) -> dict[str, str]:
    return {"title": _("Your answer is not sent yet"), "text": text, "tone": "wait"}


def _show_with_what_waits(request: HttpRequest, found: Any) -> HttpResponse:
    """The request, and in the box what was typed there before the code had to be entered again."""
    before = kept.take_back(request.session, SLOT, found.reference)
    if not before or status_of(found) is not Status.NEEDS_CUSTOMER:  # answered in another window
        return _show(request, found)
    banner = _unsent(_("What you typed is still here. Choose any file again, then send your answer."))
    return _show(request, found, typed=before["reply"], banners=[banner])


def _show(
    request: HttpRequest,
    found: Any,
    *,
    typed: str = "",
    error: str = "",
    file_error: str = "",
    banners: list[Any] | None = None,
) -> HttpResponse:
    walk = Walk(JOURNEYS[found.journey], found.answers, proved=True)
    asked = status_of(found) is Status.NEEDS_CUSTOMER
    question = requests.open_question(found) if asked else ""
    field = Part("textarea", "reply", _("Your answer"), value=typed, error=error, spellcheck=True)
    papers = documents.of_request(found)
    asked_for = uploads.part(
        "papers", documents.unsent(found) if asked else (), label=_("Add a document"), optional=True,
        error=file_error, hint=_("If we asked for one: take a photo of it."),
    )  # fmt: skip
    page = show(
        request, "status.html", reference=found.reference, tag=tag_of(found), heading=heading_of(found), back="/",
        summary=summary_of(found.answers), said=_said(found), question=question, reply=field, asked_for=asked_for, papers=papers,
        problems=problems_of((field, asked_for)) if error or file_error else (), way=way_of(found), banners=banners or [],
        advice=advice_of(found, phone=brand.current().phone), may_ask_again=status_of(found) in (Status.REFUSED, Status.WITHDRAWN),
        rows=[row for row in rows_of(walk, {}) if row["lines"]], may_withdraw=_may_withdraw(found), status=422 if error or file_error else 200,
        stay=reverse("portal:status", args=[found.reference]), idle_seconds=settings.KEYTURN_POLICY.status_code_minutes * 60,
    )  # fmt: skip
    return seats.keep(page, seats.of(request).seeing(found.reference, timezone.now()))


def _said(found: Any) -> list[str]:
    """Why it was refused, in the words meant for the applicant."""
    if status_of(found) is not Status.REFUSED:
        return []
    return [
        text for text in (requests.reason(found), *sentences.by_field(requests.findings_of(found)).values()) if text
    ][:1]


def _may_withdraw(found: Any) -> bool:
    return status_of(found) in OPEN and found.account_id is None


@never_cache
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    """Take the request back, after one more question."""
    found = _seen(request, reference)
    if found is None or not _may_withdraw(found):
        return redirect("portal:status", reference)
    if request.method != "POST":
        return show(request, "withdraw.html", reference=reference, back=f"/requests/{reference}")
    try:
        flow.withdraw(request_id=found.pk, actor=_owner(found), now=timezone.now())
    except NotAllowed:
        banner = {
            "title": _("It is too late to withdraw this online"), "urgent": True, "tone": "wait",
            "text": _("Your service is being set up already. Call us, and we stop it."),
        }  # fmt: skip
        return _show(request, requests.by_reference(reference), banners=[banner])
    return redirect("portal:status", reference)


def _acting(view: Callable[[HttpRequest, str], HttpResponse]) -> Callable[[HttpRequest, str], HttpResponse]:
    """The view takes a posted form. Its address stands in the address bar after a mistake: opened, it leads to the request."""

    @wraps(view)
    def act(request: HttpRequest, reference: str) -> HttpResponse:
        return view(request, reference) if request.method == "POST" else redirect("portal:status", reference)

    return act


@never_cache
@_acting
@uploads.takes_files
def reply(request: HttpRequest, reference: str) -> HttpResponse:
    """Answer what staff asked."""
    found, typed = _seen(request, reference), request.POST.get("reply", "").strip()[:4000]
    if found is None:
        if seats.of(request).status == reference:  # they had proved themselves here, too long ago
            kept.keep(request.session, SLOT, reference, {"reply": typed})
        return redirect("portal:status", reference)
    now, policy = timezone.now(), settings.KEYTURN_POLICY
    try:
        files = uploads.receive(
            request, request_id=found.pk, purposes={"papers": "reply"}, actor=_owner(found), now=now, policy=policy
        )
        if files.pressed or files.problems:
            wrong = sentences.by_field(files.problems).get("papers", "")
            return _show(request, requests.by_reference(reference), typed=typed, file_error=wrong)
        flow.reply(request_id=found.pk, text=typed, actor=_owner(found), now=now, policy=policy)
    except Invalid:
        return _show(request, found, typed=typed, error=_("Write your answer, then send it."))
    except NotAllowed:
        return redirect("portal:status", reference)
    return redirect("portal:status", reference)


@never_cache
@_acting
def leave(request: HttpRequest, reference: str) -> HttpResponse:
    """Close the request on this device."""
    return seats.leave(redirect("portal:front"))


def _seen(request: HttpRequest, reference: str) -> Any:
    """The request, where this browser may see it."""
    if not seats.of(request).may_see(reference, timezone.now()):
        return None
    return requests.by_reference(reference)


def _owner(found: Any) -> Actor:
    """Who has proved the request's e-mail acts as the one who began it (I-04)."""
    role, _colon, ident = found.begun_by.partition(":")
    return Actor(Role(role), ident) if role in (Role.CUSTOMER, Role.PARTNER) else Actor(Role.CUSTOMER, ident)
