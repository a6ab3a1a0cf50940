"""What if the process dies exactly here? Counts the places between one statement and the next, and dies at the one that is named.

A place is before each statement to PostgreSQL (ours, or the reference CIS's), and before and after each commit; a
statement outside a transaction is its own commit. To die is what a `kill -9` is to the database: the connection is gone
without a word, what was not committed is undone, and nothing of the process goes on.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

import psycopg
from django.db import connections

from keyturn.connectors import cis


class Died(BaseException):
    """The process is gone: nothing that handles errors may handle this."""


class Places:
    """Counts places as they are passed; dies at number `at` (0: never). `passed` says what stood at each."""

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.passed: list[str] = []

    @property
    def is_over(self) -> bool:
        """It died: what is cleaned up on the way out reaches nobody."""
        return 0 < self.at <= len(self.passed)

    def pass_by(self, connection: psycopg.Connection[Any], what: str) -> None:
        if self.is_over:
            raise Died("already")
        self.passed.append(what)
        if len(self.passed) == self.at:
            _cut(connection)
            raise Died(what)


@contextmanager
def dying(at: int = 0) -> Iterator[Places]:
    """Whatever this process does inside passes places; where it dies, the block ends, with every connection closed."""
    places = Places(at)
    with (
        patch.object(psycopg.Cursor, "execute", _watched(psycopg.Cursor.execute, places)),
        patch.object(psycopg.Cursor, "executemany", _watched(psycopg.Cursor.executemany, places)),
        patch.object(psycopg.Connection, "commit", _committed(psycopg.Connection.commit, places)),
    ):
        try:
            yield places
        except (
            BaseException
        ):  # on its way out a death may be told as something else: a driver's or the test's own words
            if not places.is_over:
                raise
    if places.is_over:
        with suppress(Exception):
            connections["default"].connection.close()
        del connections["default"]  # and all that it knew of the transaction in which it died
        cis.close()


def _watched(execute: Callable[..., Any], places: Places) -> Callable[..., Any]:
    def watched(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        said = " ".join(str(query).split()[:4])
        places.pass_by(cursor.connection, f"before {said}")
        result = execute(cursor, query, *arguments, **options)
        if cursor.connection.autocommit:
            places.pass_by(cursor.connection, f"after the commit of {said}")
        return result

    return watched


def _committed(commit: Callable[..., Any], places: Places) -> Callable[..., Any]:
    def committed(connection: Any) -> None:
        places.pass_by(connection, "before a commit")
        commit(connection)
        places.pass_by(connection, "after a commit")

    return committed


def _cut(connection: psycopg.Connection[Any]) -> None:
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
