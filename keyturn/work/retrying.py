"""When is a job tried again that failed for a reason that nobody foresaw?"""

from datetime import UTC, datetime

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
