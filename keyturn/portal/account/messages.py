"""What did we send them, when, and what did it say?"""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _

from keyturn import flow
from keyturn.portal.account.door import Visit, signed_in
from keyturn.portal.way import moment
from keyturn.records.queries import my_requests

AT_ONCE = 25
CHANNELS = {"email": _("E-mail"), "sms": _("Text message"), "letter": _("Letter")}


@signed_in
def listed(visit: Visit) -> HttpResponse:
    """The newest first. A message with a code or a link that opens something is listed, and not shown again."""
    text = visit.request.GET.get("page", "1")
    page = max(int(text), 1) if text.isdecimal() and len(text) < 6 else 1
    found = my_requests.messages(visit.user.pk, at=visit.now, start=(page - 1) * AT_ONCE, most=AT_ONCE + 1)
    rows = [_row(visit, each) for each in found[:AT_ONCE]]
    return visit.show(
        "messages.html", back="/account", rows=rows, before=page - 1, after=page + 1 if len(found) > AT_ONCE else 0
    )


def _row(visit: Visit, message: Any) -> dict[str, Any]:
    outgoing, readable = flow.read_message(message=message, policy=visit.policy)
    subject = (
        outgoing.subject if outgoing is not None and readable else str(SUBJECTS.get(message.template, SUBJECTS[""]))
    )
    return {
        "id": str(message.pk), "subject": subject, "readable": readable, "channel": str(CHANNELS.get(message.channel, message.channel)),
        "at": moment(message.sent_at or message.created_at), "language": message.language if readable else "",
    }  # fmt: skip


SUBJECTS = {
    "email_code": _("A code to prove your e-mail address"),
    "status_code": _("A code to see your request"),
    "resume_link": _("A link to go on with your request"),
    "change_coming": _("Something on your account is about to change"),
    "": _("A message about your account"),
}
"""What is said of messages whose own subject may hold a code."""


@signed_in
def message(visit: Visit, ident: Any) -> HttpResponse:
    """The text of one, as it was sent."""
    found = my_requests.message(visit.user.pk, ident, at=visit.now)
    outgoing, readable = flow.read_message(message=found, policy=visit.policy) if found is not None else (None, False)
    if found is None or outgoing is None or not readable:
        raise Http404
    return visit.show("message.html", back="/account/messages", text=outgoing.text, **_row(visit, found))
