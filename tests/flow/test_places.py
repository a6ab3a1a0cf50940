"""Is the place free, ours and on file, and who finds out where it is not?"""

from datetime import date

import pytest

from keyturn.connectors import cis
from keyturn.records.models import Person, Premise, ServiceAgreement, ServicePoint
from keyturn.records.queries import premises
from keyturn.terms.address import Address
from keyturn.terms.premise import AgreementStatus
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, REFUSED, Town

NOWHERE = {"line1": "900 Unbuilt Road", "city": "Millbrook", "state": "OR", "postal_code": "97901"}
FAR_AWAY = {"line1": "1 Main Street", "city": "Springfield", "state": "IL", "postal_code": "62701"}


class TestAnOccupiedPremise:
    def test_without_a_stop_goes_to_staff(self, town: Town) -> None:
        house = town.house()
        town.serves(BEN, house)
        case = town.moves_in(ANA, at=house)
        assert case.status == IN_REVIEW
        assert case.rules == {"D-03"}
        assert town.cis_holds()["persons"] == 1

    def test_that_will_be_left_in_time_is_free(self, town: Town) -> None:
        house = town.house()
        town.serves(BEN, house, status=AgreementStatus.PENDING_STOP, until=date.fromisoformat(town.day(2)))
        assert town.moves_in(ANA, at=house).status == COMPLETED

    def test_that_will_be_left_too_late_goes_to_staff(self, town: Town) -> None:
        house = town.house()
        town.serves(BEN, house, status=AgreementStatus.PENDING_STOP, until=date.fromisoformat(town.day(3)))
        assert town.moves_in(ANA, at=house).rules == {"D-03"}

    def test_says_nothing_about_its_occupant_to_the_applicant(self, town: Town) -> None:
        house = town.house()
        town.serves(BEN, house)
        town.moves_in(ANA, at=house)
        assert not [mail for mail in town.mails() if "Okafor" in str(mail) or "occupied" in str(mail)]

    def test_promised_to_a_newcomer_is_not_promised_to_the_next(self, town: Town) -> None:
        house = town.house()
        assert town.moves_in(BEN, at=house).status == COMPLETED
        assert town.moves_in(ANA, at=house).rules == {"D-03"}

    def test_asked_for_by_two_at_once_is_given_to_one(self, town: Town) -> None:
        house = town.house()
        first, second = town.asks(BEN, at=house), town.asks(ANA, at=house)
        town.works()
        assert [first.status, second.status] == [COMPLETED, IN_REVIEW]

    def test_left_after_all_is_given_when_staff_approve(self, town: Town) -> None:
        house = town.house()
        town.serves(BEN, house, status=AgreementStatus.PENDING_STOP, until=date.fromisoformat(town.day(9)))
        case = town.moves_in(ANA, at=house)
        case.staff("approve", "Mr Okafor leaves earlier than he said.")
        assert case.status == COMPLETED
        assert case.is_in_the_cis()


def test_a_landlord_gives_way_to_a_tenant(town: Town) -> None:
    house = town.house()
    town.serves(BEN, house, customer_class="landlord")
    case = town.moves_in(ANA, at=house)
    assert case.status == COMPLETED
    in_cis = town.cis.read("premise", house.ref)
    assert sorted(each["status"] for each in in_cis["agreements"]) == [
        "active", "pending_start", "pending_start", "pending_stop", "pending_stop",
    ]  # fmt: skip  # nobody asked for the water


class TestAnAddressThatIsNotOnFile:
    @pytest.fixture
    def case(self, town: Town):
        town.house()  # so that the utility serves somebody in that postal code
        return town.moves_in(ANA, service_address=NOWHERE)

    def test_goes_to_staff_as_an_exception(self, case) -> None:
        assert case.status == IN_REVIEW
        assert case.rules == {"M-05"}

    @pytest.mark.parametrize("word", ["approve", "new_person", "same_person"])
    def test_cannot_be_approved_before_it_is_on_file(self, case, word: str) -> None:
        assert "R-05" in case.staff_cannot(word)

    def test_is_served_once_the_premise_was_created_and_imported(self, town: Town, case) -> None:
        from keyturn import flow

        factories.a_premise(**NOWHERE)
        flow.look_again(request_id=case.id, actor=Actor(Role.STAFF, "7"), now=town.now)
        town.works()
        assert case.status == COMPLETED
        assert case.is_in_the_cis()

    def test_creates_nobody_while_staff_look(self, town: Town, case) -> None:
        assert Person.objects.count() == 0
        assert town.cis_holds() == {"persons": 0, "accounts": 0, "agreements": 0}


