"""Which web users and links to accounts does the simulated CC&B keep (C.12, C.13)? A version guards every update."""

from collections.abc import Mapping
from typing import Any

from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.ccb.simulator.numbers import new_number
from keyturn.connectors.cis.reference.connection import Cursor


def add(cursor: Cursor, said: Mapping[str, Any]) -> dict[str, Any]:
    ref = new_number(cursor)
    cursor.execute(
        "INSERT INTO web_user VALUES (%s, %s, %s, %s, %s, %s)",
        (ref, said["clientWebUserId"], said["name"], said["role"], said["isActive"], said["personId"] or None),
    )
    return read(cursor, ref)


def read(cursor: Cursor, ref: str) -> dict[str, Any]:
    cursor.execute("SELECT * FROM web_user WHERE web_user_id = %s", (ref,))
    row = cursor.fetchone()
    if row is None:
        raise Refused("web_user_not_found", ref[:10])
    return {
        "webUserId": row["web_user_id"],
        "clientWebUserId": row["client_id"],
        "name": row["name"],
        "role": row["role"],
        "isActive": row["active"],
        "personId": row["per_id"] or "",
        "version": row["version"],
    }


def change(cursor: Cursor, ref: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Raises Refused("stale") where somebody was faster."""
    read(cursor, ref)
    cursor.execute(
        "UPDATE web_user SET name = %s, role = %s, active = %s, per_id = %s, version = version + 1"
        " WHERE web_user_id = %s AND version = %s",
        (said["name"], said["role"], said["isActive"], said["personId"] or None, ref, said["version"]),
    )
    if not cursor.rowcount:
        raise Refused("stale", status=409)
    return read(cursor, ref)


def remove(cursor: Cursor, ref: str) -> None:
    read(cursor, ref)
    cursor.execute("DELETE FROM web_user WHERE web_user_id = %s", (ref,))


def link(cursor: Cursor, said: Mapping[str, Any]) -> dict[str, Any]:
    """Link a web user to an account, or change the link."""
    read(cursor, said["webUserId"])
    cursor.execute("SELECT 1 FROM acct WHERE acct_id = %s", (said["accountId"],))
    if cursor.fetchone() is None:
        raise Refused("account_not_found", said["accountId"][:10])
    cursor.execute(
        "INSERT INTO web_user_acct AS w VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (web_user_id, acct_id) DO UPDATE SET"
        " nickname = excluded.nickname, role = excluded.role, active = excluded.active, verified = excluded.verified,"
        " version = w.version + 1 WHERE w.version = %s",
        (
            *(said["webUserId"], said["accountId"], said["nickname"], said["role"], said["isActive"]),
            said["isVerified"],
            said["version"] or 1,
        ),
    )
    if not cursor.rowcount:
        raise Refused("stale", status=409)
    return next(each for each in links(cursor, said["webUserId"]) if each["accountId"] == said["accountId"])


def links(cursor: Cursor, ref: str) -> list[dict[str, Any]]:
    cursor.execute("SELECT * FROM web_user_acct WHERE web_user_id = %s ORDER BY acct_id", (ref,))
    return [
        {
            "webUserId": row["web_user_id"],
            "accountId": row["acct_id"],
            "nickname": row["nickname"],
            "role": row["role"],
            "isActive": row["active"],
            "isVerified": row["verified"],
            "version": row["version"],
        }
        for row in cursor.fetchall()
    ]


def unlink(cursor: Cursor, ref: str, acct_id: str) -> None:
    cursor.execute("DELETE FROM web_user_acct WHERE web_user_id = %s AND acct_id = %s", (ref, acct_id))
    if not cursor.rowcount:
        raise Refused("account_not_found", acct_id[:10])
