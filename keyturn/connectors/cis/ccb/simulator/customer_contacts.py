"""What do the simulated CC&B's staff read about something that was done through self-service (BR-39)?

A contact may bear what stands outside for it ("externalReference"): Keyturn's key, unique by a constraint. It is
written in the transaction of the effect, so that the key is there exactly where the effect is.
"""

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.ccb.simulator.numbers import new_number
from keyturn.connectors.cis.reference.connection import Cursor


def add(
    cursor: Cursor,
    per_id: str,
    kind: str,
    text: str,
    *,
    acct_id: str = "",
    request: str = "",
    external: Mapping[str, str] | None = None,
    agreements: Mapping[str, str] | None = None,
) -> str:
    """Leave one; its id. `external`: the "externalReference" and the "digest" of what was asked."""
    sas = [{"serviceType": kind, "serviceAgreementId": sa} for kind, sa in (agreements or {}).items()]
    cc_id = new_number(cursor)
    cursor.execute(
        "INSERT INTO cust_contact (cc_id, per_id, acct_id, cc_type, text, ext_ref, digest, request, sas)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            cc_id,
            per_id,
            acct_id or None,
            kind,
            text,
            (external or {}).get("externalReference") or None,
            (external or {}).get("digest", ""),
            request,
            Jsonb(sas),
        ),
    )
    return cc_id


def must_be_new(cursor: Cursor, said: Mapping[str, Any]) -> None:
    """Wait for whoever uses the same external reference just now, and refuse what has been used. Raises Refused."""
    if not said["externalReference"]:
        raise Refused("required", "externalReference")
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"ccb ref {said['externalReference']}",))
    cursor.execute(
        "SELECT digest FROM cust_contact WHERE ext_ref = %(ref)s UNION ALL SELECT digest FROM task WHERE ext_ref = %(ref)s",
        {"ref": said["externalReference"]},
    )
    known = cursor.fetchone()
    if known:
        raise Refused("reference_in_use" if known["digest"] == said["digest"] else "reference_of_another")


def of(cursor: Cursor, column: str, value: str) -> list[dict[str, Any]]:
    """Those with `value` in a column (per_id, acct_id, ext_ref), oldest first."""
    cursor.execute(f"SELECT * FROM cust_contact WHERE {column} = %s ORDER BY seq", (value,))
    return [
        {
            "customerContactId": row["cc_id"],
            "contactDateTime": row["at"].isoformat(),
            "contactClass": row["cc_class"],
            "contactType": row["cc_type"],
            "text": row["text"],
            "personId": row["per_id"],
            "accountId": row["acct_id"] or "",
            "externalReference": row["ext_ref"] or "",
            "requestReference": row["request"],
            "digest": row["digest"],
            "serviceAgreements": row["sas"],
        }
        for row in cursor.fetchall()
    ]
