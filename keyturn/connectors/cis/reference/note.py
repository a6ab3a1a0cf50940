"""What do the CIS's own staff read about something that was done through self-service (BR-39)?"""

from dataclasses import dataclass

from keyturn.connectors.cis.reference.connection import Cursor


@dataclass(frozen=True, slots=True)
class Note:
    """A customer contact to be left. `text` says what was done, never a value. `changed` False: it was so already."""

    contact_type: str
    text: str
    changed: bool = True
    account_refs: tuple[str, ...] = ()


def leave(cursor: Cursor, note: Note, *, person_ref: str, request_reference: str) -> None:
    """Write the customer contact on the person: one, or one for each account that it is about."""
    text = note.text if note.changed else f"{note.text} It was so already."
    cursor.executemany(
        "INSERT INTO customer_contact (person_ref, account_ref, contact_class, contact_type, text, request_reference)"
        " VALUES (%s, %s, 'self_service', %s, %s, %s)",
        [(person_ref, account, note.contact_type, text, request_reference) for account in note.account_refs or (None,)],
    )
