"""Which messages tell of a privacy request? At every e-mail address that was on file when it was asked, else by letter.

The texts name nothing that is on file: whoever reads the mail of a stolen mailbox learns only that it was asked.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from keyturn.records.models import Message, Request
from keyturn.steps.confirm.change import rules
from keyturn.steps.confirm.rules import News
from keyturn.terms.address import Address


def tell(request: Request, news: News, *, now: datetime, values: Mapping[str, Any] | None = None) -> list[Message]:
    """That it is done, or asked back, or ended another way."""
    said = {**dict(values or {}), "kind": str(request.answers.get("privacy") or "")}
    if news is News.COMPLETED:
        news = News.PRIVACY_DONE
        case = request.privacy
        said |= {"outcome": case.outcome, "kind": case.kind}
    seen = request.seen
    to = [("email", each) for each in rules.emails_to_tell(seen, ())]
    if not to and (letter := rules.letter_goes_to(seen, (), None)):
        to = [("letter", "\n".join(Address.from_mapping(letter).lines()))]
    return [_message(request, news, channel, each, values=said, now=now) for channel, each in to]


def _message(
    request: Request, news: News, channel: str, to: str, *, values: Mapping[str, Any], now: datetime
) -> Message:
    message = Message(
        request=request, person=request.person, template=str(news), channel=channel, language=request.language,
        created_at=now,
    )  # fmt: skip
    message.content = {"to": to, "values": dict(values)}
    message.save(force_insert=True)
    return message
