"""Which identifiers does a person have in the simulated CC&B, and may another have the same (C.3, BR-08)?"""

from collections.abc import Mapping
from typing import Any

from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.reference.connection import Cursor


def folded(value: str) -> str:
    """Spaces, dashes and case do not tell two values apart."""
    return "".join(sign for sign in value if sign.isalnum()).upper()


def add(cursor: Cursor, per_id: str, said: Mapping[str, Any], *, warn: bool = False) -> bool:
    """Enter one, in place of the one of its type; False where it stands there already. Raises Refused.

    A type whose policy is ERROR is refused where another person has the value; WARN is refused too where `warn`.
    """
    if not said["idType"] or not folded(said["personIdNumber"]):
        raise Refused("required", "personIdNumber")
    cursor.execute("SELECT dup_policy FROM id_type WHERE id_type = %s", (said["idType"],))
    known = cursor.fetchone()
    if known is None:
        raise Refused("invalid_value", "idType")
    policy, meant = known["dup_policy"], folded(said["personIdNumber"])
    if policy == "ERROR" or (warn and policy == "WARN"):
        _must_be_nobody_elses(cursor, per_id, said["idType"], meant)
    cursor.execute("SELECT seq, id_nbr FROM per_id WHERE per_id = %s AND id_type = %s", (per_id, said["idType"]))
    held = cursor.fetchone()
    if held and held["id_nbr"] == said["personIdNumber"]:
        return False
    if held:
        cursor.execute(
            "UPDATE per_id SET id_nbr = %s, id_folded = %s WHERE per_id = %s AND seq = %s",
            (said["personIdNumber"], meant, per_id, held["seq"]),
        )
        return True
    cursor.execute(
        "INSERT INTO per_id SELECT %s, coalesce(max(seq) + 1, 0), %s, %s, %s, %s FROM per_id WHERE per_id = %s",
        (per_id, said["idType"], said["personIdNumber"], meant, policy == "ERROR", per_id),
    )
    return True


def of_person(cursor: Cursor, per_id: str) -> list[dict[str, Any]]:
    cursor.execute("SELECT seq, id_type, id_nbr FROM per_id WHERE per_id = %s ORDER BY seq", (per_id,))
    return [
        {"idType": row["id_type"], "personIdNumber": row["id_nbr"], "isPrimaryId": row["seq"] == 0}
        for row in cursor.fetchall()
    ]


def _must_be_nobody_elses(cursor: Cursor, per_id: str, id_type: str, meant: str) -> None:
    """Two who enter one value at one moment wait here for each other."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"ccb {id_type}:{meant}",))
    cursor.execute(
        "SELECT 1 FROM per_id WHERE id_type = %s AND id_folded = %s AND per_id <> %s LIMIT 1", (id_type, meant, per_id)
    )
    if cursor.fetchone():
        raise Refused("identifier_in_use", id_type)
