"""Does the reference CIS hold its rules where nothing can get round them: in its tables, and in the numbers it gives out?"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise

import pytest

from keyturn.connectors.cis.reference import ReferenceCis, numbers
from keyturn.terms.errors import Rejected


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
