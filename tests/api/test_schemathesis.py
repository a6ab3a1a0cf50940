"""Does the API keep to its own description, whatever a machine that read it thinks of sending?

Schemathesis makes calls from the OpenAPI document, well-formed and malformed; every answer must be one that the
document allows, in status, headers and shape, and none may be a 5xx.
"""

import itertools
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as of_openapi

from keyturn.api.v1 import openapi
from keyturn.site.wsgi import application
from tests import factories
from tests.api.caller import Caller, machine_works
from tests.flow.town import ANA

EXAMPLES = int(os.environ.get("API_EXAMPLES", "10"))
"""Calls for each operation and kind of test; `make battery` makes more."""

CHECKS = (
    checks.not_a_server_error,
    of_openapi.status_code_conformance,
    of_openapi.content_type_conformance,
    of_openapi.response_headers_conformance,
    of_openapi.response_schema_conformance,
    of_openapi.negative_data_rejection,
    of_openapi.ignored_auth,
    of_openapi.unsupported_method,
)


@contextmanager
def in_the_tests_transaction() -> Iterator[None]:
    """On a server the end of a call may close the connection; here the test's own transaction is open on it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.fixture
def town(caller: Caller) -> dict[str, list[str]]:
    """Something of everything, so that an id is not always one of nobody."""
    place = factories.a_premise()
    completed, draft = caller.moves_in(place), caller.begins()
    machine_works(completed["id"])
    found = caller.get(f"/requests/{completed['id']}").json()
    factories.a_person(ANA)
    return {
        "requests": [completed["id"], draft["id"]],
        "persons": [found["person_id"]],
        "accounts": [found["account_id"]],
    }


calls = itertools.count()
schema = schemathesis.openapi.from_dict(openapi.document())
schema.app = application


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_an_operation_keeps_to_its_description(case: Any, caller: Caller, town: dict[str, list[str]]) -> None:
    known = town.get(case.path.split("/")[3], [])
    if known and "id" in (case.path_parameters or {}):
        case.path_parameters["id"] = random.Random(str(case.path_parameters)).choice(
            [*known, case.path_parameters["id"]]
        )
    if (case.headers or {}).get("Idempotency-Key"):
        case.headers["Idempotency-Key"] += str(next(calls))  # another call, not the first answer again
    headers = {"Authorization": f"Bearer {caller.secret}", "Accept-Encoding": "identity"}
    with in_the_tests_transaction():
        case.call_and_validate(headers=headers, checks=list(CHECKS))
