"""How does somebody stop and go on: later, on another device, or after the page has locked itself?

Nothing that was typed is shown before the e-mail of the draft is proved by a code sent just now. Whether a draft exists
is never said (I7): the answer is the same for every address.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from keyturn import flow
from keyturn.flow import sentences
from keyturn.look.parts import Part, problems_of
from keyturn.portal import seat as seats
from keyturn.portal.desk import StartDesk, address_of, at_desk, desk_for, show
from keyturn.portal.proof import code_field
from keyturn.records.queries import requests
from keyturn.signin.guesses import evenly
from keyturn.terms.errors import NotAllowed
from keyturn.terms.finding import Finding


@at_desk
def later(desk: StartDesk) -> HttpResponse:
    """Stop here: a link goes to the e-mail address, and this device forgets."""
    email = desk.answers.get("email", "")
    if desk.request.method != "POST":
        return desk.show("later.html", desk.walk.furthest(), email=email, back=address_of(desk.walk.furthest()))
    if email:
        flow.send_resume_link(email=email, now=desk.now, policy=desk.policy)
    return seats.leave(show(desk.request, "resume_sent.html", days=desk.policy.draft_days, left=True))


@at_desk
def stay(desk: StartDesk) -> HttpResponse:
    """Somebody pressed "Stay on this page"."""
    return seats.keep(HttpResponse(status=204), desk.seat.working_on(desk.draft.pk, desk.now))


@never_cache
@evenly
def resume(request: HttpRequest) -> HttpResponse:
    """Ask for the link. Neither the answer nor its time tells whether there is a draft."""
    typed, error = request.POST.get("email", "").strip()[:254], ""
    if request.method == "POST":
        if "@" in typed:
            flow.send_resume_link(email=typed, now=timezone.now(), policy=settings.KEYTURN_POLICY)
            return show(request, "resume_sent.html", days=settings.KEYTURN_POLICY.draft_days, email=typed)
        error = sentences.sentence(Finding("V-06", "email") if typed else Finding("G-05", "email"))
    field = Part(
        "text",
        "email",
        _("E-mail address"),
        value=typed,
        error=error,
        type="email",
        inputmode="email",
        autocomplete="email",
    )
    return show(
        request, "find.html", title=_("Continue where you left off"), button=_("E-mail me the link"), parts=(field,),
        lead=_("Enter the e-mail address that you gave us. We send a link to it. Open the link on any device to continue."),
        problems=problems_of((field,)), back="/", status=422 if error else 200,
    )  # fmt: skip


@never_cache
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """The link from the mail. Opening it sends nothing: mail scanners open links too; the button sends the code."""
    draft = flow.follow_resume_link(token=token, now=timezone.now())
    if draft is None:
        return show(
            request, "notice.html", title=_("This link does not work any more"), link="/resume", link_text=_("Get a new link"),
            also="/requests", also_text=_("Check a request"),
            paragraphs=[_("It may be too old, or the request has been sent. Ask for a new link, or check your request.")],
            status=410,
        )  # fmt: skip
    return _prove(request, draft, title=_("Welcome back"))


@never_cache
def locked(request: HttpRequest) -> HttpResponse:
    """The page was left alone for a while. What was sent is saved; a code opens it again."""
    seat = seats.of(request)
    draft = requests.by_id(seat.draft_id) if seat.draft_id else None
    if draft is None or draft.submitted_at is not None or not draft.email_digest:
        return redirect("portal:start")
    if not seat.is_locked(timezone.now()):
        return redirect(address_of(desk_for(request, seat, draft, timezone.now()).walk.furthest()))
    return _prove(request, draft, title=_("You were away for a while"))


def _prove(request: HttpRequest, draft: Any, *, title: str) -> HttpResponse:
    """Send a code to the draft's e-mail, take it, and hand the draft to this browser."""
    now, typed = timezone.now(), request.POST.get("code", "").strip()[:40]
    if request.method != "POST":
        return show(
            request, "notice.html", title=title, form_button=_("Send me a code"),
            paragraphs=[
                _("Everything you sent is saved. To make sure that it is you, we send a code to the e-mail address you gave."),
            ],
        )  # fmt: skip
    if "code" not in request.POST:
        problems = flow.send_code(request_id=draft.pk, purpose="resume", now=now, policy=settings.KEYTURN_POLICY)
        return _show_code(request, "", problems)
    if not typed:
        return _show_code(request, "", [Finding("G-05", "code")])
    seat = seats.of(request)
    problems = flow.prove_email(
        request_id=draft.pk, purpose="resume", code=typed, actor=seat.actor, now=now, policy=settings.KEYTURN_POLICY
    )
    if problems:
        return _show_code(request, typed, problems)
    try:
        draft = flow.take_over(request_id=draft.pk, actor=seat.actor, now=now)
    except NotAllowed:
        return redirect("portal:start")
    seat = seat.working_on(draft.pk, now)
    return seats.keep(redirect(address_of(desk_for(request, seat, draft, now).walk.furthest())), seat)


def _show_code(request: HttpRequest, typed: str, problems: list[Finding]) -> HttpResponse:
    field = code_field(typed, sentences.by_field(problems).get("code", ""))
    return show(
        request, "code.html", field=field, heading=_("Enter the code from our e-mail"), problems=problems_of((field,)),
        lead=_("We have sent a code of six characters to the e-mail address you gave."), status=422 if problems else 200,
    )  # fmt: skip


@never_cache
def expired(request: HttpRequest) -> HttpResponse:
    """The draft was kept for as long as we promised, and is gone."""
    return seats.leave(
        show(
            request,
            "notice.html",
            title=_("This request has expired"),
            link="/start",
            link_text=_("Start again"),
            paragraphs=[sentences.sentence(Finding("G-06"))],
            status=410,
        )
    )
