"""Who else stands on an account by the portal's word, and what of that is still the portal's (C.8, BR-19..21, BR-64)?"""

from collections.abc import Callable
from datetime import date
from typing import Any

from keyturn.connectors.cis.reference import changes, contacts, links
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.reference.links import PORTAL
from keyturn.connectors.cis.reference.note import Note
from keyturn.terms.change import RoleChange
from keyturn.terms.errors import Rejected


def change(
    cursor: Cursor,
    person_ref: str,
    change: RoleChange,
    *,
    today: date,
    number: Callable[[Cursor], str],
    **_: Any,
) -> Note:
    """Enter somebody beside the customer, or remove them. Raises Rejected."""
    if not change.account_ref or not change.email.strip() or not (change.name.strip() or change.ends):
        raise Rejected("incomplete_change")
    links.must_be_theirs(cursor, person_ref, (change.account_ref,))
    there = _meant(cursor, person_ref, change)
    on_it = next((row for row in there if row["account_ref"] == change.account_ref), None)
    if change.ends:
        note = Note("person_removed", f"Somebody no longer acts here ({change.relationship}).")
        changed = on_it is not None and _remove(cursor, on_it)
    elif on_it:
        note = Note("person_added", f"Somebody acts here as {change.relationship}.")
        changed = _call(cursor, on_it, change.relationship)
    else:
        note = Note("person_added", f"Somebody acts here as {change.relationship}; they owe nothing.")
        known = next((row["person_ref"] for row in there), "")
        _enter(cursor, known or _create(cursor, change, number=number), change)
        changed = True
    return Note(note.contact_type, note.text, changed, account_refs=(change.account_ref,))


def _meant(cursor: Cursor, person_ref: str, change: RoleChange) -> list[dict[str, Any]]:
    """Rows of whoever bears this name and e-mail: on the account, or by the portal's word on another of this customer.

    To end a role the e-mail is enough where no name is given.
    """
    cursor.execute(
        "SELECT l.account_ref, l.person_ref, l.relationship, l.portal_role, n.given_name, n.middle_name, n.family_name,"
        " n.suffix, n.organisation_name, ARRAY(SELECT value FROM person_contact c WHERE c.person_ref = l.person_ref"
        " AND c.routing = 'email') AS emails"
        " FROM account_person l JOIN person_name n ON n.person_ref = l.person_ref AND n.name_type = 'primary'"
        " WHERE l.account_ref = %s OR (l.relationship = %s"
        " AND l.account_ref IN (SELECT ref FROM account WHERE main_person_ref = %s))"
        " ORDER BY l.account_ref <> %s, l.relationship <> %s, l.person_ref",
        (change.account_ref, PORTAL, person_ref, change.account_ref, PORTAL),
    )
    email, name = contacts.folded(change.email, "email"), _folded(change.name)
    return [
        row
        for row in cursor.fetchall()
        if email in [contacts.folded(each, "email") for each in row["emails"]]
        and (_folded(_full_name(row)) == name or (change.ends and not name))
    ]


def _full_name(row: dict[str, Any]) -> str:
    parts = ("given_name", "middle_name", "family_name", "suffix", "organisation_name")
    return " ".join(row[part] for part in parts if row[part])


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _create(cursor: Cursor, change: RoleChange, *, number: Callable[[Cursor], str]) -> str:
    """A person of whom nothing is known but name and e-mail. The name is kept as given: nobody said how it divides."""
    ref = ""
    while not ref:
        cursor.execute(
            "INSERT INTO person (ref, kind) VALUES (%s, 'person') ON CONFLICT (ref) DO NOTHING RETURNING ref",
            (number(cursor),),  # an imported one may already stand there
        )
        ref = (cursor.fetchone() or {}).get("ref", "")
    cursor.execute(
        "INSERT INTO person_name (person_ref, name_type, family_name) VALUES (%s, 'primary', %s)",
        (ref, " ".join(change.name.split())),
    )
    cursor.execute(
        "INSERT INTO person_contact (person_ref, routing, place, value) VALUES (%s, 'email', 0, %s)",
        (ref, change.email.strip()),
    )
    return ref


def _enter(cursor: Cursor, person_ref: str, change: RoleChange) -> None:
    cursor.execute(
        "INSERT INTO account_person (account_ref, person_ref, main_customer, financially_responsible, guarantor,"
        " relationship, portal_role) VALUES (%s, %s, false, false, false, %s, %s)",
        (change.account_ref, person_ref, PORTAL, change.relationship),
    )
    changes.note(cursor, persons=[person_ref])


def _call(cursor: Cursor, row: dict[str, Any], role: str) -> bool:
    """What the portal calls a row of its own. One of the CIS's says enough already and stays as it is."""
    if row["relationship"] != PORTAL or row["portal_role"] == role:
        return False
    cursor.execute(
        "UPDATE account_person SET portal_role = %s WHERE account_ref = %s AND person_ref = %s",
        (role, row["account_ref"], row["person_ref"]),
    )
    return True


def _remove(cursor: Cursor, row: dict[str, Any]) -> bool:
    """ER-27: what staff have taken over, or entered themselves, is theirs to remove. The person stays on file."""
    if row["relationship"] != PORTAL:
        raise Rejected("not_portal_owned")
    cursor.execute(
        "DELETE FROM account_person WHERE account_ref = %s AND person_ref = %s", (row["account_ref"], row["person_ref"])
    )
    changes.note(cursor, persons=[row["person_ref"]])
    return True
