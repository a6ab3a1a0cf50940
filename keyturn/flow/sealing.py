"""When is a seal put on what was written down, and where is it told besides?"""

from datetime import datetime

import structlog

from keyturn.records import seals
from keyturn.work import queue

log = structlog.get_logger("keyturn.audit")


@queue.job("seal_audit")
def seal_audit_job(*, now: datetime) -> None:
    seal_audit(now=now)


def seal_audit(*, now: datetime) -> None:
    """The log hears of each seal, so that the last ones cannot be taken away unseen by whoever keeps the log (I5)."""
    if made := seals.seal(now=now):
        log.info("sealed", seal=made.number, hash=bytes(made.hash).hex())
