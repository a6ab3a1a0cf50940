"""How does the reference CIS reach a person, and which number or address comes first (C.4, BR-15)?

A routing's contacts are one list; place 0 is the primary one, so there is never more than one, nor none but some others.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.reference.note import Note
from keyturn.terms.change import ContactChange
from keyturn.terms.errors import Rejected

_ROUTINGS = {"email": "e-mail address", "phone": "phone number"}
_DIGITS_THAT_TELL = 10  # "(202) 555-0143" and "+12025550143" are one number


@dataclass(frozen=True, slots=True)
class Contact:
    value: str
    contact_type: str = ""


def change(cursor: Cursor, person_ref: str, change: ContactChange, *, today: date, **_: Any) -> Note:
    """Add, replace, remove or prefer one contact. Raises Rejected("incomplete_change")."""
    if change.channel not in _ROUTINGS or not (change.value or change.replaces):
        raise Rejected("incomplete_change")
    held = of_person(cursor, person_ref, change.channel)
    wanted = after(held, change)
    if wanted != held:
        _write(cursor, person_ref, change.channel, wanted)
    done = "removed" if not change.value else "changed" if change.replaces else "added"
    return Note("contact_changed", f"The customer's {_ROUTINGS[change.channel]} was {done}.", wanted != held)


def after(held: list[Contact], change: ContactChange) -> list[Contact]:
    """The list that `change` makes of `held`. What is to go and is not there has gone already."""
    old = _place(held, change.replaces, change.channel)
    if not change.value:
        return [each for place, each in enumerate(held) if place != old]
    known = _place(held, change.value, change.channel)
    new = Contact(change.value, change.contact_type)
    if known is not None:
        same = held[known]
        new = Contact(same.value if known != old else change.value, change.contact_type or same.contact_type)
    elif old is not None and not change.contact_type:
        new = replace(new, contact_type=held[old].contact_type)
    gone = {place for place in (old, known) if place is not None}
    at = old if old is not None else known if known is not None else len(held)
    at = 0 if change.is_primary else at - sum(place < at for place in gone)
    wanted = [each for place, each in enumerate(held) if place not in gone]
    return [*wanted[:at], new, *wanted[at:]]


def of_person(cursor: Cursor, person_ref: str, routing: str) -> list[Contact]:
    """The primary one first."""
    cursor.execute(
        "SELECT value, contact_type FROM person_contact WHERE person_ref = %s AND routing = %s ORDER BY place",
        (person_ref, routing),
    )
    return [Contact(**row) for row in cursor.fetchall()]


def folded(value: str, routing: str) -> str:
    """What makes two spellings one address or one number."""
    if routing == "email":
        return value.strip().casefold()
    digits = "".join(sign for sign in value if sign.isdigit())
    return digits[-_DIGITS_THAT_TELL:]


def _place(held: list[Contact], value: str, routing: str) -> int | None:
    meant = folded(value, routing)
    places = (place for place, each in enumerate(held) if meant and folded(each.value, routing) == meant)
    return next(places, None)


def _write(cursor: Cursor, person_ref: str, routing: str, wanted: list[Contact]) -> None:
    """The whole list anew: places must not clash on the way."""
    cursor.execute("DELETE FROM person_contact WHERE person_ref = %s AND routing = %s", (person_ref, routing))
    cursor.executemany(
        "INSERT INTO person_contact (person_ref, routing, place, value, contact_type) VALUES (%s, %s, %s, %s, %s)",
        [(person_ref, routing, place, each.value, each.contact_type) for place, each in enumerate(wanted)],
    )
