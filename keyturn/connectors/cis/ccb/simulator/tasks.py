"""How does a start of service pass through the simulated CC&B: a self-service task from eligibility to its end (C.15)?

Eligibility opens the task, only if eligible, under the reference of whoever asks; while it is pending it holds its
service points, for two days at most. The last operation writes the agreements and the customer contact, and ends the task.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from keyturn.connectors.cis.ccb.simulator import accounts, agreements, change_log, characteristics, customer_contacts
from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.ccb.simulator.numbers import new_number
from keyturn.connectors.cis.ccb.simulator.shapes import day, written
from keyturn.connectors.cis.reference.connection import Cursor


def check(cursor: Cursor, said: Mapping[str, Any]) -> dict[str, str]:
    """Would this start be taken? Its service points. Raises Refused with the first reason against it."""
    found = agreements.points(cursor, said["premiseId"], said["serviceTypes"])
    if said["personId"]:
        cursor.execute("SELECT 1 FROM per WHERE per_id = %s", (said["personId"],))
        if cursor.fetchone() is None:
            raise Refused("person_not_found", said["personId"][:10])
    elif not said["newCustomer"]:
        raise Refused("no_person")
    if said["accountId"]:
        accounts.must_pay(cursor, said["accountId"], said["personId"])
    agreements.gives_way(
        cursor,
        found.values(),
        per_id=said["personId"],
        customer_class=said["customerClass"],
        start=_start(said),
    )
    cursor.execute(
        "SELECT per_id, ext_ref FROM task WHERE status = 'PENDING' AND prem_id = %s AND sp_ids && %s"
        " AND opened > now() - interval '2 days'",
        (said["premiseId"], list(found.values())),
    )
    held = next((row for row in cursor.fetchall() if row["ext_ref"] != said["externalReference"]), None)
    if held:
        theirs = held["per_id"] and held["per_id"] == said["personId"]
        raise Refused("already_served" if theirs else "occupied", min(found.values()))
    return found


def against(cursor: Cursor, said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What `check` has against it, as messages; nothing is opened."""
    try:
        check(cursor, said)
    except Refused as no:
        return [{"messageCategory": no.category, "messageNumber": no.number, "messageText": no.text}]
    return []


def open_one(cursor: Cursor, said: Mapping[str, Any]) -> dict[str, Any]:
    """Eligibility: the new task. Raises Refused."""
    customer_contacts.must_be_new(cursor, said)
    found = check(cursor, said)
    task_id = f"9001{new_number(cursor)}"
    cursor.execute(
        "INSERT INTO task (task_id, ext_ref, digest, status, request, prem_id, start_dt, cust_cl, per_id, acct_id, sp_ids)"
        " VALUES (%s, %s, %s, 'PENDING', %s, %s, %s, %s, %s, %s, %s)",
        (
            task_id,
            said["externalReference"],
            said["digest"],
            said["requestReference"],
            said["premiseId"],
            _start(said),
            said["customerClass"],
            said["personId"],
            said["accountId"],
            list(found.values()),
        ),
    )
    return shown(cursor, _task(cursor, task_id))


def services(cursor: Cursor, task_id: str) -> list[dict[str, str]]:
    """What can start at the task's premise: type, service point and badge."""
    task = _pending(cursor, task_id)
    cursor.execute("SELECT svc_type, sp_id, badge FROM sp WHERE sp_id = ANY(%s) ORDER BY sp_id", (task["sp_ids"],))
    return [
        {
            "serviceType": row["svc_type"],
            "spId": row["sp_id"],
            "badgeNumber": row["badge"],
            "spInformation": row["svc_type"],
        }
        for row in cursor.fetchall()
    ]


def select(cursor: Cursor, said: Mapping[str, Any]) -> dict[str, Any]:
    """Mark the services to start, and for whom: person and account stand from now on in the task."""
    task = _pending(cursor, said["serviceTaskId"])
    chosen = {each["spId"] for each in said["spsToStart"]}
    if not chosen or chosen - set(task["sp_ids"]):
        raise Refused("no_services")
    cursor.execute(
        "UPDATE task SET selected = true, sp_ids = %s, per_id = %s, acct_id = %s WHERE task_id = %s",
        (sorted(chosen), said["personId"], said["accountId"], task["task_id"]),
    )
    return shown(cursor, _task(cursor, task["task_id"]))


