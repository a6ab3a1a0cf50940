"""Does nobody who was erased come back, and does what the books alone kept go when its time is over?"""

from datetime import timedelta

import pytest
from django.db import connection

from keyturn import flow
from keyturn.records.models import PersonAddress, PersonName, RedFlag
from tests.flow.at_home import ELM, Customer
from tests.flow.test_privacy import case_of, ends, erases
from tests.flow.town import BEN, Town


@pytest.fixture
def ben(town: Town) -> Customer:
    """His service ended a year ago: an erasure leaves his name and billing address for the books."""
    ben = Customer(town, BEN)
    ends(ben, town.now.date() - timedelta(days=400))
    return ben


def lives_at_elm(town: Town, ben: Customer, *, days: int) -> None:
    """His bills go there, and a day has been planned on which they go there no more."""
    PersonAddress.objects.create(
        person=ben.person, purpose="mailing", valid_from=town.now - timedelta(days=9), recorded_at=town.now,
        valid_to=town.now + timedelta(days=days), **ELM,
    )  # fmt: skip


def is_found_by(ben: Customer) -> int:
    """By how many keys a search, and so the next applicant's match, would find him."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM match_key WHERE person_id = %s", [ben.person.pk])
        return int(cursor.fetchone()[0])


@pytest.mark.rule("K-65")
class TestWhatTheBooksKeep:
    def test_goes_when_the_law_asks_for_them_no_more(self, town: Town, ben: Customer) -> None:
        case = case_of(erases(ben))
        assert PersonName.ever.filter(person=ben.person).exists()
        town.now += timedelta(days=365 * 5)
        flow.forget(now=town.now, policy=town.policy)
        assert PersonName.ever.filter(person=ben.person).exists(), "the books are still asked for"
        town.now += timedelta(days=366 * 2)
        flow.forget(now=town.now, policy=town.policy)
        assert not PersonName.ever.filter(person=ben.person).exists()
        case.refresh_from_db()
        assert (case.outcome, {each["why"] for each in case.kept}) == ("done", {"record"})

    @pytest.mark.rule("K-74")
    def test_stays_while_a_case_is_open(self, town: Town, ben: Customer) -> None:
        erases(ben)
        RedFlag.objects.create(trigger="D-26", person=ben.person, opened_at=town.now)
        town.now += timedelta(days=366 * 8)
        flow.forget(now=town.now, policy=town.policy)
        assert PersonName.ever.filter(person=ben.person).exists()


@pytest.mark.rule("K-76")
def test_a_day_that_was_planned_does_not_make_them_found_again(town: Town, ben: Customer) -> None:
    lives_at_elm(town, ben, days=10)
    erases(ben)
    assert is_found_by(ben) == 0
    town.now += timedelta(days=10, hours=1)
    flow.turn_day(now=town.now, policy=town.policy)
    assert is_found_by(ben) == 0
