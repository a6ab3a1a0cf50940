"""May a service agreement begin at a service point, what gives way to it, and what becomes of it (C.10, BR-41, BR-43)?"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.ccb.simulator.numbers import new_number
from keyturn.connectors.cis.ccb.simulator.shapes import written
from keyturn.connectors.cis.reference.connection import Cursor

PENDING_START, ACTIVE, PENDING_STOP, STOPPED, CANCELLED = "10", "20", "30", "40", "70"
LANDLORD = "LANDLORD"


def points(cursor: Cursor, prem_id: str, service_types: Iterable[str]) -> dict[str, str]:
    """Service type to service point, locked in one order, so that two starts at one place wait for each other."""
    wanted = sorted(set(service_types))
    cursor.execute("SELECT 1 FROM prem WHERE prem_id = %s", (prem_id,))
    if cursor.fetchone() is None:
        raise Refused("premise_not_found", prem_id[:10])
    if not wanted:
        raise Refused("no_services")
    cursor.execute(
        "SELECT svc_type, sp_id FROM sp WHERE prem_id = %s AND svc_type = ANY(%s) ORDER BY sp_id FOR UPDATE",
        (prem_id, wanted),
    )
    found = {row["svc_type"]: row["sp_id"] for row in cursor.fetchall()}
    for each in wanted:
        if each not in found:
            raise Refused("no_service_point", each)
    return found


def gives_way(
    cursor: Cursor, sp_ids: Iterable[str], *, per_id: str, customer_class: str, start: date
) -> list[dict[str, Any]]:
    """What becomes of the agreements that would still run on `start`. Raises Refused where one stays."""
    cursor.execute(
        "SELECT g.*, a.cust_cl, ARRAY(SELECT per_id FROM acct_per l WHERE l.acct_id = a.acct_id AND fin_sw) AS payers"
        " FROM sa g JOIN acct a USING (acct_id) WHERE g.sp_id = ANY(%s) AND g.status IN ('10', '20', '30')"
        " AND (g.end_dt IS NULL OR g.end_dt >= %s) ORDER BY g.sa_id FOR UPDATE OF g",
        (list(sp_ids), start),
    )
    return [_change(row, per_id=per_id, customer_class=customer_class, start=start) for row in cursor.fetchall()]


def begin(
    cursor: Cursor,
    acct_id: str,
    found: Mapping[str, str],
    changes: Iterable[Mapping[str, Any]],
    *,
    start: date,
    request: str,
) -> dict[str, str]:
    """Pending agreements at the points `found`, and what gave way to each; service type to agreement."""
    made = {kind: new_number(cursor) for kind in found}
    cursor.executemany(
        "INSERT INTO sa (sa_id, acct_id, sp_id, status, start_dt, request) VALUES (%s, %s, %s, %s, %s, %s)",
        [(made[kind], acct_id, sp_id, PENDING_START, start, request) for kind, sp_id in found.items()],
    )
    by_point = {sp_id: made[kind] for kind, sp_id in found.items()}
    for each in changes:
        cursor.execute(
            "UPDATE sa SET status = %s, end_dt = %s WHERE sa_id = %s", (each["status"], each["end"], each["sa_id"])
        )
        cursor.execute(
            "INSERT INTO sa_change VALUES (%s, %s, %s, %s, %s, %s)",
            (by_point[each["sp_id"]], each["sa_id"], each["old_status"], each["old_end"], each["status"], each["end"]),
        )
    return made


def cancel(cursor: Cursor, acct_id: str, request: str) -> dict[str, str]:
    """Cancel what the request made, and put back what gave way to it; service type to agreement. Raises Refused."""
    cursor.execute(
        "SELECT g.sa_id, g.status, p.svc_type FROM sa g JOIN sp p USING (sp_id) WHERE g.request = %s AND g.acct_id = %s"
        " AND g.request <> '' ORDER BY g.sa_id FOR UPDATE OF g",
        (request, acct_id),
    )
    made = cursor.fetchall()
    for row in made:
        if row["status"] not in (PENDING_START, CANCELLED):
            raise Refused("already_active", row["sa_id"])
    if not made:
        raise Refused("nothing_pending", acct_id)
    pending = [row["sa_id"] for row in made if row["status"] == PENDING_START]
    cursor.execute("UPDATE sa SET status = %s WHERE sa_id = ANY(%s)", (CANCELLED, pending))
    cursor.execute(
        "UPDATE sa g SET status = c.old_status, end_dt = c.old_end_dt FROM sa_change c WHERE c.by_sa = ANY(%s)"
        " AND g.sa_id = c.sa_id AND g.status = c.new_status AND g.end_dt IS NOT DISTINCT FROM c.new_end_dt",
        (pending,),
    )
    return {row["svc_type"]: row["sa_id"] for row in made}


def of(cursor: Cursor, column: str, value: str) -> list[dict[str, Any]]:
    """Agreements of an account ("g.acct_id") or at a premise ("p.prem_id")."""
    cursor.execute(
        f"SELECT g.*, p.svc_type, p.prem_id FROM sa g JOIN sp p USING (sp_id) WHERE {column} = %s"
        " ORDER BY g.start_dt, g.sa_id",
        (value,),
    )
    return [
        {
            "serviceAgreementId": row["sa_id"],
            "serviceType": row["svc_type"],
            "premiseId": row["prem_id"],
            "spId": row["sp_id"],
            "accountId": row["acct_id"],
            "status": row["status"],
            "startDate": written(row["start_dt"]),
            "endDate": written(row["end_dt"]),
            "externalReference": row["request"],
        }
        for row in cursor.fetchall()
    ]


def turn_the_day(cursor: Cursor, today: date) -> tuple[int, int]:
    """Begin and stop what is due; an end date is the last day of service."""
    cursor.execute(
        "UPDATE sa SET status = CASE WHEN end_dt IS NULL THEN '20' ELSE '30' END WHERE status = '10' AND start_dt <= %s",
        (today,),
    )
    began = cursor.rowcount
    cursor.execute("UPDATE sa SET status = '40' WHERE status = '30' AND end_dt < %s", (today,))
    return began, cursor.rowcount


def _change(row: Mapping[str, Any], *, per_id: str, customer_class: str, start: date) -> dict[str, Any]:
    """A landlord's agreement, and one that is to stop anyway, end the day before; nothing else gives way."""
    if row["cust_cl"] != LANDLORD or customer_class == LANDLORD:
        if per_id and per_id in row["payers"]:
            raise Refused("already_served", row["sp_id"])
        if row["end_dt"] is None or row["start_dt"] >= start:
            raise Refused("occupied", row["sp_id"])
    begun = row["start_dt"] < start
    status = (PENDING_STOP if row["status"] == ACTIVE else row["status"]) if begun else CANCELLED
    end = start - timedelta(days=1) if begun else row["end_dt"]
    kept = {name: row[name] for name in ("sa_id", "sp_id", "acct_id")}
    return {**kept, "old_status": row["status"], "old_end": row["end_dt"], "status": status, "end": end}
