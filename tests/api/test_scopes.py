"""May each operation be called with exactly the scopes that its description names? (T-31, for the API)

The matrix comes from the OpenAPI document, so that an operation, or a scope, that nobody thought of fails here.
"""

import json
from functools import lru_cache
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from keyturn.api import urls
from keyturn.api.v1 import openapi
from keyturn.terms.access import SCOPES
from tests.api.caller import BASE, Caller, a_key

EXPECTED: dict[str, set[str]] = {
    "list_journeys": set(),
    "read_journey": set(),
    "begin_request": {"requests:write"},
    "change_request": {"requests:write"},
    "submit_request": {"requests:write"},
    "withdraw_request": {"requests:write"},
    "reply_to_request": {"requests:write"},
    "read_request": {"requests:read", "requests:write"},
    "list_requests": {"requests:read", "requests:write"},
    "review_request": {"review:write"},
    "tell_apart": {"review:write"},
    "take_back_told_apart": {"review:write"},
    "match_person": {"persons:match"},
    "list_persons": {"persons:read"},
    "read_person": {"persons:read"},
    "read_person_history": {"persons:read"},
    "tell_person": {"messages:write"},
    "read_account": {"accounts:read", "persons:read"},
    "list_premises": {"premises:read", "requests:write"},
}
"""Who may do what, said once more by hand: a change of it is a decision, not an accident."""


@lru_cache(maxsize=1)
def operations() -> dict[str, tuple[str, str, Any, set[str]]]:
    """Each operation's method, address, example body and scopes, as the description has them."""
    found = {}
    for path, methods in openapi.document()["paths"].items():
        for method, said in methods.items():
            body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
            scopes = {scope for each in said["security"] for scope in each["key"]}
            found[said["operationId"]] = (method.upper(), path.removeprefix(BASE), body, scopes)
    return found


def call(caller: Caller, name: str) -> int:
    method, path, body, _scopes = operations()[name]
    if name == "begin_request":
        body = {**body, "attested": []}  # to vouch needs a second scope: see below
    address = path.replace("{id}", str(UUID(int=7))).replace("{name}", "start_service")
    return caller.call(method, address, body).status_code


def test_every_operation_is_in_the_matrix() -> None:
    assert {name: scopes for name, (_m, _p, _b, scopes) in operations().items()} == EXPECTED


def test_every_address_is_described() -> None:
    routed = {pattern.name for pattern in urls._operations}
    assert routed == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_without_a_key_nobody_gets_in(db: None, name: str) -> None:
    assert call(Caller(""), name) == 401


@pytest.mark.parametrize(("name", "scope"), list(product(EXPECTED, SCOPES)))
def test_a_key_with_one_scope_gets_in_exactly_where_it_may(caller: Caller, name: str, scope: str) -> None:
    allowed = not EXPECTED[name] or scope in EXPECTED[name]
    assert (call(Caller(a_key(scope)), name) == 403) is not allowed


def test_vouching_needs_a_second_scope(caller: Caller) -> None:
    body = operations()["begin_request"][2]
    assert body["attested"]
    assert Caller(a_key("requests:write")).post("/requests", body).status_code == 403
    assert Caller(a_key("requests:write", "requests:attest")).post("/requests", body).status_code != 403


@pytest.mark.parametrize("name", [name for name, scopes in EXPECTED.items() if scopes])
def test_a_key_with_every_other_scope_does_not_get_in(caller: Caller, name: str) -> None:
    others = [scope for scope in SCOPES if scope not in EXPECTED[name]]
    response = Caller(a_key(*others))
    method, path, body, scopes = operations()[name]
    answer = response.call(method, path.replace("{id}", str(UUID(int=7))), body)
    assert answer.status_code == 403
    assert set(json.loads(answer.content)["scopes"]) == scopes
    assert "insufficient_scope" in answer["WWW-Authenticate"]
