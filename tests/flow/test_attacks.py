"""What do thieves, ex-partners and impatient delegates try with what is on file, and what do they get?"""

import json
import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from procrastinate.contrib.django.models import ProcrastinateJob

from keyturn import flow
from keyturn.records.crypto import digest, fingerprint
from keyturn.records.models import (
    AccountAccess,
    AccountGroup,
    Evidence,
    PersonAddress,
    PersonContact,
    PersonLink,
    PersonName,
    Request,
    ResumeLink,
    User,
)
from keyturn.records.queries import access, my_requests
from keyturn.terms.errors import NotAllowed
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow import claiming
from tests.flow.at_home import CARER, TO_ELM, Change, Customer
from tests.flow.town import BEN, IN_REVIEW, REFUSED, Town


@pytest.fixture
def ana(town: Town) -> Customer:
    return Customer(town)


@pytest.fixture
def ben(town: Town) -> Customer:
    return Customer(town, BEN)


def acts_for(ana: Customer, user: User, level: str = "manage", **more: object) -> User:
    AccountAccess.objects.create(
        user=user, account=ana.account, level=level, capacity="delegate", proof="invitation", granted_by="staff:1",
        since=ana.town.now - timedelta(days=90), **more,
    )  # fmt: skip
    return user


def proved(user: User) -> User:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def is_asked_by_staff(change: Change) -> None:
    assert change.status == IN_REVIEW
    change.staff("ask", "Could you tell us more about this?")


class TestWhoActsForAnother:
    @pytest.mark.rule("V-25")
    def test_does_not_send_their_letters_elsewhere_from_the_own_file_where_only_they_would_hear_of_it(
        self, town: Town, ana: Customer, ben: Customer
    ) -> None:
        acts_for(ana, ben.user)
        change = ben.begins("change_mailing_address", accounts=[str(ana.account.pk)], **TO_ELM).proves_again()
        assert change.cannot_be_sent_because() == {"accounts": "V-25"}
        assert not PersonAddress.ever.filter(account=ana.account).exists()

    @pytest.mark.rule("V-25")
    def test_changes_the_letters_of_that_account_only(self, town: Town, ana: Customer, ben: Customer) -> None:
        acts_for(ana, ben.user)
        other = factories.an_account(ana.person, town.house(line1="9 Other Street"))
        for chosen in ("all", str(other.pk), f"{ana.account.pk}.x", "nonsense"):
            change = ana.begins(
                "change_mailing_address", user=ben.user, account=ana.account, accounts=[chosen], **TO_ELM
            )
            assert change.proves_again().cannot_be_sent_because() == {"accounts": "V-25"}
            change.withdraws()

    @pytest.mark.parametrize(
        "journey",
        ["change_name", "add_name", "change_contact", "change_identifier", "change_preferences", "privacy_request"],
    )
    def test_is_shown_and_changes_nothing_of_who_they_are_even_as_an_owner(
        self, ana: Customer, ben: Customer, journey: str
    ) -> None:
        acts_for(ana, ben.user, "owner")
        with pytest.raises(NotAllowed, match="not_yours"):
            ana.begins(journey, user=ben.user, account=ana.account)

    def test_begins_nothing_after_their_last_day(self, town: Town, ana: Customer, ben: Customer) -> None:
        acts_for(ana, ben.user, until=town.now + timedelta(days=1))
        town.waits(days=2)
        with pytest.raises(NotAllowed, match="not_yours"):
            ana.begins("change_mailing_address", user=ben.user, account=ana.account)

    @pytest.mark.rule("D-20")
    def test_gets_nothing_written_that_was_on_its_way_when_it_ended(
        self, town: Town, ana: Customer, ben: Customer
    ) -> None:
        acts_for(ana, ben.user)
        change = ana.changes(
            "change_mailing_address", user=ben.user, account=ana.account, accounts=[str(ana.account.pk)], **TO_ELM
        )
        AccountAccess.objects.filter(user=ben.user, account=ana.account).update(ended_at=town.now)
        town.waits(hours=80)
        flow.wake(now=town.now)
        town.works()
        assert change.status == REFUSED
        assert f"mailing.{ana.account.pk}" not in ana.file()

    def test_does_not_read_what_the_owner_typed_to_claim_the_account(self, town: Town, ana: Customer) -> None:
        home = claiming.Home(town, BEN)
        owner = claiming.a_login()
        claim = home.claimed_by(owner, date_of_birth="1980-01-01")
        Request.objects.filter(pk=claim.id).update(account=home.account, person=home.person)
        delegate = factories.a_login("helper@example.com", account=home.account, level="manage")
        partner = factories.a_login("partner@example.com", account=home.account, person=ana.person)
        for other in (delegate, partner):
            assert my_requests.seen_by(other.pk, claim.request.reference, at=town.now) is None
        assert my_requests.seen_by(owner.pk, claim.request.reference, at=town.now) is not None

    def test_on_the_same_account_does_not_read_the_new_number_of_who_left_them(self, town: Town, ana: Customer) -> None:
        change = ana.changes(
            "change_contact", account=ana.account, contact_id=ana.contact("phone"), channel="phone", act="set",
            phone="503 555 0199",
        )  # fmt: skip
        partner = factories.a_login("partner@example.com", account=ana.account, person=town.knows(BEN))
        assert my_requests.seen_by(partner.pk, change.request.reference, at=town.now) is None
        assert my_requests.seen_by(ana.user.pk, change.request.reference, at=town.now) is not None


