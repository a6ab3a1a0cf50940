"""What becomes of a request whose CIS is spoken to over HTTP, and is written to call by call?"""

from collections.abc import Iterator

import pytest

from keyturn.connectors.cis.simulating import SimulatedServer, WirePlan
from tests.flow.over_http import simulator, speaking_to
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, PROCESSING, Town

__all__ = ["simulator"]  # a fixture
ONE = {"persons": 1, "accounts": 1, "agreements": 2}


@pytest.fixture
def wire(town: Town, simulator: SimulatedServer) -> Iterator[SimulatedServer]:
    with speaking_to(simulator, town, timeout_seconds=5) as wire:
        yield wire


def test_a_request_arrives(town: Town, wire: SimulatedServer) -> None:
    case = town.moves_in(ANA)
    assert case.status == COMPLETED
    assert town.guarded.find(case.delivery.key) is not None
    assert town.cis_holds() == ONE


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ("persons", "answer_lost"),
        ("accounts", "partial"),
        ("accounts", "wrong_id"),
        ("move-ins", "mid_answer"),
        ("activities", "garbage"),
    ],
)
def test_where_it_stops_half_way_it_is_looked_up_and_goes_on(
    town: Town, wire: SimulatedServer, call: str, fault: str
) -> None:
    wire.plan = WirePlan({"script": [{"fault": fault}], "calls": [f"POST /v1/{call}"]})
    case = town.moves_in(ANA)
    if fault != "wrong_id":  # that one does no harm: what was made is looked up, and not read out of the answer
        assert (case.status, case.delivery.state) == (PROCESSING, "in_doubt")
    town.waits(minutes=5)
    assert case.status == COMPLETED
    assert town.cis_holds() == ONE


def test_where_the_place_was_taken_meanwhile_staff_see_why_and_nothing_is_left_of_it(
    town: Town, wire: SimulatedServer
) -> None:
    house = town.house()
    wire.plan = WirePlan({"always": "429"})
    late = town.moves_in(ANA, house)
    assert late.status == PROCESSING
    wire.plan = WirePlan()
    somebody_is_served_at(house.ref, town)
    before = town.cis_holds()
    town.waits(minutes=5)
    assert late.status == IN_REVIEW
    assert late.delivery.problem == "premise_occupied"
    assert town.cis_holds() == before


def somebody_is_served_at(ref: str, town: Town) -> None:
    """By the CIS's own staff; we know nothing of it."""
    person = {"ref": "STAFF-1", "kind": "person", "given_name": "Carl", "family_name": "Winter"}
    town.cis.adopt("persons", [person])
    account = {"ref": "STAFF-A1", "person_ref": "STAFF-1", "premise_ref": ref, "status": "active"}
    town.cis.adopt("accounts", [account | {"customer_class": "residential", "start_date": "2020-01-01"}])
