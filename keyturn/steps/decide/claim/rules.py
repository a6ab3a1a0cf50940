"""May the machine give this login the account, or must staff look first?

The same rules say whether a code is sent at all. Nothing of it is shown to whoever asks (I7).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.policy import Policy


@dataclass(frozen=True, slots=True)
class Facts:
    """`level` is what the person's part in the account gives them, "" for nothing; `closed_days` since the last service
    ended, None while there is one."""

    proof: str
    level: str
    flags: frozenset[str] = frozenset()
    closed_days: int | None = None
    owned_by_another: bool = False
    is_delegate: bool = False
    patterns: frozenset[str] = frozenset()


@rule("D-40", "No account of somebody on file with a warning is given by machine", implements=("BR-61",))
def no_warning(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """The dead claim nothing; whose address is protected is given to nobody who only has a code."""
    for flag in sorted(facts.flags):
        yield Finding("D-40", "", Effect.REFER, {"flag": flag})


@rule("D-41", "An account that ended long ago is given by staff only", implements=("BR-28",))
def is_not_long_closed(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.closed_days is not None and facts.closed_days > policy.claim_closed_days:
        yield Finding("D-41", "", Effect.REFER)


@rule(
    "D-42", "Where the utility wants one owner for an account, a second is for staff to decide", implements=("ER-09",)
)
def owner_may_be_second(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.owned_by_another and not policy.claim_second_login:
        yield Finding("D-42", "", Effect.REFER)


@rule("D-43", "What is shown at the desk is looked at by staff", implements=("BR-60",))
def desk_is_staffed(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.proof == "desk":
        yield Finding("D-43", "", Effect.REFER)


@rule("D-44", "Many accounts tried by one, or one by many, are looked at by staff", implements=("BR-60", "BR-61"))
def is_no_pattern(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Strangers' logins at an account do not lock its owner out: what came by letter to the old address is good."""
    passed = {"many_logins"} if facts.proof == "letter" else set()
    for each in sorted(facts.patterns - passed):
        yield Finding("D-44", "", Effect.REFER, {"pattern": each})


@rule("D-45", "Who is on an account without being responsible for it gets what the policy says", implements=("BR-28",))
def part_gives_a_level(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if not facts.level:
        yield Finding("D-45", "", Effect.REFER)


@rule("D-46", "Who only acts for the owner does not become the owner by machine", implements=("BR-61",))
def is_no_delegate(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.is_delegate:
        yield Finding("D-46", "", Effect.REFER)


RULES: tuple[Callable[[Facts, Policy], Iterator[Finding]], ...] = (
    no_warning, is_not_long_closed, owner_may_be_second, desk_is_staffed, is_no_pattern, part_gives_a_level,
    is_no_delegate,
)  # fmt: skip

FLAGGING = frozenset({"D-40", "D-44", "D-46"})
"""Findings that leave a red-flag case (BR-60)."""


def check(facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    return tuple(found for each in RULES for found in each(facts, policy))


def may_be_sent(found: tuple[Finding, ...]) -> bool:
    """Whether a code is sent at all. A delegate's claim sends the owner one: the owner shall know."""
    return all(each.rule == "D-46" for each in found)


def level_for(*, is_main: bool, is_responsible: bool, policy: Policy) -> str:
    """What a person's part in an account gives their login."""
    return "owner" if is_main or is_responsible else policy.claim_level_others
