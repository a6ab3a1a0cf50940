"""What may be done with a privacy request by machine, what do staff decide, what must stay, and by when?

Sources: GDPR articles 12 (the clock), 15, 16, 17, 18, 21; CCPA (California Civil Code 1798.105, .110, .121, .130) with its
45 days and one extension; quality.md section 4 (four eyes, T-44). The numbers of days are the utility's policy.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.policy import Policy

COPY, CORRECTION, ERASURE, RESTRICTION, OBJECTION = "copy", "correction", "erasure", "restriction", "objection"
KINDS = (COPY, CORRECTION, ERASURE, RESTRICTION, OBJECTION)

EYES = 2
"""How many members of staff look before somebody is forgotten: what is erased does not come back."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules need to know about the request and the person. No value of theirs is here."""

    kind: str
    is_theirs: bool = True
    open_flags: int = 0  # cases that look like fraud and are not decided
    warnings: tuple[str, ...] = ()  # flags on the person's file
    approved_by: int = 0  # how many different members of staff said yes
    looks: int = 0  # how often staff have looked
    is_served: bool = False
    owes: bool = False
    open_requests: int = 0
    last_account_ended: date | None = None
    today: date = date.min


@rule("K-77", "Only they themselves, or staff for them, ask about somebody's own data", implements=("BR-32",))
def asked_by_themselves(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Still, when it is carried out: whose access has ended asks about nobody any more."""
    if not facts.is_theirs:
        yield Finding("K-77", "", Effect.REFUSE)


@rule(
    "K-60",
    "A copy goes to nobody while somebody may be taking the account over: staff look first",
    implements=("BR-61",),
)
def copy_is_safe(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Everything held about somebody is what a thief of accounts would like best."""
    if facts.kind == COPY and (facts.open_flags or facts.warnings):
        yield Finding("K-60", "", Effect.REFER)


@rule("K-61", "Two members of staff agree before somebody is forgotten")
def two_agree(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """`looks` makes each finding a new one, so that no earlier approval covers it (R-06)."""
    if facts.kind == ERASURE and facts.approved_by < EYES:
        yield Finding("K-61", "", Effect.REFER, {"agreed": facts.approved_by, "of": EYES, "looks": facts.looks})


@rule("K-62", "Nobody is forgotten while a case that looks like fraud is open", implements=("BR-60",))
def no_case_is_open(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """No approval covers it: the case is decided first."""
    if facts.kind == ERASURE and facts.open_flags:
        yield Finding("K-62", "", Effect.REFER, {"cases": facts.open_flags, "looks": facts.looks})


@rule("K-63", "What somebody says is wrong and cannot change themselves, staff put right")
def staff_correct(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.kind == CORRECTION:
        yield Finding("K-63", "", Effect.REFER)


RULES: tuple[Callable[[Facts, Policy], Iterator[Finding]], ...] = (
    asked_by_themselves, copy_is_safe, two_agree, no_case_is_open, staff_correct,
)  # fmt: skip


def check(facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    return tuple(finding for each in RULES for finding in each(facts, policy))


@rule(
    "K-64",
    "Who is served, owes something or has asked for something keeps on file what that needs",
    implements=("BR-54",),
)
def is_needed(facts: Facts) -> tuple[str, ...]:
    """Why: "served", "owes", "asked". The rest is erased all the same."""
    reasons = {"served": facts.is_served, "owes": facts.owes, "asked": facts.open_requests > 0}
    return tuple(name for name, holds in reasons.items() if holds)


@rule("K-65", "Accounts keep a name and a billing address as long as the law asks for the books")
def books_until(facts: Facts, policy: Policy) -> date | None:
    """The day until which they are kept; None where nothing must be kept (any more)."""
    if facts.last_account_ended is None:
        return None
    until = facts.last_account_ended + timedelta(days=round(policy.account_years * 365.25))
    return until if until > facts.today else None


@rule("K-66", "A privacy request has a clock from the moment it is asked")
def due_at(asked_at: datetime, policy: Policy) -> datetime:
    return asked_at + timedelta(days=policy.privacy_days)


@rule("K-67", "The clock is set on once, before it has run out, and whoever asked is told why")
def extension(*, due: datetime, extended: bool, now: datetime, reason: str, policy: Policy) -> datetime | None:
    """Until when; None where it may not be set on."""
    if extended or now > due or len(reason.strip()) < 10 or not policy.privacy_extension_days:
        return None
    return due + timedelta(days=policy.privacy_extension_days)


@rule("K-68", "A restriction and an objection hold at once, without anybody's approval")
def holds_at_once(kind: str) -> bool:
    return kind in (RESTRICTION, OBJECTION)


@rule("K-69", "How it ended says whether all was done, a part, or nothing, and what stays says why")
def outcome(*, kind: str, reasons: tuple[str, ...]) -> str:
    return "partly" if kind == ERASURE and reasons else "done"


@rule("K-76", "Who was erased is not taken in again by an import")
def was_not_erased(ref: str, erased: Collection[str]) -> Iterator[Finding]:
    """Another system may still send them: until it, too, has forgotten them, each file would bring them back."""
    if ref in erased:
        yield Finding("K-76", "ref")


def proof_level(*, by_staff: bool, proved_again: bool) -> int:
    """1: signed in; 2: proved again just now; 3: staff saw a document."""
    return 3 if by_staff else 2 if proved_again else 1
