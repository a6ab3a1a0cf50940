"""Does nobody who was erased come back?"""

from datetime import timedelta

import pytest
from django.db import connection

from keyturn import flow
from keyturn.records.models import PersonAddress
from tests.flow.at_home import ELM, Customer
from tests.flow.test_privacy import ends, erases
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


@pytest.mark.rule("K-76")
def test_a_day_that_was_planned_does_not_make_them_found_again(town: Town, ben: Customer) -> None:
    lives_at_elm(town, ben, days=10)
    erases(ben)
    assert is_found_by(ben) == 0
    town.now += timedelta(days=10, hours=1)
    flow.turn_day(now=town.now, policy=town.policy)
    assert is_found_by(ben) == 0
