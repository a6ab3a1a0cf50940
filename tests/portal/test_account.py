"""Does a signed-in customer see what is theirs, nothing else, and can they change it without losing a keystroke?"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from keyturn import flow
from keyturn.records import dated
from keyturn.records.models import Account, AccountAccess, PersonContact, PersonName, Request
from tests import factories
from tests.flow.at_home import Customer
from tests.flow.town import BEN, Town
from tests.portal.signed_in import SignedIn
from tests.portal.visitor import Visitor


@pytest.fixture
def ana(town: Town) -> Customer:
    town.now = timezone.now()
    return Customer(town)


@pytest.fixture
def browser(town: Town, ana: Customer) -> SignedIn:
    return SignedIn(town, ana.user)


@pytest.fixture
def comes(town: Town) -> Callable[..., SignedIn]:
    return lambda user: SignedIn(town, user)


class TestTheFrontPage:
    def test_is_for_who_is_signed_in(self, visitor: Visitor) -> None:
        visitor.opens("/account")
        assert visitor.path.startswith("/signin?next=/account")

    def test_shows_the_account_with_its_place_and_services(self, ana: Customer, browser: SignedIn) -> None:
        Account.objects.filter(pk=ana.account.pk).update(ref="1234567890")
        browser.opens("/account").sees("Your account", ana.premise.line1, "Electricity", "since May 1, 2021", "$0.00")
        browser.sees("•• •••• 7890").does_not_see("1234567890", "34567890")

    def test_says_who_is_signed_in_and_how_to_leave(self, browser: SignedIn) -> None:
        browser.opens("/account")
        header = browser.html.partition("<main")[0]
        assert "ana@example.com" in header and "Sign out" in header and "Your account" in header

    def test_offers_two_ways_where_there_is_no_account(self, town: Town, comes: Callable[..., SignedIn]) -> None:
        page = comes(factories.a_login("new@example.com")).opens("/account")
        page.sees("There is no account with this login yet", "I have an account already", "I am new: start service")

    def test_finds_one_among_hundreds(self, town: Town, ana: Customer, browser: SignedIn) -> None:
        for premise in factories.many_premises(60):
            account = factories.an_account(ana.person, premise)
            AccountAccess.objects.create(
                user=ana.user, account=account, person=ana.person, level="owner", capacity="self", proof="staff",
                since=factories.LONG_AGO, granted_by="staff:1",
            )  # fmt: skip
        browser.opens("/account").sees("61 accounts", "page 1 of 3")
        assert browser.html.count('class="kt-sheet kt-account"') == 25
        browser.opens("/account?page=3")
        assert browser.html.count('class="kt-sheet kt-account"') == 11
        browser.opens(f"/account?q={ana.premise.line1.replace(' ', '+')}").sees("1 account", ana.premise.line1)


class TestWhoSeesWhat:
    @pytest.mark.parametrize(("level", "owed", "letters"), [("view", 0, 0), ("pay", 1, 0), ("manage", 1, 1)])
    def test_a_level_shows_what_it_allows(
        self, town: Town, ana: Customer, comes: Callable[..., SignedIn], level: str, owed: int, letters: int
    ) -> None:
        page = comes(factories.a_login("ben@example.com", account=ana.account, level=level))
        page.opens(f"/account/accounts/{ana.account.pk}").sees("You are acting for Ana Zelenko", ana.premise.line1)
        assert page.text.count("To pay now") == owed
        assert page.text.count("Letters go to") == letters

    def test_a_stranger_gets_the_page_of_an_address_that_never_was(
        self, ana: Customer, browser: SignedIn, comes: Callable[..., SignedIn]
    ) -> None:
        browser.opens("/account/you").changes("change_name").is_on("name")
        eve = comes(factories.a_login("eve@example.com"))
        nowhere = eve.opens("/account/nowhere").text
        for path in (
            f"/account/accounts/{ana.account.pk}", "/account/you", f"/account/requests/{browser.reference}",
            f"/account/change/{browser.reference}/name", f"/account/change/{browser.reference}/check",
            f"/account/change/{browser.reference}/choose", f"/account/change/{browser.reference}/done",
            f"/account/requests/{browser.reference}/withdraw", "/account/change/KT-2222-2222/name",
        ):  # fmt: skip
            assert (eve.opens(path).status, eve.text) == (404, nowhere), path

    def test_a_delegate_sees_nothing_of_the_person(self, ana: Customer, comes: Callable[..., SignedIn]) -> None:
        ben = comes(factories.a_login("ben@example.com", account=ana.account, level="manage"))
        assert ben.opens("/account/you").status == 404
        assert "/account/you" not in ben.opens("/account").html
        ben.opens(f"/account/accounts/{ana.account.pk}").does_not_see("ana@example.com", "+15035550142")

    def test_a_viewer_begins_no_change(self, ana: Customer, comes: Callable[..., SignedIn]) -> None:
        vic = comes(factories.a_login("vic@example.com", account=ana.account, level="view")).opens("/account")
        token = vic.client.cookies["csrftoken"].value
        fields = {"journey": "change_paperless", "account": str(ana.account.pk), "account_id": str(ana.account.pk)}
        vic.page = vic.client.post("/account/change", {**fields, "csrfmiddlewaretoken": token})
        assert vic.status == 404
        assert not Request.objects.exists()


class TestMyInformation:
    def test_shows_documents_by_their_last_characters_only(self, browser: SignedIn) -> None:
        browser.opens("/account/you").sees("Ana Zelenko", "ana@example.com", "Driver licence", "ending in 4567")
        browser.does_not_see("D1234567")

    def test_is_read_as_it_was_on_another_day(self, town: Town, ana: Customer, browser: SignedIn) -> None:
        with dated.changing(person=ana.person, now=town.now, source="staff:7") as file:
            held = file.holding(PersonName)[0]
            file.alter(held, start=town.now - timedelta(days=10), family_name="Ruiz")
        browser.opens("/account/you").sees("Ana Ruiz")
        day = (town.now - timedelta(days=20)).date().isoformat()
        browser.opens(f"/account/you?as_of={day}").sees("As it was on", "Ana Zelenko")
        assert "kt-act" not in browser.html
        browser.opens("/account/you?as_of=2999-01-01").sees("Choose today or an earlier day")

    def test_shows_what_is_about_to_change(self, browser: SignedIn) -> None:
        browser.opens("/account/you").changes("change_mailing_address").is_on("address")
        browser.sends(mail_elsewhere="yes", **browser.types_address("mailing_address")).is_on("when")
        browser.sends(when="now").is_on("check").sees("For your safety we wait 72 hours", "a•••@example.com").sends_it()
        browser.opens("/account/you").sees("Will be: 7 Elm Court", "We make this change on")
        browser.opens("/account").sees("Change your mailing address", "We make this change on")


class TestAChange:
    def test_of_a_phone_number_shows_old_and_new_before_it_is_made(self, ana: Customer, browser: SignedIn) -> None:
        browser.opens("/account/you").changes("change_contact", "Change", channel="phone", act="set").is_on("phone")
        assert "+15035550142" in browser.html  # nobody types again what we know
        browser.sends(phone="503 555 0199").is_on("check")
        browser.sees(
            "Phone number",
            "Now",
            "+1 503-555-0142",
            "Will be",
            "503 555 0199",
            "We make the change within a few minutes",
        )
        browser.sends_it()
        assert ana.values("phone") == {"503 555 0199"}
        browser.opens("/account/requests").sees("Change a phone number or e-mail address", "Done", "You")

    def test_that_adds_a_phone_number_never_asks_for_what_it_then_refuses(
        self, ana: Customer, browser: SignedIn
    ) -> None:
        browser.opens("/account/you").changes("change_contact", "Change", channel="phone", act="set")
        browser.sends(phone="12").sees("Enter a phone number with its area code, like 503 555 0142.")
        browser.does_not_see("leave it empty").sends(phone="").sees("Enter a phone number.")

    def test_of_an_email_needs_the_code_that_went_to_the_new_one(self, ana: Customer, browser: SignedIn) -> None:
        browser.opens("/account/you").changes("change_contact", "Change", channel="email", act="set").is_on("email")
        browser.sends(email="ana@new.example").is_on("code").sends(code="222222").sees("This code is not right")
        browser.sends(code=browser.code("ana@new.example")).is_on("check").sees("ana@new.example").sends_it()
        assert ana.values("email") == {"ana@new.example"}

    def test_a_contact_on_file_is_proved_by_the_code_that_goes_there(
        self, town: Town, ana: Customer, browser: SignedIn
    ) -> None:
        PersonContact.objects.filter(person=ana.person, channel="email").update(status="pending")
        browser.opens("/account/you").sees("Not proved yet").changes(
            "change_contact", "Prove", channel="email", act="prove"
        )
        browser.is_on("prove").sees("to ana@example.com").sends(code="222222").sees("This code is not right")
        browser.sends(code=browser.code()).is_on("done")
        town.works()
        browser.opens("/account/you")
        assert "Not proved yet" not in browser.text

    def test_that_is_sensitive_asks_them_to_prove_again(self, browser: SignedIn) -> None:
        browser.proved(60).opens("/account/you").changes("change_contact", "Remove", channel="phone").is_on_again_page()
        browser.proved(0).opens(f"/account/change/{browser.request.reference}/check").sees("Removed").sends_it()

    def test_of_nothing_says_so(self, browser: SignedIn) -> None:
        browser.opens("/account/you").changes("change_contact", "Change", channel="phone", act="set").sends(
            phone="+15035550142"
        )
        browser.is_on("check").sees("Nothing is different")
        assert "Make this change" not in browser.text

    def test_of_a_winter_address_is_asked_without_a_year(self, town: Town, ana: Customer, browser: SignedIn) -> None:
        town.policy_says(change_risk={"season": "apply"})
        browser.opens("/account/you").changes("change_mailing_address")
        browser.sends(mail_elsewhere="yes", **browser.types_address("mailing_address")).is_on("when")
        assert "season_from-year" not in browser.html and "from_day-year" in browser.html
        days = {"season_from-month": "Nov", "season_from-day": "1", "season_to-month": "3", "season_to-day": "31"}
        browser.sends(when="season", **days).is_on("check").sees("each year from November 1 to March 31").sends_it()
        assert ana.file()["season.all.1101-0331"]["line1"] == "7 Elm Court"
        browser.opens("/account/you").sees("Mailing address, each year from November 1 to March 31")

    def test_of_language_and_news_is_made_at_once(self, ana: Customer, browser: SignedIn) -> None:
        browser.opens("/account/you").changes("change_preferences", "language").is_on("language")
        browser.sends(language="es", formats=["large_print"]).is_on("news").sends(about_offers=["email"]).sends_it()
        assert ana.file()["detail.language"] == "es"
        browser.opens("/account/you").sees("Large print", "Offers and tips: by e-mail")

    def test_of_bills_is_a_delegates_too_and_says_for_whom(self, ana: Customer, comes: Callable[..., SignedIn]) -> None:
        ben = comes(factories.a_login("ben@example.com", account=ana.account, level="manage"))
        ben.opens(f"/account/accounts/{ana.account.pk}").changes("change_paperless").is_on("paperless")
        ben.sees("You are acting for Ana Zelenko").sends(paperless="yes").is_on("check").sees("On paper", "By e-mail")
        ben.sends_it().sees("You are acting for Ana Zelenko")
        assert ana.file()[f"paperless.{ana.account.pk}"] is True
        ben.opens("/account/requests").sees("You, for Ana Zelenko")
        owner = comes(ana.user).opens("/account/requests").sees("b•••@example.com, for Ana Zelenko")
        owner.opens(f"/account/requests/{ben.request.reference}").sees("This change is made", "On paper", "By e-mail")

    def test_can_be_withdrawn_while_it_waits(self, ana: Customer, browser: SignedIn) -> None:
        browser.opens("/account/you").changes("change_name").is_on("name")
        browser.sends(given_name="Ana", family_name="Ruiz").is_on("reason").sends(name_reason="marriage").is_on(
            "evidence"
        )
        browser.sends().is_on("check").sees("Zelenko", "Ruiz", "A person looks at this change").sends_it()
        path = f"/account/requests/{browser.request.reference}"
        browser.opens(path).sees("A person is looking at this change").opens(f"{path}/withdraw").sends()
        browser.is_at(path).sees("This change was withdrawn")
        assert ana.name() == "Ana Zelenko"

    def test_about_which_staff_ask_is_answered_here(self, town: Town, ana: Customer, browser: SignedIn) -> None:
        case = ana.changes("change_name", family_name="Ruiz", name_reason="marriage").staff("ask", "Since when?")
        page = browser.opens(f"/account/requests/{case.request.reference}").sees("Since when?")
        page.sends(reply="").sees("Write your answer").sends(reply="Since May").sees("A person is looking")
        assert case.status == "in_review"


class TestNothingIsLost:
    def test_when_two_windows_change_the_same(self, town: Town, ana: Customer, browser: SignedIn) -> None:
        other = SignedIn(town, ana.user)
        for each in (browser, other):
            each.opens("/account/you").changes("change_contact", "Change", channel="phone", act="set").is_on("phone")
        browser.sends(phone="503 555 0101").is_on("check")
        other.sends(phone="503 555 0202").sees("You changed this in another window")
        assert "503 555 0202" in other.html
        other.sends(phone="503 555 0202").is_on("check")
        assert browser.sends().status == 409

    def test_when_staff_change_it_meanwhile_and_theirs_is_kept(
        self, town: Town, ana: Customer, browser: SignedIn
    ) -> None:
        self.begins_and_staff_write(town, ana, browser)
        browser.sees(
            "Yours", "503 555 0199", "What is there now", "What it was", "+1 503-555-0142", "Our staff changed it"
        )
        browser.sends().sees("Choose which one to keep")
        browser.sends(**{"choice-0": "theirs"}).sees("This change was withdrawn")
        assert ana.values("phone") == {"503 555 0777"}

    def test_when_staff_change_it_meanwhile_and_mine_is_kept(
        self, town: Town, ana: Customer, browser: SignedIn
    ) -> None:
        self.begins_and_staff_write(town, ana, browser)
        browser.sends(**{"choice-0": "mine"}).sends_it()
        assert "503 555 0199" in ana.values("phone")

    def test_when_the_session_ends_before_the_button_is_pressed(self, ana: Customer, browser: SignedIn) -> None:
        browser.opens("/account/you").changes("change_contact", "Change", channel="phone", act="set").is_on("phone")
        here = browser.path
        browser.is_signed_out().sends(phone="503 555 0199")
        assert browser.path == f"/signin?next={here}"
        browser.signs_in().opens(here).sees("You were signed out", "What you typed is still here")
        assert "503 555 0199" in browser.html
        browser.opens(here).does_not_see("503 555 0199")

    def test_when_staff_took_away_what_they_want_to_take_away_both_have_their_way(
        self, town: Town, ana: Customer, browser: SignedIn
    ) -> None:
        browser.opens("/account/you").changes("change_contact", "Remove", channel="phone").is_on("check")
        with dated.changing(person=ana.person, now=timezone.now(), source="staff:7") as file:
            file.end(file.holding(PersonContact, channel="phone")[0])
        browser.sends_it()
        assert ana.values("phone") == set()

    def test_a_draft_that_nobody_came_back_to_leads_nowhere_but_says_where_it_stands(self, browser: SignedIn) -> None:
        browser.opens("/account/you").changes("change_name").is_on("name")
        Request.objects.update(due_at=timezone.now() - timedelta(minutes=1))
        assert browser.opens(browser.path).status == 200
        browser.sees("You have not sent this yet")

    @staticmethod
    def begins_and_staff_write(town: Town, ana: Customer, browser: SignedIn) -> None:
        browser.opens("/account/you").changes("change_contact", "Change", channel="phone", act="set").is_on("phone")
        with dated.changing(person=ana.person, now=timezone.now(), source="staff:7") as file:
            file.end(file.holding(PersonContact, channel="phone")[0])
            file.enter(PersonContact(channel="phone", value="503 555 0777", normalised="+15035550777", is_primary=True))
        browser.sends(phone="503 555 0199").is_on("choose")


class TestMessages:
    def test_are_listed_and_read_but_never_those_with_a_code_or_a_link(self, ana: Customer, browser: SignedIn) -> None:
        ana.changes("change_contact", contact_id="new", channel="phone", act="set", phone="503 555 0199")
        ana.begins(
            "change_contact", contact_id="new", channel="email", act="set", email="a@new.example"
        ).is_sent_a_code()
        ana.town.works()
        browser.opens("/account/messages").sees("Your information was changed", "A code to prove your e-mail address")
        links = set(re.findall(r"/account/messages/[0-9a-f-]{36}", browser.html))
        assert len(links) == 1
        browser.opens(links.pop()).sees("This was changed on your account", "A phone number")


class TestAStopLink:
    def test_does_nothing_when_it_is_opened_and_stops_when_the_button_is_pressed(
        self, town: Town, ana: Customer, visitor: Visitor
    ) -> None:
        case = self.resting(town, ana)
        visitor.opens(self.link(town)).sees("Stop this change?", "Change your mailing address")
        visitor.does_not_see("Elm Court", "Zelenko")
        assert case.status == "waiting"
        visitor.sends().sees("We have stopped it")
        assert case.status == "refused"
        visitor.opens(self.link(town)).sees("This link does not work any more")
        assert visitor.text == visitor.opens("/stop/never-was").text

    @staticmethod
    def resting(town: Town, ana: Customer) -> Any:
        elm = {"line1": "7 Elm Court", "city": "Lumen", "state": "OR", "postal_code": "97890", "country": "US"}
        case = ana.asks(
            "change_mailing_address", accounts=["all"], mailing_address=elm, mail_elsewhere=True, when="now"
        )
        town.works()
        return case

    @staticmethod
    def link(town: Town) -> str:
        sent = [mail.get_content() for mail in town.mails("ana@example.com")]
        return "/stop/" + next(text for text in reversed(sent) if "/stop/" in text).partition("/stop/")[2].split()[0]


def test_what_we_hold_is_shown_with_its_purpose_and_masked(browser: SignedIn) -> None:
    browser.opens("/account/held").sees("What we hold, and why", "Zelenko", "4567")
    browser.does_not_see("D1234567")


def test_somebody_elses_requests_are_not_in_the_list(town: Town, ana: Customer, comes: Callable[..., SignedIn]) -> None:
    other = Customer(town, BEN)
    ana.begins("change_name", family_name="Ruiz", name_reason="marriage").proves_again().submits()
    comes(other.user).opens("/account/requests").sees("Nothing yet")
    assert flow.customer(ana.user.pk).ident == f"login:{ana.user.pk}"
