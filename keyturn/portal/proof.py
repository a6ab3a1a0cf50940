"""Is the e-mail address theirs? The page with the code, on the way through a draft."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from keyturn import flow
from keyturn.flow import sentences
from keyturn.look.parts import Part, problems_of
from keyturn.portal.desk import Desk, at_desk
from keyturn.signin import asking
from keyturn.signin.logins import note_proved
from keyturn.terms.finding import Finding


def code_of(desk: Desk) -> HttpResponse:
    """Type the code from the mail; or have another one sent."""
    if not desk.answers.get("email"):
        return desk.go("email")
    if desk.walk.proved:
        return desk.go(desk.walk.barrier("check") or "check") if desk.from_check else desk.go(desk.walk.after("email"))
    if desk.request.method != "POST":
        return _show(desk, "", [])
    if desk.request.POST.get("again"):
        problems = send_code(desk)
        return _show(desk, "", problems, sent=not problems)
    typed = desk.request.POST.get("code", "").strip()[:40]
    problems = (
        flow.prove_email(
            request_id=desk.draft.pk,
            purpose="prove",
            code=typed,
            actor=desk.actor,
            now=desk.now,
            policy=desk.policy,
        )
        if typed
        else [Finding("G-05", "code")]
    )
    if problems:
        return _show(desk, typed, problems)
    note_proved(desk.request, str(desk.answers.get("email", "")))
    desk = desk.again()
    if desk.from_check:
        return desk.go("check")
    return desk.go(desk.walk.after("email"))


code = at_desk(code_of)


def send_code(desk: Desk) -> list[Finding]:
    """Send one to the draft's address, which anybody may have typed: one place does not flood a mailbox by many drafts."""
    email = str(desk.answers.get("email", ""))
    if not asking.allowed_here(desk.request, "draft", email, counted="draft_codes"):
        return [Finding("Y-05", "code")]
    return flow.send_code(request_id=desk.draft.pk, purpose="prove", now=desk.now, policy=desk.policy)


def _show(desk: Desk, typed: str, problems: list[Finding], *, sent: bool = False) -> HttpResponse:
    field = code_field(typed, sentences.by_field(problems).get("code", ""))
    banner = {"title": _("A new code is on its way"), "text": _("Only the newest one works."), "tone": "good"}
    return desk.show(
        "code.html", "code", field=field, heading=_("Enter the code from our e-mail"), other=desk.address("email"),
        lead=_("We have sent a code of six characters to %(email)s.") % {"email": desk.answers.get("email", "")},
        problems=problems_of((field,)), banners=[banner] if sent else [], status=422 if problems else 200,
    )  # fmt: skip


def code_field(typed: str, error: str) -> Part:
    """The box for a one-time code, the same wherever one is asked for."""
    return Part(
        "code", "code", _("Code"), value=typed, hint=_("For example 7QX4M2. Capitals do not matter."), error=error
    )
