"""What time is it, for every machine alike?

The database's clock is the one that all share: leases, waits and what a job writes are judged by it. A worker whose own
clock is days ahead, or steps back, does no harm (T-05). It is asked every few seconds; in between this machine only
counts on, by a clock that nobody sets.
"""

import time
from datetime import UTC, datetime, timedelta

from django.db import connection

ASKED_EVERY_SECONDS = 5.0

_asked: tuple[datetime, float] | None = None


def now() -> datetime:
    """The database's time, a few milliseconds late at most. Raises what the database raises when it cannot be asked."""
    global _asked
    if _asked is None or time.monotonic() - _asked[1] > ASKED_EVERY_SECONDS:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            _asked = cursor.fetchone()[0], time.monotonic()
    return last_known()


def last_known() -> datetime:
    """The same without asking, however long ago that was; this machine's own time where it was never asked."""
    if _asked is None:
        return datetime.now(UTC)
    at, counted = _asked
    return at + timedelta(seconds=time.monotonic() - counted)
