"""Does the reference CIS keep the contract, and its own rules beyond it?"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from time import perf_counter

import pytest

from keyturn.connectors.cis.contract import MAILING, START, CisContract, a_key, customer_at, newcomer_at
from keyturn.connectors.cis.faults import FaultyCis, Plan
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.connectors.cis.reference import ReferenceCis, numbers
from keyturn.terms.account import check_digit, display_number, ref_from_display
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


class TestTheRulesInTheTables:
    """What the database itself refuses, whoever writes."""

    @pytest.fixture
    def refused(self, cis):
        @contextmanager
        def refused_by(constraint):
            with pytest.raises(Rejected) as no:
                yield
            assert no.value.detail == constraint

        return refused_by

    def test_a_second_main_customer(self, cis, town, refused):
        _, account = town.customer()
        other = town.person()
        with refused("one_main_customer"), cis._link.writing() as cursor:
            cursor.execute("INSERT INTO account_person VALUES (%s, %s, true, true)", (account, other))

    def test_an_account_that_loses_its_main_customer(self, cis, town, refused):
        _, account = town.customer()
        with refused("has_a_main_customer"), cis._link.writing() as cursor:
            cursor.execute("DELETE FROM account_person WHERE account_ref = %s", (account,))

    @pytest.mark.parametrize("change", ["financially_responsible = false", "guarantor = true"])
    def test_a_main_customer_who_does_not_pay_or_who_guarantees(self, cis, town, refused, change):
        _, account = town.customer()
        with refused("main_pays"), cis._link.writing() as cursor:
            cursor.execute(f"UPDATE account_person SET {change} WHERE account_ref = %s", (account,))

    def test_two_live_agreements_at_one_time(self, cis, town, refused):
        premise = town.occupied()
        _, account = town.customer()
        with refused("one_at_a_time"), cis._link.writing() as cursor:
            cursor.execute(
                "INSERT INTO agreement (service_point_ref, account_ref, status, start_date)"
                " SELECT ref, %s, 'pending_start', '2030-01-01' FROM service_point WHERE premise_ref = %s",
                (account, premise),
            )

    def test_the_audit_would_see_a_broken_rule(self, cis, town):
        person, _ = town.customer()
        with cis._link.writing() as cursor:
            cursor.execute("DELETE FROM person_name WHERE person_ref = %s", (person,))
        assert cis.audit() == ["a person without exactly one primary name"]


class TestInstalling:
    def test_several_processes_may_install_at_once(self, installed):
        fresh = [ReferenceCis(installed._link.url, schema="installed_at_once", timeout_seconds=20) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda cis: cis.install(), fresh))
        fresh[0].ping()
        assert fresh[0].counts()["persons"] == 0
        with fresh[0]._link.writing() as cursor:
            cursor.execute("DROP SCHEMA installed_at_once CASCADE")
        for each in fresh:
            each.close()

    def test_nothing_is_left_in_another_schema(self, cis):
        with cis._link.reading() as cursor:
            cursor.execute(
                "SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'public' AND tablename = 'agreement'"
            )
            assert cursor.fetchone()["n"] == 0


class TestNumbers:
    def test_no_number_is_drawn_twice(self):
        drawn = {numbers.number(n, seed=42) for n in range(50_000)}
        assert len(drawn) == 50_000

    def test_numbers_do_not_follow_one_another(self):
        drawn = [int(numbers.number(n, seed=42)) for n in range(1000)]
        assert sum(later > earlier for earlier, later in pairwise(drawn)) in range(400, 600)
        assert len({number // 10**9 for number in drawn}) == 10

    def test_the_check_digit_is_the_standard_mod_10(self):
        assert check_digit("7992739871") == "3"
        assert display_number("7992739871") == "79927 39871 3"
        assert ref_from_display("79927-39871-3") == "7992739871"
        assert ref_from_display("79927 39871 4") == ""
        assert ref_from_display(display_number("A-17")) == "A-17"


PREMISE = {"ref": "Q1", "line1": "1 Mill Lane", "city": "Lumen", "division": "SOUTH", "service_types": "water;gas"}


class TestAdopting:
    def test_an_imported_account_serves_every_point_of_its_premise(self, cis, town):
        cis.adopt("premises", [PREMISE])
        person = town.person()
        account = town.account(person, premise_ref="Q1", start_date="2024-05-01", balance="12.50")
        held = cis.read("account", account)
        assert {(a["service"], a["status"]) for a in held["agreements"]} == {("water", "active"), ("gas", "active")}
        assert (str(held["balance"]), held["division"], held["main_person_ref"]) == ("12.50", "SOUTH", person)

    def test_adopting_again_changes_nothing_and_adds_nothing(self, cis, town):
        person = town.person(phone="+12025550100", id_type="passport", id_value="P77")
        row = {"ref": "A1", "person_ref": person, "premise_ref": "Q1", "customer_class": "residential"}
        row |= {"status": "ended", "start_date": "2020-01-01", "end_date": "2021-01-01", "balance": ""}
        for _ in range(2):
            assert cis.adopt("premises", [PREMISE]) == 1
            assert cis.adopt("accounts", [row]) == 1
        before = cis.read("person", person)
        cis.adopt("persons", [{"ref": person, "kind": "person", **_columns(before)}])
        assert cis.read("person", person) == before
        assert [cis.counts()[each] for each in ("persons", "premises", "service_points", "accounts", "agreements")] == [
            1, 1, 2, 1, 2,
        ]  # fmt: skip

    def test_a_moved_person_keeps_the_old_mailing_address_with_its_end(self, cis, town):
        person = town.person()
        town.person(ref=person, line1="99 New Street")
        addresses = cis.read("person", person)["addresses"]
        assert [(a["line1"], a["valid_to"] is None) for a in addresses] == [
            ("7 Hill Road", False),
            ("99 New Street", True),
        ]

    def test_an_account_that_has_ended_since_ends_here_too(self, cis, town):
        cis.adopt("premises", [PREMISE])
        row = {"ref": "A1", "person_ref": town.person(), "premise_ref": "Q1", "customer_class": "residential"}
        cis.adopt("accounts", [row | {"status": "active", "start_date": "2020-01-01"}])
        cis.adopt("accounts", [row | {"status": "ended", "start_date": "2020-01-01", "end_date": "2025-01-01"}])
        assert {(a["status"], a["end_date"]) for a in cis.read("account", "A1")["agreements"]} == {
            ("stopped", date(2025, 1, 1))
        }

    def test_all_of_a_file_or_nothing(self, cis, town):
        rows = [{"ref": "A1", "person_ref": town.person()}, {"ref": "A2", "person_ref": "nobody"}]
        with pytest.raises(Rejected):
            cis.adopt("accounts", [row | {"customer_class": "residential", "status": "active"} for row in rows])
        assert cis.counts()["accounts"] == 0

    @pytest.mark.parametrize("status", ["asleep", "paid"])
    def test_a_status_that_nobody_knows_is_rejected(self, cis, town, status):
        with pytest.raises(Rejected, match="unknown_status"):
            town.account(town.person(), status=status)

    def test_commas_quotes_and_line_breaks_arrive_unchanged(self, cis, town):
        person = town.person(family_name='O"Neil, the\n2nd \\.')
        assert cis.read("person", person)["names"][0]["family_name"] == 'O"Neil, the\n2nd \\.'

    def test_the_first_take_over_checks_what_it_checks_later(self, cis, town):
        cis.adopt("premises", [PREMISE])
        people = [town.person(), town.person()]
        rows = [
            {"ref": f"A{n}", "person_ref": person, "premise_ref": "Q1", "customer_class": "residential",
             "status": "active", "start_date": "2020-01-01"}
            for n, person in enumerate(people)
        ]  # fmt: skip
        with pytest.raises(Rejected, match="premise_occupied"):
            cis.adopt("accounts", rows)
        cis.adopt("accounts", rows[:1])
        with pytest.raises(Rejected, match="premise_occupied"):
            cis.adopt("accounts", rows[1:])

    def test_a_whole_utility_is_taken_over_in_seconds(self, cis, town):
        """Measured: 1.3 s on two quiet cores for 20,000 persons, 15,000 premises and 20,000 accounts."""
        persons = [
            {"ref": f"P{n}", "given_name": "Ada", "family_name": f"Lind{n}", "email": f"{n}@example.org",
             "phone": f"+1202{n:07}", "id_type": "passport", "id_value": f"X{n}", "line1": f"{n} Hill", "city": "Lumen"}
            for n in range(20_000)
        ]  # fmt: skip
        premises = [PREMISE | {"ref": f"Q{n}"} for n in range(15_000)]
        accounts = [
            {"ref": f"A{n}", "person_ref": f"P{n}", "premise_ref": f"Q{n % 15_000}", "customer_class": "residential",
             "status": "active" if n < 15_000 else "ended", "start_date": "2020-01-01" if n < 15_000 else "2018-01-01",
             "end_date": "" if n < 15_000 else "2019-12-31", "balance": "0"}
            for n in range(20_000)
        ]  # fmt: skip
        before = perf_counter()
        adopted = [
            cis.adopt(kind, rows)
            for kind, rows in (("persons", persons), ("premises", premises), ("accounts", accounts))
        ]
        assert adopted == [20_000, 15_000, 20_000]
        assert perf_counter() - before < 8
        assert cis.audit() == []


def _columns(person):
    """A person as read, back in the columns of an import row."""
    contacts = {each["routing"]: each["value"] for each in person["contacts"]}
    identifier = person["identifiers"][0]
    address = {
        name: person["addresses"][0][name] for name in ("line1", "line2", "city", "state", "postal_code", "country")
    }
    return contacts | address | person["names"][0] | {"id_type": identifier["id_type"], "id_value": identifier["value"]}
