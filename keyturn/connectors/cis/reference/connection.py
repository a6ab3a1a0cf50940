"""How do we reach the reference CIS's database, and what does a failure there mean to Keyturn?

Its connections are its own, never Django's, so that nothing here takes part in a transaction of Keyturn: a real CIS
would not either.
"""

import os
import select
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from keyturn.terms.errors import InDoubt, KeyturnError, Rejected, Unavailable

Cursor = psycopg.Cursor[dict[str, Any]]

_CODES = {
    "one_at_a_time": "premise_occupied",
    "overlapping_season": "overlapping_season",
    "overlapping_season_of_account": "overlapping_season",
}
_NOT_INSTALLED = {"42P01", "3F000", "42703", "3D000"}
_GRACE_SECONDS = 1.0  # the server's own time limit speaks first; ours is for a server that has gone silent
_IDLE_SECONDS = 60.0


class Link:
    """A few connections to one schema, made when needed and kept while they are used.

    A pool with a thread of its own (psycopg_pool) would make every caller wait out the whole time limit while the
    server is down; here the caller's own attempt fails at once.
    """

    def __init__(self, url: str, *, schema: str, timeout_seconds: float, most: int = 8) -> None:
        self.url = url
        self.schema = schema
        self.timeout_seconds = timeout_seconds
        self._places = threading.BoundedSemaphore(most)
        self._idle: list[tuple[psycopg.Connection[dict[str, Any]], float]] = []
        self._lock = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """A transaction that changes nothing. Every failure to reach the CIS is `Unavailable`."""
        with self._connection(self.timeout_seconds) as connection, _named_failures():
            yield self._begin(connection, self.timeout_seconds, writable=False)

    @contextmanager
    def writing(self, *, seconds: float | None = None) -> Iterator[Cursor]:
        """A transaction that commits at the end. Only a commit whose answer is lost is `InDoubt`.

        Whatever breaks earlier is certain: a server rolls back what was not committed. `seconds`: another time limit.
        """
        limit = seconds or self.timeout_seconds
        with self._connection(limit) as connection:
            with _named_failures():
                yield self._begin(connection, limit, writable=True)
            with _named_failures(committing=True):
                connection.commit()

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def _begin(self, connection: psycopg.Connection[dict[str, Any]], seconds: float, *, writable: bool) -> Cursor:
        """Settings are local to the transaction, so that a pooler between us and the server does not matter."""
        cursor = connection.cursor()
        limit = str(max(1, round(seconds * 1000)))
        cursor.execute(
            "SELECT set_config('search_path', %s, true), set_config('statement_timeout', %s, true),"
            " set_config('lock_timeout', %s, true), set_config('transaction_read_only', %s, true)",
            (sql.Identifier(self.schema).as_string(), limit, limit, "off" if writable else "on"),
        )
        return cursor

    @contextmanager
    def _connection(self, seconds: float) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """A connection for `seconds` at most, waiting for a free place and connecting included."""
        end = time.monotonic() + seconds
        if not self._places.acquire(timeout=seconds):
            raise Unavailable("cis_busy")
        try:
            connection = self._take(end)
            try:
                with _severed_after(connection, end - time.monotonic() + _GRACE_SECONDS):
                    yield connection
            finally:
                self._put_back(connection)
        finally:
            self._places.release()

    def _take(self, end: float) -> psycopg.Connection[dict[str, Any]]:
        while True:
            with self._lock:
                connection, since = self._idle.pop() if self._idle else (None, 0.0)
            if connection is None:
                return self._connect(end - time.monotonic())
            if time.monotonic() - since < _IDLE_SECONDS and not _hung_up(connection):
                return connection
            connection.close()

    def _connect(self, seconds: float) -> psycopg.Connection[dict[str, Any]]:
        limit = max(2, round(seconds))  # libpq's shortest is two seconds
        try:
            return psycopg.connect(
                self.url, connect_timeout=limit, application_name="keyturn-cis", row_factory=dict_row
            )
        except psycopg.Error as error:
            code = "cis_not_installed" if error.sqlstate in _NOT_INSTALLED else "cis_unreachable"
            raise Unavailable(code, error.sqlstate or "") from None

    def _put_back(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        with suppress(psycopg.Error):
            connection.rollback()
        if connection.closed or connection.broken:
            connection.close()
            return
        with self._lock:
            self._idle.append((connection, time.monotonic()))


def true_of(cursor: Cursor, sentences: Mapping[str, str]) -> list[str]:
    """Those sentences of which the query finds a row: what must never be true of a store, where it is (the audit)."""
    found = []
    for sentence, query in sentences.items():
        cursor.execute(f"SELECT EXISTS ({query}) AS it_is")
        if (cursor.fetchone() or {})["it_is"]:
            found.append(sentence)
    return found


@contextmanager
def _named_failures(*, committing: bool = False) -> Iterator[None]:
    """Turn psycopg's errors into ours; `from None`, because theirs quote the values of the row."""
    try:
        yield
    except psycopg.Error as error:
        named = meaning(error, committing=committing)
        if named is None:
            raise
        raise named from None
    except UnicodeEncodeError:
        raise Rejected("unreadable_value") from None


def meaning(error: psycopg.Error, *, committing: bool = False) -> KeyturnError | None:
    """What an error of the driver means; None where it is a bug of ours."""
    state = error.sqlstate or ""
    if isinstance(error, psycopg.IntegrityError):
        constraint = error.diag.constraint_name or ""
        return Rejected(_CODES.get(constraint, "against_the_rules"), constraint)
    if isinstance(error, psycopg.DataError):
        return Rejected("unreadable_value", state)
    if committing:
        return InDoubt("commit_unanswered", state)
    if state in _NOT_INSTALLED:
        return Unavailable("cis_not_installed", state)
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        return Unavailable("cis_unavailable", state)
    return None


def _hung_up(connection: psycopg.Connection[Any]) -> bool:
    """An idle connection with something to read has been closed by the other side."""
    try:
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))
    except (psycopg.Error, OSError):
        return True


@contextmanager
def _severed_after(connection: psycopg.Connection[Any], seconds: float) -> Iterator[None]:
    """Shut the socket when the time is up: the driver waits for ever on a server that no longer answers."""
    lock, over = threading.Lock(), False

    def sever() -> None:
        with lock:
            if over:
                return
            with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, sever)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            over = True
