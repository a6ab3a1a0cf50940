"""How is somebody forgotten in every table at once, as the data map says, and what stays?

It runs in the transaction of whoever decided it. Nothing here decides: how much must stay is given (`Hold`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from keyturn.records.data_map import TABLES, Columns, Erasure, Hold, Table
from keyturn.records.data_map.reach import Reach


@dataclass(frozen=True, slots=True)
class Remainder:
    """What stays of one table: how many rows, and why: "served", "books", or "record" (the map's own words say it)."""

    table: str
    rows: int
    why: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: rows that went, rows that were emptied, and what stays."""

    deleted: Mapping[str, int]
    emptied: Mapping[str, int]
    kept: tuple[Remainder, ...]


def erase(reach: Reach, *, hold: Hold, now: datetime, spare: UUID | None = None) -> Erased:
    """Forget whom `reach` leads to. `spare` is the request that asks for it: it must still be answered."""
    deleted: dict[str, int] = {}
    emptied: dict[str, int] = {}
    kept: list[Remainder] = []
    for table in reversed(TABLES.values()):
        condition = reach.conditions[table.name]
        if condition is None:
            continue
        if table.erasure is Erasure.KEEP:
            kept.append(Remainder(table.name, reach.count(table), "record"))
            continue
        where, values = _spared(table, *condition, spare)
        stays, why = _stays(table, hold, now)
        if stays:
            kept.append(Remainder(table.name, _run(_counting(table, f"({where}) AND ({stays})"), values), why))
            where = f"({where}) AND NOT ({stays})"
        if table.erasure is Erasure.DELETE:
            deleted[table.name] = _run(f"DELETE FROM {table.name} WHERE {where}", values)
        else:
            emptied[table.name] = _empty(table, where, values, hold, now)
            kept.append(Remainder(table.name, emptied[table.name], "record"))
    return Erased(deleted, emptied, tuple(each for each in reversed(kept) if each.rows))


def _spared(table: Table, where: str, values: list[Any], spare: UUID | None) -> tuple[str, list[Any]]:
    column = "id" if table.name == "request" else "request_id" if "request_id" in table.names else ""
    if spare is None or not column:
        return where, values
    return f"({where}) AND {column} IS DISTINCT FROM %s", [*values, spare]


def _stays(table: Table, hold: Hold, now: datetime) -> tuple[str, str]:
    """The condition under which a row stays, and why."""
    served, books = (each.replace("{now}", now.isoformat()) for each in (table.served, table.books))
    if hold is Hold.SERVED and (served or books):
        return " OR ".join(f"({each})" for each in (served, books) if each), "served"
    if hold is Hold.BOOKS and books:
        return books, "books"
    return "", ""


def _counting(table: Table, where: str) -> str:
    return f"SELECT 1 FROM {table.name} WHERE {where}"


def _empty(table: Table, where: str, values: list[Any], hold: Hold, now: datetime) -> int:
    """Empty what the map does not say stays; the row remains."""
    assignments, written = [], []
    for columns in table.columns:
        if _goes(columns, hold):
            for name in columns.names:
                expression, parameters = _nothing(table, columns, name, now)
                assignments.append(f'"{name}" = {expression}')
                written += parameters
    if not assignments:
        return _run(_counting(table, where), values)
    return _run(f"UPDATE {table.name} SET {', '.join(assignments)} WHERE {where}", [*written, *values])


def _goes(columns: Columns, hold: Hold) -> bool:
    if columns.becomes == "now":
        return True
    if columns.stays or (hold is Hold.SERVED and (columns.served or columns.books)):
        return False
    return not (hold is Hold.BOOKS and columns.books)


def _nothing(table: Table, columns: Columns, name: str, now: datetime) -> tuple[str, list[Any]]:
    """What a column holds when it holds nothing: SQL and its parameters."""
    if columns.becomes == "now":
        return f'coalesce("{name}", %s)', [now]
    if columns.becomes:
        return f"replace(%s, '{{id}}', {table.key}::text)", [columns.becomes]
    field = _fields()[table.name, name]
    if field.null:
        return "NULL", []
    if isinstance(field, models.BooleanField):
        return "false", []
    value = field.get_default() if field.has_default() else None
    if isinstance(field, models.JSONField):
        return "%s::jsonb", [json.dumps(value if value is not None else {})]
    if isinstance(field, ArrayField):
        return "'{}'", []
    return "%s", [value if isinstance(value, str) else ""]


@cache
def _fields() -> dict[tuple[str, str], Any]:
    """Every column's field, by table and column."""
    return {
        (model._meta.db_table, field.column): field
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
    }


def _run(query: str, values: list[Any]) -> int:
    """How many rows it touched or found."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return int(cursor.rowcount)
