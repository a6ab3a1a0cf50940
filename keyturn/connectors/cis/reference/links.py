"""Whose is an account in the reference CIS?"""

from collections.abc import Iterable

from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.terms.errors import Rejected

PORTAL = "self_service"
"""The relationship that is kept for the portal: a row that bears it is the portal's to delete (BR-21, C.8)."""


def must_be_theirs(cursor: Cursor, person_ref: str, account_refs: Iterable[str]) -> None:
    """Lock the accounts, each of which must be the person's by more than the portal's word. Raises Rejected."""
    for account in sorted(set(account_refs)):
        cursor.execute("SELECT 1 FROM account WHERE ref = %s FOR NO KEY UPDATE", (account,))
        if cursor.fetchone() is None:
            raise Rejected("unknown_account")
        cursor.execute(
            "SELECT 1 FROM account_person WHERE account_ref = %s AND person_ref = %s AND relationship <> %s",
            (account, person_ref, PORTAL),
        )
        if cursor.fetchone() is None:
            raise Rejected("not_their_account")


def of_main_customer(cursor: Cursor, person_ref: str) -> tuple[str, ...]:
    """The accounts whose main customer this is, locked, in order."""
    cursor.execute("SELECT ref FROM account WHERE main_person_ref = %s ORDER BY ref FOR NO KEY UPDATE", (person_ref,))
    return tuple(row["ref"] for row in cursor.fetchall())
