"""Is a change kept from whoever may not make it, and from writing over somebody else's?"""

from datetime import timedelta

import pytest

from keyturn import flow
from keyturn.records.models import AccountAccess, Person, PersonContact, PersonName
from keyturn.terms.errors import NotAllowed
from tests import factories
from tests.flow.at_home import Customer
from tests.flow.town import BEN, COMPLETED, IN_REVIEW, NEEDS_CUSTOMER, REFUSED, Town

NEW_PHONE = "+15035550199"


@pytest.fixture
def ana(town: Town) -> Customer:
    return Customer(town)


class TestTwoPeopleAtOnce:
    def test_changes_that_do_not_touch_each_other_both_hold(self, town: Town, ana: Customer) -> None:
        town.policy_says(change_risk={"name": "apply", "phone": "apply"}, fresh_contact_days=0)
        one = ana.begins("change_name", family_name="Ruiz", name_reason="marriage").proves_again()
        other = ana.begins(
            "change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0199"
        )
        other.proves_again().submits()
        one.submits()
        town.works()
        assert (ana.name(), ana.values("phone")) == ("Ana Ruiz", {"503 555 0199"})

    @pytest.mark.rule("D-21")
    def test_the_same_value_is_shown_and_asked_never_overwritten(self, town: Town, ana: Customer) -> None:
        mine = ana.begins(
            "change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0199"
        )
        mine.proves_again()
        self.staff_write(ana, "503 555 0777")
        assert mine.cannot_be_sent_because() == {"phone": "D-21"}
        assert ana.values("phone") == {"503 555 0777"}

    @pytest.mark.rule("D-21")
    def test_what_changes_after_it_was_sent_goes_back_to_the_customer(self, town: Town, ana: Customer) -> None:
        mine = ana.asks(
            "change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0199"
        )
        self.staff_write(ana, "503 555 0777")
        town.works()
        assert mine.status == NEEDS_CUSTOMER
        assert ana.values("phone") == {"503 555 0777"}

    def test_who_answers_in_words_instead_is_answered_by_a_time(self, town: Town, ana: Customer) -> None:
        """Staff have asked nothing, and have promised nothing yet (I8)."""
        mine = ana.asks(
            "change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0199"
        )
        self.staff_write(ana, "503 555 0777")
        town.works()
        mine.replies("The other number is my neighbour's.")
        assert mine.status == IN_REVIEW
        assert mine.request.promised_at == town.now + timedelta(hours=town.policy.review_promise_hours)

    def test_who_has_seen_the_other_value_and_wants_theirs_gets_theirs(self, town: Town, ana: Customer) -> None:
        town.policy_says(change_risk={"name": "apply"})
        mine = ana.begins("change_name", family_name="Ruiz", name_reason="marriage").proves_again()
        self.staff_rename(ana, family_name="Zelenka")
        assert mine.cannot_be_sent_because() == {"name": "D-21"}
        seen = {each.slot: flow.shown(each) for each in flow.differences(request=mine.request, now=town.now)}
        flow.keep_mine(request_id=mine.id, slots=seen, actor=mine.actor, now=town.now)
        mine.submits()
        town.works()
        assert ana.name() == "Ana Ruiz"

    def test_a_correction_of_another_part_of_the_name_stays(self, town: Town, ana: Customer) -> None:
        town.policy_says(change_risk={"name": "apply"})
        mine = ana.begins("change_name", family_name="Ruiz", name_reason="marriage").proves_again()
        self.staff_rename(ana, given_name="Anna")
        mine.submits()
        town.works()
        assert ana.name() == "Anna Ruiz"

    @staticmethod
    def staff_write(ana: Customer, number: str) -> None:
        from keyturn.records import dated

        with dated.changing(person=ana.person, now=ana.town.now, source="staff:7") as file:
            old = file.holding(PersonContact, channel="phone")[0]
            file.end(old)
            file.enter(PersonContact(channel="phone", value=number, normalised=number, is_primary=True))

    @staticmethod
    def staff_rename(ana: Customer, **parts: str) -> None:
        from keyturn.records import dated

        with dated.changing(person=ana.person, now=ana.town.now, source="staff:7") as file:
            file.correct(file.holding(PersonName, name_type="primary")[0], **parts)


