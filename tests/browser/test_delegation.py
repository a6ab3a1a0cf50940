"""Can somebody be asked to help, help, and be sent away again, in two real browsers, on a phone and without JavaScript?"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from keyturn import flow
from keyturn.records.models import Account, AccountGroup, LandlordAgreement, User
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.browser.inspection import complaints
from tests.browser.resident import Resident
from tests.flow.at_home import Customer
from tests.flow.test_groups import BAKERY, and_another
from tests.flow.town import ANA, Town
from tests.portal.test_delegation import link, proved

PICTURES = os.environ.get("KEYTURN_PICTURES", "")


@pytest.fixture
def ana(town: Town) -> Customer:
    town.now = timezone.now()
    ana = Customer(town)
    Account.objects.filter(pk=ana.account.pk).update(ref="4410072231", balance="84.10")
    return ana


@pytest.fixture
def carla(town: Town) -> User:
    return proved("carla@example.com")


@pytest.fixture
def sits(opens: Callable[..., Page], town: Town, live_server: Any) -> Callable[..., Resident]:
    """Somebody signed in, in front of a browser of their own."""
    return lambda user, **setting: Resident(opens(**setting), town, user, live_server.url)


def invites(home: Resident, ana: Customer, name: str = "Carla Day", email: str = "carla@example.com") -> Resident:
    home.opens(f"/account/accounts/{ana.account.pk}").begins(
        "See who may act for this account", "people, only the owner"
    )
    home.begins("Invite somebody to help").is_on("who")._look("who is it")
    home.types("delegate_name", name).types("delegate_email", email).presses().is_on("what")._look("what may they do")
    home.picks("manage").page.locator("input[name='delegate_ends'][value='no']").check()
    home.presses().is_on("check")._look("check the invitation")
    home.reads(f"What {name} will be able to do", "Change where letters go", "Until you end it").presses().is_on("done")
    home._look("the invitation is on its way").reads(f"waits for {name}’s answer")
    home.town.works()
    return home


def names_a_designee(home: Resident, ana: Customer) -> Resident:
    home.opens(f"/account/accounts/{ana.account.pk}/people").begins("Name somebody").is_on("who")._look("a designee")
    home.types("delegate_name", "Dora Neighbour").types("delegate_email", "dora@example.com").presses().is_on("check")
    home._look("check the designee").reads("they never have to pay for you").presses().is_on("done")
    home.town.works()
    return home


@pytest.mark.parametrize("setting", [{"width": 1280}, {"width": 390, "javascript": False}], ids=["desk", "phone"])
def test_a_helper_is_invited_acts_and_is_sent_away(
    sits: Callable[..., Resident], town: Town, ana: Customer, carla: User, setting: dict[str, Any]
) -> None:
    owner, helper = sits(ana.user, **setting), sits(carla, **setting)
    invites(owner, ana)
    helper.opens(link(town)).reads("Ana Zelenko asks for your help").begins("Accept")
    helper.reads("Thank you for helping")
    town.works()
    helper.opens(f"/account/accounts/{ana.account.pk}").reads("You are acting for Ana Zelenko", ana.premise.line1)
    helper.page.locator("form:has(input[value='change_paperless']) button").click()
    helper.reads("You are acting for Ana Zelenko").picks("yes").presses().is_on("check").makes_it()
    assert Account.objects.get(pk=ana.account.pk).paperless
    owner.opens("/account/requests").reads("c•••@example.com, for Ana Zelenko")
    owner.opens(f"/account/accounts/{ana.account.pk}/people").reads("Carla Day", "Invited by you")
    owner.page.get_by_role("link", name=re.compile("End access.*Carla Day")).click()
    owner.reads("End the access of Carla Day?").begins("Yes, end it now").reads("Access is ended")
    helper.page.reload()
    helper.opens(f"/account/accounts/{ana.account.pk}").reads("There is no such page")
    assert owner.complaints == helper.complaints == []


def test_a_designee_agrees_in_writing_on_a_phone_without_a_login(
    sits: Callable[..., Resident], opens: Callable[..., Page], town: Town, ana: Customer
) -> None:
    names_a_designee(sits(ana.user), ana)
    page = opens(width=390, javascript=False)
    page.goto(link(town, "dora@example.com"))
    page.get_by_label("I have read this, and I agree in writing.").check()
    page.get_by_role("button", name="Agree", exact=True).click()
    assert "You owe nothing" in page.locator("main").inner_text()
    page.go_back()
    page.reload()
    assert "does not hold any more" in page.locator("main").inner_text()


def test_two_windows_with_one_group_lose_nothing(sits: Callable[..., Resident], town: Town) -> None:
    town.now = timezone.now()
    olga = Customer(town, BAKERY)
    group = flow.create_group(user=olga.user, person_id=olga.person.pk, name="North", account_ids=[], now=town.now)
    home = sits(olga.user).opens(f"/account/groups/{group.pk}")
    other = home.page.context.new_page()
    other.goto(home.page.url)
    other.locator("#f-name").fill("South")
    other.get_by_role("button", name="Save").click()
    other.get_by_text("Saved. It holds from now on.").wait_for()
    home.types("name", "East").begins("Save").reads("This group was changed while you were here", "“South”")
    assert home.page.locator("#f-name").input_value() == "East"
    assert AccountGroup.objects.get().name == "South"


class TestEveryPage:
    """By axe in both widths and schemes, and at 320 pixels."""

    def walk(self, home: Resident, owner: Customer, stranger: Page, sits: Callable[..., Resident], town: Town) -> None:
        """Every page and state of an organisation that is a landlord, too; of its helper; of who only has a link."""
        second = and_another(owner)
        people = f"/account/accounts/{owner.account.pk}/people"
        invites(home, owner)
        names_a_designee(home, owner)
        staffs = factories.a_login(
            "long.name.of.a.representative@municipality.example.org", account=owner.account, level="pay"
        )
        flow.take_over_access(access_id=staffs.accesses.get().pk, actor=Actor(Role.STAFF, "7"), now=town.now)
        home.opens(people, "people, two invited")
        home.page.get_by_role("link", name=re.compile("Take back.*Carla Day")).click()
        home._look("take back")
        home.page.goto(link(town, "dora@example.com"))
        home._look("what a designee agrees to").begins("Agree", "a designee who ticks nothing")
        home.page.get_by_label("I have read this").check()
        home.begins("Agree", "a designee has agreed")
        town.works()
        home.opens("/invitation/never-was", "an invitation that is over").opens(link(town), "an invitation for another")
        helper = sits(proved("carla@example.com"))
        stay, home.page = home.page, helper.page
        home.opens(link(town), "an invitation").begins("Accept", "accepted")
        town.works()
        home.opens(people, "people, for a helper").begins("Leave", "leave")
        home.page = stranger
        invited = invites_again(owner, town)
        home.opens(invited, "an invitation before signing in")
        home.page = stay
        home.opens(people, "people, with history")
        self._of_an_organisation(home, owner, second, town)

    def _of_an_organisation(self, home: Resident, owner: Customer, second: Any, town: Town) -> None:
        flats = factories.many_premises(30)
        town.serves(ANA, town.house())
        held = LandlordAgreement.objects.bulk_create(
            LandlordAgreement(account=owner.account, premise=each, services=["electric"], started_on=town.now.date())
            for each in flats
        )
        home.opens("/account/people", "every account").opens("/account/groups", "no group")
        home.page.get_by_role("link", name=re.compile("Make a group")).click()
        home._look("a new group").begins("Make the group", "a group without a name")
        home.types("name", "North").picks(str(second.pk)).begins("Make the group", "a group")
        home.opens("/account/groups", "groups").opens("/account/premises", "premises")
        home.opens("/account/premises?q=nowhere", "no premise fits").opens(
            f"/account/premises/{held[0].pk}", "a premise"
        )
        home.begins("Save", "a premise, saved")

    @pytest.fixture
    def owner(self, town: Town) -> Customer:
        town.now = timezone.now()
        return Customer(town, BAKERY)

    def test_has_nothing_that_axe_finds_and_fits_into_320_pixels(
        self, sits: Callable[..., Resident], opens: Callable[..., Page], owner: Customer, town: Town
    ) -> None:
        home = sits(owner.user)
        found: list[str] = []
        wide: list[str] = []

        def inspect(name: str) -> None:
            found.extend(complaints(home.page, name))
            home.page.set_viewport_size({"width": 320, "height": 844})  # and so the next page is opened
            if home.page.evaluate("document.documentElement.scrollWidth") > 320:
                wide.append(name)
            if PICTURES:
                picture(home.page, name)

        home.sees = inspect
        self.walk(home, owner, opens(), sits, town)
        assert found == []
        assert wide == []


def picture(page: Page, name: str) -> None:
    """For looking at, where KEYTURN_PICTURES names a folder."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 860})
        page.screenshot(path=Path(PICTURES) / f"{re.sub(r'[^a-z]+', '-', name.lower())}-{width}.png", full_page=True)


def invites_again(owner: Customer, town: Town) -> str:
    """An invitation of another, by the verbs alone; its link."""
    case = owner.begins(
        "invite_delegate", account=owner.account, account_id=str(owner.account.pk), delegate_name="Emil Nowak",
        delegate_email="emil@example.com", level="owner", delegate_ends=True, delegate_until=town.day(60),
    )  # fmt: skip
    case.proves_again().submits()
    town.works()
    return link(town, "emil@example.com")
