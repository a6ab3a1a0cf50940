"""Is what is asked again planned once in a session, and is nothing lost when the session forgets it?"""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from keyturn.records import planned
from keyturn.records.prepared import Asked, at_once

DOUBLE = Asked("SELECT %s * 2", [21], lambda rows: rows[0][0])


def plans() -> list[int]:
    """How often each statement that this session has prepared was used with the plan that was made once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans FROM pg_prepared_statements WHERE name LIKE 'keyturn_%'")
        return sorted(number for (number,) in cursor.fetchall())


@pytest.fixture(autouse=True)
def fresh(db: None) -> Iterator[None]:
    connection.ensure_connection()
    planned.forget(connection.connection)
    yield
    planned.forget(connection.connection)


def test_it_is_planned_once_and_asked_with_other_values() -> None:
    answers = [at_once(Asked("SELECT %s::int + 1", [number], lambda rows: rows[0][0]))[0] for number in (1, 2, -3)]
    assert answers == [2, 3, -2]
    assert plans() == [3]


def test_several_in_one_message_are_each_planned_once_and_answer_in_their_order() -> None:
    nothing = Asked("SELECT 1 WHERE false", (), list)
    for _time in range(2):
        assert at_once(DOUBLE, nothing, DOUBLE, Asked("SELECT '100%%'", (), list)) == [42, [], 42, [("100%",)]]
    assert plans() == [2, 2, 4]


def test_after_an_error_it_is_prepared_anew_and_nothing_stands_there_twice() -> None:
    at_once(DOUBLE)
    with pytest.raises(DatabaseError), transaction.atomic():
        at_once(Asked("SELECT %s - 1", [1], list), Asked("SELECT 1 / %s", [0], list))
    assert at_once(DOUBLE) == [42]
    assert len(plans()) == 1


def test_a_transaction_that_is_undone_leaves_what_it_prepared() -> None:
    with transaction.atomic():
        assert at_once(DOUBLE) == [42]
        transaction.set_rollback(True)
    assert at_once(DOUBLE) == [42]
    assert plans() == [2]


def test_what_somebody_else_threw_away_costs_one_error() -> None:
    at_once(DOUBLE)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    with pytest.raises(DatabaseError), transaction.atomic():
        at_once(DOUBLE)
    assert at_once(DOUBLE) == [42]


def test_a_column_that_became_another_type_costs_one_error() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE turned AS SELECT 7 AS number")
        read = Asked("SELECT number FROM turned", (), list)
        assert at_once(read) == [[(7,)]]
        cursor.execute("ALTER TABLE turned ALTER number TYPE text")
    with pytest.raises(DatabaseError), transaction.atomic():
        at_once(read)
    assert at_once(read) == [[("7",)]]


def test_after_a_while_it_is_planned_anew_for_tables_have_grown() -> None:
    for _time in range(3):
        at_once(DOUBLE)
    assert plans() == [3]
    planned.session_of(connection.connection).until = 0.0
    assert at_once(DOUBLE) == [42]
    assert plans() == [1]


def test_what_others_prepared_in_the_session_stays_when_ours_is_prepared_anew() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PREPARE keyturns AS SELECT 7")
        at_once(DOUBLE)
        planned.session_of(connection.connection).until = 0.0
        assert at_once(DOUBLE) == [42]
        cursor.execute("EXECUTE keyturns")
        assert cursor.fetchone() == (7,)
        cursor.execute("DEALLOCATE keyturns")


def test_a_session_keeps_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planned, "MOST", 3)
    for number in range(5):
        assert at_once(Asked(f"SELECT {number} + %s", [1], lambda rows: rows[0][0])) == [number + 1]
    assert len(plans()) == 3


@pytest.mark.django_db(transaction=True)
def test_a_session_that_broke_says_so_and_the_next_one_prepares_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(DOUBLE)
    own = connection.connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    monkeypatch.setattr(connection, "cursor", partial(_letting_go, connection.cursor))
    with pytest.raises(OperationalError):
        at_once(DOUBLE)
    monkeypatch.undo()
    assert at_once(DOUBLE) == [42]
    assert connection.connection is not own
    assert plans() == [1]


def _letting_go(cursor: Callable[[], Any]) -> Any:
    """As Django does where it sees that a connection cannot be used any more."""
    made = cursor()
    connection.connection = None
    return made


@pytest.mark.django_db(transaction=True)
def test_what_follows_a_lock_in_one_message_sees_what_was_committed_while_it_waited() -> None:
    lock, read = (
        Asked("SELECT pg_advisory_xact_lock(%s)", [7], list),
        Asked("SELECT count(*) FROM turned", (), lambda rows: rows[0][0]),
    )
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE turned (number int)")
    at_once(read)
    found: list[int] = []

    def other() -> None:
        with transaction.atomic():
            at_once(read)
        with transaction.atomic():
            found.append(at_once(lock, read)[1])
        connection.close()

    try:
        with transaction.atomic():
            at_once(lock)
            waiting = threading.Thread(target=other)
            waiting.start()
            _until_somebody_waits()
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO turned VALUES (1)")
        waiting.join(30)
        assert found == [1]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE turned")


def _until_somebody_waits() -> None:
    for _try in range(1000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.01), count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone()[1]:
                return
    raise AssertionError("nobody waits")


def test_nobodys_values_stay_in_the_session() -> None:
    for _time in range(2):
        at_once(Asked("SELECT %s::text", ["Ana Zelenko"], list))
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        assert [text for (text,) in cursor.fetchall() if "PREPARE" in text and "Zelenko" not in text]
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%Zelenko%'")
        assert cursor.fetchone() == (0,)
