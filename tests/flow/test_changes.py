"""Is what a signed-in customer changes written where it belongs, told where it must be, and never over somebody else's word?"""

from dataclasses import replace

import pytest

from keyturn import flow
from keyturn.records.models import Consent, PersonContact, PersonName, RedFlag
from tests.flow.at_home import ELM, Customer
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, REFUSED, WITHDRAWN, Town

NEW_PHONE = "+15035550199"


@pytest.fixture
def ana(town: Town) -> Customer:
    return Customer(town)


class TestAPhoneNumber:
    def test_is_changed_at_once_and_the_cis_is_told(self, town: Town, ana: Customer) -> None:
        case = ana.changes(
            "change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0199"
        )
        assert case.status == COMPLETED
        assert ana.values("phone") == {"503 555 0199"}
        held = town.cis.read("person", ana.person.ref)
        assert NEW_PHONE in repr(held) or "503 555 0199" in repr(held)
        assert "+15035550142" in {row.value for row in PersonContact.ever.filter(person=ana.person, channel="phone")}

    def test_is_told_to_the_email_on_file(self, town: Town, ana: Customer) -> None:
        ana.changes("change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0199")
        mail = town.mails("ana@example.com")[-1]
        assert "A phone number" in mail.get_content()
        assert "0199" not in mail.get_content()

    @pytest.mark.rule("Y-10")
    def test_is_not_changed_before_the_customer_has_proved_again_that_it_is_they(self, ana: Customer) -> None:
        change = ana.begins(
            "change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0199"
        )
        assert change.cannot_be_sent_because() == {"": "Y-10"}

    @pytest.mark.rule("Y-10")
    def test_an_old_proof_does_not_do(self, town: Town, ana: Customer) -> None:
        change = ana.begins(
            "change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0199"
        )
        change.proves_again()
        town.waits(minutes=20)
        assert change.cannot_be_sent_because() == {"": "Y-10"}

    def test_that_is_removed_is_kept_in_the_history_only(self, ana: Customer) -> None:
        case = ana.changes("change_contact", contact_id=ana.contact("phone"), channel="phone", act="remove")
        assert case.status == COMPLETED
        assert ana.values("phone") == set()
        assert PersonContact.ever.filter(person=ana.person, channel="phone").exists()

    def test_a_second_one_stands_beside_the_first(self, ana: Customer) -> None:
        ana.changes("change_contact", contact_id="new", channel="phone", act="set", phone="503 555 0199")
        assert ana.values("phone") == {"+15035550142", "503 555 0199"}
        primary = PersonContact.objects.get(person=ana.person, channel="phone", is_primary=True, valid_to=None)
        assert primary.value == "+15035550142"

    @pytest.mark.rule("V-20")
    def test_that_is_the_same_changes_nothing(self, ana: Customer) -> None:
        change = ana.begins(
            "change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="+15035550142"
        )
        assert change.cannot_be_sent_because() == {"": "V-20"}


class TestAnEmailAddress:
    @pytest.mark.rule("Y-11")
    def test_is_changed_only_when_the_new_one_is_proved(self, ana: Customer) -> None:
        change = ana.begins(
            "change_contact", contact_id=ana.contact("email"), channel="email", act="set", email="ana@new.example"
        )
        change.proves_again()
        assert change.cannot_be_sent_because() == {"email": "Y-11"}
        change.proves_email().submits()
        ana.town.works()
        assert ana.values("email") == {"ana@new.example"}
        assert PersonContact.objects.get(person=ana.person, channel="email", valid_to=None).status == "verified"

    @pytest.mark.rule("C-10")
    def test_is_told_to_the_old_and_the_new_address(self, town: Town, ana: Customer) -> None:
        change = ana.begins(
            "change_contact", contact_id=ana.contact("email"), channel="email", act="set", email="ana@new.example"
        )
        change.proves_again().proves_email().submits()
        town.works()
        for address in ("ana@example.com", "ana@new.example"):
            assert "was changed" in town.mails(address)[-1]["Subject"]

    @pytest.mark.rule("C-10")
    def test_that_was_replaced_lately_hears_of_the_next_change_too(self, town: Town, ana: Customer) -> None:
        change = ana.begins(
            "change_contact", contact_id=ana.contact("email"), channel="email", act="set", email="ana@new.example"
        )
        change.proves_again().proves_email().submits()
        town.works()
        told = len(town.mails("ana@example.com"))
        ana.changes("change_contact", contact_id="new", channel="phone", act="set", phone="503 555 0199")
        assert len(town.mails("ana@example.com")) == told + 1


