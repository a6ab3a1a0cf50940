"""What must every CIS connector do with a request for service: write it once, find it again, take it back? Part of
`contract.py`."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier

import pytest

from keyturn.connectors.cis.contract_kit import (
    MAILING,
    NOTHING,
    ONCE,
    PASSING,
    START,
    a_key,
    customer_at,
    deliver,
    detail,
    newcomer_at,
    plan_of,
)
from keyturn.connectors.cis.faults import FaultyCis, Plan
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.terms.cis import Answer, CancelService
from keyturn.terms.errors import InDoubt, Rejected
from keyturn.terms.premise import Service


class EstablishContract:
    """The tests. `CisContract` inherits them, with `cis`, `town` and `increase`."""

    # What establishing writes

    def test_a_newcomer_gets_a_person_an_account_and_pending_agreements(self, cis, town):
        premise = town.vacant()
        command = newcomer_at(premise)
        answer = cis.send(command, key=a_key())
        assert answer.fits(command)
        assert not answer.repeated
        account = cis.read("account", answer.account_ref)
        assert [person["main_customer"] for person in account["persons"]] == [True]
        assert {(a["service"], a["status"], a["premise_ref"], a["start_date"]) for a in account["agreements"]} == {
            ("electric", "pending_start", premise, START),
            ("gas", "pending_start", premise, START),
        }

    def test_the_main_customer_pays_and_does_not_guarantee(self, cis, town):
        answer = cis.send(newcomer_at(town.vacant()), key=a_key())
        (main,) = cis.read("account", answer.account_ref)["persons"]
        assert main["person_ref"] == answer.person_ref
        assert main["financially_responsible"]
        assert not main["guarantor"]

    def test_a_newcomer_is_written_as_they_gave_themselves(self, cis, town):
        answer = cis.send(newcomer_at(town.vacant(), mailing_address=MAILING), key=a_key())
        person = cis.read("person", answer.person_ref)
        assert (person["names"][0]["given_name"], person["names"][0]["family_name"]) == ("Rosalind", "Achterberg")
        assert person["date_of_birth"] == date(1984, 2, 29)
        assert [(each["id_type"], each["value"]) for each in person["identifiers"]] == [("driver_licence", "X1234567")]
        assert {each["value"] for each in person["contacts"]} == {"rosalind@example.org", "+12025550143"}

    def test_what_was_done_leaves_a_customer_contact_with_the_request(self, cis, town):
        command = newcomer_at(town.vacant())
        answer = cis.send(command, key=a_key())
        (contact,) = cis.read("person", answer.person_ref)["customer_contacts"]
        assert contact["request_reference"] == command.request_reference
        assert "X1234567" not in contact["text"]

    def test_somebody_on_file_gets_a_new_account_and_stays_as_they_were(self, cis, town, increase):
        person, _ = town.customer()
        increase()
        before = cis.read("person", person)
        answer = cis.send(customer_at(town.vacant(), person, mailing_address=MAILING), key=a_key())
        after = cis.read("person", person)
        assert answer.person_ref == person
        assert [after[part] for part in ("names", "identifiers", "contacts", "addresses")] == [
            before[part] for part in ("names", "identifiers", "contacts", "addresses")
        ]
        assert answer.account_ref in after["accounts"]
        assert increase()["persons"] == 0

    def test_a_mailing_address_becomes_the_new_accounts_own(self, cis, town):
        person, _ = town.customer()
        answer = cis.send(customer_at(town.vacant(), person, mailing_address=MAILING), key=a_key())
        assert cis.read("account", answer.account_ref)["mailing_address"] == MAILING.as_json()

    def test_an_existing_account_takes_the_service_and_keeps_its_mailing_address(self, cis, town, increase):
        person, account = town.customer()
        increase()
        before = cis.read("account", account)["mailing_address"]
        command = customer_at(town.vacant(), person, account_ref=account, mailing_address=MAILING)
        answer = cis.send(command, key=a_key())
        assert answer.account_ref == account
        assert cis.read("account", account)["mailing_address"] == before
        assert increase() == {"persons": 0, "accounts": 0, "agreements": 2}

    def test_bills_by_email_chosen_at_the_start_stand_on_the_new_account(self, cis, town):
        person, _ = town.customer()
        for command in (newcomer_at(town.vacant()), customer_at(town.vacant(), person)):
            chosen = cis.send(replace(command, paperless=True), key=a_key())
            assert detail(cis, "account", chosen.account_ref, "paperless") == [("yes", None)]
            assert detail(cis, "person", chosen.person_ref, "paperless") == []
        silent = cis.send(newcomer_at(town.vacant()), key=a_key())
        assert detail(cis, "account", silent.account_ref, "paperless") == []

    def test_an_existing_account_keeps_its_bills_as_they_are(self, cis, town):
        person, account = town.customer()
        cis.send(customer_at(town.vacant(), person, account_ref=account, paperless=True), key=a_key())
        assert detail(cis, "account", account, "paperless") == []

    # Who gives way, and who does not

    def test_a_landlords_agreement_ends_the_day_before(self, cis, town):
        premise = town.landlords()
        answer = cis.send(newcomer_at(premise), key=a_key())
        theirs = [a for a in cis.read("premise", premise)["agreements"] if a["account_ref"] != answer.account_ref]
        assert {(a["status"], a["end_date"]) for a in theirs} == {("pending_stop", START - timedelta(days=1))}

    def test_a_stop_that_is_asked_for_is_pulled_back_to_the_day_before(self, cis, town):
        premise = town.occupied(until=START + timedelta(days=3))
        answer = cis.send(newcomer_at(premise), key=a_key())
        theirs = [a for a in cis.read("premise", premise)["agreements"] if a["account_ref"] != answer.account_ref]
        assert {a["end_date"] for a in theirs} == {START - timedelta(days=1)}

    def test_a_stop_before_the_start_stays_as_it_is(self, cis, town):
        premise = town.occupied(until=START - timedelta(days=9))
        answer = cis.send(newcomer_at(premise), key=a_key())
        theirs = [a for a in cis.read("premise", premise)["agreements"] if a["account_ref"] != answer.account_ref]
        assert {a["end_date"] for a in theirs} == {START - timedelta(days=9)}

    def test_what_the_cis_cannot_do_is_rejected_with_its_reason_and_writes_nothing(self, cis, town, increase):
        person, account = town.customer()
        other, _ = town.customer()
        vacant, occupied = town.vacant(), town.occupied()
        refused = {
            "premise_occupied": newcomer_at(occupied),
            "unknown_premise": newcomer_at("no-such-premise"),
            "unknown_person": customer_at(vacant, "no-such-person"),
            "unknown_account": customer_at(vacant, person, account_ref="no-such-account"),
            "not_their_account": customer_at(vacant, other, account_ref=account),
            "no_service_point": newcomer_at(vacant, services=(Service.ELECTRIC, Service.WATER)),
            "no_services": newcomer_at(vacant, services=()),
            "no_person": newcomer_at(vacant, person=None),
        }
        increase()
        for code, command in refused.items():
            key = a_key()
            with pytest.raises(Rejected) as no:
                cis.send(command, key=key)
            assert no.value.code == code
            assert cis.find(key) is None
        assert increase() == NOTHING

    def test_an_address_that_is_not_on_file_is_rejected(self, cis):
        with pytest.raises(Rejected, match="unknown_premise"):
            cis.send(newcomer_at(""), key=a_key())

    def test_the_same_person_is_not_served_twice_at_one_place(self, cis, town):
        person, _ = town.customer()
        premise = town.vacant()
        cis.send(customer_at(premise, person), key=a_key())
        with pytest.raises(Rejected, match="already_served"):
            cis.send(customer_at(premise, person, start_date=START + timedelta(days=5)), key=a_key())

    def test_of_two_who_want_one_place_at_once_one_gets_it(self, cis, town, increase):
        premise = town.vacant()
        together = Barrier(2)

        def ask(_: int) -> str:
            together.wait()
            try:
                return cis.send(newcomer_at(premise), key=a_key()).account_ref and "served"
            except Rejected as no:
                return no.code

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(ask, range(2))) == ["premise_occupied", "served"]
        assert increase() == ONCE

    # Once under a key

    def test_the_same_key_again_gives_the_first_answer_and_does_nothing(self, cis, town, increase):
        command, key = newcomer_at(town.vacant()), a_key()
        first = cis.send(command, key=key)
        again = cis.send(command, key=key)
        assert again.repeated
        assert again == replace(first, repeated=True)
        assert increase() == ONCE

    def test_twenty_deliveries_of_one_key_at_once_have_one_effect(self, cis, town, increase):
        command, key = newcomer_at(town.vacant()), a_key()
        together = Barrier(20)

        def send(_: int) -> Answer:
            together.wait()
            return cis.send(command, key=key)

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(send, range(20)))
        assert len({(answer.person_ref, answer.account_ref) for answer in answers}) == 1
        assert sorted(answer.repeated for answer in answers) == [False] + [True] * 19
        assert increase() == ONCE

    def test_another_command_under_a_known_key_is_rejected(self, cis, town):
        command, key = newcomer_at(town.vacant()), a_key()
        cis.send(command, key=key)
        with pytest.raises(Rejected, match="key_reused"):
            cis.send(replace(command, start_date=START + timedelta(days=1)), key=key)

    def test_a_key_that_was_never_sent_is_not_found(self, cis):
        assert cis.find(a_key()) is None

    def test_what_happened_to_a_key_can_be_asked(self, cis, town):
        command, key = newcomer_at(town.vacant()), a_key()
        answer = cis.send(command, key=key)
        assert cis.find(key) == replace(answer, repeated=True)

    # Compensation

    def test_a_withdrawn_request_is_cancelled_and_the_place_is_free_again(self, cis, town):
        premise = town.vacant()
        command = newcomer_at(premise)
        answer = cis.send(command, key=a_key())
        cancelled = cis.send(CancelService(command.request_reference, answer.account_ref), key=a_key())
        assert cancelled.agreement_refs == answer.agreement_refs
        assert {a["status"] for a in cis.read("premise", premise)["agreements"]} == {"cancelled"}
        assert cis.send(newcomer_at(premise), key=a_key()).account_ref

    def test_cancelling_gives_the_landlord_back_what_gave_way(self, cis, town):
        premise = town.landlords()
        before = cis.read("premise", premise)["agreements"]
        command = newcomer_at(premise)
        answer = cis.send(command, key=a_key())
        cis.send(CancelService(command.request_reference, answer.account_ref), key=a_key())
        after = cis.read("premise", premise)["agreements"]
        assert [a for a in after if a["account_ref"] != answer.account_ref] == before

    def test_only_what_the_request_made_can_be_cancelled(self, cis, town):
        _, account = town.customer()
        with pytest.raises(Rejected, match="nothing_to_cancel"):
            cis.send(CancelService("KT-NOTHING", account), key=a_key())
        with pytest.raises(Rejected, match="unknown_account"):
            cis.send(CancelService("KT-NOTHING", "no-such-account"), key=a_key())

    # Reading

    def test_what_is_not_there_reads_as_none(self, cis):
        assert [cis.read(noun, "no-such-thing") for noun in ("person", "account", "premise")] == [None] * 3

    def test_it_can_be_reached(self, cis):
        cis.ping()

    # Whatever goes wrong on the way, a careful caller has one effect

    @pytest.mark.parametrize("fault", PASSING)
    def test_one_effect_through(self, cis, town, increase, fault):
        faulty = FaultyCis(cis, plan_of(fault))
        command, key = newcomer_at(town.vacant()), a_key()
        answer = deliver(GuardedCis(faulty), command, key=key)
        faulty.deliver_late()
        assert answer.fits(command)
        assert cis.find(key) == replace(answer, repeated=True)
        assert increase() == ONCE

    def test_a_lost_answer_is_found_and_not_sent_again(self, cis, town, increase):
        faulty = FaultyCis(cis, Plan({"always": "answer_lost"}))
        command, key = newcomer_at(town.vacant()), a_key()
        with pytest.raises(InDoubt):
            faulty.send(command, key=key)
        assert faulty.find(key).fits(command)
        assert increase() == ONCE

    def test_a_late_delivery_after_a_second_one_changes_nothing(self, cis, town, increase):
        faulty = FaultyCis(cis, Plan({"script": [{"fault": "late"}], "seconds": 600.0}))
        command, key = newcomer_at(town.vacant()), a_key()
        with pytest.raises(InDoubt):
            faulty.send(command, key=key)
        assert faulty.find(key) is None
        faulty.send(command, key=key)
        faulty.deliver_late()
        assert increase() == ONCE
