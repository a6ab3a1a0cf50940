"""Can staff look at a person of another day in a real browser, on a phone and without JavaScript?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from keyturn.records import dated
from keyturn.records.models import Person, PersonAddress, PersonName
from tests import factories
from tests.browser.inspection import complaints
from tests.browser.test_console import HOME, office, sits_down  # noqa: F401 (fixtures)
from tests.flow.town import ANA


@pytest.fixture
def ana(office: object) -> Person:  # noqa: F811
    """On file since 2020, with a winter address and another name since June 2024, of which we learnt in 2025."""
    ana = factories.a_person(replace(ANA, addresses=(HOME,)))
    factories.an_account(ana, factories.a_premise())
    with (
        transaction.atomic(),
        dated.changing(person=ana, now=datetime(2025, 3, 10, 15, tzinfo=UTC), source="staff:7") as file,
    ):
        file.enter(PersonName(given_name="Ana", family_name="Bauer"), start=datetime(2024, 6, 1, 7, tzinfo=UTC))
        file.enter(PersonAddress(line1="1 Sun Way", city="Yuma", state="AZ", season_from=1101, season_to=331))
    return ana


@pytest.mark.parametrize("with_javascript", [True, False])
def test_a_person_is_seen_as_they_were(sits_down: Callable[..., Page], ana: Person, with_javascript: bool) -> None:  # noqa: F811
    page = sits_down(javascript=with_javascript)
    page.goto("/console/persons")
    page.get_by_label("Name, e-mail, phone or number in the CIS").fill("bauer")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Ana Bauer")
    page.get_by_label("As it was on").fill("2024-05-31")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("h1")).to_contain_text("Ana Zelenko")
    page.get_by_role("link", name="Back to today").click()
    expect(page.locator("h1")).to_contain_text("Ana Bauer")


def test_axe_finds_nothing_and_nothing_scrolls_sideways(sits_down: Callable[..., Page], ana: Person) -> None:  # noqa: F811
    page = sits_down()
    for path in ("/console/persons", f"/console/persons/{ana.pk}?as_of=2024-05-31"):
        page.goto(path)
        assert complaints(page, path, narrow=320) == []
