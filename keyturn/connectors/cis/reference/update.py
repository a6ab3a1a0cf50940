"""What does the reference CIS do when Keyturn asks it to bring up to date what it holds of a customer?

Each kind of change is a module: it carries one change out and says in one sentence what it was, for the CIS's own staff.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from keyturn.connectors.cis.reference import changes, contacts, details, identifiers, links, mailing, names, roles
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.reference.note import Note, leave
from keyturn.terms.change import (
    ContactChange,
    DetailChange,
    IdentifierChange,
    MailingChange,
    NameChange,
    RoleChange,
)
from keyturn.terms.cis import Answer, UpdateCustomer
from keyturn.terms.errors import Rejected

_KINDS: dict[type, Callable[..., Note]] = {
    NameChange: names.change,
    ContactChange: contacts.change,
    MailingChange: mailing.change,
    IdentifierChange: identifiers.change,
    DetailChange: details.change,
    RoleChange: roles.change,
}


def update(cursor: Cursor, command: UpdateCustomer, *, number: Callable[[Cursor], str]) -> Answer:
    """Carry out every change, in order, and leave a customer contact for each (BR-39). Raises Rejected."""
    if not command.changes:
        raise Rejected("no_changes")
    cursor.execute(
        "SELECT current_date AS today FROM person WHERE ref = %s FOR NO KEY UPDATE",  # one at a time for one person
        (command.person_ref,),
    )
    found = cursor.fetchone()
    if found is None:
        raise Rejected("unknown_person")
    for change in command.changes:
        note = carry_out(cursor, command.person_ref, change, today=found["today"], number=number)
        leave(cursor, note, person_ref=command.person_ref, request_reference=command.request_reference)
    return Answer(person_ref=command.person_ref)


def carry_out(cursor: Cursor, person_ref: str, change: Any, *, today: date, number: Callable[[Cursor], str]) -> Note:
    """One change of a person who is there; what the customer contact will say. Raises Rejected."""
    if type(change) not in _KINDS:
        raise Rejected("unknown_command")
    note = _KINDS[type(change)](cursor, person_ref, change, today=today, number=number)
    of_all = isinstance(change, MailingChange) and not change.account_refs
    accounts = links.of_main_customer(cursor, person_ref) if of_all else note.account_refs
    changes.note(cursor, persons=[person_ref], accounts=accounts)
    return note
