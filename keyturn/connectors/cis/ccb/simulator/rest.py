"""How does the simulated CC&B speak REST: the documented resources, basic authentication and its problem documents?

Paths and fields are those of Oracle's public documentation as far as it could be read (docs/howto/connect-ccb.md says
which); what stands under /cm/ is the utility's own.
"""

import base64
import hmac
import json
import re
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from keyturn.connectors.cis.ccb.simulator import accounts, persons, premises, tasks, web_users
from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.ccb.simulator.operations import OPERATIONS
from keyturn.connectors.cis.ccb.simulator.shapes import (
    ACCOUNT,
    PERSON,
    SEARCH,
    TASK,
    WEB_USER,
    WEB_USER_ACCOUNT,
    Shape,
    checked,
)
from keyturn.connectors.cis.ccb.simulator.store import Store
from keyturn.connectors.cis.ccb.simulator.who import Known
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.simulating import Asked, Told

BASE = "/rest/apis/customer/service"

Work = Callable[[Cursor, list[str], dict[str, Any]], Any]

_TASK = {"serviceTaskId": 14}
_SELECTION: Shape = {
    **_TASK,
    "premiseId": 10,
    "spsToStart": [{"spId": 10}],
    "personId": 10,
    "accountId": 10,
    "responses": [{"question": 30, "sequence": int, "answers": [{"responseValue": 4000, "validAnswer": 30}]}],
}
_FINAL: Shape = {**_TASK, "isPaperless": bool, "createWebUser": bool}
_NUMBER: Shape = {"accountNumberType": 8, "accountNumber": 100}


def _cm(name: str) -> tuple[Shape, Work]:
    operation = OPERATIONS[name]
    return operation.request, lambda cursor, ids, said: operation.run(cursor, said)


def _found(cursor: Cursor, ids: list[str], said: dict[str, Any]) -> Any:
    acct_id = accounts.by_number(cursor, said["accountNumberType"], said["accountNumber"])
    return {"accounts": [{"accountId": acct_id}] if acct_id else []}


def _eligible(cursor: Cursor, ids: list[str], said: dict[str, Any]) -> Any:
    if said["readOnly"]:
        messages = tasks.against(cursor, said)
        return {"isEligible": not messages, "messages": messages}
    return {"isEligible": True, **tasks.open_one(cursor, said)}


