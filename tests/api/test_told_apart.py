"""Can a program of staff say that two persons are two, and does everybody heed it?"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from keyturn.records.models import Act, DuplicatePair, NotSamePerson, Person
from tests import factories
from tests.api.caller import Caller, codes_and_fields
from tests.flow.town import ANA, BEN

WHY = "Both came to the desk with their passports."


@pytest.fixture
def two(reviewer: Caller) -> dict[str, Any]:
    twin = replace(ANA, given_name="Ina", identifiers=(), emails=("ina@example.com",))
    one, other = factories.a_person(ANA), factories.a_person(twin)
    return {"one": str(one.pk), "other": str(other.pk), "relation": "twin", "reason": WHY}


def test_that_two_are_two_is_kept_with_both(reviewer: Caller, two: dict[str, Any]) -> None:
    response = reviewer.post("/persons/not-same", two)
    assert response.status_code == 201
    said = response.json()
    assert {said["one"], said["other"]} == {two["one"], two["other"]} and said["relation"] == "twin"
    row = NotSamePerson.objects.get()
    assert row.said_by.startswith("partner:") and row.withdrawn_at is None
    assert set(Act.objects.filter(what="said_not_same").values_list("subject", flat=True)) == {
        f"person:{two['one']}", f"person:{two['other']}",
    }  # fmt: skip


def test_a_question_that_staff_had_about_the_two_is_closed(reviewer: Caller, two: dict[str, Any]) -> None:
    first, second = sorted((two["one"], two["other"]))
    pair = DuplicatePair.objects.create(
        one_id=first, other_id=second, source="dedupe", weight=9.0, probability=0.9, zone="review", model_version="m",
        state="open", found_at=datetime.now(UTC),
    )  # fmt: skip
    reviewer.post("/persons/not-same", two)
    pair.refresh_from_db()
    assert pair.state == "not_same"
    assert reviewer.post("/persons/not-same/withdraw", _pair(two)).status_code == 200
    pair.refresh_from_db()
    assert pair.state in ("held", "open")


def _pair(two: dict[str, Any]) -> dict[str, Any]:
    return {name: two[name] for name in ("one", "other", "reason")}


def test_it_is_said_once_and_the_same_call_again_is_answered_as_before(reviewer: Caller, two: dict[str, Any]) -> None:
    first = reviewer.post("/persons/not-same", two, Idempotency_Key="k1")
    again = reviewer.post("/persons/not-same", two, Idempotency_Key="k1")
    assert (again.status_code, again.json()) == (201, first.json()) and again["Idempotency-Replayed"] == "true"
    assert codes_and_fields(reviewer.post("/persons/not-same", two)) == ("said_already", [])
    assert NotSamePerson.objects.count() == 1


def test_it_can_be_taken_back(reviewer: Caller, two: dict[str, Any]) -> None:
    assert codes_and_fields(reviewer.post("/persons/not-same/withdraw", _pair(two)))[0] == "not_possible"
    reviewer.post("/persons/not-same", two)
    assert reviewer.post("/persons/not-same/withdraw", _pair(two)).status_code == 200
    assert NotSamePerson.objects.get().withdrawn_at is not None


@pytest.mark.parametrize(
    ("changes", "code", "fields"),
    [({"other": "nobody"}, "not_found", []), ({"other": "00000000-0000-0000-0000-000000000007"}, "not_found", []),
     ({"relation": "enemies"}, "invalid", ["relation"]), ({"sure": True}, "invalid", ["sure"])],
)  # fmt: skip
def test_what_cannot_be_said_is_refused(
    reviewer: Caller, two: dict[str, Any], changes: dict[str, Any], code: str, fields: list[str]
) -> None:
    assert codes_and_fields(reviewer.post("/persons/not-same", {**two, **changes})) == (code, fields)
    assert not NotSamePerson.objects.exists()


def test_nobody_is_told_apart_from_themselves(reviewer: Caller, two: dict[str, Any]) -> None:
    assert codes_and_fields(reviewer.post("/persons/not-same", {**two, "other": two["one"]}))[0] == "not_possible"


def test_who_may_only_send_requests_may_not_say_it(partner: Caller, two: dict[str, Any]) -> None:
    assert codes_and_fields(partner.post("/persons/not-same", two)) == ("scope_missing", [])


def test_who_was_merged_says_where_they_went(reviewer: Caller) -> None:
    kept, merged = factories.a_person(ANA), factories.a_person(BEN)
    assert reviewer.get(f"/persons/{kept.pk}").json()["redirected_from"] is None
    Person.objects.filter(pk=merged.pk).update(redirect_to=kept)
    found = reviewer.get(f"/persons/{merged.pk}").json()
    assert (found["id"], found["redirected_from"]) == (str(kept.pk), str(merged.pk))
    listed = reviewer.get("/persons").json()["items"]
    assert [(each["id"], each["redirected_from"]) for each in listed] == [(str(kept.pk), None)]
