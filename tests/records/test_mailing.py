"""Where does a letter go: account before person, season before the whole year, and only what the role allows?"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from keyturn.records import dated
from keyturn.records.models import Account, AccountPerson, Person, PersonAddress, ServiceAgreement, ServicePoint
from keyturn.records.queries.mailing import mailing_address_for
from keyturn.terms.policy import Policy
from keyturn.terms.season import Season, is_day_of_year, overlapping
from tests import factories
from tests.flow.town import ANA

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)
POLICY = Policy()
WINTER, SUMMER = (1101, 331), (601, 831)


@pytest.fixture
def ana(db: None) -> Person:
    return factories.a_person(ANA, in_cis=False)


@pytest.fixture
def account(ana: Person) -> Account:
    """Served at 9 Mill Lane; letters may go to addresses of the account."""
    account = Account.objects.create(set_up_on=date(2026, 1, 1))
    AccountPerson.objects.create(account=account, person=ana, address_source="account", **factories.DATED)
    place = factories.a_premise(in_cis=False, line1="9 Mill Lane", services="electric")
    ServiceAgreement.objects.create(
        account=account, service_point=ServicePoint.objects.get(premise=place), status="active",
        start_date=date(2026, 1, 1),
    )  # fmt: skip
    return account


def lives(
    person: Person, line1: str, season: Any = (None, None), *, account: Account | None = None, **when: Any
) -> None:
    with transaction.atomic(), dated.changing(person=person, now=NOW, source="staff:1") as file:
        row = PersonAddress(line1=line1, account=account, season_from=season[0], season_to=season[1])
        file.enter(row, **{"start": NOW - timedelta(days=300), **when})


def goes_to(account: Account, day: str) -> tuple[str, str] | None:
    found = mailing_address_for(account, on=date.fromisoformat(day), policy=POLICY)
    return (found.address.line1, found.source) if found else None


def source(account: Account, word: str) -> None:
    AccountPerson.objects.filter(account=account).update(address_source=word)


def test_each_address_gives_way_to_the_nearer_one(ana: Person, account: Account) -> None:
    assert goes_to(account, "2026-12-24") == ("9 Mill Lane", "premise")
    lives(ana, "PO Box 1")
    assert goes_to(account, "2026-12-24") == ("PO Box 1", "person")
    lives(ana, "1 Sun Way", WINTER)
    assert goes_to(account, "2026-12-24") == ("1 Sun Way", "person_season")
    lives(ana, "PO Box 2", account=account)
    assert goes_to(account, "2026-12-24") == ("PO Box 2", "account")
    lives(ana, "2 Sun Way", WINTER, account=account)
    assert goes_to(account, "2026-12-24") == ("2 Sun Way", "account_season")
    assert goes_to(account, "2026-07-01") == ("PO Box 2", "account")


@pytest.mark.parametrize(
    ("word", "expected"), [("account", "PO Box 2"), ("person", "PO Box 1"), ("premise", "9 Mill Lane")]
)
def test_an_address_is_used_only_where_the_role_says_so(
    ana: Person, account: Account, word: str, expected: str
) -> None:
    lives(ana, "PO Box 1")
    lives(ana, "PO Box 2", account=account)
    source(account, word)
    found = goes_to(account, "2026-12-24")
    assert found and found[0] == expected


def test_an_address_of_another_account_is_not_used(ana: Person, account: Account) -> None:
    lives(ana, "PO Box 2", account=Account.objects.create(set_up_on=date(2026, 1, 1)))
    assert goes_to(account, "2026-12-24") == ("9 Mill Lane", "premise")


def test_a_season_comes_again_each_year_and_crosses_new_year(ana: Person, account: Account) -> None:
    lives(ana, "1 Sun Way", WINTER)
    found = {
        day: goes_to(account, day) for day in ("2026-10-31", "2026-11-01", "2027-03-31", "2027-04-01", "2031-01-01")
    }
    assert [each[1] for each in found.values() if each] == [
        "premise", "person_season", "person_season", "premise", "person_season",
    ]  # fmt: skip


def test_an_address_of_a_later_day_waits_for_it(ana: Person, account: Account) -> None:
    lives(ana, "PO Box 1")
    lives(ana, "PO Box 3", start=datetime(2027, 2, 1, 8, tzinfo=UTC))  # midnight in Oregon
    assert [goes_to(account, day) for day in ("2027-01-31", "2027-02-01")] == [
        ("PO Box 1", "person"), ("PO Box 3", "person"),
    ]  # fmt: skip


def test_nobody_is_written_to_where_nothing_is_known(db: None) -> None:
    account = Account.objects.create(set_up_on=date(2026, 1, 1))
    assert goes_to(account, "2026-12-24") is None


@pytest.mark.parametrize(
    ("season", "day", "holds"),
    [
        (Season(1101, 331), date(2027, 1, 1), True), (Season(1101, 331), date(2026, 10, 31), False),
        (Season(601, 831), date(2026, 6, 1), True), (Season(601, 831), date(2026, 8, 31), True),
        (Season(601, 831), date(2026, 9, 1), False), (Season(229, 229), date(2028, 2, 29), True),
        (Season(229, 229), date(2027, 2, 28), False), (Season(229, 331), date(2027, 3, 1), True),
        (Season(1201, 229), date(2027, 2, 28), True), (Season(1201, 228), date(2028, 2, 29), False),
    ],
)  # fmt: skip
def test_a_season_holds_from_its_first_to_its_last_day(season: Season, day: date, holds: bool) -> None:
    assert season.holds_on(day) is holds


YEAR = [date(2024, 1, 1) + timedelta(days=n) for n in range(366)]


@pytest.mark.parametrize(
    "one", [Season(*WINTER), Season(*SUMMER), Season(229, 229), Season(101, 1231), Season(301, 228)]
)
@pytest.mark.parametrize(
    "other", [Season(331, 531), Season(401, 1031), Season(228, 301), Season(901, 1031), Season(229, 229)]
)
def test_two_seasons_overlap_exactly_where_they_share_a_day_of_the_year(one: Season, other: Season) -> None:
    shared = any(one.holds_on(day) and other.holds_on(day) for day in YEAR)
    assert one.overlaps(other) is other.overlaps(one) is shared
    assert (overlapping(one, [other]) == other) is shared


@pytest.mark.parametrize(
    ("number", "is_one"), [(229, True), (230, False), (1231, True), (1301, False), (0, False), (431, False)]
)
def test_a_day_of_the_year_is_a_day_of_some_year(number: int, is_one: bool) -> None:
    assert is_day_of_year(number) is is_one
