"""How does the simulated CC&B make two persons one, and two again, by a service that its utility has defined?

No operation that does so is documented. This is what such a service of a utility's own must do, in one transaction: the
merged person's rows on accounts become the survivor's (of two on one account the stronger stays), what stood there
before is kept for the way back, both get a customer contact, and the merged person's record leads to the survivor.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg.types.json import Jsonb

from keyturn.connectors.cis.ccb.simulator import change_log, customer_contacts, persons
from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.reference.connection import Cursor

TABLE = """
    CREATE TABLE IF NOT EXISTS per_merge (
        request  text PRIMARY KEY,
        survivor text NOT NULL REFERENCES per,
        merged   text NOT NULL REFERENCES per,
        rows     jsonb NOT NULL,  -- of both on accounts, as they were
        reversed timestamptz
    );
    CREATE UNIQUE INDEX IF NOT EXISTS merged_once ON per_merge (merged) WHERE reversed IS NULL;
"""
_ROW = ("acct_id", "per_id", "rel_type", "role", "main_sw", "fin_sw", "guar_sw")

Row = Mapping[str, Any]


def carry_out(cursor: Cursor, said: Row) -> dict[str, Any]:
    """`action` MERGE or REVERSE, under a reference of its own. Raises Refused."""
    customer_contacts.must_be_new(cursor, said)
    survivor, merged = said["survivorPersonId"], said["mergedPersonId"]
    for per_id in sorted({survivor, merged}):
        persons.locked(cursor, per_id)
    match said["action"]:
        case "MERGE":
            touched = _merge(cursor, said["requestReference"], survivor, merged)
            texts = f"Person {merged} was made part of this one.", f"Made part of person {survivor}."
        case "REVERSE":
            touched = _reverse(cursor, said["mergeReference"], survivor, merged, said["accountIds"])
            texts = f"Person {merged} is one of its own again.", f"No part of person {survivor} any more."
        case _:
            raise Refused("invalid_value", "action")
    for per_id, text in zip((survivor, merged), texts, strict=True):
        external = said if per_id == survivor else None
        request = said["requestReference"]
        customer_contacts.add(cursor, per_id, said["action"], text, request=request, external=external)
        cursor.execute("UPDATE per SET version = version + 1 WHERE per_id = %s", (per_id,))
    change_log.note(cursor, said["externalReference"], persons=[survivor, merged], accounts=touched)
    return {"personId": survivor}


def _merge(cursor: Cursor, request: str, survivor: str, merged: str) -> list[str]:
    """The accounts that were touched."""
    if survivor == merged or persons.merged_into(cursor, survivor) or persons.merged_into(cursor, merged):
        raise Refused("already_merged", merged)
    rows = _rows(cursor, (survivor, merged))
    cursor.execute(
        "INSERT INTO per_merge (request, survivor, merged, rows) VALUES (%s, %s, %s, %s)",
        (request, survivor, merged, Jsonb(rows)),
    )
    theirs = [each["acct_id"] for each in rows if each["per_id"] == merged]
    for acct_id in theirs:
        strongest = max((each for each in rows if each["acct_id"] == acct_id), key=_strength)
        _write(cursor, acct_id, (survivor, merged), [{**strongest, "per_id": survivor}])
    return theirs


def _reverse(cursor: Cursor, request: str, survivor: str, merged: str, named: Iterable[str]) -> list[str]:
    """What was the merged person's goes back, and the accounts that came since and are named."""
    cursor.execute(
        "UPDATE per_merge SET reversed = now() WHERE request = %s AND survivor = %s AND merged = %s AND reversed IS NULL"
        " RETURNING rows",
        (request, survivor, merged),
    )
    found = cursor.fetchone()
    if found is None:
        raise Refused("not_merged", merged)
    before = found["rows"]
    of_both = {each["acct_id"] for each in before if each["per_id"] == survivor}
    theirs = {each["acct_id"] for each in before if each["per_id"] == merged}
    now = {each["acct_id"]: each for each in _rows(cursor, (survivor, merged)) if each["per_id"] == survivor}
    touched = sorted((theirs | set(named)) & set(now))
    for acct_id in touched:
        if acct_id in theirs & of_both:
            back = [each for each in before if each["acct_id"] == acct_id]
        else:
            back = [{**now[acct_id], "per_id": merged}]
        _write(cursor, acct_id, (survivor, merged), back)
    return touched


def _rows(cursor: Cursor, per_ids: Iterable[str]) -> list[dict[str, Any]]:
    """On accounts, which are locked."""
    cursor.execute(
        "SELECT acct_id FROM acct WHERE acct_id IN (SELECT acct_id FROM acct_per WHERE per_id = ANY(%s))"
        " ORDER BY acct_id FOR NO KEY UPDATE",
        (list(per_ids),),
    )
    cursor.execute(
        f"SELECT {', '.join(_ROW)} FROM acct_per WHERE per_id = ANY(%s) ORDER BY acct_id, per_id", (list(per_ids),)
    )
    return [dict(each) for each in cursor.fetchall()]


def _strength(row: Row) -> tuple[bool, bool, bool]:
    return row["main_sw"], row["fin_sw"], not row["guar_sw"]


def _write(cursor: Cursor, acct_id: str, per_ids: Iterable[str], rows: Iterable[Row]) -> None:
    """These rows in place of those that the two have on the account."""
    cursor.execute("DELETE FROM acct_per WHERE acct_id = %s AND per_id = ANY(%s)", (acct_id, list(per_ids)))
    for each in rows:
        cursor.execute(
            f"INSERT INTO acct_per ({', '.join(_ROW)}) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            tuple(each[name] for name in _ROW),
        )
