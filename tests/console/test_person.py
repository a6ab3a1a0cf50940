"""What do staff see of a person on file: now, on another day, and as it was believed then?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import transaction

from keyturn.records import dated
from keyturn.records.models import Person, PersonAddress, PersonName, Protection
from keyturn.terms.address import Address
from tests import factories
from tests.console.desk import Desk
from tests.flow.town import ANA, BEN

MARRIED_ON, TOLD_ON = datetime(2024, 6, 1, 7, tzinfo=UTC), datetime(2025, 3, 10, 15, tzinfo=UTC)
HOME = Address("9 Birch Avenue", "", "Millbrook", "OR", "97901")


@pytest.fixture
def ana(rosa: Desk) -> Person:
    """On file since 2020, with a winter address; in March 2025 we learn of a name that she has had since June 2024."""
    ana = factories.a_person(replace(ANA, addresses=(HOME,)))
    with transaction.atomic(), dated.changing(person=ana, now=TOLD_ON, source="staff:7") as file:
        file.enter(PersonName(given_name="Ana", family_name="Bauer"), start=MARRIED_ON)
        file.enter(PersonAddress(line1="1 Sun Way", season_from=1101, season_to=331))
    return ana


def test_a_person_is_found_by_name_and_shown_whole(rosa: Desk, ana: Person) -> None:
    factories.an_account(ana, factories.a_premise())
    rosa.posts("/console/persons", q="bauer")
    rosa.sees("Ana Bauer", "ana@example.com", "••••4567", "9 Birch Avenue", "1 Sun Way", "Main customer", "History")
    rosa.sees("each year from November 1 to March 31")
    assert "D1234567" not in rosa.html


def test_several_who_fit_are_listed(rosa: Desk, ana: Person) -> None:
    factories.a_person(replace(BEN, given_name="Bauer"))
    rosa.posts("/console/persons", q="bauer").sees("Ana Bauer", "9 Birch Avenue")
    rosa.posts("/console/persons", q="nobody at all").sees("Nobody on file fits")


def test_a_number_of_the_cis_finds_its_person_however_it_is_typed(rosa: Desk, ana: Person) -> None:
    for typed in (ana.ref, str(ana.ref).lower(), f" {ana.ref} "):
        rosa.posts("/console/persons", q=typed)
        assert rosa.at == f"/console/persons/{ana.pk}"


def test_the_number_of_an_account_finds_who_stands_on_it(rosa: Desk, ana: Person) -> None:
    account = factories.an_account(ana, factories.a_premise())
    rosa.posts("/console/persons", q=str(account.ref).lower())
    assert rosa.at == f"/console/persons/{ana.pk}"


def test_the_number_of_a_merged_file_finds_the_one_that_it_is_part_of(rosa: Desk, ana: Person) -> None:
    merged = factories.a_person(BEN)
    Person.objects.filter(pk=merged.pk).update(redirect_to=ana)
    rosa.posts("/console/persons", q=merged.ref)
    assert rosa.at == f"/console/persons/{ana.pk}"


def test_words_that_no_request_fits_can_be_looked_for_among_the_people(
    rosa: Desk, desk: Callable[..., Desk], ana: Person
) -> None:
    rosa.posts("/console/search", q=ana.ref).sees("No request fits.", "Search among the people on file")
    assert rosa.hidden("q") == ana.ref
    rosa.posts("/console/persons", q=rosa.hidden("q"))
    assert rosa.at == f"/console/persons/{ana.pk}"
    desk("emil", role="engineer").posts("/console/search", q=ana.ref).sees_nothing_of("people on file")


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({}, "Ana Bauer"),
        ({"as_of": "2024-05-31"}, "Ana Zelenko"),
        ({"as_of": "2024-12-24"}, "Ana Bauer"),
        ({"as_of": "2024-12-24", "known_on": "2025-03-09"}, "Ana Zelenko"),
        ({"as_of": "2024-12-24", "known_on": "2025-03-10"}, "Ana Bauer"),
        ({"as_of": "9999-12-31", "known_on": "<script>"}, "Ana Bauer"),
    ],
)
def test_another_day_and_what_was_believed_then_can_be_seen(
    rosa: Desk, ana: Person, asked: dict[str, str], name: str
) -> None:
    rosa.opens(f"/console/persons/{ana.pk}", **asked)
    assert f"<title>{name}" in rosa.html.replace("\n", "")


def test_what_was_recorded_later_is_not_in_the_history_of_what_was_believed(rosa: Desk, ana: Person) -> None:
    rosa.opens(f"/console/persons/{ana.pk}").sees("Name: ended", "Name: entered", "staff")
    rosa.opens(f"/console/persons/{ana.pk}", known_on="2025-03-09")
    assert "Name: ended" not in rosa.text


@pytest.mark.parametrize("how", ["flag", "programme"])
def test_where_a_protected_person_lives_does_not_stand_beside_everything_else(
    rosa: Desk, desk: Callable[..., Desk], ana: Person, how: str
) -> None:
    if how == "flag":
        Person.objects.filter(pk=ana.pk).update(flags=["protected_address"])
    else:
        Protection.objects.create(person=ana, programme="ACP", set_by="staff:7", since=TOLD_ON)
    for who in (rosa, desk("sofia", role="supervisor")):
        who.opens(f"/console/persons/{ana.pk}").sees("Protected. Only a supervisor can open it")
        assert "Birch" not in who.html and "Sun Way" not in who.html
    factories.a_person(replace(BEN, given_name="Bauer"))
    rosa.posts("/console/persons", q="bauer").sees("Protected")
    assert "Birch" not in rosa.html


def test_nobody_is_nowhere(rosa: Desk) -> None:
    assert rosa.opens("/console/persons/00000000-0000-0000-0000-000000000007").status == 404
