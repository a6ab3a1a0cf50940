"""How do the counts of this process get to where every process reads them?

Every few seconds, in one statement: a call of the CIS waits for no row.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.db import DatabaseError, close_old_connections, connection

from keyturn.connectors.cis import counted
from keyturn.records import cis_state

log = structlog.get_logger("keyturn.counting")

EVERY_SECONDS = 5.0


def keep_counts() -> int:
    """Add what was counted since the last time to the table of all processes. How many lines; where the database does not
    answer, it is counted with the next."""
    counts = counted.take()
    if not counts:
        return 0
    try:
        cis_state.add_calls(counts)
    except DatabaseError as problem:
        counted.put_back(counts)
        log.warning("counts are kept for later", problem=type(problem).__name__)
        return 0
    return len(counts)


@contextmanager
def kept() -> Iterator[None]:
    """While a worker runs: every few seconds, and once at its end."""
    over = threading.Event()
    thread = threading.Thread(target=_keep_on, args=(over,), name="counts", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(EVERY_SECONDS)


def _keep_on(over: threading.Event) -> None:
    ended = False
    while not ended:
        ended = over.wait(EVERY_SECONDS)
        close_old_connections()
        keep_counts()
    connection.close()
