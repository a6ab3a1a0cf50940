"""When is the CIS asked whether it would serve somebody, and what follows from its answer or its silence?

The machine never refuses anybody for what the CIS says (domain.md Q11): staff weigh it, and the customer reads nothing of
who is on file or of what somebody owes.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.policy import Policy
from keyturn.terms.share import jitter

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST = 10
"""Codes of one answer that are kept."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known. `outcome` is that of the last question about this very matter: "", passed, failed, unsure or
    unavailable; `codes` are what the CIS had against it, or why it could not say. `is_offered`: the CIS can be asked.
    `is_clear`: it is settled who is to be served, and where."""

    is_offered: bool
    is_clear: bool
    outcome: str = ""
    codes: tuple[str, ...] = ()
    answered_at: datetime | None = None


@rule(
    "Y-06",
    "The CIS is asked whether it would serve somebody before anything is written, where it can be asked and the utility "
    "wants it",
    implements=("BR-33",),
)
def is_due(facts: Facts, *, now: datetime, policy: Policy) -> bool:
    """Only once it is clear who is to be served and where; an answer is good for so many hours, then the CIS may have
    changed its mind."""
    if not (policy.cis_eligibility and facts.is_offered and facts.is_clear):
        return False
    return not facts.outcome or _is_stale(facts.answered_at, now, policy)


def _is_stale(answered_at: datetime | None, now: datetime, policy: Policy) -> bool:
    return answered_at is None or now - answered_at > timedelta(hours=policy.cis_eligibility_hours)


@rule(
    "Y-07", "Whom the CIS would not serve now is looked at by staff, before anything is written", implements=("BR-33",)
)
def would_be_served(facts: Facts) -> Iterator[Finding]:
    """`why` is the CIS's first code, `codes` are all."""
    if facts.outcome == "failed":
        why = facts.codes[0] if facts.codes else "other"
        yield Finding("Y-07", "", Effect.REFER, {"why": why, "codes": ", ".join(facts.codes) or "other"})


@rule(
    "Y-08",
    "A CIS that does not say whether it would serve somebody keeps nobody waiting for ever",
    implements=("ER-23",),
)
def is_answered(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Staff look; where the policy says "go_on" it is noted, and the CIS says yes or no when it is told."""
    if facts.outcome in ("unsure", "unavailable"):
        effect = Effect.NOTE if policy.cis_eligibility_away == "go_on" else Effect.REFER
        codes = ", ".join(facts.codes) or facts.outcome
        yield Finding("Y-08", "", effect, {"why": facts.outcome, "codes": codes})


BUSY_FOR = timedelta(minutes=1)
"""So long a place at a CIS that is well, but busy, is waited for, whatever the policy says about one that is away."""


def ask_again(asked_at: datetime, key: str, *, is_away: bool, now: datetime, policy: Policy) -> datetime | None:
    """When a CIS that did not answer is asked again (Y-08): as long after as it was waited for already, seldom at last,
    with a jitter of +-25 % that follows from the key. None: it was waited for long enough."""
    longest = timedelta(minutes=policy.cis_eligibility_wait_minutes if policy.cis_eligibility_away == "wait" else 0)
    until = asked_at + (longest if is_away else max(longest, BUSY_FOR))
    if now >= until:
        return None
    first, last = policy.cis_first_wait_seconds, policy.cis_longest_wait_seconds
    seconds = min(max((now - asked_at).total_seconds(), first), last)
    return min(now + timedelta(seconds=seconds * jitter(f"{key}:{now.isoformat()}")), until)


def clean(codes: Iterable[object]) -> list[str]:
    """Codes as they may be kept and shown: a CIS's own text could quote what it was sent."""
    found = (each if isinstance(each, str) and CODE.fullmatch(each) else "other" for each in codes)
    return list(dict.fromkeys(found))[:MOST]