class TestOutsideTheTerritory:
    def test_the_machine_refuses_at_once_and_says_why(self, town: Town) -> None:
        case = town.moves_in(ANA, service_address=FAR_AWAY)
        assert case.status == REFUSED
        assert "D-01" in case.rules
        assert case.news[-1] == "refused"
        assert "We do not serve this address." in case.last_message()

    def test_the_applicant_learns_who_serves_them_where_we_know(self, town: Town) -> None:
        town.policy_says(neighbours={"62": "Prairie Power"})
        assert "Prairie Power" in town.moves_in(ANA, service_address=FAR_AWAY).last_message()

    def test_the_reason_is_in_the_applicants_language(self, town: Town) -> None:
        from django.utils.translation import gettext, override

        case = town.moves_in(ANA, service_address=FAR_AWAY, language="es")
        with override("es"):
            assert gettext("We do not serve this address.") in case.last_message()

    def test_an_address_in_one_of_the_profiles_postal_codes_is_an_exception_for_staff(self, town: Town) -> None:
        town.policy_says(territory_postal_codes=("627",))
        assert town.moves_in(ANA, service_address=FAR_AWAY).rules == {"M-05"}

    def test_an_address_without_a_postal_code_is_left_to_staff(self, town: Town) -> None:
        nameless = {**FAR_AWAY, "postal_code": ""}
        assert town.moves_in(ANA, service_address=nameless).status == IN_REVIEW


def test_an_address_written_in_another_way_is_the_same_premise(town: Town) -> None:
    house = town.house(line1="77 Juniper Street", line2="Apt 3")
    case = town.moves_in(
        ANA, service_address={"line1": "77 juniper st #3", "city": "MILLBROOK", "postal_code": "97901-1234"}
    )
    assert case.status == COMPLETED
    assert case.request.premise == house


def test_a_service_that_the_premise_does_not_have_is_looked_at(town: Town) -> None:
    case = town.moves_in(ANA, at=town.house(services="electric"), services=["electric", "gas"])
    assert case.status == IN_REVIEW
    assert case.rules == {"D-02"}


class TestAServiceThatThePersonHasThere:
    def test_is_looked_at(self, town: Town) -> None:
        house = town.house()
        town.serves(ANA, house)
        case = town.moves_in(ANA, at=house)
        assert case.rules == {"D-04"}

    def test_is_not_begun_a_second_time_whatever_staff_say(self, town: Town) -> None:
        house = town.house()
        town.serves(ANA, house)
        case = town.moves_in(ANA, at=house)
        assert case.staff_cannot("approve") == {"R-09"}
        assert ServiceAgreement.objects.filter(service_point__premise=house).count() == 3

    def test_can_be_refused(self, town: Town) -> None:
        house = town.house()
        town.serves(ANA, house)
        case = town.moves_in(ANA, at=house).staff("refuse", "You already have service at this address.")
        assert case.status == REFUSED


def test_a_premise_that_the_cis_does_not_know_ends_with_staff(town: Town) -> None:
    case = town.moves_in(ANA, at=town.house(in_cis=False))
    assert case.status == IN_REVIEW
    assert case.delivery.problem == "unknown_premise"


def test_a_premise_imported_without_its_service_points_gets_them(town: Town) -> None:
    place = Address("5 Larch Lane", "", "Millbrook", "OR", "97901")
    premise = Premise.objects.create(
        ref="LARCH5", division="north", services=["water"], **place.as_json(), **premises.search_columns(place)
    )
    cis.adopt("premises", [{"ref": "LARCH5", "division": "north", "service_types": "water", **place.as_json()}])
    assert town.moves_in(ANA, at=premise, services=["water"]).status == COMPLETED
    assert ServicePoint.objects.filter(premise=premise).count() == 1
