"""Does the reference CIS keep the contract, and its own rules beyond it?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.connectors.cis.contract import CisContract
from keyturn.connectors.cis.contract_kit import MAILING, START, a_key, customer_at, newcomer_at
from keyturn.connectors.cis.faults import FaultyCis, Plan
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.connectors.cis.reference import numbers
from keyturn.terms.cis import CancelService
from keyturn.terms.errors import InDoubt, Rejected
from keyturn.terms.person import Identifier, Kind, PersonDetails
from keyturn.terms.premise import Service


class Reference:
    @pytest.fixture
    def town(self, town):
        return town


class TestReferenceCis(Reference, CisContract):
    @pytest.fixture
    def cis(self, reference):
        yield reference
        assert reference.audit() == []


class TestReferenceCisBehindGuardAndFaults(Reference, CisContract):
    """The wrappers change nothing while nothing goes wrong."""

    @pytest.fixture
    def cis(self, reference):
        yield GuardedCis(FaultyCis(reference, Plan()))
        assert reference.audit() == []


class TestTheDay:
    def test_a_pending_start_becomes_active_on_its_day_and_not_before(self, cis, town):
        premise = town.vacant()
        cis.send(newcomer_at(premise), key=a_key())
        assert cis.activate_due(START - timedelta(days=1)) == (0, 0)
        assert cis.activate_due(START) == (2, 0)
        assert {a["status"] for a in cis.read("premise", premise)["agreements"]} == {"active"}

    def test_a_pending_stop_stops_the_day_after_its_last_day(self, cis, town):
        premise = town.occupied(until=START)
        assert cis.activate_due(START) == (0, 0)
        assert cis.activate_due(START + timedelta(days=1)) == (0, 2)
        assert {a["status"] for a in cis.read("premise", premise)["agreements"]} == {"stopped"}

    def test_the_landlord_stops_on_the_day_the_tenant_begins(self, cis, town):
        premise = town.landlords()
        cis.send(newcomer_at(premise), key=a_key())
        cis.activate_due(START)
        assert sorted(a["status"] for a in cis.read("premise", premise)["agreements"]) == [
            "active", "active", "stopped", "stopped",
        ]  # fmt: skip

    def test_what_has_become_active_can_no_longer_be_cancelled(self, cis, town):
        command = newcomer_at(town.vacant())
        answer = cis.send(command, key=a_key())
        cis.activate_due(START)
        with pytest.raises(Rejected, match="already_active"):
            cis.send(CancelService(command.request_reference, answer.account_ref), key=a_key())


class TestWhoGivesWay:
    def test_a_landlords_agreement_that_would_begin_later_is_cancelled(self, cis, town):
        premise = town.vacant()
        landlord = town.person()
        account = town.account(
            landlord, premise_ref=premise, customer_class="landlord", status="pending_start", start_date=START
        )
        cis.send(newcomer_at(premise), key=a_key())
        assert {a["status"] for a in cis.read("account", account)["agreements"]} == {"cancelled"}

    def test_somebody_who_begins_later_does_not_give_way(self, cis, town):
        premise = town.vacant()
        cis.send(newcomer_at(premise, start_date=START + timedelta(days=30)), key=a_key())
        with pytest.raises(Rejected, match="premise_occupied"):
            cis.send(newcomer_at(premise), key=a_key())

    def test_somebody_who_comes_and_goes_later_does_not_give_way_either(self, cis, town):
        premise = town.vacant()
        guest = {
            "status": "pending_start",
            "start_date": START + timedelta(days=5),
            "end_date": START + timedelta(days=20),
        }
        town.account(town.person(), premise_ref=premise, **guest)
        with pytest.raises(Rejected, match="premise_occupied"):
            cis.send(newcomer_at(premise), key=a_key())

    def test_a_landlord_who_moves_in_becomes_their_own_tenant(self, cis, town):
        premise = town.vacant()
        landlord = town.person()
        town.account(landlord, premise_ref=premise, customer_class="landlord", status="active", start_date="2020-01-01")
        answer = cis.send(customer_at(premise, landlord), key=a_key())
        assert answer.person_ref == landlord

    def test_one_landlord_does_not_push_out_another(self, cis, town):
        with pytest.raises(Rejected, match="premise_occupied"):
            cis.send(newcomer_at(town.landlords(), customer_class="landlord"), key=a_key())

    def test_only_the_services_asked_for_change_hands(self, cis, town):
        premise = town.landlords()
        cis.send(newcomer_at(premise, services=(Service.GAS,)), key=a_key())
        landlords = [a for a in cis.read("premise", premise)["agreements"] if a["start_date"] != START]
        assert {a["service"]: a["status"] for a in landlords} == {"electric": "active", "gas": "pending_stop"}

    def test_whoever_gives_way_finds_a_customer_contact(self, cis, town):
        premise = town.landlords()
        command = newcomer_at(premise)
        cis.send(command, key=a_key())
        landlord = next(a["account_ref"] for a in cis.read("premise", premise)["agreements"] if a["end_date"])
        contacts = cis.read("account", landlord)["customer_contacts"]
        assert {(c["contact_type"], c["request_reference"]) for c in contacts} == {
            ("service_adjusted", command.request_reference)
        }


class TestKeys:
    def test_a_person_who_got_their_reference_meanwhile_is_still_the_same_request(self, cis, town):
        command, key = newcomer_at(town.vacant()), a_key()
        first = cis.send(command, key=key)
        again = cis.send(replace(command, person=None, person_ref=first.person_ref), key=key)
        assert again.account_ref == first.account_ref

    def test_a_rejected_command_may_be_sent_again_under_its_key(self, cis, town):
        command, key = newcomer_at("not-there-yet"), a_key()
        with pytest.raises(Rejected):
            cis.send(command, key=key)
        answer = cis.send(replace(command, premise_ref=town.vacant()), key=key)
        assert not answer.repeated

    def test_a_person_written_in_part_is_taken_up_again_and_not_doubled(self, cis, town):
        command, key = newcomer_at(town.vacant()), a_key()
        for _ in range(2):
            with pytest.raises(InDoubt):
                cis.send_partly(command, key=key)
        assert cis.find(key) is None
        assert cis.effects() == []
        cis.send(command, key=key)
        assert town.totals() == {"persons": 1, "accounts": 1, "agreements": 2}

    def test_the_effects_tell_what_was_done_under_which_key(self, cis, town):
        command, key = newcomer_at(town.vacant()), a_key()
        answer = cis.send(command, key=key)
        assert cis.effects() == [
            {
                "key": key,
                "command": "EstablishService",
                "request_reference": command.request_reference,
                "person_ref": answer.person_ref,
                "account_ref": answer.account_ref,
                "agreement_refs": dict(answer.agreement_refs),
            }
        ]


class TestWhatIsWritten:
    def test_an_organisation_is_written_with_its_name(self, cis, town):
        organisation = PersonDetails(
            kind=Kind.ORGANISATION, organisation_name="Mill & Söhne", identifiers=(Identifier("tax_id", "12-3456789"),)
        )
        answer = cis.send(newcomer_at(town.vacant(), person=organisation, customer_class="commercial"), key=a_key())
        person = cis.read("person", answer.person_ref)
        assert (person["kind"], person["names"][0]["organisation_name"]) == ("organisation", "Mill & Söhne")

    def test_what_is_said_twice_is_kept_once(self, cis, town):
        person = PersonDetails(given_name="A", family_name="B", emails=("a@example.org", "a@example.org", ""))
        answer = cis.send(newcomer_at(town.vacant(), person=person), key=a_key())
        assert [c["value"] for c in cis.read("person", answer.person_ref)["contacts"]] == ["a@example.org"]

    @pytest.mark.parametrize("name", ["nul \x00 byte", "lone \ud800 surrogate"])
    def test_text_that_no_database_takes_is_rejected_without_quoting_it(self, cis, town, name):
        with pytest.raises(Rejected) as no:
            cis.send(newcomer_at(town.vacant(), person=PersonDetails(family_name=name)), key=a_key())
        assert no.value.code == "unreadable_value"
        assert name[:3] not in str(no.value)
        assert town.totals()["persons"] == 0

    def test_a_refusal_of_the_database_names_the_constraint_and_no_value(self, cis, town):
        person = PersonDetails(family_name="Canary", emails=("canary@example.org",))
        command = newcomer_at(town.vacant(), person=replace(person, kind="ghost"))
        with pytest.raises(Rejected) as no:
            cis.send(command, key=a_key())
        assert no.value.code == "against_the_rules"
        assert "ghost" not in str(no.value)
        assert no.value.__cause__ is None
        assert no.value.__suppress_context__

    def test_numbers_are_ten_digits_and_a_taken_one_is_passed_over(self, cis, town):
        first = cis.send(newcomer_at(town.vacant()), key=a_key())
        assert all(len(ref) == 10 and ref.isdigit() for ref in (first.person_ref, first.account_ref))
        with cis._link.reading() as cursor:
            cursor.execute("SELECT last_value FROM number_seq")
            upcoming = cursor.fetchone()["last_value"] + 1
        taken = numbers.number(upcoming, seed=cis._seed)
        town.person(ref=taken)
        second = cis.send(newcomer_at(town.vacant()), key=a_key())
        assert second.person_ref != taken


class TestWhereBillsGo:
    def test_to_the_premise_where_nothing_else_is_said(self, cis, town):
        premise = town.vacant()
        account = cis.read("account", cis.send(newcomer_at(premise), key=a_key()).account_ref)
        assert (account["mailing_source"], account["mailing_premise"]) == ("premise", premise)

    def test_to_the_address_that_was_given(self, cis, town):
        command = newcomer_at(town.vacant(), mailing_address=MAILING)
        account = cis.read("account", cis.send(command, key=a_key()).account_ref)
        assert (account["mailing_source"], account["mailing_address"]["city"]) == ("account", "Paris")

    def test_to_an_imported_persons_mailing_address(self, cis, town):
        _, account = town.customer()
        assert cis.read("account", account)["mailing_source"] == "person"
