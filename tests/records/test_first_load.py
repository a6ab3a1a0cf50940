"""Does a first load take tables for itself only where nobody uses them, and wait for nobody?"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection, transaction

from keyturn.records.bulk.staging import checked_afterwards

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def somebody_reads(table: str) -> Iterator[None]:
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute(f"SELECT 1 FROM {table}")
        yield
        other.rollback()


def checks_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass", [f"keyturn.{table}"]
        )
        return int(cursor.fetchone()[0])


def checks_meanwhile() -> int:
    """How many foreign keys of the names of persons are checked row by row while they are loaded."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '5s'")
        with checked_afterwards(cursor, "person_name"):
            return checks_of("person_name")


def test_an_empty_table_that_nobody_uses_is_checked_at_the_end() -> None:
    before = checks_of("person_name")
    assert before > 0
    assert checks_meanwhile() == 0
    assert checks_of("person_name") == before


@pytest.mark.parametrize("table", ["person_name", "person"])
def test_where_somebody_reads_it_or_what_it_refers_to_nobody_is_waited_for(table: str) -> None:
    before = checks_of("person_name")
    with somebody_reads(table):
        assert checks_meanwhile() == before
    assert checks_of("person_name") == before
