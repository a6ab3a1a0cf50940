"""What changed in the simulated CC&B, in an order in which nothing can be passed over?

A utility would make such a service of its audit trail. Each operation writes its rows last, under a lock that it holds
until it has committed: numbers are drawn in the order of the commits, and a cursor never stands before an unseen row.
"""

from collections.abc import Iterable
from typing import Any

from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.reference.connection import Cursor


def note(
    cursor: Cursor,
    key: str = "",
    *,
    persons: Iterable[str] = (),
    accounts: Iterable[str] = (),
    premises: Iterable[str] = (),
) -> None:
    """These are not as they were, by this transaction. `key`: what stands outside for it."""
    named = (("PERSON", persons), ("ACCOUNT", accounts), ("PREMISE", premises))
    rows = "".join(f"{noun} {ref} {key}\n" for noun, refs in named for ref in dict.fromkeys(refs) if ref)
    cursor.execute(
        "SELECT set_config('ccb.noted', coalesce(current_setting('ccb.noted', true), '') || %s, true)", (rows,)
    )


def write(cursor: Cursor) -> None:
    """The last thing that a transaction does."""
    cursor.execute("SELECT coalesce(current_setting('ccb.noted', true), '') AS noted")
    noted = dict.fromkeys((cursor.fetchone() or {})["noted"].splitlines())
    if noted:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('ccb changes ' || current_schema(), 0))")
        cursor.executemany(
            "INSERT INTO change (noun, ref, key) VALUES (%s, %s, %s)", [tuple(each.split(" ", 2)) for each in noted]
        )


def since(cursor: Cursor, mark: str, limit: int) -> dict[str, Any]:
    """What changed behind `mark` ("": everything). Raises Refused where that is no mark."""
    if mark and not (mark.isascii() and mark.isdigit()):
        raise Refused("invalid_value", "since")
    most = max(1, limit)
    cursor.execute("SELECT * FROM change WHERE seq > %s ORDER BY seq LIMIT %s", (int(mark or 0), most + 1))
    rows = cursor.fetchall()
    told = rows[:most]
    return {
        "changes": [
            {"objectType": row["noun"], "objectId": row["ref"], "externalReference": row["key"]} for row in told
        ],
        "cursor": str(told[-1]["seq"]) if told else mark or "0",
        "isMore": len(rows) > len(told),
    }
