"""Can somebody who moves in ask for service, page by page, and is nothing lost or done twice on the way?"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from keyturn.records.models import Request
from tests import factories
from tests.portal.visitor import Visitor


class TestTheWholeWay:
    def test_somebody_who_moves_in_gets_a_reference_and_service(self, visitor: Visitor) -> None:
        visitor.asks_for_service(factories.a_premise())
        reference = visitor.request.reference
        visitor.sees("Thank you. Your request is in.", reference, "What happens next")
        visitor.town.works()
        visitor.opens(f"/requests/{reference}").sees("Your service is arranged")
        assert visitor.town.cis_holds() == {"persons": 1, "accounts": 1, "agreements": 1}

    def test_before_anything_is_asked_it_says_what_will_be_needed_and_why(self, visitor: Visitor) -> None:
        visitor.opens("/start").sees(
            "Before you start", "One identity document", "It keeps others from opening an account in your name"
        )
        assert Request.objects.count() == 0

    def test_an_organisation_is_asked_for_its_name_and_tax_number(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services("electric")
        visitor.is_at("/start/kind").sends(kind="organisation")
        visitor.is_at("/start/organisation").sends(organisation_name="Alder Bakery LLC")
        visitor.is_at("/start/identifier").sees("Tax number").does_not_see("Passport")
        visitor.sends(id_type="tax_id", id_value="12-3456789").is_at("/start/email")

    def test_somebody_without_any_document_can_go_on(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services()
        visitor.says_who(id_type="none", id_value="").is_at("/start/email")

    def test_only_the_services_that_the_place_has_are_offered(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise(services="electric;water"))
        visitor.is_at("/start/services").sees("Electricity", "Water")
        assert 'value="gas"' not in visitor.html

    def test_no_consent_is_ticked_in_advance(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services().says_who().proves_the_email()
        visitor.opens("/start/consents")
        assert "checked" not in visitor.html
        visitor.sends().sees("Agree to the terms of service to go on.")

    def test_letters_can_go_abroad(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services().says_who().proves_the_email()
        visitor.opens("/start/mailing").sends(
            **{
                "mail_elsewhere": "yes",
                "mailing_address-line1": "Hauptstr. 5",
                "mailing_address-city": "Kiel",
                "mailing_address-postal_code": "24103",
                "mailing_address-country": "DE",
            }
        )
        visitor.is_at("/start/previous").opens("/start/check")
        assert visitor.request.answers["mailing_address"]["country"] == "DE"

    def test_who_wants_letters_at_the_new_home_after_all_gets_them_there(self, visitor: Visitor) -> None:
        self.test_letters_can_go_abroad(visitor)
        there = {"line1": "Hauptstr. 5", "city": "Kiel", "postal_code": "24103", "country": "DE"}
        # The browser sends the fields along that are hidden by then.
        fields = {f"mailing_address-{part}": value for part, value in there.items()}
        visitor.opens("/start/mailing").sends(mail_elsewhere="no", **fields)
        visitor.sends().sends(language="en").sends(consents=["terms"]).is_at("/start/check")
        visitor.sees("Letters go to The service address").does_not_see("Hauptstr. 5")
        assert "mailing_address" not in visitor.request.answers

    def test_the_page_says_which_days_can_be_chosen(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).opens("/start/services")
        visitor.sees("Usually the day on which you get the keys. Choose a day from")

    def test_letters_come_in_the_language_of_the_page_if_nothing_else_is_said(
        self, another: Callable[..., Visitor]
    ) -> None:
        visitor = another(language="es")
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services().says_who().proves_the_email()
        visitor.opens("/start/preferences")
        assert 'value="es" checked' in visitor.html

    def test_the_terms_can_be_read_before_they_are_agreed_to(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services().says_who().proves_the_email()
        visitor.opens("/start/consents").sees("Read the terms of service")
        assert 'href="/terms"' in visitor.html
        assert visitor.opens("/terms").sees("You pay for what is used").status == 200

    def test_who_gives_no_phone_is_not_asked_whether_we_may_text_them(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services().says_who().proves_the_email()
        assert 'value="texts"' not in visitor.opens("/start/consents").html
        visitor.opens("/start/phone").sends(phone="503 555 0142")
        assert 'value="texts"' in visitor.opens("/start/consents").html

    def test_the_identity_number_is_shown_by_its_last_four_only(self, visitor: Visitor) -> None:
        visitor.fills_in_everything(factories.a_premise()).sees("ending in 4567").does_not_see("D1234567")


class TestAPageWithMistakes:
    def test_says_what_to_do_and_keeps_what_was_typed(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services()
        visitor.opens("/start/kind").sends(kind="person").sends(given_name="Ana")
        visitor.is_at("/start/birth").sends(
            **{"date_of_birth-month": "13", "date_of_birth-day": "x<y", "date_of_birth-year": "1985"}
        )
        assert visitor.status == 422
        assert visitor.title.startswith("Error:")
        visitor.sees("Let’s fix this first", "Enter a real date")
        assert 'value="13"' in visitor.html
        assert 'value="x&lt;y"' in visitor.html

    @pytest.mark.parametrize("year", ["85", "26"])
    def test_asks_for_all_four_digits_of_a_year(self, visitor: Visitor, year: str) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services()
        visitor.opens("/start/kind").sends(kind="person").sends(given_name="Ana").is_at("/start/birth")
        visitor.sends(**{"date_of_birth-month": "3", "date_of_birth-day": "27", "date_of_birth-year": year})
        visitor.sees("Enter a real date with all four digits of the year, for example 3 27 1985.")
        visitor.opens("/start/services").sends(
            **{"services": ["electric"], "start_date-month": "3", "start_date-day": "27", "start_date-year": year}
        )
        visitor.sees("with all four digits of the year")

    def test_takes_the_focus_to_the_summary_and_links_to_the_field(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).opens("/start/services").sends()
        assert 'tabindex="-1" autofocus' in visitor.html
        assert 'href="#f-services-1"' in visitor.html
        assert 'id="f-services-1"' in visitor.html

    @pytest.mark.parametrize(("month", "day"), [("march", "27"), ("Mar.", "27"), ("marzo", "27"), ("03", "27")])
    def test_a_month_may_be_written_as_a_word(self, visitor: Visitor, month: str, day: str) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services()
        visitor.opens("/start/kind").sends(kind="person").sends(given_name="Ana")
        visitor.sends(**{"date_of_birth-month": month, "date_of_birth-day": day, "date_of_birth-year": "1985"}).is_at(
            "/start/identifier"
        )
        assert visitor.request.answers["date_of_birth"] == "1985-03-27"

    def test_says_which_field_it_means_where_two_have_the_same_mistake(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services()
        visitor.opens("/start/kind").sends(kind="person").sends(given_name="12", family_name="34")
        visitor.sees("Given name: Write this name with letters.", "Family name: Write this name with letters.")

    def test_an_empty_box_for_the_code_costs_no_try(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services().says_who()
        visitor.opens("/start/email").sends(email="ana@example.com")
        for _again in range(9):
            visitor.sends(code="").sees("Enter the six characters of the code.")
        visitor.sends(code=visitor.code()).is_at("/start/phone")

    def test_says_on_which_day_service_can_start(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services(days=400)
        assert visitor.status == 422
        visitor.sees("Choose a day up to")


class TestTheOrder:
    def test_a_page_is_not_reached_before_those_that_it_needs(self, visitor: Visitor) -> None:
        visitor.begins().opens("/start/consents").is_at("/start/where")

    def test_an_unknown_page_leads_to_where_one_was(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).opens("/start/nonsense").is_at("/start/services")

    def test_without_a_draft_one_comes_to_the_beginning(self, visitor: Visitor) -> None:
        visitor.opens("/start/name").is_at("/start")

    def test_a_change_from_the_check_page_leads_back_to_it(self, visitor: Visitor) -> None:
        visitor.fills_in_everything(factories.a_premise())
        visitor.opens("/start/name?check=yes").sees("Save and go back to check")
        visitor.sends(given_name="Anna", family_name="Zelenko").is_at("/start/check").sees("Anna Zelenko")

    def test_a_changed_mind_asks_only_what_is_new(self, visitor: Visitor) -> None:
        visitor.fills_in_everything(factories.a_premise())
        visitor.opens("/start/kind?check=yes").sends(kind="organisation").is_at("/start/organisation?check=yes")
        visitor.sends(organisation_name="Alder Bakery LLC").is_at("/start/identifier?check=yes")
        visitor.sends(id_type="tax_id", id_value="123456789").is_at("/start/check")

    def test_another_email_address_must_be_proved_again(self, visitor: Visitor) -> None:
        visitor.fills_in_everything(factories.a_premise())
        visitor.opens("/start/email?check=yes").sends(email="ana2@example.com").is_at("/start/code?check=yes")
        visitor.sends(code=visitor.code("ana2@example.com")).is_at("/start/check")


class TestTheCode:
    def test_a_wrong_one_is_refused_and_the_right_one_still_works(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services().says_who()
        visitor.sends(email="ana@example.com").is_at("/start/code")
        right = visitor.code()
        visitor.sends(code="222222").sees("This code is not right")
        visitor.sends(code=f" {right.lower()[:3]}-{right.lower()[3:]} ").is_at("/start/phone")

    def test_a_new_one_replaces_the_old_one(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services().says_who()
        visitor.sends(email="ana@example.com")
        old = visitor.code()
        visitor.sends(again="yes").sees("A new code is on its way")
        visitor.sends(code=old).sees("This code is not right")
        visitor.sends(code=visitor.code()).is_at("/start/phone")

    def test_an_old_one_is_refused(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services().says_who()
        visitor.sends(email="ana@example.com")
        old = visitor.code()
        visitor.request.email_codes.update(expires_at=visitor.town.now - timedelta(hours=1))
        visitor.sends(code=old).sees("This code has expired")

    def test_without_it_nobody_comes_further(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services().says_who()
        visitor.sends(email="ana@example.com").opens("/start/check").is_at("/start/code")


class TestSendingItOnce:
    def test_sending_twice_gives_the_same_confirmation(self, visitor: Visitor) -> None:
        visitor.fills_in_everything(factories.a_premise())
        page = visitor.html
        visitor.sends().is_at("/start/done")
        first = visitor.request.reference
        visitor.page.content = page.encode()
        visitor.sends("/start/check").is_at("/start/done").sees(first)
        assert Request.objects.count() == 1

    def test_going_back_after_sending_leads_to_the_confirmation(self, visitor: Visitor) -> None:
        visitor.asks_for_service(factories.a_premise())
        reference = visitor.request.reference
        visitor.opens("/start/name").is_at("/start/done").sees(reference)

    def test_starting_again_afterwards_begins_another_one(self, visitor: Visitor) -> None:
        visitor.asks_for_service(factories.a_premise()).begins().is_at("/start/where")
        assert Request.objects.count() == 2


class TestTwoTabs:
    def test_on_different_pages_do_not_disturb_each_other(self, visitor: Visitor) -> None:
        visitor.fills_in_everything(factories.a_premise())
        name = visitor.opens("/start/name").html
        visitor.opens("/start/phone").sends(phone="503 555 0142")
        visitor.page.content = name.encode()
        visitor.sends("/start/name", given_name="Anna", family_name="Zelenko").is_at("/start/birth")
        assert visitor.request.answers["phone"] == "503 555 0142"

    def test_on_the_same_page_the_second_is_told_and_keeps_what_it_typed(self, visitor: Visitor) -> None:
        visitor.fills_in_everything(factories.a_premise())
        second = visitor.opens("/start/name").html
        visitor.sends(given_name="Anna", family_name="Zelenko")
        visitor.page.content = second.encode()
        visitor.sends("/start/name", given_name="Hanna", family_name="Zelenko")
        assert visitor.status == 409
        visitor.sees("You changed this in another window")
        assert 'value="Hanna"' in visitor.html
        visitor.sends(given_name="Hanna", family_name="Zelenko").is_at("/start/birth")

    def test_nothing_is_sent_that_was_not_on_the_check_page(self, visitor: Visitor) -> None:
        checked = visitor.fills_in_everything(factories.a_premise()).html
        visitor.opens("/start/name").sends(given_name="Anna", family_name="Zelenko")
        visitor.page.content = checked.encode()
        visitor.sends("/start/check").sees("You changed something in another window", "Anna Zelenko")
        assert visitor.request.submitted_at is None
        visitor.sends("/start/check").is_at("/start/done")


class TestPrivacy:
    def test_no_address_holds_the_drafts_id(self, visitor: Visitor) -> None:
        visitor.fills_in_everything(factories.a_premise())
        assert str(visitor.request.pk) not in visitor.html

    def test_the_cookie_is_signed_and_out_of_reach_of_scripts(self, visitor: Visitor) -> None:
        visitor.begins()
        cookie = visitor.client.cookies["kt_seat"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        visitor.client.cookies["kt_seat"] = cookie.value[:-4] + "AAAA"
        visitor.opens("/start/where").is_at("/start")

    def test_pages_with_answers_are_not_kept_by_the_browser(self, visitor: Visitor) -> None:
        visitor.begins()
        assert "no-store" in visitor.page.headers["Cache-Control"]

    def test_another_browser_sees_nothing_of_it(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        visitor.fills_in_everything(factories.a_premise())
        another().opens("/start/check").is_at("/start")
