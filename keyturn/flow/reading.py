"""What did a message say, for whom it was sent to? Codes and links that open something are never shown again."""

from keyturn.records.models import Message
from keyturn.steps.confirm import step as confirm
from keyturn.steps.confirm.rules import News
from keyturn.terms.message import Outgoing
from keyturn.terms.policy import Policy

READABLE = frozenset({
    News.RECEIVED, News.COMPLETED, News.REFUSED, News.QUESTION, News.WITHDRAWN, News.EXPIRED, News.CHANGE_DONE,
    News.CHANGE_STOPPED, News.CHANGE_REFUSED, News.CHANGE_ENDED, News.DELEGATE_ADDED, News.ACCESS_ENDED, News.PRIVACY_DONE,
    News.PRIVACY_LATER,
})  # fmt: skip
"""Named one by one: a message that is added later is not readable before somebody has thought about it."""


def read_message(*, message: Message, policy: Policy) -> tuple[Outgoing | None, bool]:
    """The message as it was sent, and whether its text may be shown; None where what it said is forgotten."""
    if message.request is None or not message.sealed_content:
        return None, False
    return confirm.render(message, policy=policy), message.template in READABLE
