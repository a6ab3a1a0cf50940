"""How does the reference CIS make two persons one, and two again?

The parts in accounts go over; everything else stays with the record that leads to the other from now on.
"""

from collections.abc import Iterable
from typing import Any

from psycopg.types.json import Jsonb

from keyturn.connectors.cis.reference import changes
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.reference.note import Note, leave
from keyturn.terms.cis import Answer, MergePersons, UnmergePersons
from keyturn.terms.errors import Rejected

_PART = "main_customer, financially_responsible, guarantor, relationship, portal_role"


def merge(cursor: Cursor, command: MergePersons) -> Answer:
    """`loser_ref` leads to `survivor_ref`; the stronger of two parts in one account stays. Raises Rejected."""
    survivor, loser = command.survivor_ref, command.loser_ref
    there = _held(cursor, survivor, loser)
    if survivor == loser or there[survivor] or there[loser]:
        raise Rejected("already_merged")
    accounts = _accounts(cursor, (survivor, loser))
    parts = _parts(cursor, (survivor, loser))
    cursor.execute(
        "INSERT INTO merge (request_reference, survivor_ref, loser_ref, parts) VALUES (%s, %s, %s, %s)",
        (command.request_reference, survivor, loser, Jsonb(parts)),
    )
    for account in accounts:
        on_it = [each for each in parts if each["account_ref"] == account]
        if any(each["person_ref"] == loser for each in on_it):
            _write(cursor, account, (survivor, loser), [{**max(on_it, key=_strength), "person_ref": survivor}])
    cursor.execute(
        "UPDATE person SET merged_into = %s WHERE ref = %s OR merged_into = %s RETURNING ref", (survivor, loser, loser)
    )
    changes.note(cursor, persons=[survivor, *(row["ref"] for row in cursor.fetchall())], accounts=accounts)
    _note_both(cursor, command, "merged", f"{loser} was made part of {survivor}.", f"Made part of {survivor}.")
    return Answer(person_ref=survivor)


def unmerge(cursor: Cursor, command: UnmergePersons) -> Answer:
    """Give both back what was theirs, and the loser the accounts that came since and are named. Raises Rejected."""
    survivor, loser = command.survivor_ref, command.loser_ref
    _held(cursor, survivor, loser)
    cursor.execute(
        "SELECT parts FROM merge WHERE request_reference = %s AND survivor_ref = %s AND loser_ref = %s"
        " AND undone_at IS NULL FOR UPDATE",
        (command.merge_reference, survivor, loser),
    )
    row = cursor.fetchone()
    if row is None:
        raise Rejected("not_merged")
    before = row["parts"]
    theirs = {each["account_ref"] for each in before if each["person_ref"] == loser}
    mine = {each["account_ref"] for each in before if each["person_ref"] == survivor}
    now = {each["account_ref"]: each for each in _parts(cursor, (survivor,))}
    changes.note(cursor, persons=[survivor, loser], accounts=_accounts(cursor, (survivor, loser)))
    for account in sorted(theirs | (set(command.loser_account_refs) & set(now))):
        there = now.get(account)
        if there is None:  # ended since: nobody has it
            continue
        if account in theirs and account in mine:  # both stood there
            back = [each for each in before if each["account_ref"] == account]
        else:
            back = [{**there, "person_ref": loser}]
        _write(cursor, account, (survivor, loser), back)
    cursor.execute("UPDATE merge SET undone_at = now() WHERE request_reference = %s", (command.merge_reference,))
    cursor.execute("UPDATE person SET merged_into = NULL WHERE ref = %s AND merged_into = %s", (loser, survivor))
    _note_both(
        cursor, command, "unmerged", f"{loser} is a person of its own again.", f"No part of {survivor} any more."
    )
    return Answer(person_ref=survivor)


def _held(cursor: Cursor, *refs: str) -> dict[str, str | None]:
    """Lock the persons, in order; whom each leads to."""
    cursor.execute(
        "SELECT ref, merged_into FROM person WHERE ref = ANY(%s) ORDER BY ref FOR NO KEY UPDATE", (list(refs),)
    )
    found = {row["ref"]: row["merged_into"] for row in cursor.fetchall()}
    if not set(refs) <= set(found):
        raise Rejected("unknown_person")
    return found


def _accounts(cursor: Cursor, refs: Iterable[str]) -> list[str]:
    """Lock the accounts on which they stand, in order."""
    cursor.execute(
        "SELECT ref FROM account WHERE ref IN (SELECT account_ref FROM account_person WHERE person_ref = ANY(%s))"
        " ORDER BY ref FOR NO KEY UPDATE",
        (list(refs),),
    )
    return [row["ref"] for row in cursor.fetchall()]


def _parts(cursor: Cursor, refs: Iterable[str]) -> list[dict[str, Any]]:
    cursor.execute(
        f"SELECT account_ref, person_ref, {_PART} FROM account_person WHERE person_ref = ANY(%s)"
        " ORDER BY account_ref, person_ref",
        (list(refs),),
    )
    return [dict(row) for row in cursor.fetchall()]


def _strength(part: dict[str, Any]) -> tuple[bool, bool, bool]:
    return part["main_customer"], part["financially_responsible"], not part["guarantor"]


def _write(cursor: Cursor, account: str, refs: tuple[str, str], parts: Iterable[dict[str, Any]]) -> None:
    """These parts instead of those that the two have in the account; its main customer is who is main now (BR-19)."""
    cursor.execute("DELETE FROM account_person WHERE account_ref = %s AND person_ref = ANY(%s)", (account, list(refs)))
    for each in parts:
        cursor.execute(
            f"INSERT INTO account_person (account_ref, person_ref, {_PART}) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (account, each["person_ref"], *(each[name] for name in _PART.split(", "))),
        )
        if each["main_customer"]:
            cursor.execute("UPDATE account SET main_person_ref = %s WHERE ref = %s", (each["person_ref"], account))


def _note_both(cursor: Cursor, command: MergePersons | UnmergePersons, kind: str, mine: str, theirs: str) -> None:
    for person, text in ((command.survivor_ref, mine), (command.loser_ref, theirs)):
        leave(cursor, Note(kind, text), person_ref=person, request_reference=command.request_reference)
