"""Is somebody who depends on service protected at once, or do staff look first (BR-63)?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.policy import Policy


@dataclass(frozen=True, slots=True)
class Facts:
    """`lapsed`: how many protections of this account ended in the last year without a certificate."""

    may_act: bool
    lapsed: int
    certificate: bool


@rule("D-60", "Life support is claimed by who may manage the account")
def may_manage(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if not facts.may_act:
        yield Finding("D-60", "", Effect.REFUSE)


@rule(
    "D-61",
    "Who was protected without a certificate before is protected again when staff have looked",
    implements=("BR-63",),
)
def is_not_asked_again_and_again(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.lapsed and not facts.certificate:
        yield Finding("D-61", "", Effect.REFER)


RULES: tuple[Callable[[Facts, Policy], Iterator[Finding]], ...] = (may_manage, is_not_asked_again_and_again)


def check(facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    return tuple(finding for each in RULES for finding in each(facts, policy))
