"""Does somebody whom nobody knows get service, once, and are they told so?"""

from dataclasses import replace
from datetime import date

import pytest

from keyturn.records.models import Account, Consent, Person, PersonContact, PersonIdentifier
from keyturn.terms.person import Identifier, Kind, PersonDetails
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, PROCESSING, Town

SURI = PersonDetails(
    given_name="Suri",
    date_of_birth=date(1991, 6, 2),
    emails=("suri@example.com",),
    identifiers=(Identifier("passport", "X1234567"),),
)
MILL = PersonDetails(
    kind=Kind.ORGANISATION,
    organisation_name="Old Mill Bakery, LLC",
    emails=("office@oldmill.example",),
    identifiers=(Identifier("tax_id", "12-3456789"),),
)


def test_a_newcomer_asks_and_is_served(town: Town) -> None:
    case = town.asks(ANA)
    assert case.status == PROCESSING
    town.works()
    assert case.status == COMPLETED
    assert case.is_in_the_cis()
    assert town.cis_holds() == {"persons": 1, "accounts": 1, "agreements": 2}
    assert case.news == ["email_code", "received", "completed"]


def test_the_registry_keeps_the_references_that_the_cis_gave(town: Town) -> None:
    request = town.moves_in(ANA).request
    assert request.person and request.account
    in_cis = town.cis.read("person", request.person.ref)
    assert in_cis is not None
    assert town.cis.read("account", request.account.ref) is not None
    agreements = request.account.agreements.all()
    assert len(agreements) == 2 and all(each.ref and each.status == "pending_start" for each in agreements)


def test_every_step_leaves_its_event_in_order(town: Town) -> None:
    case = town.moves_in(ANA)
    assert case.history == [
        "begun", "answered", "email_proved", "submitted", "established", "handed_to_cis", "completed",
    ]  # fmt: skip
    assert case.chain_holds()


def test_a_new_person_is_written_as_they_described_themselves(town: Town) -> None:
    person = town.moves_in(ANA).person
    contacts = {each.channel: each for each in PersonContact.objects.filter(person=person)}
    assert contacts["email"].status == "verified" and contacts["email"].is_primary
    assert contacts["phone"].normalised == "+15035550142" and contacts["phone"].status == "pending"
    identifier = PersonIdentifier.objects.get(person=person)
    assert (identifier.value, identifier.last_four, identifier.unique_by_nature) == ("D1234567", "4567", True)


def test_nobody_must_have_a_phone(town: Town) -> None:
    case = town.moves_in(replace(ANA, phones=()))
    assert case.status == COMPLETED
    assert not PersonContact.objects.filter(person=case.person, channel="phone").exists()


@pytest.mark.parametrize("field", ["given_name", "family_name"])
def test_one_name_is_enough_whichever_field_holds_it(town: Town, field: str) -> None:
    who = replace(SURI, **{"given_name": "", "family_name": "", field: "Suri"})
    case = town.moves_in(who)
    assert case.status == COMPLETED
    assert "Suri" in str(town.cis.read("person", case.person.ref))


def test_an_organisation_is_served_in_its_own_class(town: Town) -> None:
    case = town.moves_in(MILL)
    assert case.status == COMPLETED
    assert case.request.account and case.request.account.customer_class == "commercial"
    assert case.person.kind == "organisation"
    assert "Old Mill Bakery" in str(town.cis.read("person", case.person.ref))


def test_a_partner_may_apply_for_somebody_without_an_email_who_then_gets_letters(town: Town) -> None:
    case = town.a_partner_asks(replace(ANA, emails=()))
    town.works()
    assert case.status == COMPLETED
    assert town.mails() == []
    assert [letter.splitlines()[0] for letter in town.letters()] == ["Ana Zelenko"] * 2


def test_a_newcomer_whose_birth_date_a_partner_does_not_know_is_looked_at(town: Town) -> None:
    case = town.a_partner_asks(replace(ANA, date_of_birth=None))
    town.works()
    assert case.status == IN_REVIEW
    assert case.rules == {"D-07"}


def test_who_has_no_accepted_document_is_helped_by_staff_and_not_refused(town: Town) -> None:
    case = town.moves_in(replace(ANA, identifiers=()))
    assert case.status == IN_REVIEW
    assert case.rules == {"D-08"}
    case.staff("approve", "Seen at the counter with a municipal card.")
    assert case.status == COMPLETED