class TestATakeOver:
    @pytest.mark.rule("D-26")
    def test_letters_elsewhere_after_a_new_email_are_looked_at(self, town: Town, ana: Customer) -> None:
        change = ana.begins(
            "change_contact", contact_id=ana.contact("email"), channel="email", act="set", email="ana@new.example"
        )
        change.proves_again().proves_email().submits()
        town.works()
        case = ana.sends_letters_elsewhere()
        town.works()
        assert (case.status, "D-26" in case.rules) == (IN_REVIEW, True)

    def test_letters_elsewhere_after_a_new_phone_number_rest_as_ever(self, town: Town, ana: Customer) -> None:
        ana.changes("change_contact", contact_id="new", channel="phone", act="set", phone="503 555 0199")
        case = ana.sends_letters_elsewhere()
        town.works()
        assert case.status == "waiting"


class TestWhoMay:
    def test_a_stranger_begins_nothing(self, town: Town, ana: Customer) -> None:
        stranger = factories.a_login("eve@example.com")
        with pytest.raises(NotAllowed, match="not_yours"):
            ana.begins("change_name", user=stranger)
        with pytest.raises(NotAllowed, match="not_yours"):
            ana.begins("change_paperless", user=stranger, account=ana.account, account_id=str(ana.account.pk))

    def test_a_delegate_changes_the_account_and_never_the_person(self, town: Town, ana: Customer) -> None:
        ben = factories.a_login("ben@example.com", account=ana.account, level="manage")
        change = ana.begins(
            "change_paperless", user=ben, account=ana.account, account_id=str(ana.account.pk), paperless=True
        )
        change.submits()
        town.works()
        assert change.status == COMPLETED
        assert ana.file()[f"paperless.{ana.account.pk}"] is True
        assert change.request.events.first().on_behalf_of == f"person:{ana.person.pk}"
        with pytest.raises(NotAllowed, match="not_yours"):
            ana.begins("change_name", user=ben, account=ana.account)

    def test_who_may_only_look_changes_nothing(self, ana: Customer) -> None:
        viewer = factories.a_login("vic@example.com", account=ana.account, level="view")
        with pytest.raises(NotAllowed, match="not_yours"):
            ana.begins("change_paperless", user=viewer, account=ana.account, account_id=str(ana.account.pk))

    @pytest.mark.rule("D-20")
    def test_access_that_was_taken_back_takes_the_change_with_it(self, town: Town, ana: Customer) -> None:
        ben = factories.a_login("ben@example.com", account=ana.account, level="manage")
        change = ana.begins(
            "change_paperless", user=ben, account=ana.account, account_id=str(ana.account.pk), paperless=True
        )
        change.submits()
        AccountAccess.objects.filter(user=ben).update(ended_at=town.now)
        town.works()
        assert change.status == REFUSED
        assert ana.file()[f"paperless.{ana.account.pk}"] is False

    @pytest.mark.rule("D-26")
    def test_a_freshly_claimed_account_does_not_send_its_letters_elsewhere_unseen(self, town: Town) -> None:
        eve = Customer(town, proof="sms", since=town.now)
        case = eve.sends_letters_elsewhere()
        town.works()
        assert case.status == IN_REVIEW
        assert "D-26" in case.rules

    @pytest.mark.rule("D-25")
    def test_a_document_of_somebody_else_is_looked_at(self, town: Town, ana: Customer) -> None:
        town.policy_says(change_risk={"identifier": "apply"})
        town.knows(BEN)
        case = ana.changes("change_identifier", id_type="passport", id_value="P7654321")
        assert (case.status, case.rules) == (IN_REVIEW, {"D-25"})

    @pytest.mark.rule("D-27")
    def test_nothing_is_changed_by_machine_for_somebody_with_a_warning(self, town: Town, ana: Customer) -> None:
        Person.objects.filter(pk=ana.person.pk).update(flags=["fraud_flag"])
        case = ana.changes("change_contact", contact_id="new", channel="phone", act="set", phone="503 555 0199")
        assert (case.status, case.rules) == (IN_REVIEW, {"D-27"})


class TestWhatTheCisRefuses:
    def test_is_put_back_when_staff_refuse_it_too(self, town: Town, ana: Customer) -> None:
        town.cis_is("refuses")
        case = ana.changes(
            "change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0199"
        )
        assert case.status == IN_REVIEW
        town.cis_is("")
        case.staff("refuse", "The number belongs to somebody else.")
        assert case.status == REFUSED
        assert ana.values("phone") == {"+15035550142"}

    def test_what_staff_changed_since_stays(self, town: Town, ana: Customer) -> None:
        town.cis_is("refuses")
        case = ana.changes(
            "change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0199"
        )
        TestTwoPeopleAtOnce.staff_write(ana, "503 555 0777")
        case.staff("refuse", "The number belongs to somebody else.")
        assert ana.values("phone") == {"503 555 0777"}
