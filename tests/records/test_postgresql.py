"""Is a connection that is gone noticed before it is used, and is nothing asked of one that is there?"""

import select
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, close_old_connections, connection

from tests.work.test_worker import another_connection, until

PATIENCE = 30.0
"""Seconds for the server to say what it has to say."""

pytestmark = pytest.mark.django_db(transaction=True)


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def ended_by_the_server(pid: int) -> None:
    with another_connection() as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
        until(lambda: not other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that goes to the server over psycopg."""
    found: list[str] = []

    def watched(execute: Callable[..., Any]) -> Callable[..., Any]:
        def noted(cursor: Any, query: Any, *rest: Any, **options: Any) -> Any:
            found.append(str(query))
            return execute(cursor, query, *rest, **options)

        return noted

    monkeypatch.setattr(psycopg.ClientCursor, "execute", watched(psycopg.ClientCursor.execute))
    return found


def test_a_new_request_asks_nothing_of_a_connection_that_is_there(asked: list[str]) -> None:
    before = backend()
    close_old_connections()
    assert backend() == before
    assert asked == ["SELECT pg_backend_pid()"] * 2


def test_after_an_error_it_is_as_good_as_before(asked: list[str]) -> None:
    before = backend()
    with pytest.raises(ProgrammingError, match="does not exist"), connection.cursor() as cursor:
        cursor.execute("SELECT nothing_of_this_name")
    close_old_connections()
    assert backend() == before
    assert "SELECT 1" not in asked


def test_one_that_the_server_ended_is_noticed_and_made_anew() -> None:
    before = backend()
    ended_by_the_server(before)
    close_old_connections()
    assert backend() != before


def test_what_the_server_says_unasked_is_read_and_the_connection_is_kept(asked: list[str]) -> None:
    """As a notice that a setting has changed, or of LISTEN."""
    before = backend()
    with connection.cursor() as cursor:
        cursor.execute("LISTEN here")
    with another_connection() as other:
        other.execute("NOTIFY here")
        other.commit()
    # The server wakes our backend after the commit has been answered: on a busy machine that takes a while.
    assert select.select([connection.connection.fileno()], [], [], PATIENCE)[0], "the notice has not come"
    close_old_connections()
    assert backend() == before
    assert "SELECT 1" in asked
