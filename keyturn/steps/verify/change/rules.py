"""Which proofs does a change of what is on file need?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.policy import Policy


@dataclass(frozen=True, slots=True)
class Facts:
    """`families` are the kinds of values that change; `proved_at` when the customer last proved again that it is they."""

    families: frozenset[str]
    proved_at: datetime | None
    submitted_at: datetime
    new_email: bool
    email_proved: bool
    contact_proved: bool = False


@rule("Y-10", "Before a sensitive change the customer proves once more that it is they", implements=("BR-62",))
def was_proved_again(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Fresh when it was sent: a change that then rests for days needs no other proof."""
    if facts.families & set(policy.sensitive_changes):
        oldest = facts.submitted_at - timedelta(minutes=policy.proved_again_minutes)
        if facts.proved_at is None or facts.proved_at < oldest:
            yield Finding("Y-10", "", Effect.ASK)


@rule("Y-11", "An e-mail address is changed only when the new one is proved", implements=("BR-30", "BR-16"))
def new_email_is_proved(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.new_email and not facts.email_proved:
        yield Finding("Y-11", "email", Effect.ASK)


@rule(
    "Y-13",
    "A contact counts as somebody's own when they entered a code that was sent to it",
    implements=("BR-16", "BR-17", "ER-28"),
)
def contact_is_proved(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Its status is set by this process only, never by hand."""
    if "proof" in facts.families and not facts.contact_proved:
        yield Finding("Y-13", "code", Effect.ASK)


def check(facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    return (*was_proved_again(facts, policy), *new_email_is_proved(facts, policy), *contact_is_proved(facts, policy))
