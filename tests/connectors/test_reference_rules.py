"""Does the reference CIS hold its rules where nothing can get round them: in its tables, and in the numbers it gives out?"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise

import pytest

from keyturn.connectors.cis import reference
from keyturn.connectors.cis.contract_kit import a_key, update_of
from keyturn.connectors.cis.contract_update import HELPER, everything
from keyturn.connectors.cis.reference import ReferenceCis, mailing, numbers
from keyturn.terms.change import RoleChange
from keyturn.terms.errors import Rejected, Unavailable


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

    @pytest.mark.parametrize("role", ["financially_responsible", "guarantor"])
    def test_a_row_of_the_portals_that_pays_or_guarantees(self, cis, town, refused, role):
        person, account = town.customer()
        cis.send(update_of(person, RoleChange(account, *HELPER)), key=a_key())
        with refused("portal_rows_never_pay"), cis._link.writing() as cursor:
            cursor.execute(f"UPDATE account_person SET {role} = true WHERE relationship = 'self_service'")

    def test_two_places_for_an_accounts_bills_on_one_day(self, cis, town, refused):
        _, account = town.customer()
        with refused("one_mailing_at_a_time"), cis._link.writing() as cursor:
            cursor.execute(
                "INSERT INTO account_mailing (account_ref, source, valid_from, valid_to) VALUES"
                " (%(a)s, 'premise', '2030-01-01', '2030-02-01'), (%(a)s, 'person', '2030-02-01', NULL)",
                {"a": account},
            )

    @pytest.mark.parametrize("table", ["person_address", "account_mailing"])
    @pytest.mark.parametrize(
        ("first", "second"), [((1101, 331), (331, 501)), ((1101, 331), (1015, 1101)), ((601, 831), (701, 702))]
    )
    def test_two_seasonal_addresses_on_one_day(self, cis, town, table, first, second):
        person, account = town.customer()
        owner, what = ("person_ref", "kind") if table == "person_address" else ("account_ref", "source")
        ref, word = (person, "mailing") if table == "person_address" else (account, "person")
        columns = (*mailing.COLUMNS, "season_from", "season_to")
        with pytest.raises(Rejected, match="overlapping_season"), cis._link.writing() as cursor:
            cursor.executemany(
                f"INSERT INTO {table} ({owner}, {what}, {', '.join(columns)})"
                " VALUES (%s, %s, '', '', '', '', '', '', %s, %s)",
                [(ref, word, *season) for season in (first, second)],
            )

    def test_the_audit_would_see_a_broken_rule(self, cis, town):
        person, _ = town.customer()
        with cis._link.writing() as cursor:
            cursor.execute("DELETE FROM person_name WHERE person_ref = %s", (person,))
            cursor.execute("UPDATE person_contact SET place = 1 WHERE person_ref = %s", (person,))
            cursor.execute(
                "INSERT INTO command (key, name, fingerprint, request_reference, answer) VALUES"
                " ('k', 'UpdateCustomer', '', 'KT-1', jsonb_build_object('person_ref', %s::text))",
                (person,),
            )
        assert cis.audit() == [
            "a person without exactly one primary name",
            "something done without a customer contact (BR-39)",
            "contacts of one routing without a primary one (BR-15)",
        ]


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

    def test_what_an_earlier_version_holds_stays_and_can_be_brought_up_to_date(self, installed, monkeypatch):
        cis = ReferenceCis(installed._link.url, schema="earlier_version", timeout_seconds=20)
        with monkeypatch.context() as then:
            then.setattr(reference, "_STEPS", reference._STEPS[:1])
            then.setattr(reference, "_VERSION", "1")
            cis.install()
            cis.ping()
        try:
            self.fill_as_version_1(cis)
            with pytest.raises(Unavailable, match="cis_not_installed"):
                cis.ping()
            numbers_before = self.setting(cis, "number_seed")
            for _ in range(2):
                cis.install()
            cis.ping()
            assert self.setting(cis, "number_seed") == numbers_before
            held = cis.read("person", "C1")
            assert (held["names"][0]["family_name"], held["contacts"][0]["value"]) == ("Lind", "ada@example.org")
            assert [(each["line1"], each["season"]) for each in held["addresses"]] == [("7 Hill Road", None)]
            assert cis.read("account", "A1")["mailing_address"]["line1"] == "1 Mill Lane"
            cis.send(update_of("C1", *everything("A1")), key=a_key())
            assert cis.audit() == []
        finally:
            with cis._link.writing() as cursor:
                cursor.execute("DROP SCHEMA earlier_version CASCADE")
            cis.close()

    def fill_as_version_1(self, cis):
        with cis._link.writing() as cursor:
            cursor.execute(
                "INSERT INTO person (ref, kind) VALUES ('C1', 'person');"
                "INSERT INTO person_name (person_ref, name_type, given_name, family_name) VALUES"
                " ('C1', 'primary', 'Ada', 'Lind'), ('C1', 'former', 'Ada', 'Berg');"
                "INSERT INTO person_contact VALUES ('C1', 'email', 0, 'ada@example.org');"
                "INSERT INTO person_address (person_ref, kind, line1, line2, city, state, postal_code, country)"
                " VALUES ('C1', 'mailing', '7 Hill Road', '', 'Lumen', 'CA', '90002', 'US');"
                "INSERT INTO account (ref, main_person_ref, division, customer_class, mailing_source, mail_line1)"
                " VALUES ('A1', 'C1', 'NORTH', 'residential', 'account', '1 Mill Lane');"
                "INSERT INTO account_person VALUES ('A1', 'C1', true, true)"
            )

    def setting(self, cis, name):
        with cis._link.reading() as cursor:
            cursor.execute("SELECT value FROM setting WHERE name = %s", (name,))
            return cursor.fetchone()["value"]

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
