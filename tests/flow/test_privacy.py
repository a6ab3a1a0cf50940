"""Does somebody who asks about their own data get it, get it right, and is it forgotten only when two agree?"""

import io
import json
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from keyturn import flow
from keyturn.records.data_map import TABLES
from keyturn.records.models import (
    AccountAccess,
    Consent,
    Message,
    Person,
    PersonContact,
    PersonName,
    Preference,
    PrivacyCase,
    Reading,
    RedFlag,
    User,
)
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.premise import AgreementStatus
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.at_home import Change, Customer
from tests.flow.town import BEN, COMPLETED, IN_REVIEW, REFUSED, WITHDRAWN, Town

FIRST, SECOND = Actor(Role.STAFF, "901"), Actor(Role.STAFF, "902")


@pytest.fixture
def ana(town: Town) -> Customer:
    return Customer(town)


@pytest.fixture
def former(town: Town) -> Customer:
    """Ben, whose service ended long ago and who owes nothing."""
    ben = Customer(town, BEN)
    ends(ben, date(2015, 3, 31))
    return ben


def ends(customer: Customer, day: date) -> None:
    customer.account.agreements.update(status=AgreementStatus.STOPPED, start_date=date(2012, 1, 1), end_date=day)


def case_of(change: Change) -> PrivacyCase:
    return PrivacyCase.objects.get(request_id=change.id)


def agrees(change: Change, who: Actor) -> None:
    town = change.town
    flow.review(request_id=change.id, decision="approve", actor=who, now=town.now, policy=town.policy)
    town.works()


def erases(customer: Customer) -> Change:
    change = customer.changes("privacy_request", privacy="erasure", privacy_sure=["sure"])
    assert change.status == IN_REVIEW
    agrees(change, FIRST)
    assert change.status == IN_REVIEW
    agrees(change, SECOND)
    return change


def whole_database() -> str:
    found = []
    with connection.cursor() as cursor:
        for name in TABLES:
            cursor.execute(f"SELECT coalesce(string_agg(row_to_json(t)::text, ' '), '') FROM {name} t")
            found.append(cursor.fetchone()[0])
    return " ".join(found)


class TestACopy:
    def test_is_made_at_once_and_holds_what_is_on_file(self, town: Town, ana: Customer) -> None:
        change = ana.changes("privacy_request", privacy="copy")
        assert change.status == COMPLETED
        got = flow.privacy_copy(request_id=change.id, user=ana.user, now=town.now)
        archive = zipfile.ZipFile(io.BytesIO(got.content))
        text = archive.read("everything.json").decode()
        assert {"Zelenko", "ana@example.com", "D1234567", "1985-03-27"} <= {
            each for each in ("Zelenko", "ana@example.com", "D1234567", "1985-03-27") if each in text
        }
        assert json.loads(text)["tables"]
        assert {"about-you.en.html", "about-you.es.html"} <= set(archive.namelist())

    def test_is_told_and_its_fetching_is_written_down(self, town: Town, ana: Customer) -> None:
        change = ana.changes("privacy_request", privacy="copy")
        mail = town.mails("ana@example.com")[-1]
        assert "copy of everything" in mail.get_content()
        flow.privacy_copy(request_id=change.id, user=ana.user, now=town.now)
        assert Reading.objects.get(what="export").person == ana.person

    @pytest.mark.rule("Y-10")
    def test_is_not_made_before_they_proved_again_that_it_is_they(self, ana: Customer) -> None:
        assert ana.begins("privacy_request", privacy="copy").cannot_be_sent_because() == {"": "Y-10"}

    def test_goes_to_nobody_else(self, town: Town, ana: Customer) -> None:
        change = ana.changes("privacy_request", privacy="copy")
        other = factories.a_login("other@example.com")
        delegate = factories.a_login("helper@example.com", account=ana.account, level="manage")
        for user in (other, delegate):
            with pytest.raises(NotAllowed, match="unknown_request"):
                flow.privacy_copy(request_id=change.id, user=user, now=town.now)

    def test_holds_nothing_of_the_neighbours(self, town: Town, ana: Customer) -> None:
        Customer(town, BEN)
        change = ana.changes("privacy_request", privacy="copy")
        content = flow.privacy_copy(request_id=change.id, user=ana.user, now=town.now).content
        text = zipfile.ZipFile(io.BytesIO(content)).read("everything.json").decode()
        assert "Okafor" not in text and "P7654321" not in text and "ben@example.com" not in text

    @pytest.mark.rule("K-60")
    def test_waits_for_staff_while_a_case_is_open(self, town: Town, ana: Customer) -> None:
        RedFlag.objects.create(trigger="D-26", person=ana.person, opened_at=town.now)
        change = ana.changes("privacy_request", privacy="copy")
        assert change.status == IN_REVIEW
        agrees(change, FIRST)
        assert change.status == COMPLETED

    def test_is_gone_after_its_days(self, town: Town, ana: Customer) -> None:
        change = ana.changes("privacy_request", privacy="copy")
        town.waits(days=town.policy.privacy_copy_days + 1)
        flow.forget_documents(now=town.now, policy=town.policy)
        with pytest.raises(NotAllowed, match="unknown_document"):
            flow.privacy_copy(request_id=change.id, user=ana.user, now=town.now)

    def test_does_not_hold_an_earlier_copy(self, town: Town, ana: Customer) -> None:
        ana.changes("privacy_request", privacy="copy")
        second = ana.changes("privacy_request", privacy="copy")
        content = flow.privacy_copy(request_id=second.id, user=ana.user, now=town.now).content
        assert not [name for name in zipfile.ZipFile(io.BytesIO(content)).namelist() if name.endswith(".zip")]


