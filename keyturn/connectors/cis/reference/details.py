"""Which single values does the reference CIS hold of a person or an account, and which did it hold before (C.1, C.7)?"""

from datetime import date
from typing import Any

from keyturn.connectors.cis.reference import links
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.reference.note import Note
from keyturn.terms.change import DetailChange
from keyturn.terms.errors import Rejected

_COLUMNS = ("date_of_birth", "language")
"""Details that have a column of the person: it shows the value that holds, the rows show what held before."""


def change(cursor: Cursor, person_ref: str, change: DetailChange, *, today: date, **_: Any) -> Note:
    """Enter one value in place of the one before; an empty one ends it. Raises Rejected."""
    if not change.name:
        raise Rejected("incomplete_change")
    account = change.account_ref or None
    if account:
        links.must_be_theirs(cursor, person_ref, (account,))
    note = Note("detail_changed", f"Changed: {change.name}.", account_refs=(account,) if account else ())
    of_person = change.name in _COLUMNS and not account
    if of_person:
        _keep_column(cursor, person_ref, change.name)
    cursor.execute(
        "SELECT id, value, until FROM detail WHERE ended_at IS NULL AND name = %s AND CASE WHEN %s::text IS NULL"
        " THEN person_ref = %s AND account_ref IS NULL ELSE account_ref = %s END",
        (change.name, account, person_ref, account),
    )
    held = cursor.fetchone()
    if (held["value"] if held else "", held["until"] if held else None) == (change.value, change.until):
        return Note(note.contact_type, note.text, changed=False, account_refs=note.account_refs)
    if held:
        cursor.execute("UPDATE detail SET ended_at = now() WHERE id = %s", (held["id"],))
    if change.value:
        enter(cursor, person_ref, change)
    if of_person:
        _write_column(cursor, person_ref, change)
    return note


def enter(cursor: Cursor, person_ref: str, change: DetailChange) -> None:
    """A value where none stands."""
    cursor.execute(
        "INSERT INTO detail (person_ref, account_ref, name, value, until) VALUES (%s, %s, %s, %s, %s)",
        (person_ref, change.account_ref or None, change.name, change.value, change.until),
    )


def _keep_column(cursor: Cursor, person_ref: str, name: str) -> None:
    """Let the rows say what the column says, which others write too: since when, nobody told."""
    current = "person_ref = %s AND account_ref IS NULL AND name = %s AND ended_at IS NULL"
    cursor.execute(
        f"UPDATE detail SET ended_at = now() FROM person p WHERE {current} AND p.ref = person_ref"
        f" AND value IS DISTINCT FROM p.{name}::text",
        (person_ref, name),
    )
    cursor.execute(
        f"INSERT INTO detail (person_ref, name, value, since) SELECT ref, %s, {name}::text, NULL FROM person"
        f" WHERE ref = %s AND {name}::text <> '' AND NOT EXISTS (SELECT 1 FROM detail WHERE {current})",
        (name, person_ref, person_ref, name),
    )


def _write_column(cursor: Cursor, person_ref: str, change: DetailChange) -> None:
    value: Any = change.value
    if change.name == "date_of_birth":
        try:
            value = date.fromisoformat(change.value) if change.value else None
        except ValueError:
            raise Rejected("unreadable_value") from None
    cursor.execute(f"UPDATE person SET {change.name} = %s WHERE ref = %s", (value, person_ref))
