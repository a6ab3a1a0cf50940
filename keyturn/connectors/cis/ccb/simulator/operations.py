"""Which services has the utility of this simulator defined over its business objects: what each takes, does and answers?

Every utility defines its own; these are named as one would. Each is one transaction. The SOAP wire offers them all; the
REST wire offers its documented resources, and some of these ("cm") for what no documented one does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from keyturn.connectors.cis.ccb.simulator import (
    accounts,
    change_log,
    changes,
    customer_contacts,
    merging,
    persons,
    premises,
    tasks,
)
from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.ccb.simulator.shapes import (
    ACCOUNT,
    CHANGE,
    CUSTOMER_CONTACT,
    MESSAGE,
    PERSON,
    PREMISE,
    SEARCH,
    TASK,
    Shape,
)
from keyturn.connectors.cis.reference.connection import Cursor

Said = Mapping[str, Any]
_AGREEMENTS = [{"serviceType": 8, "serviceAgreementId": 10}]
_REFERENCE: Shape = {"externalReference": 254, "digest": 64, "requestReference": 254}


@dataclass(frozen=True, slots=True)
class Operation:
    """`run` works on the request, checked against its shape, in one transaction."""

    request: Shape
    response: Shape
    run: Callable[[Cursor, Said], dict[str, Any]]


def _person(cursor: Cursor, said: Said) -> dict[str, Any]:
    match said["action"]:
        case "ADD":
            return {"person": persons.add(cursor, _given(said, "person"))}
        case "READ":
            return {"person": persons.read(cursor, said["personId"])}
        case "DELETE":
            persons.remove(cursor, said["personId"])
            return {}
    raise Refused("invalid_value", "action")


def _account(cursor: Cursor, said: Said) -> dict[str, Any]:
    match said["action"]:
        case "ADD":
            return {"account": accounts.add(cursor, _given(said, "account"))}
        case "READ":
            return {"account": accounts.read(cursor, said["accountId"])}
        case "FIND":
            found = accounts.by_number(cursor, said["accountNumberType"], said["accountNumber"])
            if not found:
                raise Refused("account_not_found")
            return {"account": {"accountId": found}}
        case "DELETE":
            accounts.remove(cursor, said["accountId"])
            return {}
    raise Refused("invalid_value", "action")


def _start(cursor: Cursor, said: Said) -> dict[str, Any]:
    task = _given(said, "task")
    match said["action"]:
        case "CHECK":
            return {"messages": tasks.against(cursor, task)}
        case "OPEN":
            return {"task": tasks.open_one(cursor, task)}
        case "READ":
            return {"task": tasks.by_reference(cursor, task["externalReference"])}
        case "COMPLETE":
            return {"task": tasks.complete(cursor, task)}
        case "DISCARD":
            return {"task": tasks.discard(cursor, task["serviceTaskId"])}
    raise Refused("invalid_value", "action")


def _contacts(cursor: Cursor, said: Said) -> dict[str, Any]:
    if not said["externalReference"]:
        raise Refused("required", "externalReference")
    return {"customerContacts": customer_contacts.of(cursor, "ext_ref", said["externalReference"])}


def _today(cursor: Cursor, said: Said) -> dict[str, Any]:
    cursor.execute("SELECT current_date::text AS today")
    return {"date": (cursor.fetchone() or {})["today"]}


def _given(said: Said, part: str) -> Mapping[str, Any]:
    if said[part] is None:
        raise Refused("required", part)
    return said[part]


OPERATIONS: Mapping[str, Operation] = {
    "CM-PersonMaintenance": Operation({"action": 8, "personId": 10, "person": PERSON}, {"person": PERSON}, _person),
    "CM-PersonSearch": Operation(
        SEARCH, {"personIds": [10]}, lambda cursor, said: {"personIds": persons.search(cursor, said)}
    ),
    "CM-AccountMaintenance": Operation(
        {"action": 8, "accountId": 10, "accountNumberType": 8, "accountNumber": 100, "account": ACCOUNT},
        {"account": ACCOUNT},
        _account,
    ),
    "CM-StartService": Operation({"action": 8, "task": TASK}, {"task": TASK, "messages": [MESSAGE]}, _start),
    "CM-CancelStart": Operation(
        {**_REFERENCE, "accountId": 10},
        {"personId": 10, "accountId": 10, "serviceAgreements": _AGREEMENTS},
        tasks.cancel_start,
    ),
    "CM-CustomerChange": Operation(
        {**_REFERENCE, "personId": 10, "changes": [CHANGE]}, {"personId": 10}, changes.carry_out
    ),
    "CM-PersonMerge": Operation(
        {
            **_REFERENCE,
            "action": 8,
            "survivorPersonId": 10,
            "mergedPersonId": 10,
            "mergeReference": 254,
            "accountIds": [10],
        },
        {"personId": 10},
        merging.carry_out,
    ),
    "CM-CustomerContactSearch": Operation(
        {"externalReference": 254}, {"customerContacts": [CUSTOMER_CONTACT]}, _contacts
    ),
    "CM-PremiseRead": Operation(
        {"premiseId": 10},
        {"premise": PREMISE},
        lambda cursor, said: {"premise": premises.read(cursor, said["premiseId"])},
    ),
    "CM-ChangeLog": Operation(
        {"since": 20, "limit": int},
        {
            "changes": [{"objectType": 8, "objectId": 10, "externalReference": 254}],
            "cursor": 20,
            "isMore": bool,
        },
        lambda cursor, said: change_log.since(cursor, said["since"], said["limit"]),
    ),
    "CM-SystemDate": Operation({}, {"date": 10}, _today),
}
