"""Can a program of staff decide what was referred to it, and only that?"""

from typing import Any

import pytest

from keyturn.records.models import Event, Person, Request
from tests import factories
from tests.api.caller import Caller, codes_and_fields, machine_looks
from tests.flow.town import ANA, answers_of


@pytest.fixture
def referred(partner: Caller) -> dict[str, Any]:
    """Somebody who may be on file, as `ana` says, asks without any proof."""
    ana = factories.a_person(ANA)
    begun = partner.moves_in(**answers_of(ANA))
    machine_looks(begun["id"])
    return {**begun, "ana": str(ana.pk), "path": f"/requests/{begun['id']}/review"}


def test_the_same_person_is_linked(reviewer: Caller, referred: dict[str, Any]) -> None:
    response = reviewer.post(referred["path"], {"decision": "same_person", "person_id": referred["ana"]})
    assert (response.status_code, response.json()["status"]) == (200, "processing")
    machine_looks(referred["id"])
    assert str(Request.objects.get(pk=referred["id"]).person_id) == referred["ana"]
    assert Event.objects.get(request_id=referred["id"], what="reviewed").role == "partner"


def test_a_new_person_is_entered(reviewer: Caller, referred: dict[str, Any]) -> None:
    assert reviewer.post(referred["path"], {"decision": "new_person"}).status_code == 200
    machine_looks(referred["id"])
    found = Request.objects.get(pk=referred["id"])
    assert Person.objects.count() == 2
    assert str(found.person_id) != referred["ana"]


def test_a_refusal_is_read_by_the_customer(reviewer: Caller, partner: Caller, referred: dict[str, Any]) -> None:
    reason = "We could not confirm the lease. Please call us."
    assert reviewer.post(referred["path"], {"decision": "refuse", "reason": reason}).json()["status"] == "refused"
    found = partner.get(f"/requests/{referred['id']}").json()
    assert [(each["kind"], each["text"]) for each in found["messages"]] == [("reason", reason)]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"decision": "refuse"}, "reason"), ({"decision": "ask", "reason": "Why?"}, "reason"),
        ({"decision": "same_person"}, "person_id"), ({"decision": "same_person", "person_id": "somebody"}, "person_id"),
        ({"decision": "approve"}, "decision"), ({"decision": "maybe"}, "decision"), ({}, "decision"),
    ],
)  # fmt: skip
def test_a_decision_that_cannot_be_taken_says_why(
    reviewer: Caller, referred: dict[str, Any], sent: dict[str, str], field: str
) -> None:
    assert codes_and_fields(reviewer.post(referred["path"], sent)) == ("invalid", [field])
    assert reviewer.get(f"/requests/{referred['id']}").json()["status"] == "in_review"


def test_a_decision_about_an_older_version_is_refused(reviewer: Caller, referred: dict[str, Any]) -> None:
    response = reviewer.post(referred["path"], {"decision": "new_person"}, If_Match='"1"')
    assert codes_and_fields(response) == ("stale_version", [])
    current = response["ETag"]
    assert reviewer.post(referred["path"], {"decision": "new_person"}, If_Match=current).status_code == 200


def test_what_was_not_referred_is_not_decided(reviewer: Caller, partner: Caller) -> None:
    draft = partner.begins()
    response = reviewer.post(f"/requests/{draft['id']}/review", {"decision": "approve"})
    assert (response.status_code, codes_and_fields(response)) == (409, ("not_in_review", []))