class TestWhatAChangeIsAbout:
    def test_is_not_answered_afterwards(self, ana: Customer, ben: Customer) -> None:
        change = ana.begins("change_paperless", account=ana.account, account_id=str(ana.account.pk), paperless=True)
        found = change.answers(account_id=str(ben.account.pk))
        assert [(each.rule, each.field) for each in found] == [("G-01", "account_id")]
        assert change.request.answers["account_id"] == str(ana.account.pk)

    def test_of_an_invitation_does_not_become_a_group_of_others(self, ana: Customer, ben: Customer) -> None:
        group = AccountGroup.objects.create(person=ben.person, name="Shops", created_at=ana.town.now)
        group.accounts.add(ben.account)
        case = ana.begins("invite_delegate", account=ana.account, account_id=str(ana.account.pk), **CARER)
        assert [each.rule for each in case.answers(group_id=str(group.pk))] == ["G-01"]
        assert "group_id" not in case.request.answers

    @pytest.mark.rule("V-25")
    def test_is_an_account_of_theirs_from_the_beginning(self, ana: Customer, ben: Customer) -> None:
        for named in (str(ben.account.pk), "all", "nonsense"):
            change = ana.begins("change_paperless", account_id=named, paperless=True)
            assert change.cannot_be_sent_because() == {"account_id": "V-25"}

    @pytest.mark.rule("V-25")
    def test_is_no_primary_name_in_the_clothes_of_another_one(self, ana: Customer) -> None:
        change = ana.begins("add_name", name_type="primary", given_name="Eve", family_name="Thief")
        assert change.cannot_be_sent_because() == {"name_type": "V-25"}
        assert not PersonName.ever.filter(given_name="Eve").exists()

    @pytest.mark.rule("V-25")
    def test_is_one_of_the_things_that_can_be_asked_about_own_data(self, ana: Customer) -> None:
        change = ana.begins("privacy_request", privacy="everything").proves_again()
        assert change.cannot_be_sent_because() == {"privacy": "V-25"}

    def test_is_not_the_kind_of_customer_somebody_is(self, ana: Customer) -> None:
        change = ana.begins("change_name", kind="organisation")
        assert change.request.answers["kind"] == "person"

    def test_is_no_email_that_goes_while_a_phone_comes(self, ana: Customer) -> None:
        change = ana.begins(
            "change_contact", contact_id=ana.contact("email"), channel="phone", act="set", phone="503 555 0199"
        ).proves_again()
        assert change.cannot_be_sent_because() == {"": "V-20"}


