"""What becomes of a request when the CIS that is asked whether it would serve somebody is at the other end of a socket?"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from keyturn.connectors.cis.simulating import SimulatedServer, WirePlan
from keyturn.terms.person import Identifier
from tests.flow.opinion import somebody_lives_in, the_check
from tests.flow.over_http import simulator, speaking_to
from tests.flow.test_cis import ONE
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, PROCESSING, Town

__all__ = ["simulator"]  # a fixture


@pytest.fixture(autouse=True)
def asked(town: Town) -> None:
    town.policy_says(cis_eligibility=True, cis_probe_seconds=300.0)


@pytest.fixture
def wire(town: Town, simulator: SimulatedServer) -> Iterator[SimulatedServer]:
    with speaking_to(simulator, town, timeout_seconds=1) as wire:
        yield wire


def test_who_would_be_served_goes_on(town: Town, wire: SimulatedServer) -> None:
    assert town.moves_in(ANA).status == COMPLETED
    assert the_check().outcome == "passed"


def test_who_would_not_is_shown_to_staff_by_the_code_of_ours(town: Town, wire: SimulatedServer) -> None:
    house = town.house()
    somebody_lives_in(town, house)
    case = town.moves_in(ANA, house)
    assert (case.status, case.rules) == (IN_REVIEW, {"Y-07"})
    assert the_check().reasons == ["premise_occupied"]


@pytest.mark.parametrize("fault", ["429", "500", "garbage", "mid_answer", "answer_lost", "slow"])
def test_whatever_goes_wrong_on_the_way_it_is_asked_again(town: Town, wire: SimulatedServer, fault: str) -> None:
    plan = {"script": [{"fault": fault}], "calls": ["POST /v1/move-ins/eligibility"], "seconds": 1.4}
    wire.plan = WirePlan(plan)
    case = town.moves_in(replace(ANA, identifiers=(Identifier("passport", "P1112223"),)))
    assert (case.status, the_check().outcome) == (PROCESSING, "")
    town.waits(minutes=5)
    assert case.status == COMPLETED
    assert town.cis_holds() == ONE
