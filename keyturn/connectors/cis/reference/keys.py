"""What has been done under a key?

The row of a key is written in the transaction of its effect, and before it: a second delivery of the same key waits
there until the first has committed, and then reads the first one's answer.
"""

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from keyturn.connectors.cis.fingerprint import fingerprint
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.terms.cis import Answer, Command
from keyturn.terms.errors import Rejected


def claim(cursor: Cursor, key: str, command: Command) -> Answer | str:
    """Enter `key`, and sign with it what is changed; the first answer where it is known, else the person that an earlier, partial delivery made ("").

    Raises Rejected("key_reused") where the key belongs to another command.
    """
    digest = fingerprint(command)
    cursor.execute(
        "INSERT INTO command (key, name, fingerprint, request_reference) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (key) DO NOTHING RETURNING set_config('reference_cis.key', key, true)",
        (key, type(command).__name__, digest, command.request_reference),
    )
    if cursor.fetchone():
        return ""
    cursor.execute(
        "SELECT fingerprint, answer, person_ref, set_config('reference_cis.key', key, true) FROM command WHERE key = %s"
        " FOR UPDATE",
        (key,),
    )
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
