"""Which typed names and values does the simulated CC&B keep of a person or an account (C.1)?"""

from collections.abc import Mapping
from typing import Any

from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.ccb.simulator.shapes import day, written
from keyturn.connectors.cis.reference.connection import Cursor


def enter(cursor: Cursor, owner: str, said: Mapping[str, Any]) -> bool:
    """One value in place of the one before; an empty one ends it. Whether anything changed."""
    if not said["characteristicType"]:
        raise Refused("required", "characteristicType")
    until = day(said["untilDate"], at="untilDate")
    cursor.execute(
        "SELECT seq, value, until_dt FROM characteristic WHERE owner = %s AND char_type = %s AND ended IS NULL",
        (owner, said["characteristicType"]),
    )
    held = cursor.fetchone()
    if (held["value"], held["until_dt"]) == (said["value"], until) if held else not said["value"]:
        return False
    if held:
        cursor.execute("UPDATE characteristic SET ended = now() WHERE seq = %s", (held["seq"],))
    if said["value"]:
        cursor.execute(
            "INSERT INTO characteristic (owner, char_type, value, until_dt) VALUES (%s, %s, %s, %s)",
            (owner, said["characteristicType"], said["value"], until),
        )
    return True


def of(cursor: Cursor, owner: str) -> list[dict[str, Any]]:
    """What holds now."""
    cursor.execute(
        "SELECT char_type, value, until_dt FROM characteristic WHERE owner = %s AND ended IS NULL ORDER BY char_type",
        (owner,),
    )
    return [
        {"characteristicType": row["char_type"], "value": row["value"], "untilDate": written(row["until_dt"])}
        for row in cursor.fetchall()
    ]