class TestAnErasure:
    @pytest.mark.rule("K-61")
    def test_needs_two_members_of_staff(self, town: Town, former: Customer) -> None:
        change = former.changes("privacy_request", privacy="erasure", privacy_sure=["sure"])
        assert change.status == IN_REVIEW
        agrees(change, FIRST)
        assert change.status == IN_REVIEW, "one is not enough"
        agrees(change, FIRST)
        assert change.status == IN_REVIEW, "the same one twice is one"
        assert PersonName.ever.filter(person=former.person).exists()
        agrees(change, SECOND)
        assert change.status == COMPLETED

    @pytest.mark.rule("K-61")
    def test_is_not_agreed_to_by_a_yes_to_something_else(self, town: Town, former: Customer) -> None:
        """Staff agreed to a correction; asked back, the customer turns it into an erasure."""
        RedFlag.objects.create(trigger="D-26", person=former.person, opened_at=town.now)
        change = former.changes("privacy_request", privacy="erasure", privacy_sure=["sure"])
        agrees(change, FIRST)
        agrees(change, SECOND)
        flow.review(request_id=change.id, decision="ask", reason="Do you really want that?", actor=FIRST, now=town.now,
                    policy=town.policy)  # fmt: skip
        RedFlag.objects.update(state="harmless")
        change.answers(privacy_sure=["sure"])
        change.proves_again()
        flow.reply(request_id=change.id, text="Yes, I do.", actor=change.actor, now=town.now, policy=town.policy)
        town.works()
        assert change.status == IN_REVIEW
        assert flow.would_stay(request_id=change.id, now=town.now, policy=town.policy)["agreed"] == 0

    @pytest.mark.rule("K-61")
    def test_is_agreed_to_by_people_not_by_programs(self, town: Town, former: Customer) -> None:
        change = former.changes("privacy_request", privacy="erasure", privacy_sure=["sure"])
        agrees(change, FIRST)
        agrees(change, Actor(Role.PARTNER, "key-1"))
        assert change.status == IN_REVIEW

    @pytest.mark.rule("K-69")
    def test_of_a_former_customer_leaves_nothing_that_names_them(self, town: Town, former: Customer) -> None:
        change = erases(former)
        assert change.status == COMPLETED
        assert case_of(change).outcome == "done"
        Message.objects.all().delete()  # the last message itself goes with the daily job
        whole = whole_database()
        for name in ("Okafor", "ben@example.com", "1972-11-30"):
            assert name not in whole.replace(str(change.id), "")
        assert Person.objects.get(pk=former.person.pk).flags == ["erased"]

    def test_ends_their_access_and_their_login(self, town: Town, former: Customer) -> None:
        erases(former)
        user = User.objects.get(pk=former.user.pk)
        assert not user.is_active and user.username == f"gone-{user.pk}" and not user.has_usable_password()
        assert not AccountAccess.objects.filter(user=user, ended_at=None).exists()

    def test_is_told_at_the_address_that_was_on_file(self, town: Town, former: Customer) -> None:
        erases(former)
        assert "last message" in town.mails("ben@example.com")[-1].get_content()

    def test_is_told_to_the_cis(self, town: Town, former: Customer) -> None:
        change = erases(former)
        assert case_of(change).cis_told_at is not None
        assert "privacy.erasure" in repr(town.cis.read("person", former.person.ref))

    @pytest.mark.rule("K-64")
    def test_of_a_customer_leaves_what_serving_them_needs_and_says_so(self, town: Town, ana: Customer) -> None:
        old = PersonName(person=ana.person, name_type="former", family_name="Maidenname", valid_from=town.now,
                         valid_to=town.now, recorded_at=town.now)  # fmt: skip
        old.save()
        change = erases(ana)
        assert case_of(change).outcome == "partly"
        assert {each["why"] for each in case_of(change).kept} >= {"served"}
        assert PersonContact.objects.filter(person=ana.person).exists()
        assert not PersonName.ever.filter(family_name="Maidenname").exists()
        assert User.objects.get(pk=ana.user.pk).is_active
        assert "Some of it must stay" in town.mails("ana@example.com")[-1].get_content()

    @pytest.mark.rule("K-65")
    def test_soon_after_the_end_leaves_name_and_address_for_the_books(self, town: Town) -> None:
        ben = Customer(town, replace(BEN, phones=("+15035550177",)))
        ends(ben, town.now.date() - timedelta(days=400))
        change = erases(ben)
        kept = case_of(change).kept
        assert case_of(change).outcome == "partly"
        assert {"person_name"} <= {each["what"] for each in kept if each["why"] == "books"}
        assert all(each["until"] > "2030" for each in kept if each["why"] == "books")
        assert PersonName.objects.get(person=ben.person).family_name == "Okafor"
        assert not PersonContact.ever.filter(person=ben.person).exists()
        assert Person.objects.get(pk=ben.person.pk).date_of_birth is None

    @pytest.mark.rule("K-65")
    def test_of_an_unpaid_bill_leaves_what_collecting_needs(self, town: Town, former: Customer) -> None:
        former.account.balance = 120
        former.account.save()
        change = erases(former)
        assert {each["why"] for each in case_of(change).kept} >= {"owes"}
        assert PersonName.objects.filter(person=former.person).exists()

    @pytest.mark.rule("K-62")
    def test_waits_until_an_open_case_is_decided(self, town: Town, former: Customer) -> None:
        flag = RedFlag.objects.create(trigger="D-26", person=former.person, opened_at=town.now)
        change = former.changes("privacy_request", privacy="erasure", privacy_sure=["sure"])
        agrees(change, FIRST)
        agrees(change, SECOND)
        assert change.status == IN_REVIEW, "approving does not go past an open case"
        assert PersonName.ever.filter(person=former.person).exists()
        RedFlag.objects.filter(pk=flag.pk).update(state="harmless")
        agrees(change, FIRST)
        assert change.status == COMPLETED

    @pytest.mark.rule("K-76")
    def test_is_not_undone_by_the_next_import(self, town: Town, former: Customer) -> None:
        erases(former)
        row = {"ref": former.person.ref, "kind": "person", "given_name": "Ben", "family_name": "Okafor"}
        other = {**row, "ref": "C-OTHER", "given_name": "Benita"}
        with connection.cursor() as cursor:  # as after a commit
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        took = flow.take_in("persons", [(1, row), (2, other)], now=town.now, policy=town.policy)
        assert [(each.row, each.finding.rule) for each in took.objections if each.keeps_out] == [(1, "K-76")]
        assert (took.created, took.rejected) == (1, 1)
        assert not PersonName.ever.filter(person=former.person).exists()

    def test_can_be_taken_back_before_anybody_agreed(self, town: Town, former: Customer) -> None:
        change = former.changes("privacy_request", privacy="erasure", privacy_sure=["sure"])
        flow.withdraw(request_id=change.id, actor=change.actor, now=town.now)
        assert change.status == WITHDRAWN
        assert PersonName.ever.filter(person=former.person).exists()

    def test_can_be_refused_with_words(self, town: Town, former: Customer) -> None:
        change = former.changes("privacy_request", privacy="erasure", privacy_sure=["sure"])
        flow.review(request_id=change.id, decision="refuse", reason="We could not tell that it was you.", actor=FIRST,
                    now=town.now, policy=town.policy)  # fmt: skip
        town.works()
        assert change.status == REFUSED
        flow.privacy.close_unmet(now=town.now)
        assert case_of(change).outcome == "refused"
        assert "could not tell" in town.mails("ben@example.com")[-1].get_content()

    def test_shows_staff_what_would_stay_before_they_agree(self, town: Town, ana: Customer) -> None:
        change = ana.changes("privacy_request", privacy="erasure", privacy_sure=["sure"])
        found = flow.would_stay(request_id=change.id, now=town.now, policy=town.policy)
        assert (found["hold"], found["why"], found["agreed"]) == ("served", ("served",), 0)

    def test_of_one_leaves_the_other_customer_of_the_joint_account(self, town: Town, former: Customer) -> None:
        cleo = factories.a_person(replace(BEN, given_name="Cleo", emails=("cleo@example.com",), identifiers=()))
        former.account.people.create(
            person=cleo, is_main=False, relationship="spouse", valid_from=town.now, recorded_at=town.now
        )
        erases(former)
        assert PersonName.objects.get(person=cleo).given_name == "Cleo"
        assert PersonContact.objects.filter(person=cleo).exists()