class TestAnOpenSession:
    """Somebody sits down at a browser in which another is still signed in."""

    @pytest.mark.rule("Y-10")
    def test_does_not_use_the_proof_of_what_was_sent_before_for_something_else(self, town: Town, ana: Customer) -> None:
        ana.person.flags = ["fraud"]
        ana.person.save()
        phone = ana.contact("phone")
        change = ana.changes("change_contact", contact_id=phone, channel="phone", act="set", phone="503 555 0199")
        is_asked_by_staff(change)
        town.waits(days=1)
        change.answers(phone="503 555 0666")
        assert change.cannot_be_sent_because() == {"": "Y-10"}
        with pytest.raises(Exception, match="Y-10"):
            change.replies("It is my new number.")

    @pytest.mark.rule("Y-12")
    def test_does_not_lead_an_invitation_to_somebody_else(self, town: Town, ana: Customer) -> None:
        ana.person.flags = ["fraud"]
        ana.person.save()
        case = ana.begins("invite_delegate", account=ana.account, account_id=str(ana.account.pk), **CARER)
        case.proves_again().submits()
        town.works()
        is_asked_by_staff(case)
        town.waits(days=1)
        case.answers(delegate_email="thief@example.com", level="owner")
        assert case.cannot_be_sent_because() == {"": "Y-12"}

    @pytest.mark.rule("Y-13")
    def test_does_not_prove_a_phone_by_a_code_that_went_elsewhere(self, town: Town, ana: Customer) -> None:
        PersonContact.objects.filter(person=ana.person, channel="phone").update(status="pending")
        change = ana.begins("change_contact", contact_id=ana.contact("phone"), channel="phone", act="prove")
        change.answers(email="thief@example.com")
        Evidence.objects.create(
            request_id=change.id, kind="email", subject=digest("email", "thief@example.com"), source="code", at=town.now
        )
        assert change.cannot_be_sent_because() == {"code": "Y-13"}

    def test_of_another_login_finds_no_draft(self, town: Town, ana: Customer) -> None:
        change = ana.begins("change_name")
        partner = factories.a_login("partner@example.com", account=ana.account, person=ana.person)
        with pytest.raises(NotAllowed, match="unknown_request"):
            flow.answer(
                request_id=change.id, answers={"given_name": "Eve"}, actor=flow.customer(partner.pk), now=town.now,
                policy=town.policy,
            )  # fmt: skip
        assert my_requests.seen_by(partner.pk, change.request.reference, at=town.now) is None


class TestAnInvitation:
    def test_takes_nothing_from_who_became_the_owner_meanwhile(self, town: Town, ana: Customer) -> None:
        carla = proved(factories.a_login("carla@example.com"))
        ana.begins(
            "invite_delegate", account=ana.account, account_id=str(ana.account.pk), **CARER
        ).proves_again().submits()
        town.works()
        AccountAccess.objects.create(
            user=carla, account=ana.account, person=ana.person, level="owner", capacity="self", proof="letter",
            granted_by="staff:1", since=town.now,
        )  # fmt: skip
        token = re.findall(r"/invitation/(\S+)", town.mails("carla@example.com")[-1].get_content())[0]
        flow.accept(token=token, user=carla, now=town.now)
        town.works()
        seen = access.to_account(carla.pk, ana.account.pk, at=town.now)
        assert seen is not None
        assert (seen.level, seen.is_own, seen.person) == ("owner", True, ana.person)

    def test_is_not_accepted_with_an_address_that_was_only_typed(self, town: Town, ana: Customer) -> None:
        ana.begins(
            "invite_delegate", account=ana.account, account_id=str(ana.account.pk), **CARER
        ).proves_again().submits()
        town.works()
        token = re.findall(r"/invitation/(\S+)", town.mails("carla@example.com")[-1].get_content())[0]
        typed = factories.a_login("carla@example.com")
        EmailAddress.objects.create(user=typed, email="carla@example.com", verified=False, primary=True)
        EmailAddress.objects.create(user=typed, email="thief@example.com", verified=True)
        with pytest.raises(NotAllowed, match="unknown_invitation"):
            flow.accept(token=token, user=typed, now=town.now)


