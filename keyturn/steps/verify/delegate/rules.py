"""Which proof does letting somebody else act need?"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.policy import Policy


@rule("Y-12", "Who lets somebody else act proves once more that it is they")
def was_proved_again(proved_at: datetime | None, submitted_at: datetime, policy: Policy) -> Iterator[Finding]:
    """An open session must not be enough to give an account away."""
    if proved_at is None or proved_at < submitted_at - timedelta(minutes=policy.proved_again_minutes):
        yield Finding("Y-12", "", Effect.ASK)
