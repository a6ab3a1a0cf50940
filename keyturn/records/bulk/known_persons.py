"""What of persons on file changes when a file of many says otherwise?

As `records/dated.py` does it, for thousands at once: no row is changed but in `superseded_at`. What held until now is
superseded by a copy that ends now, and what the file says begins; what was planned for later still comes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from keyturn.records import ids, writing
from keyturn.records.models import PersonIdentifier
from keyturn.records.models.dated import sql_holds, sql_now

NAME = ("given_name", "middle_name", "family_name", "suffix", "organisation_name")
ADDRESS = ("line1", "line2", "city", "state", "postal_code", "country")
COPIED_AT_ONCE = 1000

_NOW, _HOLDS = sql_now("x", "%(now)s"), sql_holds("x", "%(now)s")
_PLANNED = f"x.superseded_at IS NULL AND x.valid_from > {_NOW}"
_PRIMARY_NAME = "x.person_id = s.person_id AND x.name_type = 'primary'"
_MAILING = "x.person_id = s.person_id AND x.purpose = 'mailing' AND x.account_id IS NULL AND x.season_from IS NULL"
_SAME_TYPE = "x.person_id = s.person_id AND x.id_type = s.id_type"
_DATED = "valid_from, valid_to, recorded_at, source"


def update(cursor: CursorWrapper, now: datetime) -> frozenset[UUID]:
    """Write what the rows in `staged_person` say differently from the file; answers with the persons that changed.

    They are locked first, and compared again under the lock by each statement that writes.
    """
    values: dict[str, Any] = {"now": now}
    changed = {row[0] for row in _read(cursor, _CHANGED, values)}
    if changed:
        values["changed"] = list(changed)
        _read(cursor, "SELECT id FROM person WHERE id = ANY(%(changed)s) ORDER BY id FOR UPDATE", values)
        for write in (_person, _name, _identifier, _address):
            write(cursor, values)
        for channel in ("email", "phone"):
            _contact(cursor, channel, values)
    return frozenset(changed)


def _read(cursor: CursorWrapper, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    cursor.execute(statement, values)
    return list(cursor.fetchall())


def _columns(rows: str, names: Sequence[str]) -> str:
    return ", ".join(f"{rows}.{name}" for name in names)


def _same(names: Sequence[str]) -> str:
    return f"({_columns('x', names)}) IS NOT DISTINCT FROM ({_columns('s', names)})"


# For each part of a person: does the row say something that does not hold now? Silence says nothing.
_DIFFERS = {
    "person": "EXISTS (SELECT FROM person x WHERE x.id = s.person_id AND (x.kind, x.date_of_birth)"
    " IS DISTINCT FROM (s.kind, coalesce(s.date_of_birth, x.date_of_birth)))",
    "name": f"NOT EXISTS (SELECT FROM person_name x WHERE {_PRIMARY_NAME} AND {_HOLDS} AND {_same(NAME)})",
    "identifier": "s.id_type <> '' AND NOT EXISTS"
    f" (SELECT FROM person_identifier x WHERE {_SAME_TYPE} AND {_HOLDS} AND x.digest = s.digest)",
    "address": "s.country <> '' AND NOT EXISTS"
    f" (SELECT FROM person_address x WHERE {_MAILING} AND {_HOLDS} AND {_same(ADDRESS)})",
    **{
        channel: f"s.{channel} <> '' AND NOT EXISTS (SELECT FROM person_contact x WHERE x.person_id = s.person_id"
        f" AND x.channel = '{channel}' AND x.normalised = s.{channel}_normalised AND {_HOLDS})"
        for channel in ("email", "phone")
    },
}
# Asked part by part: so PostgreSQL joins whole tables, where an OR would make it look up each row in each of them.
_CHANGED = " UNION ".join(
    f"SELECT s.person_id FROM staged_person s WHERE NOT s.is_new AND {differs}" for differs in _DIFFERS.values()
)


def _differing(cursor: CursorWrapper, part: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Who of those that are locked differs in this part: asked once, because ending what held changes the answer."""
    rows = _read(
        cursor,
        f"SELECT s.person_id FROM staged_person s WHERE s.person_id = ANY(%(changed)s) AND {_DIFFERS[part]}",
        values,
    )
    return {**values, "these": [row[0] for row in rows]}


def _end(cursor: CursorWrapper, table: str, columns: Sequence[str], which: str, values: Mapping[str, Any]) -> None:
    """Supersede the rows `which` hold now, each by a copy that ends now; one that began just now has held never."""
    copied = ", ".join(("person_id", *columns))
    cursor.execute(
        f"WITH gone AS (UPDATE {table} x SET superseded_at = %(now)s FROM staged_person s"
        f" WHERE s.person_id = ANY(%(these)s) AND {which} AND {_HOLDS} RETURNING x.*)"
        f" INSERT INTO {table} (id, {copied}, {_DATED})"
        f" SELECT gen_random_uuid(), {copied}, valid_from, %(now)s, %(now)s, 'import' FROM gone"
        " WHERE valid_from < %(now)s",
        values,
    )


