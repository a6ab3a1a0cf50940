"""How are new rows of several tables written in one trip to the database?"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import AutoField, Field, Model


def insert(rows: Iterable[Model]) -> None:
    """Write rows that are in no table yet: one INSERT for each table, all of them in one trip.

    A row may name another whichever comes first: PostgreSQL looks at foreign keys at the commit. What the database
    refuses (IntegrityError) spoils the transaction, as it does with `save`. Numbers that the database gives (an
    event's `id`) are not read back.
    """
    tables: dict[type[Model], list[Model]] = {}
    for row in rows:
        tables.setdefault(type(row), []).append(row)
    if not tables:
        return
    database = connections[DEFAULT_DB_ALIAS]
    values = [
        each.get_db_prep_save(each.pre_save(row, add=True), database)
        for table, of_table in tables.items()
        for row in of_table
        for each in _fields(table)
    ]
    with database.cursor() as cursor:
        cursor.execute("; ".join(_statement(table, len(of_table)) for table, of_table in tables.items()), values)
    for of_table in tables.values():
        for row in of_table:
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@cache
def _fields(table: type[Model]) -> list["Field[Any, Any]"]:
    return [each for each in table._meta.concrete_fields if not isinstance(each, AutoField)]


@cache
def _statement(table: type[Model], rows: int) -> str:
    columns = ", ".join(f'"{each.column}"' for each in _fields(table))
    one = ", ".join(["%s"] * len(_fields(table)))
    return f'INSERT INTO "{table._meta.db_table}" ({columns}) VALUES ' + ", ".join([f"({one})"] * rows)