class TestAMailingAddress:
    @pytest.mark.rule("D-28")
    def test_rests_for_three_days_and_is_told_before_it_is_made(self, town: Town, ana: Customer) -> None:
        case = ana.sends_letters_elsewhere()
        town.works()
        assert case.status == "waiting"
        assert "about to change" in town.mails("ana@example.com")[-1]["Subject"]
        assert ana.file().get("mailing.all") is None
        self.three_days_pass(town)
        assert case.status == COMPLETED
        assert ana.file()["mailing.all"]["line1"] == "7 Elm Court"

    def test_is_stopped_by_whoever_got_the_notice_and_leaves_a_case(self, town: Town, ana: Customer) -> None:
        case = ana.sends_letters_elsewhere()
        town.works()
        text = town.mails("ana@example.com")[-1].get_content()
        token = text.partition("/stop/")[2].split()[0]
        assert flow.stop(token=token, now=town.now) is not None
        assert flow.stop(token=token, now=town.now) is None
        self.three_days_pass(town)
        assert case.status == REFUSED
        assert "mailing.all" not in ana.file()
        assert RedFlag.objects.get(request=case.id).trigger == "stopped"

    def test_can_be_taken_back_while_it_rests(self, town: Town, ana: Customer) -> None:
        case = ana.sends_letters_elsewhere()
        town.works()
        case.withdraws()
        self.three_days_pass(town)
        assert case.status == WITHDRAWN

    @pytest.mark.rule("C-11")
    def test_a_letter_goes_to_where_letters_went(self, town: Town, ana: Customer) -> None:
        ana.sends_letters_elsewhere()
        town.works()
        assert any(ana.premise.line1 in letter for letter in town.letters())

    def test_from_a_later_day_holds_from_that_day(self, town: Town, ana: Customer) -> None:
        town.policy_says(change_risk={"mailing": "apply"})
        ana.changes(
            "change_mailing_address",
            accounts=["all"],
            mailing_address=ELM,
            mail_elsewhere=True,
            when="day",
            from_day=town.day(30),
        )
        assert "mailing.all" not in ana.file()
        town.waits(days=31)
        assert ana.file()["mailing.all"]["line1"] == "7 Elm Court"

    def test_one_account_can_have_two_such_plans(self, town: Town, ana: Customer) -> None:
        """By the time of the second the account looks there already: it was planned by the first."""
        town.policy_says(change_risk={"mailing": "apply"})
        base = {"accounts": [str(ana.account.pk)], "mail_elsewhere": True, "when": "day"}
        for place, first, last in ((ELM, 30, 60), ({**ELM, "line1": "9 Fir Road"}, 90, 120)):
            days = {"from_day": town.day(first), "to_day": town.day(last)}
            change = ana.changes("change_mailing_address", **base, mailing_address=place, **days)
            assert change.status == COMPLETED
        for days, line in ((31, "7 Elm Court"), (60, "9 Fir Road")):
            town.waits(days=days)
            assert ana.file()[f"mailing.{ana.account.pk}"]["line1"] == line

    @pytest.mark.rule("D-22")
    def test_two_seasons_cannot_share_a_day(self, town: Town, ana: Customer) -> None:
        town.policy_says(change_risk={"season": "apply"})
        winter = {"accounts": ["all"], "mailing_address": ELM, "mail_elsewhere": True, "when": "season"}
        assert (
            ana.changes("change_mailing_address", **winter, season_from="11-01", season_to="03-31").status == COMPLETED
        )
        again = ana.begins("change_mailing_address", **winter, season_from="03-15", season_to="05-01").proves_again()
        assert again.cannot_be_sent_because() == {"season_from": "D-22"}

    @pytest.mark.rule("V-21")
    @pytest.mark.rule("V-22")
    @pytest.mark.rule("V-23")
    def test_with_impossible_days_is_not_sent(self, town: Town, ana: Customer) -> None:
        base = {"accounts": ["all"], "mailing_address": ELM, "mail_elsewhere": True}
        assert ana.begins(
            "change_mailing_address", **base, when="day", from_day=town.day(-1)
        ).cannot_be_sent_because() == {"from_day": "V-21"}
        change = ana.begins("change_mailing_address", **base, when="day", from_day=town.day(5), to_day=town.day(2))
        assert change.cannot_be_sent_because() == {"to_day": "V-22"}
        assert change.answers(when="season", season_from="02-30", season_to="03-01") is not None
        assert change.cannot_be_sent_because()["season_from"] == "V-23"

    @staticmethod
    def three_days_pass(town: Town) -> None:
        town.waits(hours=73)
        flow.wake(now=town.now)
        town.works()


