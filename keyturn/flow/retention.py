"""What is forgotten every day, without anybody asking?"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from keyturn.flow import moves, privacy
from keyturn.steps.maintain.privacy import step as privacy_step
from keyturn.steps.maintain.retention import step as retention
from keyturn.terms.policy import Policy
from keyturn.work import queue

log = structlog.get_logger("keyturn.retention")

GIVEN_UP_DAYS = 7
"""So long a job that gave up is counted, if nobody has it tried anew before."""


def _forget_given_up(*, now: datetime, policy: Policy) -> int:
    return queue.forget_given_up(before=now - timedelta(days=GIVEN_UP_DAYS))


EVERY_DAY: tuple[Callable[..., int], ...] = (
    retention.forget_denied, retention.forget_of_the_erased, retention.forget_messages, retention.forget_tries,
    retention.forget_sign_ins, privacy_step.forget_books, _forget_given_up,
)  # fmt: skip


@queue.job("forget")
def forget_job(*, now: datetime) -> None:
    forget(now=now, policy=moves.policy())


def forget(*, now: datetime, policy: Policy) -> int:
    """Everything whose time is over; how many. What fails is tried again tomorrow and keeps nothing else."""
    gone = privacy.close_unmet(now=now)
    for each in EVERY_DAY:
        try:
            gone += each(now=now, policy=policy)
        except Exception as error:
            log.error("not forgotten", what=each.__name__, exc_info=error)
    log.info("forgotten", rows=gone)
    return gone
