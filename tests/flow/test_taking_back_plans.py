"""A mailing address was planned for a later day, and the request comes to nothing before it: does everything go on as it was?"""

from datetime import timedelta

import pytest

from keyturn.records.models import AccountPerson, PersonAddress
from keyturn.terms.address import Address
from tests.flow.at_home import ELM, Change, Customer
from tests.flow.town import COMPLETED, Town
from tests.flow.undone import goes_wrong, refuses

OAK = {**ELM, "line1": "9 Oak Lane"}


@pytest.fixture
def ana(town: Town) -> Customer:
    town.policy_says(change_risk={"mailing": "apply"})
    return Customer(town)


@pytest.fixture
def old(town: Town, ana: Customer) -> None:
    """Her letters have gone to another address for years."""
    since, place = town.now - timedelta(days=900), Address("1 Old Road", "", "Lumen", "OR", "97890")
    PersonAddress.objects.create(
        person=ana.person, purpose="mailing", valid_from=since, recorded_at=since, **place.as_json()
    )


def plans(ana: Customer, place: dict[str, str] | None, first: int, last: int | None = None) -> Change:
    """Letters go there (None: to the service address) from so many days on, until another."""
    there = {"mailing_address": place, "mail_elsewhere": True} if place else {"mail_elsewhere": False}
    until = {"to_day": ana.town.day(last)} if last else {}
    return ana.changes(
        "change_mailing_address", accounts=["all"], when="day", from_day=ana.town.day(first), **there, **until
    )


def plans_in_vain(ana: Customer, place: dict[str, str] | None, first: int, last: int | None = None) -> Change:
    """The CIS does not take it; staff may refuse it now."""
    goes_wrong(ana.town)
    return plans(ana, place, first, last)


def letters(ana: Customer, *days: int) -> list[str]:
    """Where they go in so many days; "" is the service address."""
    found, now = [], ana.town.now
    for each in days:
        ana.town.now = now + timedelta(days=each)
        found.append((ana.file().get("mailing.all") or {}).get("line1", ""))
    ana.town.now = now
    return found


def sources(ana: Customer) -> list[tuple[str, bool]]:
    """Where the account looks for its mailing address, and whether that goes on."""
    rows = AccountPerson.objects.filter(person=ana.person).order_by("valid_from")
    return [(each.address_source, each.valid_to is None) for each in rows]


@pytest.mark.rule("S-13")
class TestAPlan:
    def test_that_was_refused_never_holds(self, ana: Customer) -> None:
        before = sources(ana)
        case = plans_in_vain(ana, ELM, 60)
        assert letters(ana, 1, 61) == ["", "7 Elm Court"]
        refuses(case)
        assert letters(ana, 1, 61) == ["", ""]
        assert sources(ana) == before

    def test_what_it_would_have_ended_goes_on(self, ana: Customer, old: None) -> None:
        refuses(plans_in_vain(ana, ELM, 60, 90))
        [row] = PersonAddress.objects.filter(person=ana.person)
        assert (row.line1, row.valid_to) == ("1 Old Road", None)

    def test_to_get_letters_at_home_again_is_called_off_too(self, ana: Customer, old: None) -> None:
        case = plans_in_vain(ana, None, 60)
        assert letters(ana, 1, 61) == ["1 Old Road", ""]
        refuses(case)
        assert letters(ana, 1, 61) == ["1 Old Road", "1 Old Road"]

    def test_of_another_request_stays(self, town: Town, ana: Customer, old: None) -> None:
        """The refused one lay in the midst of it, and left it in two pieces."""
        assert plans(ana, OAK, 30).status == COMPLETED
        town.waits(minutes=1)
        case = plans_in_vain(ana, ELM, 60, 90)
        assert letters(ana, 1, 31, 61, 95) == ["1 Old Road", "9 Oak Lane", "7 Elm Court", "9 Oak Lane"]
        refuses(case)
        assert letters(ana, 1, 31, 61, 95) == ["1 Old Road", *["9 Oak Lane"] * 3]

    def test_that_somebody_has_overwritten_since_is_left_to_them(self, town: Town, ana: Customer, old: None) -> None:
        case = plans_in_vain(ana, ELM, 60)
        town.waits(minutes=1)
        town.cis_is()
        plans(ana, OAK, 50)
        refuses(case)
        assert letters(ana, 1, 61) == ["1 Old Road", "9 Oak Lane"]

    def test_that_has_begun_is_put_back_as_any_change_is(self, town: Town, ana: Customer, old: None) -> None:
        case = plans_in_vain(ana, ELM, 2, 90)
        town.waits(days=3)
        assert letters(ana, 0) == ["7 Elm Court"]
        refuses(case)
        assert letters(ana, 0, 95) == ["1 Old Road", "1 Old Road"]