_ROUTES: list[tuple[str, str, Shape | None, Work]] = [
    ("POST", "/v-model/persons", PERSON, lambda c, ids, said: persons.add(c, said)),
    ("POST", "/v-model/persons/search", SEARCH, lambda c, ids, said: {"personIds": persons.search(c, said)}),
    ("GET", "/v-model/persons/{}", None, lambda c, ids, said: persons.read(c, ids[0])),
    ("PUT", "/v-model/persons/{}", PERSON, lambda c, ids, said: persons.put(c, ids[0], said)),
    ("DELETE", "/v-model/persons/{}", None, lambda c, ids, said: persons.remove(c, ids[0])),
    ("POST", "/v-model/accounts", ACCOUNT, lambda c, ids, said: accounts.add(c, said)),
    ("POST", "/v-model/accounts/search", _NUMBER, _found),
    ("GET", "/v-model/accounts/{}", None, lambda c, ids, said: accounts.read(c, ids[0])),
    ("DELETE", "/v-model/accounts/{}", None, lambda c, ids, said: accounts.remove(c, ids[0])),
    ("GET", "/v-model/premises/{}", None, lambda c, ids, said: premises.read(c, ids[0])),
    ("POST", "/v-model/customerContacts/search", *_cm("CM-CustomerContactSearch")),
    ("POST", "/startStopTransferTasks/serviceEligibility", {**TASK, "readOnly": bool}, _eligible),
    (
        "POST",
        "/startStopTransferTasks/search",
        {"externalReference": 254},
        lambda c, ids, said: {"task": tasks.by_reference(c, said["externalReference"])},
    ),
    (
        "POST",
        "/startStopTransferTasks/servicesToStart",
        {**_TASK, "premiseId": 10, "startDate": 10},
        lambda c, ids, said: {"services": tasks.services(c, said["serviceTaskId"])},
    ),
    (
        "POST",
        "/startStopTransferTasks/serviceToStartProcessing",
        _SELECTION,
        lambda c, ids, said: tasks.select(c, said),
    ),
    ("POST", "/startStopTransferTasks/startServiceFinalization", _FINAL, lambda c, ids, said: tasks.complete(c, said)),
    ("DELETE", "/startStopTransferTasks/{}", None, lambda c, ids, said: tasks.discard(c, ids[0])),
    ("POST", "/webUsers", WEB_USER, lambda c, ids, said: web_users.add(c, said)),
    ("GET", "/webUsers/{}", None, lambda c, ids, said: web_users.read(c, ids[0])),
    ("PUT", "/webUsers/{}", WEB_USER, lambda c, ids, said: web_users.change(c, ids[0], said)),
    ("DELETE", "/webUsers/{}", None, lambda c, ids, said: web_users.remove(c, ids[0])),
    ("POST", "/webUserAccounts", WEB_USER_ACCOUNT, lambda c, ids, said: web_users.link(c, said)),
    ("GET", "/webUserAccounts/{}", None, lambda c, ids, said: {"webUserAccounts": web_users.links(c, ids[0])}),
    ("DELETE", "/webUserAccounts/{}/{}", None, lambda c, ids, said: web_users.unlink(c, ids[0], ids[1])),
    ("POST", "/cm/customerChange", *_cm("CM-CustomerChange")),
    ("POST", "/cm/personMerge", *_cm("CM-PersonMerge")),
    ("POST", "/cm/changeLog", *_cm("CM-ChangeLog")),
    ("POST", "/cm/cancelStart", *_cm("CM-CancelStart")),
    ("GET", "/cm/systemDate", None, lambda c, ids, said: OPERATIONS["CM-SystemDate"].run(c, said)),
]
_MADE = ("/v-model/persons", "/v-model/accounts", "/webUsers", "/webUserAccounts")
_COMPILED = [
    (verb, re.compile(BASE + path.replace("{}", "([^/]+)")), shape, work, path) for verb, path, shape, work in _ROUTES
]


def operation_of(asked: Asked) -> str:
    """The name under which a fault plan knows a request: "POST /v-model/persons"."""
    return next(
        (f"{v} {path}" for v, at, _, _, path in _COMPILED if v == asked.method and at.fullmatch(asked.path)), "?"
    )


def answer(store: Store, asked: Asked, who: Known) -> Told:
    """One request, in one transaction of the store."""
    try:
        _authenticate(asked, who)
        verb, at, shape, work, path = next(
            (each for each in _COMPILED if each[0] == asked.method and each[1].fullmatch(asked.path)), (None,) * 5
        )
        if at is None or work is None:
            raise Refused("unknown_operation", status=404)
        said = checked(shape, _read(asked.body)) if shape is not None else {}
        with store.operation() as cursor:
            done = work(cursor, list(at.fullmatch(asked.path).groups()), said)  # type: ignore[union-attr]
    except Refused as no:
        return _problem(no, asked, who.user)
    except Exception:  # whatever breaks here is told as a system error, without its words
        return _problem(Refused("broken", status=500), asked, who.user)
    status = 201 if verb == "POST" and path in _MADE else 200
    return Told(status if done is not None else 204, json.dumps(done).encode() if done is not None else b"")


def _read(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise Refused("unreadable") from None


def _authenticate(asked: Asked, who: Known) -> None:
    if who.desk.lets_in(asked):
        return
    kind, _, given = asked.headers.get("authorization", "").partition(" ")
    expected = base64.b64encode(f"{who.user}:{who.password}".encode())
    if kind.lower() != "basic" or not hmac.compare_digest(given.strip().encode(), expected):
        raise Refused("not_authenticated", status=401)


def _problem(no: Refused, asked: Asked, user: str) -> Told:
    """The problem document (domain: detail, httpStatus, instance with time, user, message, address and method, type)."""
    instance = {
        "time": formatdate(),
        "user": user,
        "messageCategory": no.category,
        "messageNumber": no.number,
        "messageParameter": no.about,
        "url": asked.path,
        "method": asked.method,
    }
    problem = {
        "detail": no.text,
        "httpStatus": no.status,
        "instance": instance,
        "title": "Error",
        "type": "about:blank",
    }
    return Told(no.status, json.dumps(problem).encode(), "application/problem+json")
