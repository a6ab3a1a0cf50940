"""Does each certificate stand before staff until one of them has entered it, and no longer?"""

import pytest

from keyturn.records.queries import care
from tests.flow.at_home import Customer
from tests.flow.test_care import begins_with_paper, certify, claims
from tests.flow.town import Town


@pytest.fixture
def ana(town: Town) -> Customer:
    return Customer(town)


def to_read(town: Town) -> int:
    now, today = town.now, town.now.date()
    found = care.listed("to_read", now=now, today=today)
    assert care.counts(now=now, today=today)["to_read"] == len(found)
    return len(found)


def test_a_certificate_is_to_be_read_until_staff_have_entered_it(town: Town, ana: Customer) -> None:
    """It was uploaded after the day on which it begins: they always are."""
    assert to_read(town) == 0
    claims(ana, paper=True)
    assert to_read(town) == 1
    certify(ana)
    assert to_read(town) == 0


def test_one_that_comes_after_another_was_entered_is_to_be_read_again(town: Town, ana: Customer) -> None:
    """Even on the very day, and uploaded to a draft before that one was entered."""
    claims(ana, paper=True)
    town.waits(hours=1)
    case = begins_with_paper(ana)
    town.waits(hours=1)
    certify(ana)
    assert to_read(town) == 0
    town.waits(hours=1)
    case.submits()
    town.works()
    assert to_read(town) == 1
    certify(ana, days=320)
    assert to_read(town) == 0
