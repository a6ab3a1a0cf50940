"""Under which names does the reference CIS know a person (C.2)?"""

from datetime import date, timedelta
from typing import Any

from keyturn.connectors.cis.reference import changes
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.reference.note import Note
from keyturn.terms.change import NameChange
from keyturn.terms.errors import Rejected

PARTS = ("given_name", "middle_name", "family_name", "suffix", "organisation_name")
_COLUMNS = ", ".join(PARTS)
_VALUES = ", ".join(["%s"] * len(PARTS))


def change(cursor: Cursor, person_ref: str, change: NameChange, *, today: date, **_: Any) -> Note:
    """Add a name, or make another the primary one: at once, or on its day. Raises Rejected("incomplete_change")."""
    name = tuple(str(getattr(change, part)) for part in PARTS)
    if not any(part.strip() for part in name):
        raise Rejected("incomplete_change")
    if change.name_type != "primary":
        changed = _add(cursor, person_ref, change.name_type, name, first=change.from_day)
        return Note("name_added", f"Another name was entered ({change.name_type}).", changed)
    if change.from_day and change.from_day > today:
        changed = _put_off(cursor, person_ref, name, change.from_day)
        return Note("name_changed", f"The primary name changes on {change.from_day}.", changed)
    changed = make_primary(cursor, person_ref, name, first=change.from_day or today)
    return Note("name_changed", "The primary name was changed; the old one is kept as a former name.", changed)


def make_primary(cursor: Cursor, person_ref: str, name: tuple[str, ...], *, first: date) -> bool:
    """Turn the primary name into a former one and enter `name` in its place; False where it stands there already."""
    cursor.execute(
        f"SELECT {_COLUMNS}, valid_from FROM person_name WHERE person_ref = %s AND name_type = 'primary'", (person_ref,)
    )
    old = cursor.fetchone()
    if old and tuple(old[part] for part in PARTS) == name:
        return False
    if old:
        cursor.execute("DELETE FROM person_name WHERE person_ref = %s AND name_type = 'primary'", (person_ref,))
        last = first - timedelta(days=1)
        since = old["valid_from"] if old["valid_from"] and old["valid_from"] <= last else None
        _add(cursor, person_ref, "former", tuple(old[part] for part in PARTS), first=since, last=last)
    cursor.execute(
        f"INSERT INTO person_name (person_ref, name_type, {_COLUMNS}, valid_from) VALUES (%s, 'primary', {_VALUES}, %s)",
        (person_ref, *name, first),
    )
    return True


def turn_the_day(cursor: Cursor, today: date) -> int:
    """The nightly run: names whose day has come become primary; how many."""
    cursor.execute(
        f"DELETE FROM upcoming_name WHERE from_day <= %s RETURNING person_ref, from_day, {_COLUMNS}", (today,)
    )
    due = sorted(cursor.fetchall(), key=lambda row: (row["person_ref"], row["from_day"]))
    for row in due:
        make_primary(cursor, row["person_ref"], tuple(row[part] for part in PARTS), first=row["from_day"])
    changes.note(cursor, persons=[row["person_ref"] for row in due])
    return len(due)


def _put_off(cursor: Cursor, person_ref: str, name: tuple[str, ...], from_day: date) -> bool:
    cursor.execute(
        f"INSERT INTO upcoming_name AS u (person_ref, from_day, {_COLUMNS}) VALUES (%s, %s, {_VALUES})"
        " ON CONFLICT (person_ref, from_day) DO UPDATE SET"
        f" {', '.join(f'{part} = excluded.{part}' for part in PARTS)}"
        f" WHERE ({', '.join(f'u.{part}' for part in PARTS)})"
        f" IS DISTINCT FROM ({', '.join(f'excluded.{part}' for part in PARTS)})",
        (person_ref, from_day, *name),
    )
    return cursor.rowcount > 0


def _add(
    cursor: Cursor,
    person_ref: str,
    name_type: str,
    name: tuple[str, ...],
    *,
    first: date | None = None,
    last: date | None = None,
) -> bool:
    """Enter a name that is not the primary one; False where the same stands there already."""
    cursor.execute(
        f"INSERT INTO person_name (person_ref, name_type, place, {_COLUMNS}, valid_from, valid_to)"
        f" SELECT %(person)s, %(type)s, (SELECT coalesce(max(place) + 1, 0) FROM person_name WHERE person_ref = %(person)s"
        f" AND name_type = %(type)s), {', '.join(f'%({part})s' for part in PARTS)}, %(first)s, %(last)s"
        " WHERE NOT EXISTS (SELECT 1 FROM person_name WHERE person_ref = %(person)s AND name_type = %(type)s"
        f" AND ({_COLUMNS}) = ({', '.join(f'%({part})s' for part in PARTS)}))",
        {"person": person_ref, "type": name_type, "first": first, "last": last, **dict(zip(PARTS, name, strict=True))},
    )
    return cursor.rowcount > 0