def _next(table: str, which: str) -> str:
    """When does the first row begin that is planned for later? Until then what is written now holds."""
    return f"(SELECT min(x.valid_from) FROM {table} x WHERE {which} AND {_PLANNED})"


def _person(cursor: CursorWrapper, values: Mapping[str, Any]) -> None:
    cursor.execute(
        "UPDATE person p SET kind = s.kind, date_of_birth = coalesce(s.date_of_birth, p.date_of_birth),"
        " version = version + 1, updated_at = %(now)s FROM staged_person s"
        " WHERE p.id = s.person_id AND p.id = ANY(%(changed)s)",
        values,
    )


def _name(cursor: CursorWrapper, values: Mapping[str, Any]) -> None:
    these = _differing(cursor, "name", values)
    _end(cursor, "person_name", ("name_type", *NAME), _PRIMARY_NAME, these)
    cursor.execute(
        f"INSERT INTO person_name (id, person_id, name_type, {', '.join(NAME)}, {_DATED})"
        f" SELECT row_id, person_id, 'primary', {', '.join(NAME)},"
        f" %(now)s, {_next('person_name', _PRIMARY_NAME)}, %(now)s, 'import'"
        " FROM staged_person s WHERE person_id = ANY(%(these)s)",
        these,
    )


def _contact(cursor: CursorWrapper, channel: str, values: Mapping[str, Any]) -> None:
    """A contact that is on file already, in first place or not, is left as it is; a new one takes the first place."""
    these = _differing(cursor, channel, values)
    first = f"x.person_id = s.person_id AND x.channel = '{channel}' AND x.is_primary"
    columns = ("channel", "contact_type", "value", "normalised", "status", "is_primary", "verified_at")
    _end(cursor, "person_contact", columns, first, these)
    rivals = f"x.person_id = s.person_id AND x.channel = '{channel}' AND (x.is_primary OR x.normalised = s.{channel}_normalised)"
    cursor.execute(
        "INSERT INTO person_contact"
        f" (id, person_id, channel, contact_type, value, normalised, status, is_primary, {_DATED})"
        f" SELECT {'row_id' if channel == 'email' else 'phone_id'}, person_id, '{channel}', '', {channel},"
        f" {channel}_normalised, 'pending', true, %(now)s, {_next('person_contact', rivals)}, %(now)s, 'import'"
        " FROM staged_person s WHERE person_id = ANY(%(these)s)",
        these,
    )


def _identifier(cursor: CursorWrapper, values: Mapping[str, Any]) -> None:
    """A new value ends the old one of its type; another type stands beside it."""
    these = _differing(cursor, "identifier", values)
    if not these["these"]:
        return
    gone = _read(
        cursor,
        "UPDATE person_identifier x SET superseded_at = %(now)s FROM staged_person s"
        f" WHERE s.person_id = ANY(%(these)s) AND {_SAME_TYPE} AND {_HOLDS} RETURNING x.id, x.valid_from",
        these,
    )
    now = values["now"]
    _copy_sealed([ident for ident, since in gone if since < now], now)
    first_is_free = (
        "NOT EXISTS (SELECT FROM person_identifier x WHERE x.person_id = s.person_id AND x.is_primary"
        " AND x.superseded_at IS NULL AND (x.valid_to IS NULL OR x.valid_to > %(now)s))"
    )
    cursor.execute(
        "INSERT INTO person_identifier (id, person_id, id_type, sealed_value, digest, last_four, unique_by_nature,"
        f" is_primary, {_DATED}) SELECT row_id, person_id, id_type, sealed, digest, last_four, unique_by_nature,"
        f" may_be_primary AND {first_is_free},"
        f" %(now)s, {_next('person_identifier', _SAME_TYPE)}, %(now)s, 'import'"
        " FROM staged_person s WHERE person_id = ANY(%(these)s)",
        these,
    )


def _copy_sealed(gone: Sequence[UUID], now: datetime) -> None:
    """The copies that end now. A sealed value is bound to its row's id, so it is sealed anew, in Python."""
    for start in range(0, len(gone), COPIED_AT_ONCE):
        copies = []
        for row in PersonIdentifier.ever.filter(pk__in=gone[start : start + COPIED_AT_ONCE]):
            value = row.value
            row.id, row.valid_to, row.recorded_at, row.superseded_at, row.source = (
                ids.new_id(),
                now,
                now,
                None,
                "import",
            )
            row.value = value
            copies.append(row)
        writing.insert(copies)


def _address(cursor: CursorWrapper, values: Mapping[str, Any]) -> None:
    """The address for all accounts and all the year; others are not the file's to say."""
    these = _differing(cursor, "address", values)
    _end(cursor, "person_address", ("purpose", *ADDRESS), _MAILING, these)
    cursor.execute(
        f"INSERT INTO person_address (id, person_id, purpose, {', '.join(ADDRESS)}, {_DATED})"
        f" SELECT row_id, person_id, 'mailing', {', '.join(ADDRESS)},"
        f" %(now)s, {_next('person_address', _MAILING)}, %(now)s, 'import'"
        " FROM staged_person s WHERE person_id = ANY(%(these)s)",
        these,
    )