class TestTheOthers:
    @pytest.mark.rule("K-68")
    def test_a_restriction_holds_at_once_and_then_staff_look_at_changes(self, town: Town, ana: Customer) -> None:
        change = ana.changes("privacy_request", privacy="restriction")
        assert change.status == COMPLETED
        assert "restricted" in Person.objects.get(pk=ana.person.pk).flags
        assert "restricted" in repr(town.cis.read("person", ana.person.ref))
        again = ana.changes("change_contact", contact_id="new", channel="phone", act="set", phone="503 555 0199")
        assert again.status == IN_REVIEW

    @pytest.mark.rule("K-68")
    def test_an_objection_takes_every_consent_to_advertising_back(self, town: Town, ana: Customer) -> None:
        for channel in ("email", "sms"):
            Consent.objects.create(person=ana.person, purpose="marketing", channel=channel, wording_version="1",
                                   language="en", how="portal", at=town.now - timedelta(days=9))  # fmt: skip
        Preference.objects.create(person=ana.person, topic="offers", channel="email", state="on", changed_at=town.now)
        assert ana.changes("privacy_request", privacy="objection").status == COMPLETED
        for channel in ("email", "sms"):
            last = Consent.objects.filter(person=ana.person, purpose="marketing", channel=channel).order_by("at").last()
            assert last is not None and last.act == "withdrawn"
        assert Preference.objects.get(person=ana.person, topic="offers").state == "off"
        assert Consent.objects.filter(act="given").count() == 2, "the ledger is added to, never changed"

    @pytest.mark.rule("K-63")
    def test_a_correction_is_put_right_by_staff(self, town: Town, ana: Customer) -> None:
        change = ana.changes("privacy_request", privacy="correction", privacy_words="My move-in date is wrong.")
        assert change.status == IN_REVIEW
        agrees(change, FIRST)
        assert change.status == COMPLETED
        assert case_of(change).outcome == "done"

    def test_only_who_it_is_about_may_ask(self, town: Town, ana: Customer) -> None:
        delegate = factories.a_login("helper@example.com", account=ana.account, level="manage")
        with pytest.raises(NotAllowed, match="not_yours"):
            ana.begins("privacy_request", user=delegate, privacy="copy")


