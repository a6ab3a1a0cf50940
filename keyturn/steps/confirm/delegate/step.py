"""Which messages go to whom when somebody is invited, accepts, or may do nothing any more (BR-32, BR-64)?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from keyturn.records.models import AccountAccess, Invitation, Message, Request
from keyturn.records.queries import access
from keyturn.steps.confirm.delegate import rules
from keyturn.steps.confirm.rules import News

TO_OWNERS = {
    News.COMPLETED: News.DELEGATE_ADDED,
    News.CHANGE_DONE: News.DELEGATE_ADDED,
    News.REFUSED: News.INVITATION_OVER,
}


def tell(request: Request, news: News, *, now: datetime, values: Mapping[str, Any] | None = None) -> list[Message]:
    """The invitation goes to the invited address alone; everything else to the owners, and an end to both."""
    said = {**dict(values or {}), "kind": request.journey}
    if news is News.INVITED:
        return [_message(request, news, request.answers["delegate_email"], now=now, values=said)]
    if request.journey == "end_access":
        who = AccountAccess.objects.filter(pk=request.answers.get("access_id") or None).select_related("user").first()
        to = [*owners(request, at=now), *([who.user.email] if who else [])]
        return [_message(request, News.ACCESS_ENDED, each, now=now, values=said) for each in dict.fromkeys(to)]
    if news in (News.REFUSED, News.EXPIRED) and request.established_at:
        return _taken_back(request, now=now, values=said)
    said["name"] = request.answers.get("delegate_name", "")
    return [
        _message(request, TO_OWNERS.get(news, news), each, now=now, values=said) for each in owners(request, at=now)
    ]


def _taken_back(request: Request, *, now: datetime, values: Mapping[str, Any]) -> list[Message]:
    """Of what was given and came to nothing both hear, and the owners why."""
    found = Invitation.objects.filter(request=request).select_related("accepted_by").first()
    guest = found.accepted_by.email if found and found.accepted_by else ""
    own = owners(request, at=now)
    sent = [_message(request, News.ACCESS_ENDED, each, now=now, values=values) for each in own]
    if guest and guest not in own:
        without_why = {name: value for name, value in values.items() if name != "text"}
        sent.append(_message(request, News.ACCESS_ENDED, guest, now=now, values=without_why))
    return sent


def owners(request: Request, *, at: datetime) -> list[str]:
    """The addresses of the owners' logins; whoever asked is among them."""
    held = access.logins_of(request.account_id, at=at) if request.account_id else []
    asked = [request.user.email] if request.user else []
    return rules.addresses_to_tell([(each.level, each.user.email) for each in held], asked)


def _message(request: Request, news: News, to: str, *, now: datetime, values: Mapping[str, Any]) -> Message:
    message = Message(
        request=request, account=request.account, template=str(news), channel="email", language=request.language,
        created_at=now,
    )  # fmt: skip
    message.content = {"to": to, "values": dict(values)}
    message.save(force_insert=True)
    return message
