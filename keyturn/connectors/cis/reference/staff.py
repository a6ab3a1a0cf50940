"""What do the CIS's own staff change there, without Keyturn? For the demo and for tests; no other connector has it.

Their word is their own: it goes through none of Keyturn's rules, as in a real CIS.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from keyturn.connectors.cis.reference import adopt, changes, update
from keyturn.connectors.cis.reference.connection import Cursor, Link
from keyturn.connectors.cis.reference.links import PORTAL
from keyturn.terms.change import Change
from keyturn.terms.errors import Rejected


class Desk:
    """A clerk's place at the reference CIS: `ReferenceCis.desk`."""

    def __init__(self, link: Link, number: Callable[[Cursor], str]) -> None:
        self._link = link
        self._number = number

    def change(self, person_ref: str, change: Change) -> None:
        """Change what is on file of a person, as Keyturn's command would, but under no key and without a note."""
        with self._link.writing() as cursor:
            today = self._today(cursor, person_ref)
            update.carry_out(cursor, person_ref, change, today=today, number=self._number)

    def take_over(self, account_ref: str, person_ref: str, *, relationship: str) -> None:
        """Give a portal's row another relationship: from then on it is the CIS's, for good (BR-21).

        Raises Rejected("not_portal_owned") where it is not the portal's.
        """
        if relationship == PORTAL:
            raise Rejected("against_the_rules")
        with self._link.writing() as cursor:
            cursor.execute(
                "UPDATE account_person SET relationship = %s WHERE account_ref = %s AND person_ref = %s"
                " AND relationship = %s",
                (relationship, account_ref, person_ref, PORTAL),
            )
            if not cursor.rowcount:
                raise Rejected("not_portal_owned")
            changes.note(cursor, persons=[person_ref], accounts=[account_ref])

    def add_to_account(self, account_ref: str, person_ref: str, *, relationship: str, pays: bool = False) -> None:
        """Enter a person on an account under a relationship of the CIS's own."""
        with self._link.writing() as cursor:
            cursor.execute(
                "INSERT INTO account_person (account_ref, person_ref, main_customer, financially_responsible,"
                " relationship) VALUES (%s, %s, false, %s, %s)",
                (account_ref, person_ref, pays, relationship),
            )
            changes.note(cursor, persons=[person_ref], accounts=[account_ref])

    def enter(self, kind: str, row: Mapping[str, Any]) -> None:
        """Enter one of "persons", "premises" or "accounts", or bring it up to date: the columns of an import."""
        with self._link.writing() as cursor:
            adopt.adopt(cursor, kind, [row])

    def _today(self, cursor: Cursor, person_ref: str) -> date:
        cursor.execute("SELECT current_date AS today FROM person WHERE ref = %s", (person_ref,))
        found = cursor.fetchone()
        if found is None:
            raise Rejected("unknown_person")
        today: date = found["today"]
        return today
