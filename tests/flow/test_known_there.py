"""Whom the CIS has and we do not know is not entered twice; what came to nothing is taken back there, or listed."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from keyturn.flow import deliveries
from keyturn.flow.deliveries import Hand
from keyturn.records.queries import on_file
from keyturn.terms.cis import Command, EstablishService
from keyturn.terms.person import Identifier, PersonDetails
from keyturn.terms.premise import Service
from keyturn.terms.request import Actor, Role
from tests.flow.at_home import Customer
from tests.flow.test_deliveries import rules_of
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, Case, Town

SARA = Hand(Actor(Role.STAFF, "5"))
WHY = "Looked at it in the CIS by its reference."


def in_cis_alone(town: Town, who: PersonDetails = ANA) -> str:
    """Somebody whom only the CIS knows; its reference."""
    place = town.house()
    command: Command = EstablishService(
        request_reference="KT-OLD", premise_ref=place.ref, services=(Service("electric"),),
        start_date=date.fromisoformat(town.day(1)), customer_class="residential", division=place.division, language="en",
        person=who,
    )  # fmt: skip
    return town.cis.send(command, key="old").person_ref


@pytest.mark.rule("S-12")
class TestAPersonWhomOnlyTheCisKnows:
    def test_staff_look_before_another_is_entered(self, town: Town) -> None:
        ref = in_cis_alone(town)
        case = town.moves_in(replace(ANA, given_name="Anna"))
        assert (case.status, case.rules) == (IN_REVIEW, {"S-12"})
        assert ref in str(case.request.findings)
        assert town.cis_holds()["persons"] == 1

    @pytest.mark.rule("S-15")
    def test_the_same_person_is_told_by_the_reference_that_the_cis_has(self, town: Town) -> None:
        ref = in_cis_alone(town)
        case = town.moves_in(ANA)
        given = {"request_id": case.id, "reason": WHY, "by": SARA, "now": town.now}
        assert rules_of(lambda: deliveries.same_person(person_ref="C999", **given)) == {"person_ref": "S-15"}
        deliveries.same_person(person_ref=ref, **given)
        town.works()
        assert (case.status, case.person.ref) == (COMPLETED, ref)
        assert town.cis_holds()["persons"] == 1

    def test_it_holds_up_nobody_else_while_staff_look(self, town: Town) -> None:
        in_cis_alone(town)
        town.moves_in(ANA)
        assert town.moves_in(ANA).status == IN_REVIEW, "not waiting for the first"

    def test_another_is_entered_when_staff_say_so(self, town: Town) -> None:
        in_cis_alone(town, replace(ANA, identifiers=(Identifier("ssn_last4", "1234"),)))
        case = town.moves_in(replace(ANA, given_name="Zoe", identifiers=(Identifier("ssn_last4", "1234"),)))
        if case.rules == {"S-12"}:
            case.staff("approve", "It is her sister.")
        assert case.status == COMPLETED
        assert town.cis_holds()["persons"] == 2

    def test_it_is_one_call_and_only_for_a_new_person_with_an_identifier(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[PersonDetails] = []
        monkeypatch.setattr(type(town.faulty), "search", lambda _self, wanted: asked.append(wanted) or ())
        town.moves_in(ANA)
        assert [each.identifiers for each in asked] == [ANA.identifiers]
        assert not asked[0].emails and not asked[0].family_name
        town.moves_in(ANA)
        assert len(asked) == 1
        town.policy_says(cis_search_before_new=False)
        town.moves_in(BEN)
        assert len(asked) == 1


@pytest.mark.rule("S-13")
class TestAChangeThatCameToNothing:
    """In doubt, refused by the CIS at the second try, refused by staff; and then the first call arrives after all."""

    @pytest.fixture
    def ana(self, town: Town) -> Customer:
        return Customer(town)

    def refused(self, town: Town, ana: Customer, journey: str, **answers: Any) -> Case:
        town.cis_is(script=[{"fault": "late"}, {"fault": "refuses"}], seconds=400)
        case = ana.changes(journey, **answers)
        town.waits(minutes=1)
        assert case.status == IN_REVIEW, case.history
        case.staff("refuse", "This number is not yours.")
        town.faulty.deliver_late()
        return case

    def numbers(self, town: Town, ana: Customer) -> list[str]:
        return [
            each["value"] for each in town.cis.read("person", ana.person.ref)["contacts"] if each["routing"] != "email"
        ]

    def test_what_stood_there_before_stands_there_again(self, town: Town, ana: Customer) -> None:
        before = self.numbers(town, ana)
        case = self.refused(
            town,
            ana,
            "change_contact",
            contact_id=ana.contact("phone"),
            channel="phone",
            act="set",
            phone="503 555 0199",
        )
        assert self.numbers(town, ana) == ["503 555 0199"]
        town.waits(hours=1)
        assert self.numbers(town, ana) == before
        assert case.history[-1] == "undone_in_cis"

    def test_what_was_changed_since_stays_and_is_listed(self, town: Town, ana: Customer) -> None:
        contact = ana.contact("phone")
        case = self.refused(
            town, ana, "change_contact", contact_id=contact, channel="phone", act="set", phone="503 555 0199"
        )
        town.cis_is()
        ana.changes("change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0177")
        town.waits(hours=1)
        assert "503 555 0177" in self.numbers(town, ana)
        assert case.history[-1] == "left_in_cis"
        assert case.request.events.last().data == {"code": "cannot_be_undone", "families": ["phone"]}

    def test_what_no_cis_takes_back_is_listed(self, town: Town, ana: Customer) -> None:
        town.policy_says(change_risk={**town.policy.change_risk, "identifier": "apply"})
        case = self.refused(town, ana, "change_identifier", id_type="state_id", id_value="S 55 66 77")
        town.waits(hours=1)
        assert case.request.events.last().data == {"code": "cannot_be_undone", "families": ["identifier"]}
        assert on_file.slots(ana.person, at=town.now)
