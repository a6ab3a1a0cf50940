"""How is one person planted in every table with values of their own, so that a copy and an erasure can be held to account?

Rows are made from the tables' own models: every column gets a value that occurs nowhere else, so whatever table is
added later is planted too, as soon as the data map says whose it is.
"""

import itertools
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from keyturn.records.crypto import digest, seal, seal_bytes
from keyturn.records.data_map import TABLES, Link, Table

_numbers = itertools.count(100_001)
LONG_AGO = datetime(2020, 1, 6, 9, tzinfo=UTC)
EMAIL = "quokka.canary@example.com"


@dataclass
class Plant:
    """One planted value: where it stands, what a copy must show, what the database holds of it."""

    table: str
    column: str
    shown: str
    stored: str


@dataclass
class Planted:
    person: Any
    login: Any
    plants: list[Plant] = field(default_factory=list)
    rows: dict[str, list[Any]] = field(default_factory=dict)


def models_by_table() -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


class Planter:
    """Plants rows along the map's paths, parents first."""

    def __init__(self) -> None:
        self.models = models_by_table()
        self.planted = Planted(None, None)
        self.done: dict[str, dict[str, Any]] = {}

    def plant(self) -> Planted:
        for name in ("staff_user", "person", *TABLES):
            if TABLES[name].whose:
                self.row(TABLES[name])
        with connection.cursor() as cursor:  # all of it stands in the database for good, as after a commit
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        return self.planted

    def row(self, table: Table) -> dict[str, Any]:
        """The planted row of one table; made when it is not there yet."""
        if table.name in self.done:
            return self.done[table.name]
        values: dict[str, Any] = {}
        self.done[table.name] = values
        parents = {}
        for link in table.whose[:1]:
            if link.column != "id":  # else the row that names this one is planted later
                parents[link.column] = self.parent(link)
        for column in self.columns(table.name):
            if column.name in parents:
                values[column.name] = parents[column.name]
            elif not any(each.startswith(f"{column.name}->>") for each in parents):
                values[column.name] = self.value(table, column, values)
        for link_column, value in parents.items():
            if "->>" in link_column:  # the queue's arguments
                values["args"] = {link_column.split("'")[1]: str(value), "canary": self.note(table, "args")}
        self.write(table, values)
        return values

    def parent(self, link: Link) -> Any:
        if link.of == "~email":
            return digest("email", EMAIL)
        row = self.row(TABLES[link.of])
        if link.takes.startswith("'"):
            return link.takes.split("'")[1] + str(row["id"])
        return row[link.takes.removesuffix("::text")]

    def columns(self, table: str) -> list[Any]:
        with connection.cursor() as cursor:
            return connection.introspection.get_table_description(cursor, table)

    def value(self, table: Table, column: Any, row: dict[str, Any]) -> Any:
        found = _fields(self.models).get((table.name, column.name))
        if special := SPECIAL.get((table.name, column.name)):
            return special(self, row)
        if column.name.startswith("sealed_"):
            return self.sealed(table, column.name, row)
        if isinstance(found, (models.AutoField, models.BigAutoField)):
            return next(_numbers)
        if isinstance(found, (models.ForeignKey, models.OneToOneField)):
            return self.foreign(table, found)
        return self.plain(table, column, found)

    def foreign(self, table: Table, found: Any) -> Any:
        """Their own row of the table that it names, where there is one; nothing where it may be empty."""
        if found.null:
            return None
        target = found.remote_field.model._meta.db_table
        if target in TABLES and (TABLES[target].whose) and target != table.name:
            return self.row(TABLES[target])[found.target_field.column]
        return self.other(target)

    def other(self, table: str) -> Any:
        """Some row of a table that is nobody's."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {table} LIMIT 1")
            found = cursor.fetchone()
            if found:
                return found[0]
        row: dict[str, Any] = {}
        for column in self.columns(table):
            row[column.name] = self.value(Table(table, "", ()), column, row)
        self.write(Table(table, "", ()), row)
        return row["id"]

    def sealed(self, table: Table, name: str, row: dict[str, Any]) -> bytes:
        canary = self.note(table, name.removeprefix("sealed_"), column=name, stored=False)
        return seal({"canary": canary}, place=f"{table.name}:{row[table.key]}:{name}")

    def note(self, table: Table, shown_as: str, *, column: str = "", value: Any = None, stored: bool = True) -> Any:
        """Make up a value that occurs nowhere else, and remember where it was planted."""
        made = value if value is not None else f"Zq{next(_numbers)}{shown_as[:4]}"
        text = made.isoformat() if isinstance(made, (date, datetime)) else str(made)
        if table.columns:
            self.planted.plants.append(Plant(table.name, column or shown_as, text, text if stored else ""))
        return made

    def plain(self, table: Table, column: Any, found: Any) -> Any:
        number = next(_numbers)
        if isinstance(found, models.UUIDField):
            return self.note(table, column.name, value=uuid.uuid4())
        if isinstance(found, models.DateTimeField):
            return self.note(table, column.name, value=LONG_AGO + timedelta(seconds=number))
        if isinstance(found, models.DateField):
            return self.note(table, column.name, value=date(1900, 1, 1) + timedelta(days=number % 40_000))
        if isinstance(found, models.JSONField):
            return {"canary": self.note(table, column.name)}
        if isinstance(found, ArrayField):
            return [self.text(table, column.name, found.base_field.max_length, number)]
        if isinstance(found, models.BinaryField):
            made = f"Zq{number}".encode()
            self.note(table, column.name, value=made.hex())
            return made
        if isinstance(found, models.GenericIPAddressField):
            return self.note(table, column.name, value=f"2001:db8::{number % 65_000:x}")
        if isinstance(found, models.BooleanField):
            return True
        if isinstance(found, models.DecimalField):
            return self.note(table, column.name, value=Decimal(number))
        if isinstance(found, models.SmallIntegerField):
            return number % 30_000
        if isinstance(found, (models.IntegerField, models.FloatField)):
            return self.note(table, column.name, value=number)
        return self.text(table, column.name, getattr(found, "max_length", None), number)

    def text(self, table: Table, column: str, longest: int | None, number: int) -> str:
        made = f"Zq{number}Ch"
        if longest and longest < len(made):
            made = f"z{number}"[:longest]
        return self.note(table, column, value=made) if len(made) >= 7 else made

    def write(self, table: Table, row: dict[str, Any]) -> None:
        names = ", ".join(f'"{name}"' for name in row)
        fields = _fields(self.models)
        values = [
            json.dumps(value) if isinstance(fields.get((table.name, name)), models.JSONField) else value
            for name, value in row.items()
        ]
        with connection.cursor() as cursor:
            marks = ", ".join(["%s"] * len(values))
            cursor.execute(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', values)
        self.planted.rows.setdefault(table.name, []).append(row)


def _fields(by_table: dict[str, type[models.Model]]) -> dict[tuple[str, str], Any]:
    return {(name, f.column): f for name, model in by_table.items() for f in model._meta.concrete_fields}


def _content(planter: Planter, row: dict[str, Any]) -> bytes:
    return seal_bytes(b"Zq-canary-of-the-paper", place=f"document:{row['id']}:content")


SPECIAL: dict[tuple[str, str], Any] = {
    **{
        (table, "noun"): lambda planter, row: "person"
        for table in ("cis_news", "cis_agreed", "cis_difference", "drift")
    },
    ("person", "kind"): lambda *_: "person",
    ("person", "redirect_to_id"): lambda *_: None,
    ("person_contact", "channel"): lambda *_: "email",
    ("person_contact", "status"): lambda *_: "verified",
    ("person_contact", "normalised"): lambda *_: EMAIL,
    ("person_address", "season_from"): lambda *_: None,
    ("person_address", "season_to"): lambda *_: None,
    ("account_access", "account_id"): lambda planter, _: planter.row(TABLES["account"])["id"],
    ("account_person", "is_guarantor"): lambda *_: False,
    ("document", "content"): _content,
    ("staff_user", "is_staff"): lambda *_: False,
    ("staff_user", "is_superuser"): lambda *_: False,
    ("procrastinate_jobs", "status"): lambda *_: "failed",
    ("procrastinate_jobs", "worker_id"): lambda *_: None,
    ("procrastinate_events", "type"): lambda *_: "deferred",
}
