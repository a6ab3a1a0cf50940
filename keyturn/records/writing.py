"""How are new and changed rows of several tables written in one trip to the database?"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import AutoField, Field, Model

from keyturn.records.models import Request
from keyturn.records.prepared import Asked, Rows, at_once


def insert(rows: Iterable[Model]) -> None:
    """Write rows that are in no table yet: one INSERT for each table, all of them in one trip.

    A row may name another whichever comes first: PostgreSQL looks at foreign keys at the commit. What the database
    refuses (IntegrityError) spoils the transaction, as it does with `save`. Numbers that the database gives (an
    event's `id`) are not read back.
    """
    write(rows)


def write(new: Iterable[Model], *, changed: Sequence[Model] = (), also: Iterable[Asked[Any]] = ()) -> None:
    """`insert`, and in the same trip the whole of rows that are there, and held by this transaction."""
    tables: dict[type[Model], list[Model]] = {}
    for row in new:
        tables.setdefault(type(row), []).append(row)
    at_once(*map(_change, changed), *(_insertion(*each) for each in tables.items()), *also)
    for of_table in tables.values():
        for row in of_table:
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def beside(
    request: Request, rows: Iterable[Model] = (), *, changed: Sequence[Model] = (), also: Iterable[Asked[Any]] = ()
) -> None:
    """New rows about a request, others that changed, and statements: written with its own where a verb writes those at
    once (`moves.written_at_once`), and now where it does not."""
    if request.held is None:
        write(rows, changed=changed, also=also)
    else:
        request.held.rows.extend(rows)
        request.held.changed.extend(changed)
        request.held.also.extend(also)


def insertion(row: Model, *, otherwise: str) -> Asked[Rows]:
    """An INSERT of one row with what becomes of it where it is there already (`ON CONFLICT ...`), and what it gives back."""
    plain = _insertion(type(row), [row])
    return Asked(f"{plain.sql} {otherwise}", plain.values, list)


def _insertion(table: type[Model], rows: list[Model]) -> Asked[None]:
    values = [value for row in rows for value in _values(row, _fields(table), is_new=True)]
    return Asked(_insert_sql(table, len(rows)), values, _nothing)


def _change(row: Model) -> Asked[None]:
    table = type(row)
    fields = [each for each in _fields(table) if not each.primary_key]
    return Asked(_update_sql(table), [*_values(row, fields, is_new=False), row.pk], _nothing)


def _nothing(rows: Rows) -> None:
    return None


def _values(row: Model, fields: "Iterable[Field[Any, Any]]", *, is_new: bool) -> Iterator[Any]:
    database = connections[DEFAULT_DB_ALIAS]
    return (each.get_db_prep_save(each.pre_save(row, add=is_new), database) for each in fields)


@cache
def _fields(table: type[Model]) -> list["Field[Any, Any]"]:
    return [each for each in table._meta.concrete_fields if not isinstance(each, AutoField)]


@cache
def _insert_sql(table: type[Model], rows: int) -> str:
    columns = ", ".join(f'"{each.column}"' for each in _fields(table))
    one = ", ".join(["%s"] * len(_fields(table)))
    return f'INSERT INTO "{table._meta.db_table}" ({columns}) VALUES ' + ", ".join([f"({one})"] * rows)


@cache
def _update_sql(table: type[Model]) -> str:
    columns = ", ".join(f'"{each.column}" = %s' for each in _fields(table) if not each.primary_key)
    return f'UPDATE "{table._meta.db_table}" SET {columns} WHERE "{table._meta.pk.column}" = %s'