class TestTheClock:
    @pytest.mark.rule("K-66")
    def test_runs_from_the_day_it_was_asked(self, town: Town, former: Customer) -> None:
        change = former.changes("privacy_request", privacy="erasure", privacy_sure=["sure"])
        case = case_of(change)
        assert case.due_at - case.asked_at == timedelta(days=45)
        assert case.proof_level == 2
        assert flow.overdue(now=town.now) == 0
        town.waits(days=46)
        assert flow.overdue(now=town.now) == 1

    def test_alarms_when_it_has_run_out(self, former: Customer, client: Any) -> None:
        former.changes("privacy_request", privacy="erasure", privacy_sure=["sure"])
        assert b"keyturn_privacy_overdue 0.0" in client.get("/metrics").content
        PrivacyCase.objects.update(due_at=PrivacyCase.objects.get().due_at - timedelta(days=9000))
        assert b"keyturn_privacy_overdue 1.0" in client.get("/metrics").content

    @pytest.mark.rule("K-67")
    def test_is_set_on_once_with_a_reason_that_is_told(self, town: Town, former: Customer) -> None:
        change = former.changes("privacy_request", privacy="erasure", privacy_sure=["sure"])
        extend: dict[str, Any] = {"request_id": change.id, "actor": FIRST, "policy": town.policy}
        with pytest.raises(Invalid):
            flow.extend_privacy(**extend, reason="", now=town.now)
        flow.extend_privacy(**extend, reason="Your old bills lie in the archive.", now=town.now)
        town.works()
        assert case_of(change).due_at - case_of(change).asked_at == timedelta(days=90)
        assert "in the archive" in town.mails("ben@example.com")[-1].get_content()
        with pytest.raises(Invalid):
            flow.extend_privacy(**extend, reason="And longer still, please.", now=town.now)

    @pytest.mark.rule("K-67")
    def test_is_not_set_on_when_it_has_run_out(self, town: Town, former: Customer) -> None:
        change = former.changes("privacy_request", privacy="erasure", privacy_sure=["sure"])
        town.waits(days=46)
        with pytest.raises(Invalid):
            flow.extend_privacy(request_id=change.id, reason="We were too busy.", actor=FIRST, now=town.now,
                                policy=town.policy)  # fmt: skip
