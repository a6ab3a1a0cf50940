"""Can staff settle duplicates, merges and blind reviews in a real browser: by keyboard, without JavaScript, on a phone?"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from keyturn import flow
from keyturn.records.models import BlindReview, DuplicatePair, LinkSwitch, NotSamePerson, Person, PersonMerge, User
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.browser.inspection import complaints
from tests.browser.test_console import (  # noqa: F401 (fixtures)
    ON_FILE,
    PASSWORD,
    office,
    presses_tab_until,
    sits_down,
)
from tests.flow.town import ANA, Town
from tests.flow.watching import judged

WHY = "They came to the desk with both bills."
OTTO = Actor(Role.STAFF, "777")


@pytest.fixture
def sofia(office: Town) -> User:  # noqa: F811
    """A supervisor."""
    return User.objects.create_user("sofia", email="sofia@utility.example", password=PASSWORD, staff_role="supervisor")


@pytest.fixture
def two(office: Town, sofia: User) -> tuple[Person, Person]:  # noqa: F811
    anna = office.serves(ON_FILE, office.house(), balance="42.10")
    return anna, office.knows(replace(ANA, identifiers=(), emails=("a.very.long.address.of.ana@example.com",)))


def proposed(town: Town, two: tuple[Person, Person]) -> PersonMerge:
    return flow.propose_merge(
        survivor_id=two[0].pk, loser_id=two[1].pk, choices={"given_name": "loser"}, reason=WHY, actor=OTTO, now=town.now,
        policy=town.policy,
    )  # fmt: skip


def looks_well(page: Page, path: str, press: str = "") -> None:
    """Axe finds nothing and nothing scrolls sideways, wide and narrow, in light and dark."""
    page.goto(path)
    if press:
        page.locator(press).click()
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert complaints(page, f"{path} {press}", narrow=320) == []


def test_axe_finds_nothing_on_the_pages_of_duplicates_and_merges(
    office: Town, two: tuple[Person, Person], sits_down: Callable[..., Page]  # noqa: F811
) -> None:  # fmt: skip
    third = office.knows(replace(ANA, given_name="Anouk", identifiers=()))
    pair, other = factories.a_pair(*two), factories.a_pair(two[0], third, vetoes=["different_birth_date"])
    merge = proposed(office, two)
    page = sits_down("sofia")
    person = f"/console/persons/{two[0].pk}"
    for path, press in [
        ("/console/duplicates", ""), ("/console/duplicates?tab=held", ""), (f"/console/duplicates/{pair.pk}", ""),
        (f"/console/duplicates/{other.pk}", "#decide button"), (f"{person}/merge", ""),
        (f"{person}/merge/{third.pk}", ""), ("/console/merges", ""), (f"/console/merges/{merge.pk}", "#decide button"),
    ]:  # fmt: skip
        looks_well(page, path, press)
    flow.agree_merge(
        merge_id=merge.pk, reason=WHY, actor=Actor(Role.STAFF, "778"), now=office.now, policy=office.policy
    )
    office.works()
    for path, press in [(f"/console/merges/{merge.pk}", ""), (f"/console/merges/{merge.pk}/undo", "#decide button"),
                        (f"/console/persons/{two[1].pk}", "")]:  # fmt: skip
        looks_well(page, path, press)


def test_axe_finds_nothing_on_the_pages_of_links(
    office: Town, sofia: User, sits_down: Callable[..., Page]  # noqa: F811
) -> None:  # fmt: skip
    judged(office, right=30, wrong=1)
    request = BlindReview.objects.values_list("request", flat=True)[0]
    BlindReview.objects.create(
        request_id=request, person=office.knows(replace(ANA, given_name="Anouk", identifiers=())), decoy=True,
        model_version="m", chosen_at=office.now,
    )  # fmt: skip
    page = sits_down("sofia")
    looks_well(page, "/console/links", ".kc-switch button")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/console/links")
    page.locator(".kc-weeks").scroll_into_view_if_needed()
    page.locator(".kc-chart").scroll_into_view_if_needed()
    newest = page.locator(".kc-chart__text").nth(-2)  # the last one is the floor's
    expect(newest).to_be_in_viewport(ratio=1)
    looks_well(page, "/console/links/blind", "#decide button")
    LinkSwitch.objects.create(
        at=office.now - timedelta(hours=1), on=False, by="machine", why="precision_fell", sampled=31
    )
    looks_well(page, "/console/links")
    looks_well(page, "/console")


def test_a_pair_is_told_apart_by_keyboard_alone(
    office: Town, two: tuple[Person, Person], sits_down: Callable[..., Page]  # noqa: F811
) -> None:  # fmt: skip
    pair = factories.a_pair(*two)
    page = sits_down()
    page.goto("/console/duplicates")
    page.wait_for_load_state("load")
    page.locator("tbody a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{pair.pk}")
    presses_tab_until(page, ".govuk-skip-link[href='#decide']")
    page.keyboard.press("Enter")
    presses_tab_until(page, "[name=decision]", most=4)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.value") == "related"
    presses_tab_until(page, "#relation", most=2)
    page.keyboard.type("Perhaps tw")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[role=status]").first).to_contain_text("They are two.")
    assert NotSamePerson.objects.get().relation == "twin"
    assert DuplicatePair.objects.get().state == "not_same"


def test_two_make_one_without_javascript_on_a_phone(
    office: Town, two: tuple[Person, Person], sits_down: Callable[..., Page]  # noqa: F811
) -> None:  # fmt: skip
    pair = factories.a_pair(*two)
    rosa = sits_down(width=320, javascript=False)
    rosa.goto(f"/console/duplicates/{pair.pk}")
    rosa.locator("label[for=decision-1]").click()
    rosa.get_by_role("button", name="Go on").click()
    rosa.get_by_role("radiogroup", name="Given name").locator("[value=loser]").check()
    rosa.get_by_role("button", name="Let the other one stay").click()
    assert "Stays: Ana Zelenko" in rosa.inner_text("main")
    rosa.get_by_role("button", name="Let the other one stay").click()
    rosa.get_by_label("Why they are one person").fill(WHY)
    rosa.get_by_role("button", name="Propose to a colleague").click()
    assert "Now a colleague looks" in rosa.inner_text("main")
    sofia = sits_down("sofia", width=320, javascript=False)
    sofia.goto("/console/merges")
    sofia.get_by_role("link", name="Anna Zelenko").click()
    sofia.locator("label[for=decision-1]").click()
    sofia.get_by_label("Why", exact=True).fill(WHY)
    sofia.get_by_role("button", name="Decide").click()
    assert "They are one file now." in sofia.inner_text("main")
    merge = PersonMerge.objects.get()
    assert (merge.state, merge.survivor_id) == ("done", two[0].pk)
    sofia.goto(f"/console/persons/{two[1].pk}")
    assert re.search("has become part of this one", sofia.inner_text("main"))
    assert "Ana Zelenko" in sofia.inner_text("h1")
