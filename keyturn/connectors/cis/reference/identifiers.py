"""Which documents does the reference CIS hold of a person, and is one of them somebody else's (C.3, BR-08)?"""

from datetime import date
from typing import Any

from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.reference.note import Note
from keyturn.terms.change import IdentifierChange
from keyturn.terms.errors import Rejected

FOLDED = "upper(regexp_replace({}, '[^[:alnum:]]', '', 'g'))"
_MANY_MAY_HAVE = ("ssn_last4",)  # types that are not unique by nature


def change(cursor: Cursor, person_ref: str, change: IdentifierChange, *, today: date, **_: Any) -> Note:
    """Enter a document, in place of the one of its type. Raises Rejected."""
    kind, value = change.identifier.id_type, change.identifier.value
    if not kind or not any(sign.isalnum() for sign in value):
        raise Rejected("incomplete_change")
    _must_be_nobody_elses(cursor, person_ref, kind, value)
    text = f"A document was entered ({kind})."
    cursor.execute(
        "SELECT place, value = %s AS same FROM person_identifier WHERE person_ref = %s AND id_type = %s ORDER BY place",
        (value, person_ref, kind),
    )
    held = cursor.fetchone()
    if held and held["same"]:
        return Note("identifier_changed", text, changed=False)
    if held:
        cursor.execute(
            "UPDATE person_identifier SET value = %s WHERE person_ref = %s AND place = %s",
            (value, person_ref, held["place"]),
        )
    else:
        cursor.execute(
            "INSERT INTO person_identifier (person_ref, place, id_type, value)"
            " SELECT %s, coalesce(max(place) + 1, 0), %s, %s FROM person_identifier WHERE person_ref = %s",
            (person_ref, kind, value, person_ref),
        )
    return Note("identifier_changed", text)


def _must_be_nobody_elses(cursor: Cursor, person_ref: str, kind: str, value: str) -> None:
    """BR-08. Two who enter one value at one moment wait here for each other."""
    if kind in _MANY_MAY_HAVE:
        return
    cursor.execute(
        f"SELECT pg_advisory_xact_lock(hashtextextended(%s || ':' || {FOLDED.format('%s')}, 0))", (kind, value)
    )
    cursor.execute(
        f"SELECT 1 FROM person_identifier WHERE id_type = %s AND {FOLDED.format('value')} = {FOLDED.format('%s')}"
        " AND person_ref <> %s LIMIT 1",
        (kind, value, person_ref),
    )
    if cursor.fetchone():
        raise Rejected("identifier_in_use")
