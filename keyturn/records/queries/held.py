"""What do we hold about somebody, everywhere, and why?

Made from the data map (`records/data_map`), so that a table that is added later is in it from its first day.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.utils.translation import gettext

from keyturn.records.crypto import UnknownKey, unseal
from keyturn.records.data_map import TABLES, Category, Columns, Table
from keyturn.records.data_map.accounts import ACCOUNTS
from keyturn.records.data_map.labels import LABELS, VALUES
from keyturn.records.data_map.persons import PERSONS
from keyturn.records.data_map.reach import Reach

KEPT_SECRET = "(held, not shown)"  # noqa: S105  says that a secret is there, and is none
UNREADABLE = "(held, cannot be read)"
_IN_FULL = {each.name for each in (*PERSONS, *ACCOUNTS)} | {"staff_user", "account_emailaddress"}
_IN_A_COPY_ONLY = frozenset({"red_flag"})  # an open session may be a thief's; before a copy is made, staff look (K-60)
_UNSPOKEN = (Category.TECHNICAL, Category.NONE)
_PLACES = frozenset({"premise", "service_point"})  # about nobody, and yet what people know their service by


@dataclass(frozen=True, slots=True)
class Line:
    """One field of one row. `label`, `purpose` and `kept` are sentences still to be translated; `value` is masked, and in words."""

    label: str
    value: str
    purpose: str
    kept: str


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of thing we hold. `rows` is empty where only their number is said: they stand in a copy."""

    label: str
    count: int
    rows: tuple[tuple[Line, ...], ...]
    purpose: str
    kept: str


def everything(*, persons: Collection[UUID], logins: Collection[int], masked: bool = False) -> dict[str, Any]:
    """All rows of all tables that lead to these persons and logins, with sealed columns opened.

    {"tables": [{"table", "about", "rows": [{column: JSON value}]}], "withheld": [{"table", "rows": number, "why"}]}.
    Secrets that check what somebody types are named, not shown. With `masked`, identifiers show their last four only.
    """
    reach = Reach(persons=persons, logins=logins)
    tables, withheld = [], []
    for table in TABLES.values():
        if table.withheld:
            if number := reach.count(table):
                withheld.append({"table": table.name, "about": table.label, "rows": number, "why": table.withheld})
            continue
        rows = [_opened(table, row, masked=masked) for row in reach.rows(table)]
        if rows:
            tables.append({"table": table.name, "about": table.label, "rows": rows})
    return {"tables": tables, "withheld": withheld}


def files(*, persons: Collection[UUID], logins: Collection[int]) -> list[UUID]:
    """The papers whose content is still there, by id; a copy holds them as files. An earlier copy is none."""
    reach = Reach(persons=persons, logins=logins)
    rows = reach.rows(TABLES["document"])
    return [row["id"] for row in rows if row["content"] is not None and row["purpose"] != "privacy_copy"]


def sections(*, persons: Collection[UUID], logins: Collection[int]) -> list[Section]:
    """What the page "what we hold and why" shows: persons' and accounts' fields in full, of the rest how much there is."""
    reach = Reach(persons=persons, logins=logins)
    services = {str(row["id"]): row["service"] for row in reach.rows(TABLES["service_point"])}
    found = []
    for table in TABLES.values():
        if (
            table.name in _IN_A_COPY_ONLY
            or table.place == "queue"
            or not table.whose
            or not (number := reach.count(table))
        ):
            continue
        shown = reach.rows(table) if table.name in _IN_FULL and not table.withheld else []
        rows = tuple(filter(None, (_lines(table, _opened(table, row, masked=True), services) for row in shown)))
        use = table.columns[0].use
        found.append(Section(table.label, number, rows, use.purpose, use.kept))
    return found


def _lines(table: Table, row: dict[str, Any], services: Mapping[str, str]) -> tuple[Line, ...]:
    lines = []
    for columns in table.columns:
        if not _is_told(table, columns):
            continue
        for column in columns.names:
            name, value = _followed(column, row[shown_name(column)], services)
            if name in LABELS and value not in (None, "", [], {}, KEPT_SECRET):
                lines.append(Line(LABELS[name], _in_words(name, value), columns.use.purpose, columns.use.kept))
    return tuple(lines)


def _followed(column: str, value: Any, services: Mapping[str, str]) -> tuple[str, Any]:
    """Where somebody is served, as the service that it is: a number of ours tells nobody which of theirs is meant."""
    return ("service", services.get(value)) if column == "service_point_id" else (column, value)


def _is_told(table: Table, columns: Columns) -> bool:
    """Numbers of the system are not, and of a value that holds not since when we know it: both stand in a copy."""
    if columns.use.category is Category.HISTORY:
        return table.columns[0].use.category is Category.HISTORY
    return columns.use.category not in _UNSPOKEN or table.name in _PLACES


def _in_words(column: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_in_words(column, each) for each in value)
    text = as_text(value)
    word = VALUES.get(f"{column}:{text}", VALUES.get(text))
    return gettext(word) if word else text


def shown_name(column: str) -> str:
    """A sealed column under the name of what is in it."""
    return column.removeprefix("sealed_")


def as_text(value: Any) -> str:
    """A JSON value as somebody reads it."""
    if isinstance(value, dict):
        return "; ".join(f"{name}: {as_text(each)}" for name, each in value.items() if each not in (None, "", [], {}))
    if isinstance(value, list):
        return ", ".join(map(as_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _opened(table: Table, row: dict[str, Any], *, masked: bool) -> dict[str, Any]:
    return {shown_name(name): _shown(table, table.of(name), name, row, masked=masked) for name in table.names}


def _shown(table: Table, columns: Columns, name: str, row: dict[str, Any], *, masked: bool) -> Any:
    value = row[name]
    if value is None:
        return None
    if columns.secret:
        return KEPT_SECRET
    if name.startswith("sealed_"):
        value = _unsealed(table, name, row)
        return f"•••• {row['last_four']}" if masked and table.name == "person_identifier" else value
    if name == "content":
        return f"documents/{row['id']}"
    return _plain(value)


def _unsealed(table: Table, name: str, row: dict[str, Any]) -> Any:
    """One damaged value must not keep somebody from the rest of what is theirs."""
    try:
        return unseal(row[name], place=f"{table.name}:{row[table.key]}:{name}")
    except (InvalidTag, UnknownKey, ValueError):
        return UNREADABLE


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if isinstance(value, (dict, str, int, float, bool)) else str(value)
