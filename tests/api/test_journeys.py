"""Can a program learn what to ask, and check an answer before it sends it?"""

from typing import Any

import jsonschema_rs
import pytest

from keyturn.journeys import START_SERVICE
from tests.api.caller import Caller, answers, codes_and_fields


def schema(caller: Caller) -> dict[str, Any]:
    found: dict[str, Any] = caller.get("/journeys/start_service").json()["answers"]
    return found


def test_the_journeys_are_listed(caller: Caller) -> None:
    assert caller.get("/journeys").json() == {
        "items": [{"name": "start_service", "title": "Start service", "summary": START_SERVICE.summary}],
        "next": None,
    }


def test_every_question_is_in_the_schema_with_why_it_is_asked(caller: Caller) -> None:
    found = schema(caller)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(found["properties"]) == set(START_SERVICE.questions)
    assert found["properties"]["date_of_birth"]["x-why"] == START_SERVICE.questions["date_of_birth"].why
    assert found["required"] == ["service_address", "services", "start_date"]


def test_the_schema_is_one_and_takes_what_the_api_takes(caller: Caller) -> None:
    found = schema(caller)
    jsonschema_rs.meta.validate(found)
    good = jsonschema_rs.validator_for(found)
    good.validate(answers())
    good.validate(answers(service_address={"line1": "12 Alder St", "city": "Millbrook"}, consents=["terms", "texts"]))


@pytest.mark.parametrize(
    ("name", "value"),
    [("services", ["steam"]), ("paperless", "yes"), ("nickname", "Al"), ("kind", "cat"), ("given_name", "x" * 101),
     ("service_address", {"premise_id": "1", "line1": "2"}), ("consents", "terms")],
)  # fmt: skip
def test_what_the_schema_refuses_the_api_objects_to(caller: Caller, name: str, value: Any) -> None:
    given = {**answers(), name: value}
    assert not jsonschema_rs.validator_for(schema(caller)).is_valid(given)
    if name != "service_address":  # both at once: the premise wins
        response = caller.post("/requests", {"journey": "start_service", "answers": given, "submit": True})
        assert name in codes_and_fields(response)[1]


def test_the_policy_decides_which_identifiers_are_offered(caller: Caller) -> None:
    assert schema(caller)["properties"]["id_type"]["enum"] == [
        "driver_licence", "state_id", "passport", "ssn_last4", "tax_id", "none",
    ]  # fmt: skip


def test_a_journey_that_does_not_exist_is_nothing(caller: Caller) -> None:
    assert codes_and_fields(caller.get("/journeys/fly_away")) == ("unknown_journey", [])
