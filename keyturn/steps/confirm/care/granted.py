"""Who hears that staff have given somebody access: the owners, and whoever's account it is at the contacts on file?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from keyturn.records.models import Message, Request
from keyturn.steps.confirm.care import step as care
from keyturn.steps.confirm.delegate import step as delegate
from keyturn.steps.confirm.rules import News


def tell(request: Request, news: News, *, now: datetime, values: Mapping[str, Any] | None = None) -> list[Message]:
    """In the words for an invitation that was accepted; nobody is told twice."""
    if news is not News.COMPLETED:
        return []
    said = {**dict(values or {}), "kind": "grant_access", "name": request.answers.get("delegate_name", "")}
    sent = care.tell(request, News.DELEGATE_ADDED, now=now, values=said)
    there = {each.content["to"] for each in sent}
    return sent + [
        care.message(request, News.DELEGATE_ADDED, "email", each, values=said, now=now)
        for each in delegate.owners(request, at=now)
        if each not in there and each != request.answers.get("access_email")
    ]
