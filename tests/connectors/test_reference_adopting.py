"""Does the reference CIS take over an import's persons, premises and accounts: whole, once, and again?"""

from datetime import date
from time import perf_counter

import pytest

from keyturn.connectors.cis.contract_kit import START, a_key, newcomer_at
from keyturn.terms.errors import Rejected
from keyturn.terms.premise import Service

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

    def test_an_account_with_one_service_of_two_keeps_to_it(self, cis, town):
        premise = town.vacant()
        answer = cis.send(newcomer_at(premise, services=(Service.GAS,)), key=a_key())
        row = {"ref": answer.account_ref, "person_ref": answer.person_ref, "premise_ref": premise}
        row |= {"customer_class": "residential", "status": "pending_start", "start_date": START}
        cis.adopt("accounts", [row])
        assert [a["service"] for a in cis.read("account", answer.account_ref)["agreements"]] == ["gas"]
        cis.adopt("accounts", [row | {"service_types": "electric;gas"}])
        assert cis.counts()["agreements"] == 2

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
        """Measured: 1.3 s on two quiet cores for some three times as many."""
        persons = [
            {"ref": f"P{n}", "given_name": "Ada", "family_name": f"Lind{n}", "email": f"{n}@example.org",
             "phone": f"+1202{n:07}", "id_type": "passport", "id_value": f"X{n}", "line1": f"{n} Hill", "city": "Lumen"}
            for n in range(6_000)
        ]  # fmt: skip
        premises = [PREMISE | {"ref": f"Q{n}"} for n in range(4_500)]
        accounts = [
            {"ref": f"A{n}", "person_ref": f"P{n}", "premise_ref": f"Q{n % 4_500}", "customer_class": "residential",
             "status": "active" if n < 4_500 else "ended", "start_date": "2020-01-01" if n < 4_500 else "2018-01-01",
             "end_date": "" if n < 4_500 else "2019-12-31", "balance": "0"}
            for n in range(6_000)
        ]  # fmt: skip
        before = perf_counter()
        adopted = [
            cis.adopt(kind, rows)
            for kind, rows in (("persons", persons), ("premises", premises), ("accounts", accounts))
        ]
        assert adopted == [6_000, 4_500, 6_000]
        assert perf_counter() - before < 6
        assert cis.audit() == []


def _columns(person):
    """A person as read, back in the columns of an import row."""
    contacts = {each["routing"]: each["value"] for each in person["contacts"]}
    identifier = person["identifiers"][0]
    address = {
        name: person["addresses"][0][name] for name in ("line1", "line2", "city", "state", "postal_code", "country")
    }
    return contacts | address | person["names"][0] | {"id_type": identifier["id_type"], "id_value": identifier["value"]}