class TestAName:
    @pytest.mark.rule("D-23")
    def test_is_looked_at_by_staff_and_then_written(self, town: Town, ana: Customer) -> None:
        case = ana.changes("change_name", family_name="Ruiz", name_reason="marriage")
        assert case.status == IN_REVIEW
        assert case.rules == {"D-23"}
        assert ana.name() == "Ana Zelenko"
        case.staff("approve")
        assert case.status == COMPLETED
        assert ana.name() == "Ana Ruiz"
        former = PersonName.objects.get(person=ana.person, name_type="former")
        assert former.family_name == "Zelenko"

    @pytest.mark.rule("D-24")
    def test_changes_once_a_day_only(self, town: Town, ana: Customer) -> None:
        town.policy_says(change_risk={"name": "apply"})
        assert ana.changes("change_name", family_name="Ruiz", name_reason="marriage").status == COMPLETED
        again = ana.changes("change_name", family_name="Next-Tenant", name_reason="other")
        assert again.status == IN_REVIEW
        assert "D-24" in again.rules
        assert RedFlag.objects.filter(trigger="D-24").exists()

    @pytest.mark.rule("V-24")
    def test_has_not_changed_in_the_future(self, town: Town, ana: Customer) -> None:
        change = ana.begins("change_name", family_name="Ruiz", name_reason="marriage", name_from=town.day(3))
        assert change.cannot_be_sent_because() == {"name_from": "V-24"}


class TestPreferences:
    def test_are_written_with_an_entry_in_the_ledger(self, town: Town, ana: Customer) -> None:
        case = ana.changes("change_preferences", language="es", formats=["large_print"], about_offers=["email"])
        assert case.status == COMPLETED
        found = ana.file()
        assert (found["detail.language"], found["detail.formats"]) == ("es", ["large_print"])
        assert found["preference.offers.email"] == "on"
        assert Consent.objects.get(person=ana.person, purpose="offers", channel="email").act == "given"

    def test_of_a_new_document_are_kept_sealed(self, town: Town, ana: Customer) -> None:
        case = ana.changes("change_identifier", id_type="state_id", id_value="S 55 66 77")
        case.staff("approve")
        assert case.status == COMPLETED
        assert "identifier.state_id" in ana.file()


def test_no_chain_is_broken_by_a_change(town: Town) -> None:
    ana = Customer(town, replace(ANA, emails=("a@example.com",)))
    case = ana.changes("change_contact", contact_id="new", channel="phone", act="set", phone="503 555 0199")
    assert case.chain_holds()


class TestProvingAContact:
    @pytest.mark.rule("Y-13")
    def test_a_new_number_gets_texts_only_after_its_code_came_back(self, town: Town, ana: Customer) -> None:
        ana.changes("change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0199")
        row = PersonContact.objects.get(person=ana.person, channel="phone", valid_to=None)
        assert row.status == "pending"
        change = ana.begins("change_contact", contact_id=ana.contact("phone"), channel="phone", act="prove")
        assert change.cannot_be_sent_because() == {"code": "Y-13"}
        code = change.is_sent_a_code()
        town.works()
        assert code in town.texts()[-1]
        assert change.tries(code) == ""
        change.submits()
        town.works()
        assert change.status == COMPLETED
        assert PersonContact.objects.get(person=ana.person, channel="phone", valid_to=None).status == "verified"

    def test_a_wrong_code_proves_nothing(self, town: Town, ana: Customer) -> None:
        PersonContact.objects.filter(person=ana.person, channel="phone").update(status="pending")
        change = ana.begins("change_contact", contact_id=ana.contact("phone"), channel="phone", act="prove")
        change.is_sent_a_code()
        assert change.tries("AAAAAA") == "wrong"
        assert change.cannot_be_sent_because() == {"code": "Y-13"}
