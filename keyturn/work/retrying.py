"""When is a job tried again that failed for a reason that nobody foresaw, or whose worker died?"""

import random
from datetime import UTC, datetime, timedelta

from procrastinate import RetryDecision, RetryStrategy
from procrastinate.jobs import Job

from keyturn.work import clock

TRIES = 8


class ByTheCommonClock(RetryStrategy):
    """PostgreSQL says when a job is due: a machine whose own clock is ahead must not put it off by that."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """As often and as late as said, counted from the time that all machines share."""
        decision = super().get_retry_decision(exception=exception, job=job)
        if decision is not None and decision.retry_at is not None:
            decision.retry_at += clock.last_known() - datetime.now(UTC)
        return decision


RETRY = ByTheCommonClock(max_attempts=TRIES, wait=1, exponential_wait=2)
"""After 3 s, 5 s, 9 s ... up to some minutes; then `gave_up`."""


class WorkerDied(Exception):
    """Each worker that began this job ended without a word: out of memory, or a fault of a library."""


def unless_it_kills(attempts: int) -> None:
    """Raises WorkerDied where the last try was begun before: what fails says so in it, and is not begun again."""
    if attempts > TRIES:
        raise WorkerDied


def after_death(attempts: int) -> datetime:
    """When to begin a job again whose worker died: at once, for workers do end; if it had failed or died before, at a moment
    of its own, so that what kills its worker does not take the same others with it each time."""
    apart = random.uniform(0, 2**attempts) if attempts else 0.0  # noqa: S311 (a wait, not a secret)
    return clock.last_known() + timedelta(seconds=apart)
