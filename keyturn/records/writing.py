"""How are new rows of several tables written in one trip to the database?"""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import AutoField, Model
from django.db.models.sql import InsertQuery


def insert(rows: Iterable[Model]) -> None:
    """Write rows that are in no table yet: one INSERT for each table, all of them in one trip.

    A row may name another whichever comes first: PostgreSQL looks at foreign keys at the commit. What the database
    refuses (IntegrityError) spoils the transaction, as it does with `save`. Numbers that the database gives (an
    event's `id`) are not read back.
    """
    tables: dict[type[Model], list[Model]] = {}
    for row in rows:
        tables.setdefault(type(row), []).append(row)
    written = [_insert(table, of_table) for table, of_table in tables.items()]
    if not written:
        return
    with connection.cursor() as cursor:
        cursor.execute("; ".join(sql for sql, _ in written), [value for _, values in written for value in values])
    for of_table in tables.values():
        for row in of_table:
            row._state.adding, row._state.db = False, connection.alias


def _insert(table: type[Model], rows: list[Model]) -> tuple[str, Iterable[Any]]:
    query = InsertQuery(table)
    query.insert_values([each for each in table._meta.concrete_fields if not isinstance(each, AutoField)], rows)
    [statement] = query.get_compiler(connection.alias).as_sql()
    return statement
