"""When does an invitation become access?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.policy import Policy


@dataclass(frozen=True, slots=True)
class Facts:
    """`state` is the invitation's: "" (not sent yet), sent, accepted, declined, revoked, expired."""

    is_owner: bool
    state: str
    expires_at: datetime | None
    now: datetime
    flags: frozenset[str] = frozenset()


@rule("D-30", "Only who owns an account lets others act for it", implements=("BR-32",))
def asked_by_an_owner(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Still, when the other accepts: an owner whose access has ended gives none away."""
    if not facts.is_owner:
        yield Finding("D-30", "", Effect.REFUSE)


@rule(
    "D-31",
    "Nobody acts for an account before they have accepted, from the address that was invited",
    implements=("BR-32",),
)
def has_accepted(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.state == "accepted":
        return
    over = facts.expires_at is not None and facts.expires_at <= facts.now
    if facts.state in ("declined", "revoked", "expired") or over:
        yield Finding("D-32", "", Effect.REFUSE)
    else:
        yield Finding("D-31", "", Effect.WAIT)


@rule("D-32", "An invitation that nobody accepts in time ends", implements=("ER-11",))
def is_still_open(expires_at: datetime, now: datetime) -> bool:
    return expires_at > now


@rule("D-33", "For somebody on file with a warning staff look before another may act", implements=("BR-61",))
def no_warning(facts: Facts, policy: Policy) -> Iterator[Finding]:
    for flag in sorted(facts.flags):
        yield Finding("D-33", "", Effect.REFER, {"flag": flag})


def check(facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    return (*asked_by_an_owner(facts, policy), *no_warning(facts, policy), *has_accepted(facts, policy))