def test_an_email_that_several_others_use_brings_staff_in(town: Town) -> None:
    for name in ("Boris", "Carla", "Dora"):
        town.knows(PersonDetails(given_name=name, family_name=f"Of{name}", emails=("house@example.com",)))
    case = town.moves_in(replace(ANA, emails=("house@example.com",)))
    assert case.status == IN_REVIEW
    assert "D-06" in case.rules


class TestTheSamePersonAgain:
    def test_asks_for_a_second_place_later_and_is_recognised(self, town: Town) -> None:
        first = town.moves_in(ANA)
        second = town.moves_in(ANA)
        assert second.status == COMPLETED
        assert second.person == first.person
        assert Person.objects.count() == 1
        assert town.cis_holds()["persons"] == 1

    def test_adds_the_second_service_to_the_account_that_they_have(self, town: Town) -> None:
        first, second = town.moves_in(ANA), town.moves_in(ANA)
        assert second.request.account == first.request.account
        assert town.cis_holds() == {"persons": 1, "accounts": 1, "agreements": 4}

    def test_asks_again_before_the_cis_has_heard_of_the_first_and_is_still_one_person_there(self, town: Town) -> None:
        town.cis_is("down")
        first, second = town.moves_in(ANA), town.moves_in(ANA)
        town.cis_is()
        town.waits(minutes=30)
        assert (first.status, second.status) == (COMPLETED, COMPLETED)
        assert town.cis_holds() == {"persons": 1, "accounts": 1, "agreements": 4}
        assert Account.objects.count() == 1

    def test_asks_again_while_the_first_is_with_staff_of_the_cis_and_both_end_on_one_person(self, town: Town) -> None:
        town.cis_is(script=[{"fault": "refuses"}])
        first, second = town.moves_in(ANA), town.moves_in(ANA)
        assert (first.status, second.status) == (IN_REVIEW, COMPLETED)
        first.staff("approve", "Put right in the CIS.")
        assert first.status == COMPLETED
        assert town.cis_holds() == {"persons": 1, "accounts": 1, "agreements": 4}


class TestConsents:
    def test_what_was_agreed_to_is_kept_with_wording_language_and_door(self, town: Town) -> None:
        case = town.moves_in(ANA, consents=["terms", "texts"])
        kept = Consent.objects.filter(person=case.person)
        assert {(each.purpose, each.language, each.how) for each in kept} == {
            ("terms", "en", "portal"),
            ("texts", "en", "portal"),
        }

    def test_without_the_terms_nothing_can_be_sent(self, town: Town) -> None:
        case = town.starts_to_fill_in(ANA, consents=["texts"]).proves_email()
        assert case.cannot_be_sent_because() == {"consents": "V-11"}

    def test_ticking_one_twice_is_agreeing_once(self, town: Town) -> None:
        case = town.moves_in(ANA, consents=["terms", "terms"])
        assert Consent.objects.filter(person=case.person).count() == 1


class TestTheStartDate:
    @pytest.mark.parametrize(("days", "rule"), [(-1, "V-10"), (61, "V-10"), (60, ""), (0, "")])
    def test_lies_in_the_window_that_the_policy_opens(self, town: Town, days: int, rule: str) -> None:
        case = town.starts_to_fill_in(ANA, start_date=town.day(days)).proves_email()
        assert case.cannot_be_sent_because().get("start_date", "") == rule

    def test_is_not_today_once_the_crews_are_out(self, town: Town) -> None:
        town.waits(hours=town.policy.same_day_cut_off_hour - town.now.hour)  # the default policy's zone is UTC
        case = town.starts_to_fill_in(ANA, start_date=town.day(0)).proves_email()
        assert case.cannot_be_sent_because() == {"start_date": "V-10"}

    def test_is_not_a_day_on_which_nothing_starts(self, town: Town) -> None:
        town.policy_says(holidays=(town.day(3),))
        case = town.starts_to_fill_in(ANA).proves_email()
        assert case.cannot_be_sent_because() == {"start_date": "V-10"}

    def test_that_passed_while_staff_looked_is_noted_and_hinders_nothing(self, town: Town) -> None:
        case = town.moves_in(replace(ANA, identifiers=()), start_date=town.day(1))
        town.waits(days=5)
        case.staff("approve", "Found another proof.")
        assert case.status == COMPLETED
        assert "D-11" in {found["rule"] for found in case.request.findings}


def test_asking_for_a_service_twice_is_asking_once(town: Town) -> None:
    case = town.moves_in(ANA, services=["electric", "gas", "electric"])
    assert case.status == COMPLETED
    assert town.cis_holds()["agreements"] == 2