def complete(cursor: Cursor, said: Mapping[str, Any]) -> dict[str, Any]:
    """The agreements, what gives way to them and the customer contacts; the task is complete. Raises Refused."""
    task = _pending(cursor, said["serviceTaskId"])
    per_id = said.get("personId") or task["per_id"]
    acct_id = said.get("accountId") or task["acct_id"]
    if not per_id or not acct_id:
        raise Refused("no_person")
    accounts.must_pay(cursor, acct_id, per_id)
    if said.get("isPaperless"):
        characteristics.enter(cursor, acct_id, {"characteristicType": "paperless", "value": "yes", "untilDate": ""})
    cursor.execute("SELECT svc_type, sp_id FROM sp WHERE sp_id = ANY(%s) ORDER BY sp_id FOR UPDATE", (task["sp_ids"],))
    found = {row["svc_type"]: row["sp_id"] for row in cursor.fetchall()}
    changes = agreements.gives_way(
        cursor, found.values(), per_id=per_id, customer_class=task["cust_cl"], start=task["start_dt"]
    )
    made = agreements.begin(cursor, acct_id, found, changes, start=task["start_dt"], request=task["request"])
    for each in changes:
        text = (
            f"Service ends on {each['end']}." if each["status"] != agreements.CANCELLED else "The start was cancelled."
        )
        theirs = accounts.main_person(cursor, each["acct_id"])
        customer_contacts.add(cursor, theirs, "ADJUSTED", text, acct_id=each["acct_id"], request=task["request"])
    customer_contacts.add(
        cursor,
        per_id,
        "START",
        f"Start of service on {task['start_dt']} asked for: {', '.join(found)}.",
        acct_id=acct_id,
        request=task["request"],
        external={"externalReference": task["ext_ref"], "digest": task["digest"]},
        agreements=made,
    )
    cursor.execute(
        "UPDATE task SET status = 'COMPLETE', per_id = %s, acct_id = %s WHERE task_id = %s",
        (per_id, acct_id, task["task_id"]),
    )
    given_way = [each["acct_id"] for each in changes]
    change_log.note(
        cursor, task["ext_ref"], persons=[per_id], accounts=[acct_id, *given_way], premises=[task["prem_id"]]
    )
    return shown(cursor, _task(cursor, task["task_id"]))


def discard(cursor: Cursor, task_id: str) -> dict[str, Any]:
    """Give up a pending task, which frees the place and the reference under which it was opened."""
    task = _pending(cursor, task_id)
    cursor.execute(
        "UPDATE task SET status = 'CANCELLED', ext_ref = ext_ref || ' discarded ' || task_id WHERE task_id = %s",
        (task["task_id"],),
    )
    return shown(cursor, _task(cursor, task_id))


def cancel_start(cursor: Cursor, said: Mapping[str, Any]) -> dict[str, Any]:
    """Cancel the pending agreements of a request, under a reference of its own. Raises Refused."""
    customer_contacts.must_be_new(cursor, said)
    per_id = accounts.main_person(cursor, said["accountId"])
    made = agreements.cancel(cursor, said["accountId"], said["requestReference"])
    customer_contacts.add(
        cursor,
        per_id,
        "CANCEL",
        "The request was withdrawn.",
        acct_id=said["accountId"],
        request=said["requestReference"],
        external=said,
        agreements=made,
    )
    cursor.execute(
        "SELECT DISTINCT h.acct_id, p.prem_id FROM sa g JOIN sp p USING (sp_id) JOIN sa h USING (sp_id)"
        " WHERE g.sa_id = ANY(%s)",
        (list(made.values()),),
    )
    touched = cursor.fetchall()
    change_log.note(
        cursor,
        said["externalReference"],
        persons=[per_id],
        accounts=[said["accountId"], *(row["acct_id"] for row in touched)],
        premises=[row["prem_id"] for row in touched],
    )
    return {
        "personId": per_id,
        "accountId": said["accountId"],
        "serviceAgreements": [{"serviceType": kind, "serviceAgreementId": sa} for kind, sa in made.items()],
    }


def by_reference(cursor: Cursor, external: str) -> dict[str, Any]:
    """The task that was opened under a reference. Raises Refused("task_not_found")."""
    cursor.execute("SELECT * FROM task WHERE ext_ref = %s", (external,))
    row = cursor.fetchone()
    if row is None:
        raise Refused("task_not_found")
    return shown(cursor, row)


def shown(cursor: Cursor, task: Mapping[str, Any]) -> dict[str, Any]:
    """A task as the messages show it."""
    cursor.execute("SELECT svc_type, sp_id FROM sp WHERE sp_id = ANY(%s) ORDER BY sp_id", (task["sp_ids"],))
    points = [{"serviceType": row["svc_type"], "spId": row["sp_id"]} for row in cursor.fetchall()]
    cursor.execute("SELECT sas FROM cust_contact WHERE ext_ref = %s", (task["ext_ref"],))
    return {
        "serviceTaskId": task["task_id"],
        "status": task["status"],
        "externalReference": task["ext_ref"],
        "digest": task["digest"],
        "requestReference": task["request"],
        "premiseId": task["prem_id"],
        "startDate": written(task["start_dt"]),
        "customerClass": task["cust_cl"],
        "personId": task["per_id"],
        "accountId": task["acct_id"],
        "newCustomer": not task["per_id"],
        "serviceTypes": [each["serviceType"] for each in points],
        "services": points,
        "serviceAgreements": (cursor.fetchone() or {"sas": []})["sas"],
    }


def _start(said: Mapping[str, Any]) -> date:
    start = day(said["startDate"], at="startDate")
    if start is None:
        raise Refused("required", "startDate")
    return start


def _task(cursor: Cursor, task_id: str) -> dict[str, Any]:
    cursor.execute("SELECT * FROM task WHERE task_id = %s FOR UPDATE", (task_id,))
    row = cursor.fetchone()
    if row is None:
        raise Refused("task_not_found", task_id[:14])
    return row


def _pending(cursor: Cursor, task_id: str) -> dict[str, Any]:
    task = _task(cursor, task_id)
    if task["status"] != "PENDING":
        raise Refused("task_not_pending", task_id[:14])
    return task
