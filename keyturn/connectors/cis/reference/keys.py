"""What has been done under a key?

The row of a key is written in the transaction of its effect, and before it: a second delivery of the same key waits
there until the first has committed, and then reads the first one's answer.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from psycopg.types.json import Jsonb

from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.terms.cis import (
    Answer,
    CancelService,
    Command,
    EstablishService,
    MergePersons,
    UnmergePersons,
    UpdateCustomer,
)
from keyturn.terms.errors import Rejected

_WHO = {"person", "person_ref", "account_ref", "mailing_address", "language", "origin"}


def fingerprint(command: Command) -> str:
    """A digest of what is asked for: another request under a known key must not pass for the first.

    Not of who asks for service: between two deliveries of one request its person may have got their reference here, by another.
    """
    asked = {each.name: str(getattr(command, each.name)) for each in fields(command) if each.name not in _WHO}
    if isinstance(command, EstablishService):
        asked["services"] = ",".join(sorted(command.services))
    if isinstance(command, CancelService):
        asked["account_ref"] = command.account_ref
    if isinstance(command, MergePersons | UnmergePersons):
        asked.pop("loser_account_refs", None)  # what is theirs by then: an account may come between two deliveries
    if isinstance(command, UpdateCustomer):
        asked["person_ref"] = command.person_ref
        asked["changes"] = json.dumps([[type(each).__name__, asdict(each)] for each in command.changes], default=str)
    return hashlib.sha256(f"{type(command).__name__}:{json.dumps(asked, sort_keys=True)}".encode()).hexdigest()


def claim(cursor: Cursor, key: str, command: Command) -> Answer | str:
    """Enter `key`; the first answer where it is known, else the person that an earlier, partial delivery made ("").

    Raises Rejected("key_reused") where the key belongs to another command.
    """
    digest = fingerprint(command)
    cursor.execute(
        "INSERT INTO command (key, name, fingerprint, request_reference) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (key) DO NOTHING RETURNING key",
        (key, type(command).__name__, digest, command.request_reference),
    )
    if cursor.fetchone():
        return ""
    cursor.execute("SELECT fingerprint, answer, person_ref FROM command WHERE key = %s FOR UPDATE", (key,))
    row = cursor.fetchone() or {}
    if row.get("fingerprint") != digest:
        raise Rejected("key_reused")
    return _answer(row["answer"]) if row["answer"] is not None else str(row["person_ref"])


def note_person(cursor: Cursor, key: str, person_ref: str) -> None:
    """Remember that only the person has been written under `key` so far."""
    cursor.execute("UPDATE command SET person_ref = %s WHERE key = %s", (person_ref, key))


def settle(cursor: Cursor, key: str, answer: Answer) -> None:
    """Write the answer beside the key, to be committed with the effect."""
    row = {
        "person_ref": answer.person_ref,
        "account_ref": answer.account_ref,
        "agreement_refs": dict(answer.agreement_refs),
    }
    cursor.execute(
        "UPDATE command SET answer = %s, person_ref = %s WHERE key = %s", (Jsonb(row), answer.person_ref, key)
    )


def look_up(cursor: Cursor, key: str) -> Answer | None:
    """The answer given under `key`; None where it is unknown or not finished, so that sending (again) is safe."""
    cursor.execute("SELECT answer FROM command WHERE key = %s AND answer IS NOT NULL", (key,))
    row = cursor.fetchone()
    return _answer(row["answer"]) if row else None


def _answer(row: Mapping[str, Any]) -> Answer:
    return Answer(row["person_ref"], row["account_ref"], dict(row["agreement_refs"]), repeated=True)
