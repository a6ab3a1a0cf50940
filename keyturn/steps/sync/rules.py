"""What must the CIS be told, under which key, and what follows from its answer or its silence?"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from keyturn.terms.cis import Command, EstablishService, UpdateCustomer
from keyturn.terms.errors import InDoubt, KeyturnError, Rejected, Unavailable
from keyturn.terms.finding import rule
from keyturn.terms.policy import Policy
from keyturn.terms.share import jitter


class Next(StrEnum):
    """What happens to a delivery after a try."""

    RETRY = "retry"  # nothing happened: send again later
    LOOK_UP = "look_up"  # something may have happened: ask first, later
    STAFF = "staff"  # the CIS said no: a person must look
    LOOK_THERE = "look_there"  # the CIS cannot say what it did: staff must look there
    LOOK_FIRST = "look_first"  # nothing was sent: the CIS may know this person already
    CHANGED_THERE = "changed_there"  # nothing was sent: the CIS's own staff have changed the same
    ANOTHERS = "anothers"  # it was done, for somebody or something else than this file's
    ENGINEER = "engineer"  # tried often enough


class CannotTell(Rejected):
    """The CIS was asked what became of a key, and has no way to say."""


class KnownThere(Rejected):
    """The CIS has somebody under the same identifier, whom the registry does not know."""

    def __init__(self, refs: Iterable[str]) -> None:
        super().__init__("person_known_there")
        self.refs = tuple(refs)


class ChangedThere(Rejected):
    """The CIS's own staff have changed the same fields since both last held the same."""

    def __init__(self, fields: Iterable[str]) -> None:
        super().__init__("changed_there")
        self.refs = tuple(fields)


class Anothers(Rejected):
    """The CIS has done it, for others than this file's: their references, which may stand on somebody else's file here."""

    CODE: Final = "on_another_file"

    def __init__(self, refs: Iterable[str]) -> None:
        super().__init__(self.CODE)
        self.refs = tuple(refs)


@dataclass(frozen=True, slots=True)
class Plan:
    next: Next
    at: datetime | None = None


@rule("S-01", "One request is one key in the CIS, for ever", implements=("ER-22",))
def key_for(reference: str) -> str:
    """The idempotency key (I3)."""
    return f"{reference}:establish"


@rule("S-02", "An unknown outcome is looked up before anything is sent again", implements=("ER-23",))
def must_look_up(state: str) -> bool:
    """A delivery that was sent and never answered may have had its effect, whatever ended the try."""
    return state in ("sent", "in_doubt")


@rule("S-03", "Silence is tried again, doubt is looked up, a refusal goes to staff", implements=("ER-23", "ER-24"))
def plan_after(problem: KeyturnError, *, tries: int, key: str, now: datetime, policy: Policy) -> Plan:
    if isinstance(problem, Rejected):
        return Plan(who_looks(problem))
    if tries >= policy.cis_tries:
        return Plan(Next.ENGINEER)
    at = now + wait(tries, key, policy)
    if isinstance(problem, InDoubt):
        return Plan(Next.LOOK_UP, at)
    if isinstance(problem, Unavailable):
        return Plan(Next.RETRY, at)
    raise problem


@rule("S-10", "What the CIS cannot tell of is never sent again by itself: staff look there", implements=("ER-23",))
def who_looks(problem: Rejected) -> Next:
    """A refusal to say what became of a key leaves the doubt; any other means that nothing was written."""
    if isinstance(problem, CannotTell):
        return Next.LOOK_THERE
    if isinstance(problem, ChangedThere):
        return Next.CHANGED_THERE
    if isinstance(problem, Anothers):
        return who_is_meant(problem)
    return Next.LOOK_FIRST if isinstance(problem, KnownThere) else Next.STAFF


@rule(
    "S-18",
    "What the CIS has done for somebody or on an account that is not this file’s is no answer to keep: staff look whose it is",
    implements=("BR-08",),
)
def who_is_meant(problem: Anothers) -> Next:
    """Nothing is tried again: the same key has the same answer. It stays with the CIS until staff have put the files right,
    or discard it."""
    return Next.ANOTHERS


FINDINGS = {
    Next.STAFF: "S-03",
    Next.LOOK_THERE: "S-10",
    Next.LOOK_FIRST: "S-12",
    Next.CHANGED_THERE: "S-16",
    Next.ANOTHERS: "S-18",
}
"""Under which rule staff read what came of a delivery."""


@rule(
    "S-12",
    "Before a new person is sent, the CIS is asked whether it has their identifier already",
    implements=("BR-08",),
)
def is_searched_first(command: Command, *, offers: Collection[str], approved: Collection[str], policy: Policy) -> bool:
    """`approved`: the rules that staff have let pass. One call, for a new person who shows an identifier."""
    new = command.person if isinstance(command, EstablishService) else None
    wanted = policy.cis_search_before_new and "search" in offers and "S-12" not in approved
    return bool(wanted and new and new.identifiers)


@rule(
    "S-16",
    "A change that the CIS's own staff have made meanwhile to the same value is not overwritten before staff have looked",
)
def is_compared_first(command: Command, *, approved: Collection[str]) -> bool:
    """One reading, for an update of somebody of whom it is known what both last held."""
    return isinstance(command, UpdateCustomer) and "S-16" not in approved


@rule("S-06", "What a call in doubt did for a request that came to nothing is looked for, and cancelled")
def key_to_undo(reference: str) -> str:
    """The idempotency key of the cancellation (I3)."""
    return f"{reference}:undo"


def look_after(looks: int, policy: Policy) -> timedelta | None:
    """How long until it is looked for again after `looks` looks: ever longer; None when the policy's window is over.

    The first look comes when a call that nobody answered has mostly arrived, if it ever does.
    """
    first = policy.cis_longest_wait_seconds
    over = looks > 0 and first * (2 ** (looks + 1) - 1) > policy.cis_late_hours * 3600
    return None if over else timedelta(seconds=first * 2**looks)


@rule("S-04", "Tries are spread: each wait is longer, and no two requests wait alike")
def wait(tries: int, key: str, policy: Policy) -> timedelta:
    """Exponential, capped, with a jitter of +-25 % that follows from the key, so that a replay is exact."""
    seconds = min(policy.cis_first_wait_seconds * 2 ** max(tries - 1, 0), policy.cis_longest_wait_seconds)
    return timedelta(seconds=seconds * jitter(f"{key}:{tries}"))


def wait_for_another(since: datetime, now: datetime, policy: Policy) -> timedelta:
    """As long again as it has waited for another delivery already: often at first, seldom when that one is stuck."""
    shortest = timedelta(seconds=policy.cis_first_wait_seconds)
    return min(max(now - since, shortest), timedelta(seconds=policy.cis_longest_wait_seconds))


@rule("S-05", "While one call is under way, nobody else makes the same call")
def is_leased(leased_until: datetime | None, now: datetime) -> bool:
    return leased_until is not None and leased_until > now


def lease(now: datetime, policy: Policy) -> datetime:
    """Until when a call may take; a process that dies with it is followed by another after that."""
    return now + timedelta(seconds=policy.cis_timeout_seconds * 2 + 5)
