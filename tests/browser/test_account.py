"""Can somebody look after their information on a phone, with a keyboard, without JavaScript, and never lose a keystroke?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page

from keyturn.records import dated
from keyturn.records.models import Account, AccountAccess, PersonContact
from tests import factories
from tests.browser.inspection import complaints
from tests.browser.resident import Resident
from tests.flow.at_home import Customer
from tests.flow.town import BEN, Town

PHONE = "503 555 0199"
NEW_EMAIL = "ana.new@example.com"


@pytest.fixture
def ana(town: Town) -> Customer:
    """With two accounts of her own."""
    town.now = timezone.now()
    ana = Customer(town)
    Account.objects.filter(pk=ana.account.pk).update(ref="4410072231", balance="84.10")
    shop = factories.an_account(ana.person, factories.a_premise(line1="15 Creamery Way", services="electric;water"))
    owns(ana, shop, nickname="The shop", person=ana.person, capacity="self")
    return ana


def owns(ana: Customer, account: Account, **more: Any) -> None:
    AccountAccess.objects.create(
        user=ana.user, account=account, proof="staff", since=factories.LONG_AGO, granted_by="staff:1",
        **{"level": "owner", "nickname": "", **more},
    )  # fmt: skip


@pytest.fixture
def at_home(opens: Callable[..., Page], town: Town, ana: Customer, live_server: Any) -> Callable[..., Resident]:
    """Ana in front of a browser of her own, signed in."""
    return lambda **setting: Resident(opens(**setting), town, ana.user, live_server.url)


def staff_write_another_number(ana: Customer, number: str = "503 555 0777") -> None:
    with transaction.atomic(), dated.changing(person=ana.person, now=timezone.now(), source="staff:7") as file:
        file.end(file.holding(PersonContact, channel="phone")[0])
        file.enter(PersonContact(channel="phone", value=number, normalised="+15035550777", is_primary=True))


def moves_house(home: Resident, town: Town) -> Resident:
    """Everything that changes when somebody moves. Letters first: after a change of contacts staff would look (D-26)."""
    home.opens("/account/you", "you").begins("Change or add a mailing address", "which accounts").is_on("accounts")
    home.page.get_by_label("The shop").check()
    home.presses("where letters go").is_on("address").picks("yes").types_address("7 Elm Court").presses("from when")
    home.is_on("when").picks("day").types_a_date("from_day", town.day(30)).presses().is_on("check")
    home.reads("Mailing address for The shop", "7 Elm Court", "wait 72 hours").makes_it()
    home.opens("/account/you").begins("Change or add a mailing address").picks("all").presses().is_on("address")
    home.picks("yes").types_address("Dune Lodge 4").presses().is_on("when").picks("season")
    home.types_day("season_from", 11, 1).types_day("season_to", 3, 31).presses().is_on("check")
    home.reads("each year from November 1 to March 31").makes_it()
    home.opens("/account/you").begins("Change +1 503-555-0142").is_on("phone")
    home.types("phone", PHONE).presses().is_on("check")._look("check a phone")
    home.reads("+1 503-555-0142", PHONE).makes_it("done").reads("We have it")
    home.opens("/account/you").begins("Change ana@example.com").is_on("email")
    home.types("email", NEW_EMAIL).presses().is_on("code")._look("the code for the new e-mail")
    home.types("code", home.newest_code(NEW_EMAIL)).presses().is_on("check").makes_it()
    home.opens("/account/you").begins("Change language and formats", "language").picks("es").presses("news")
    home.page.locator("input[name='about_outages'][value='sms']").check()
    return home.presses().is_on("check").makes_it()


def test_a_move_on_a_phone(at_home: Callable[..., Resident], ana: Customer, town: Town) -> None:
    home = moves_house(at_home(width=390), town)
    assert ana.values("phone") == {PHONE}
    assert ana.values("email") == {NEW_EMAIL}
    assert (ana.file()["detail.language"], ana.file()["preference.outages.sms"]) == ("es", "on")
    home.opens("/account/you", "you, with changes coming").reads("Will be: 7 Elm Court", "Will be: Dune Lodge 4")
    assert home.complaints == []


def test_a_move_without_javascript(at_home: Callable[..., Resident], ana: Customer, town: Town) -> None:
    moves_house(at_home(width=390, javascript=False), town)
    assert ana.values("phone") == {PHONE}


def test_a_new_name_with_a_photo_of_the_certificate(
    at_home: Callable[..., Resident], ana: Customer, tmp_path: Path
) -> None:
    from PIL import Image

    photo = tmp_path / "certificate.jpg"
    Image.new("RGB", (800, 600), "white").save(photo)
    home = at_home(width=390).opens("/account/you").begins("Change your name").is_on("name")
    home.types("family_name", "Ruiz").presses().is_on("reason").picks("marriage").presses().is_on("evidence")
    home.page.locator("input[type=file]").set_input_files(photo)
    home.presses()
    home.reads("certificate.jpg").page.get_by_role("button", name="Continue").click()
    home.is_on("check").reads("Zelenko", "Ruiz", "certificate.jpg", "A person looks at this change").makes_it()
    home.opens("/account").reads("Change your name", "We are looking at this change")
    assert ana.name() == "Ana Zelenko"


def test_two_windows_lose_nothing(at_home: Callable[..., Resident], ana: Customer) -> None:
    home = at_home().opens("/account/you").begins("Change +1 503-555-0142").is_on("phone")
    other = home.page.context.new_page()
    other.goto(home.page.url)
    home.types("phone", "503 555 0101").presses().is_on("check")
    other.locator("#f-phone").fill("503 555 0202")
    other.get_by_role("button", name="Continue").click()
    assert "You changed this in another window" in other.locator("main").inner_text()
    assert other.locator("#f-phone").input_value() == "503 555 0202"
    other.get_by_role("button", name="Continue").click()
    other.wait_for_url("**/check")
    home.presses().reads("You changed something in another window", "503 555 0202").makes_it()
    assert ana.values("phone") == {"503 555 0202"}


def test_staff_and_customer_at_once_and_the_customer_chooses(at_home: Callable[..., Resident], ana: Customer) -> None:
    home = at_home(width=390).opens("/account/you").begins("Change +1 503-555-0142").is_on("phone")
    staff_write_another_number(ana)
    home.types("phone", PHONE).presses().is_on("choose")
    home.reads("Our staff changed it", PHONE, "What is there now", "What it was", "+1 503-555-0142")
    home.picks("mine").presses().is_on("check").makes_it()
    assert ana.values("phone") == {PHONE, "503 555 0777"}


def test_a_session_that_ended_keeps_what_was_typed(
    at_home: Callable[..., Resident], ana: Customer, live_server: Any
) -> None:
    ana.user.set_password("a long password that nobody knows")
    ana.user.save()
    EmailAddress.objects.create(user=ana.user, email=ana.user.email, verified=True, primary=True)
    home = at_home().opens("/account/you").begins("Change +1 503-555-0142").is_on("phone")
    home.page.context.clear_cookies(name="sessionid")
    home.types("phone", PHONE).presses()
    home.page.wait_for_url(lambda url: "/signin?next=" in url)
    home.page.locator("[name=login]").fill("ana@example.com")
    home.page.locator("[name=password]").fill("a long password that nobody knows")
    home.page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    home.is_on("phone").reads("What you typed is still here")
    assert home.page.locator("#f-phone").input_value() == PHONE


def test_a_stop_link_on_a_phone(opens: Callable[..., Page], town: Town, ana: Customer) -> None:
    elm = {"line1": "7 Elm Court", "city": "Lumen", "state": "OR", "postal_code": "97890", "country": "US"}
    case = ana.asks("change_mailing_address", accounts=["all"], mailing_address=elm, mail_elsewhere=True, when="now")
    town.works()
    text = next(
        mail.get_content() for mail in reversed(town.mails("ana@example.com")) if "/stop/" in mail.get_content()
    )
    page = opens(width=390)
    page.goto("/stop/" + text.partition("/stop/")[2].split()[0])
    assert case.status == "waiting"
    page.get_by_role("button", name="It was not me: stop it").click()
    assert "We have stopped it" in page.locator("main").inner_text()
    assert case.status == "refused"


class TestEveryPage:
    """By axe in both widths and schemes, and at 320 pixels."""

    def walk(self, home: Resident, ana: Customer, town: Town) -> None:
        """Every page and state, named."""
        father = factories.an_account(town.knows(BEN), factories.a_premise(line1="48 Quiet Lane"))
        owns(ana, father, level="manage", capacity="delegate")
        home.opens("/account", "accounts").opens(f"/account/accounts/{father.pk}", "acting for somebody")
        home.opens("/account?q=nowhere", "no account fits").opens("/account/you?as_of=2000-13-01", "no such day")
        moves_house(home, town)
        home.opens("/account/you?as_of=2021-01-01", "as it was").opens("/account/you", "with changes coming")
        home.begins(f"Change {PHONE}").is_on("phone")._look("phone")
        staff_write_another_number(ana)
        home.types("phone", "503 555 0155").presses().is_on("choose")._look("choose")
        home.presses("nothing chosen").opens("/account/requests", "requests")
        home.page.locator("main .kt-rows a").nth(1).click()
        home._look("a request").begins(
            "Withdraw this request" if home.page.get_by_text("Withdraw this request").count() else "Back"
        )
        home.opens("/account/messages", "messages")
        home.page.locator("main .kt-rows a").first.click()
        home._look("a message").opens("/account/held", "held")
        home.opens("/account/you").begins("Change your name", "name").presses().presses("no reason given")
        home.opens("/stop/never-was", "a stop link that is over")

    def test_has_nothing_that_axe_finds_and_fits_into_320_pixels(
        self, at_home: Callable[..., Resident], ana: Customer, town: Town
    ) -> None:
        home = at_home()
        found: list[str] = []
        wide: list[str] = []

        def inspect(name: str) -> None:
            found.extend(complaints(home.page, name))
            home.page.set_viewport_size({"width": 320, "height": 844})  # and so the next page is opened
            if home.page.evaluate("document.documentElement.scrollWidth") > 320:
                wide.append(name)

        home.sees = inspect
        self.walk(home, ana, town)
        assert found == []
        assert wide == []


def test_somebody_with_only_a_keyboard_changes_a_phone_number(at_home: Callable[..., Resident], ana: Customer) -> None:
    home = at_home().opens("/account/you")
    button = home.page.get_by_role("button", name="Change +1 503-555-0142")
    for _step in range(60):
        home.page.keyboard.press("Tab")
        if button.evaluate("each => each === document.activeElement"):
            break
    home.page.keyboard.press("Enter")
    home.is_on("phone").page.locator("#f-phone").focus()
    home.page.keyboard.press("ControlOrMeta+A")
    home.page.keyboard.type(PHONE)
    home.page.keyboard.press("Enter")
    home.is_on("check").page.get_by_role("button", name="Make this change").focus()
    home.page.keyboard.press("Enter")
    home.is_on("done").town.works()
    assert ana.values("phone") == {PHONE}