class TestAClaim:
    def test_puts_nothing_of_what_was_typed_into_the_queue(self, town: Town) -> None:
        home = claiming.Home(town)
        user = claiming.a_login()
        claim = claiming.Claim(town, user)
        claim.answers(**{**home.bill, "proof": "sms"})
        flow.claim(request_id=claim.id, client="192.0.2.1", actor=claim.actor, now=town.now, policy=town.policy)
        waiting = json.dumps(list(ProcrastinateJob.objects.values_list("args", flat=True)))
        for typed in (home.account.ref, "Zelenko", "97901", user.email, "192.0.2.1"):
            assert str(typed) not in waiting

    def test_does_not_take_the_code_of_one_account_for_another(self, town: Town) -> None:
        home, other = claiming.Home(town), claiming.Home(town, BEN)
        thief = claiming.a_login()
        claim = home.claimed_by(thief)
        code = claiming.text_codes(town)[-1]
        claim.answers(**other.bill)
        claim.enters(code)
        assert not other.has_access(thief)


class TestAThiefWhoClaimed:
    """Somebody who got at a code, and knows that the owner will hear of it."""

    @pytest.fixture
    def thief(self, town: Town, ana: Customer) -> User:
        return proved(
            factories.a_login("thief@example.com", account=ana.account, person=ana.person, proof="sms", since=town.now)
        )

    def lets_in(self, town: Town, ana: Customer, thief: User, email: str) -> User:
        said = {**CARER, "delegate_email": email, "level": "owner"}
        ana.begins(
            "invite_delegate", user=thief, account=ana.account, account_id=str(ana.account.pk), **said
        ).proves_again().submits()
        town.works()
        friend = proved(factories.a_login(email))
        token = re.findall(r"/invitation/(\S+)", town.mails(email)[-1].get_content())[0]
        flow.accept(token=token, user=friend, now=town.now)
        town.works()
        return friend

    @pytest.mark.rule("D-26")
    def test_does_not_have_a_friend_send_the_letters_elsewhere_instead(
        self, town: Town, ana: Customer, thief: User
    ) -> None:
        friend = self.lets_in(town, ana, thief, "friend@example.com")
        change = ana.changes(
            "change_mailing_address", user=friend, account=ana.account, accounts=[str(ana.account.pk)], **TO_ELM
        )
        assert (change.status, "D-26" in change.rules) == (IN_REVIEW, True)

    def test_is_gone_with_all_friends_when_the_owner_says_that_it_was_not_them(
        self, town: Town, ana: Customer, thief: User
    ) -> None:
        claim = Request.objects.get(pk=ana.begins("change_name").id)  # stands for the claim that gave the access
        AccountAccess.objects.filter(user=thief).update(request=claim)
        ResumeLink.objects.create(request=claim, fingerprint=fingerprint("t"), expires_at=town.now + timedelta(days=9))
        friend = self.lets_in(town, ana, thief, "friend@example.com")
        other = self.lets_in(town, ana, friend, "other@example.com")
        assert flow.stop_link(token="t", now=town.now)
        for each in (thief, friend, other):
            assert access.to_account(each.pk, ana.account.pk, at=town.now) is None
        assert access.to_account(ana.user.pk, ana.account.pk, at=town.now) is not None

    def test_is_gone_with_all_friends_when_staff_undo_the_link(self, town: Town, ana: Customer, thief: User) -> None:
        case = town.moves_in(BEN)
        PersonLink.objects.filter(request_id=case.id).update(created_person=False, person=ana.person)
        AccountAccess.objects.filter(user=thief).update(request=case.id)
        friend = self.lets_in(town, ana, thief, "friend@example.com")
        flow.undo_link(
            request_id=case.id, reason="It was not them after all.", actor=Actor(Role.STAFF, "7"), now=town.now
        )
        for each in (thief, friend):
            assert access.to_account(each.pk, ana.account.pk, at=town.now) is None


class TestASystemOfTheUtility:
    def test_adds_no_line_to_the_head_of_a_mail(self, town: Town, ana: Customer) -> None:
        flow.notify(
            person_id=ana.person.pk, topic="outages", subject="Work\r\nBcc: thief@example.com", text="<b>Read</b>", now=town.now,
            policy=town.policy,
        )  # fmt: skip
        town.works()
        mail = town.mails("ana@example.com")[-1]
        assert mail["Bcc"] is None
        assert mail["Subject"].startswith("Work Bcc: thief@example.com")
        assert [part.get_content_type() for part in mail.walk()] == ["text/plain"]
