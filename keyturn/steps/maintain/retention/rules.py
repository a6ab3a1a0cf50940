"""Which kinds of things are forgotten when, and what keeps them longer?

Every number of days is the utility's policy. A rule answers with the moment before which something is old enough.
"""

from datetime import datetime, timedelta

from keyturn.terms.finding import rule
from keyturn.terms.policy import Policy


@rule("K-70", "What was typed in a request that came to nothing is forgotten when its days are over")
def denied_before(now: datetime, policy: Policy) -> datetime:
    """Refused, withdrawn, lapsed. That it was, when, and by which rules stays."""
    return now - timedelta(days=policy.denied_request_days)


@rule("K-71", "The text of a message is forgotten when its days are over; that it was sent stays")
def messages_before(now: datetime, policy: Policy) -> datetime:
    return now - timedelta(days=policy.message_days)


@rule("K-72", "Tries, codes and links are forgotten when no limit counts them and none can be used any more")
def tries_before(now: datetime, policy: Policy) -> datetime:
    """Not before the day on which the longest of them, a letter's code, has run out by itself."""
    return now - timedelta(days=policy.attempt_days)


@rule("K-73", "Who signed in from where is forgotten when its days are over")
def sign_ins_before(now: datetime, policy: Policy) -> datetime:
    return now - timedelta(days=policy.sign_in_days)


@rule("K-74", "Nothing is forgotten that an open case, a privacy request or a delivery in doubt still needs")
def is_needed(*, open_flags: int, open_privacy: bool, in_doubt: bool) -> bool:
    return bool(open_flags) or open_privacy or in_doubt


@rule("K-75", "Of somebody who was erased nothing new is kept: what told them so goes once it is sent")
def is_of_the_erased(flags: list[str]) -> bool:
    return "erased" in flags
