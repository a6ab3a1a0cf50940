"""May the CIS be called now, how many at once, and how do we come back to one that was away?"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from keyturn.terms.errors import InDoubt, KeyturnError, Unavailable
from keyturn.terms.finding import rule
from keyturn.terms.policy import Policy
from keyturn.terms.share import jitter, share

ANSWERED = frozenset({"unreadable_answer", "answered_in_part", "connector_failed"})
"""Codes of `InDoubt` that are no silence: something came back, or the connector itself failed."""

DRAINED_EVERY = timedelta(seconds=2)
"""A worker with nothing to do looks for what has fallen due as often."""


@rule("S-07", "A CIS that has stopped answering is left alone until it answers a probe", implements=("ER-23",))
def leaves_alone(failures: int, policy: Policy) -> bool:
    """`failures` in a row. Nobody calls it then: no worker waits for it, and what it must be told waits without a job."""
    return failures >= policy.cis_breaker_failures


def is_silence(problem: KeyturnError) -> bool:
    """Whether the CIS cannot have been well: it could not be reached, or did not answer in time. A refusal is an answer."""
    return isinstance(problem, Unavailable) or (isinstance(problem, InDoubt) and problem.code not in ANSWERED)


def on_trial(policy: Policy) -> int:
    """What is counted against a CIS that has answered a probe: the next call that it fails is one too many again."""
    return max(policy.cis_breaker_failures - 1, 0)


def next_probe(cis: str, now: datetime, policy: Policy) -> datetime:
    """With a jitter of +-25 %, so that several installations at one CIS do not knock together."""
    return now + timedelta(seconds=policy.cis_probe_seconds * jitter(f"{cis}:{now.isoformat()}"))


@rule("S-08", "What waited for the CIS is let go as fast as it takes it, at a bounded rate, the oldest first")
def at_a_time(policy: Policy, *, let_go: int, taken: int) -> int:
    """How many are let go in one turn, where so many were in the turn before, and so many calls have found a place since.

    Where clearly fewer did, the CIS or the workers are at their limit: then a quarter more than were taken, and as many as
    there are places. The others would find no place and come back, at the cost of a job each.
    """
    most = max(1, int(policy.cis_drain_per_second * DRAINED_EVERY.total_seconds()))
    a_quarter_more = taken + taken // 4
    return most if a_quarter_more >= let_go else min(most, a_quarter_more + places(policy))


def let_go(keys: Sequence[str], most: int) -> Iterator[timedelta]:
    """How long each of these deliveries, the oldest first, waits yet: at the pace of `most` in a turn, each a little off its
    place."""
    for number, key in enumerate(keys):
        yield (number + share(key)) * DRAINED_EVERY / most


@rule(
    "S-09", "A CIS is given no more calls at once than it can take; who finds no place comes again, and waits nowhere"
)
def places(policy: Policy) -> int:
    return policy.cis_at_once
