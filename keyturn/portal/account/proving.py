"""Is a contact that stands on file theirs? The page with the code that went there; the right one is all that is asked."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from keyturn import flow
from keyturn.flow import sentences
from keyturn.look.parts import problems_of
from keyturn.portal.account.desk import ChangeDesk, at_change
from keyturn.portal.account.said import spoken_phone
from keyturn.portal.proof import code_field
from keyturn.terms.errors import Invalid
from keyturn.terms.finding import Finding


@at_change
def prove(desk: ChangeDesk) -> HttpResponse:
    """Type the code from the mail or text message; or have another one sent."""
    if desk.answers.get("act") != "prove":
        return desk.go("check")
    posted = desk.request.POST
    if desk.request.method != "POST":
        return _show(desk, "", [])
    if posted.get("again"):
        problems = flow.send_code(request_id=desk.draft.pk, purpose="prove", now=desk.now, policy=desk.policy)
        return _show(desk, "", problems, sent=not problems)
    typed = posted.get("code", "").strip()[:40]
    problems = [Finding("G-05", "code")]
    if typed:
        problems = flow.prove_email(
            request_id=desk.draft.pk, purpose="prove", code=typed, actor=desk.actor, now=desk.now, policy=desk.policy
        )
    if problems:
        return _show(desk, typed, problems)
    try:
        flow.submit(request_id=desk.draft.pk, actor=desk.actor, now=desk.now, policy=desk.policy)
    except Invalid as refused:
        return _show(desk, "", [Finding(each.rule, "code", params=each.params) for each in refused.findings])
    return redirect("account:change_done", desk.draft.reference)


def _show(desk: ChangeDesk, typed: str, problems: list[Finding], *, sent: bool = False) -> HttpResponse:
    contact = desk.draft.seen.get(f"contact.{desk.answers.get('contact_id')}") or {}
    field = code_field(typed, sentences.by_field(problems).get("code", ""))
    banner = {"title": _("A new code is on its way"), "text": _("Only the newest one works."), "tone": "good"}
    return desk.show(
        "code.html", "check", field=field, heading=_("Enter the code that we sent"), problems=problems_of((field,)), back=desk.entrance,
        lead=_("We have sent a code of six characters to %(contact)s.") % {"contact": spoken_phone(contact.get("value", ""))},
        progress=None, banners=[banner] if sent else [], status=422 if problems else 200,
    )  # fmt: skip
