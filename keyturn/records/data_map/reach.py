"""Which rows of which table are somebody's, found along the paths of the data map?"""

import json
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection

from keyturn.matching.contacts import normal_email
from keyturn.records.crypto import digest
from keyturn.records.data_map import TABLES, Link, Table

_JSONB = 3802  # PostgreSQL's number for the type, which Django leaves as text


class Reach:
    """Everything that leads to these persons and logins. Looked up once: what is erased later does not shorten a path."""

    def __init__(self, *, persons: Collection[UUID], logins: Collection[int]) -> None:
        self.persons = self._with_merged(persons)
        self.logins = list(logins)
        self._taken: dict[tuple[str, str], list[Any]] = {}
        self.conditions = {name: self._answered(table) for name, table in TABLES.items()}

    @staticmethod
    def _with_merged(persons: Collection[UUID]) -> list[UUID]:
        """A person who was merged into one of these is the same human being."""
        return _column("SELECT id FROM person WHERE id = ANY(%s) OR redirect_to_id = ANY(%s)", [list(persons)] * 2)

    def _answered(self, table: Table) -> tuple[str, list[Any]] | None:
        """A condition that asks another table is answered at once, row by row: an erasure may empty that one first."""
        condition = self._condition(table)
        if condition is None or "SELECT" not in condition[0]:
            return condition
        found = self._values(Link(table.name, table.key, takes=table.key), table)
        return (f"{table.key} = ANY(%s)", [found]) if found else None

    def _condition(self, table: Table) -> tuple[str, list[Any]] | None:
        """SQL that is true for their rows, with its parameters; None where there can be none."""
        parts: list[str] = []
        values: list[Any] = []
        for link in table.whose:
            found = self._values(link, table)
            if found:
                parts.append(f"({link.column} = ANY(%s){f' AND ({link.only})' if link.only else ''})")
                values.append(found)
        return (" OR ".join(parts), values) if parts else None

    def _values(self, link: Link, table: Table) -> list[Any]:
        if link.of == "~email":
            return self._email_digests
        if link.of == "person" and link.takes == "id":
            return self.persons
        if link.of == "staff_user" and link.takes == "id":
            return self.logins
        key = (link.of, link.takes)
        if key not in self._taken:
            condition = self._condition(TABLES[link.of])
            self._taken[key] = (
                _column(f"SELECT DISTINCT {link.takes} FROM {link.of} WHERE {condition[0]}", condition[1])
                if condition
                else []
            )
        return self._taken[key]

    @cached_property
    def _email_digests(self) -> list[str]:
        """Of addresses that were proved: naming somebody else's address must not lead to what is theirs."""
        found = _column(
            "SELECT normalised FROM person_contact WHERE person_id = ANY(%s) AND channel = 'email'"
            " AND status = 'verified' UNION SELECT email FROM account_emailaddress WHERE user_id = ANY(%s) AND verified",
            [self.persons, self.logins],
        )
        return [digest("email", normal) for each in found if (normal := normal_email(each))]

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """Their rows of one table, all columns as they are stored, JSON read."""
        condition = self.conditions[table.name]
        if condition is None:
            return []
        names = ", ".join(f'"{name}"' for name in table.names)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {names} FROM {table.name} WHERE {condition[0]} ORDER BY {table.key}", condition[1])
            json_at = {n for n, each in enumerate(cursor.description or ()) if each.type_code == _JSONB}
            return [dict(zip(table.names, _read(row, json_at), strict=True)) for row in cursor.fetchall()]

    def count(self, table: Table) -> int:
        """How many rows of one table are theirs."""
        condition = self.conditions[table.name]
        if condition is None:
            return 0
        return int(_column(f"SELECT count(*) FROM {table.name} WHERE {condition[0]}", condition[1])[0])


def _read(row: Iterable[Any], json_at: set[int]) -> list[Any]:
    return [json.loads(value) if n in json_at and isinstance(value, str) else value for n, value in enumerate(row)]


def _column(query: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [row[0] for row in cursor.fetchall()]
