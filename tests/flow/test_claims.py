"""Does somebody who proves that an account is theirs get it, and is everybody told who must know?"""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from keyturn import flow
from keyturn.records import acts
from keyturn.records.models import AccountAccess, AccountPerson, Act, ClaimCode, Message
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.person import Kind, PersonDetails
from keyturn.terms.premise import AgreementStatus
from tests import factories
from tests.flow.at_home import Customer
from tests.flow.claiming import (
    Claim,
    Home,
    a_login,
    at_the_desk,
    came_by,
    days,
    letter_codes,
    mail_codes,
    opens_the_document,
    stop_token,
    text_codes,
)
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, NEEDS_CUSTOMER, REFUSED, Town


@pytest.fixture
def home(town: Town) -> Home:
    return Home(town)


class TestACodeBySms:
    @pytest.mark.rule("Y-25", "M-20", "M-21")
    def test_gives_the_account_to_who_enters_it(self, town: Town, home: Home) -> None:
        ana = a_login()
        claim = home.claimed_by(ana)
        assert claim.status == NEEDS_CUSTOMER
        claim.proves(text_codes(town)[-1])
        assert claim.status == COMPLETED
        access = AccountAccess.objects.get(user=ana)
        assert (access.level, access.capacity, access.proof, access.person) == ("owner", "self", "sms", home.person)

    def test_goes_to_the_number_on_file(self, town: Town, home: Home) -> None:
        home.claimed_by(a_login())
        assert len(town.texts()) == 1
        assert "+15035550142" in town.texts()[0]

    def test_is_typed_as_people_type(self, town: Town, home: Home) -> None:
        code = text_codes(town)[-1] if home.claimed_by(ana := a_login()) else ""
        claim = Claim(town, ana)
        claim.proves(f" {code[:3].lower()}-{code[3:].lower()} ")
        assert home.has_access(ana)

    @pytest.mark.rule("Y-22")
    def test_holds_ten_minutes(self, town: Town, home: Home) -> None:
        claim = home.claimed_by(a_login())
        code = text_codes(town)[-1]
        town.waits(minutes=11)
        assert [each.rule for each in claim.enters(code)] == ["Y-22"]

    def test_tells_the_cis_that_the_account_is_used_on_the_web(self, town: Town, home: Home) -> None:
        home.claimed_by(a_login()).proves(text_codes(town)[-1])
        assert "web_access" in repr(town.cis.read("account", home.account.ref))

    def test_is_written_down_once_in_the_audit(self, town: Town, home: Home) -> None:
        home.claimed_by(a_login()).proves(text_codes(town)[-1])
        assert list(Act.objects.values_list("subject", "what")) == [(f"account:{home.account.pk}", "linked")]
        assert list(acts.broken_chains()) == []

    def test_comes_although_the_job_was_lost(self, town: Town, home: Home) -> None:
        claim = Claim(town, a_login())
        claim.answers(**home.bill, proof="sms")
        flow.claim(request_id=claim.id, client="192.0.2.1", actor=claim.actor, now=town.now, policy=town.policy)
        town.loses_its_jobs()
        town.waits(minutes=2)
        flow.rescue(now=town.now)
        town.works()
        assert text_codes(town)

    def test_is_sent_once_however_often_the_job_runs(self, town: Town, home: Home) -> None:
        claim = home.claimed_by(a_login())
        flow.find_account(request_id=claim.id, now=town.now, policy=town.policy)
        town.works()
        assert len(town.texts()) == 1


class TestOtherProofs:
    def test_a_code_by_email_holds_a_day(self, town: Town, home: Home) -> None:
        ana = a_login()
        claim = home.claimed_by(ana, "email")
        town.waits(hours=23)
        claim.proves(mail_codes(town, "ana@example.com")[-1])
        assert home.has_access(ana)

    def test_a_letter_comes_to_where_they_live_and_holds_three_weeks(self, town: Town, home: Home) -> None:
        ana = a_login()
        claim = home.claimed_by(ana, "letter")
        assert home.premise.line1 in town.letters()[-1]
        town.waits(days=20)
        claim.proves(letter_codes(town)[-1])
        assert AccountAccess.objects.get(user=ana).proof == "letter"

    def test_a_letter_code_is_void_after_three_weeks(self, town: Town, home: Home) -> None:
        claim = home.claimed_by(a_login(), "letter")
        town.waits(days=22)
        assert [each.rule for each in claim.enters(letter_codes(town)[-1])] == ["Y-22"]

    @pytest.mark.rule("D-43", "R-22")
    def test_at_the_desk_staff_give_the_account_when_they_have_seen_a_document(self, town: Town, home: Home) -> None:
        ana = a_login()
        claim = at_the_desk(home, ana)
        assert claim.status == IN_REVIEW
        opens_the_document(claim)
        assert claim.staff_cannot("approve") == {"R-22"}
        claim.staff("approve", "The licence bears the name and the number on file.")
        assert claim.status == COMPLETED
        assert AccountAccess.objects.get(user=ana).proof == "staff"

    def test_who_is_refused_at_the_desk_is_told_why(self, town: Town, home: Home) -> None:
        ana = a_login("ana@work.example")
        claim = at_the_desk(home, ana)
        claim.staff("refuse", "The document is of somebody else.")
        assert claim.status == REFUSED
        assert "The document is of somebody else." in town.mails("ana@work.example")[-1].get_content()

    @pytest.mark.rule("M-23", "R-20")
    def test_at_the_desk_nobody_is_given_an_account_that_is_not_there(self, town: Town, home: Home) -> None:
        claim = at_the_desk(home, a_login(), account_number="99999")
        opens_the_document(claim)
        assert "M-23" in claim.rules
        assert "R-20" in claim.staff_cannot("approve", "He seems to be a nice person.")

    @pytest.mark.rule("Y-24")
    def test_a_provider_that_counts_and_agrees_with_the_file_is_enough(self, town: Town, home: Home) -> None:
        town.policy_says(federated_providers=("state",))
        ana = a_login()
        came_by(ana, "state")
        claim = home.claimed_by(ana, "federated")
        assert claim.status == COMPLETED
        assert AccountAccess.objects.get(user=ana).proof == "federated"

    def test_a_provider_may_vouch_for_a_document(self, town: Town, home: Home) -> None:
        town.policy_says(federated_providers=("state",), federated_identifiers={"licence": "driver_licence"})
        ana = a_login()
        came_by(ana, "state", given_name="A.", licence="D 123 4567")
        assert home.claimed_by(ana, "federated").status == COMPLETED

    @pytest.mark.rule("V-34")
    def test_a_provider_that_does_not_count_is_no_choice(self, town: Town, home: Home) -> None:
        ana = a_login()
        came_by(ana, "state")
        claim = Claim(town, ana)
        claim.answers(**home.bill, proof="federated")
        assert claim.cannot_be_sent_because() == {"proof": "V-34"}


class TestWhatIsTyped:
    @pytest.mark.rule("V-30")
    def test_a_mistyped_number_is_seen_before_anything_is_looked_up(self, town: Town, home: Home) -> None:
        claim = Claim(town, a_login())
        claim.answers(**{**home.bill, "account_number": "12345 67890 4"}, proof="sms")
        assert claim.cannot_be_sent_because() == {"account_number": "V-30"}
        assert not ClaimCode.objects.exists()

    def test_a_number_is_typed_with_blanks_and_its_check_digit(self, town: Town) -> None:
        home = Home(town)
        home.account.ref = "1234567890"
        home.account.save()
        home.claimed_by(a_login(), account_number="12345-67890 3")
        assert text_codes(town)

    @pytest.mark.rule("V-31")
    def test_too_little_is_sent_back(self, town: Town, home: Home) -> None:
        claim = Claim(town, a_login())
        claim.answers(line_of_business="residential", account_number="1", family_name="Zelenko", proof="sms")
        assert set(claim.cannot_be_sent_because().values()) == {"V-31"}

    @pytest.mark.rule("V-32")
    def test_four_digits_are_four(self, town: Town, home: Home) -> None:
        claim = Claim(town, a_login())
        claim.answers(**home.bill, phone_last4="42", proof="sms")
        assert claim.cannot_be_sent_because() == {"phone_last4": "V-32"}

    @pytest.mark.rule("V-35")
    def test_a_line_without_a_policy_is_no_choice(self, town: Town, home: Home) -> None:
        town.policy_says(verification={"commercial": dict(town.policy.verification["commercial"])})
        claim = Claim(town, a_login())
        claim.answers(**home.bill, proof="sms")
        assert claim.cannot_be_sent_because() == {"line_of_business": "V-35"}

    def test_one_wrong_detail_of_three_does_no_harm(self, town: Town, home: Home) -> None:
        home.claimed_by(a_login(), phone_last4="9999", family_name=" zélenko ")
        assert text_codes(town)

    def test_an_organisation_is_found_by_its_name(self, town: Town) -> None:
        bakery = PersonDetails(
            kind=Kind.ORGANISATION, organisation_name="Blue Heron Bakery, LLC", phones=("+15415550100",)
        )
        shop = Home(town, bakery, customer_class="commercial")
        shop.claimed_by(
            a_login(), line_of_business="commercial", organisation_name="blue heron bakery llc", family_name=None
        )
        assert text_codes(town)


class TestWhoseItIs:
    @pytest.mark.rule("V-33")
    def test_who_has_the_account_already_is_told_so(self, town: Town, home: Home) -> None:
        ana = a_login()
        home.claimed_by(ana).proves(text_codes(town)[-1])
        again = Claim(town, ana)
        again.answers(**home.bill, proof="sms")
        assert again.cannot_be_sent_because() == {"account_number": "V-33"}

    def test_a_second_login_may_have_it_and_the_first_is_told(self, town: Town, home: Home) -> None:
        first, second = a_login("first@example.org"), a_login("second@example.org")
        home.claimed_by(first).proves(text_codes(town)[-1])
        home.claimed_by(second, "email").proves(mail_codes(town, "ana@example.com")[-1])
        assert home.has_access(first)
        assert home.has_access(second)
        assert "A login was connected to your account" in town.mails("first@example.org")[-1]["Subject"]

    @pytest.mark.rule("D-42")
    def test_where_the_utility_wants_one_owner_staff_decide(self, town: Town, home: Home) -> None:
        town.policy_says(claim_second_login=False)
        home.claimed_by(a_login()).proves(text_codes(town)[-1])
        sent = len(town.texts())
        home.claimed_by(a_login())
        assert len(town.texts()) == sent
        desk = at_the_desk(home, a_login())
        assert {"D-42", "D-43"} <= desk.rules

    @pytest.mark.rule("D-45")
    def test_who_is_not_responsible_gets_what_the_policy_says(self, town: Town, home: Home) -> None:
        spouse = town.knows(BEN)
        AccountPerson.objects.create(
            account=home.account, person=spouse, is_main=False, is_responsible=False, relationship="spouse",
            **factories.DATED,
        )  # fmt: skip
        ben = a_login()
        home.claimed_by(ben, "email", family_name="Okafor").proves(mail_codes(town, "ben@example.com")[-1])
        assert AccountAccess.objects.get(user=ben).level == "view"
        town.policy_says(claim_level_others="")
        assert "D-45" in at_the_desk(home, a_login(), family_name="Okafor").rules

    @pytest.mark.rule("C-20")
    def test_everybody_on_file_is_told_and_can_undo_it(self, town: Town, home: Home) -> None:
        thief = a_login("thief@example.org")
        home.claimed_by(thief).proves(text_codes(town)[-1])
        token = stop_token(town, "ana@example.com")
        assert flow.stoppable(token=token, now=town.now)
        assert flow.stop_link(token=token, now=town.now)
        town.works()
        assert not home.has_access(thief)
        assert "not_me" in home.flags()
        assert not flow.stop_link(token=token, now=town.now)
        assert "no longer connected" in town.mails("thief@example.org")[-1]["Subject"]

    def test_the_stop_link_holds_a_month(self, town: Town, home: Home) -> None:
        home.claimed_by(a_login()).proves(text_codes(town)[-1])
        token = stop_token(town, "ana@example.com")
        assert not flow.stop_link(token=token, now=town.now + days(31))

    @pytest.mark.rule("C-21")
    def test_without_any_contact_on_file_the_letter_box_is_told(self, town: Town) -> None:
        home = Home(town, replace(BEN, emails=(), phones=()))
        home.claimed_by(a_login(), "letter").proves(letter_codes(town)[-1])
        assert sum("A login was connected" in each for each in town.letters()) == 1

    def test_an_account_gets_a_name_that_only_its_login_sees(self, town: Town, home: Home) -> None:
        ana = a_login()
        home.claimed_by(ana).proves(text_codes(town)[-1])
        flow.name_account(user=ana, account_id=home.account.pk, nickname="  Mother's\u202e house ", now=town.now)
        assert AccountAccess.objects.get(user=ana).nickname == "Mother's house"
        with pytest.raises(NotAllowed, match="not_yours"):
            flow.name_account(user=a_login(), account_id=home.account.pk, nickname="x", now=town.now)

    @pytest.mark.rule("E-21")
    def test_the_last_owner_stays_and_another_may_go(self, town: Town, home: Home) -> None:
        first, second = a_login(), a_login()
        home.claimed_by(first).proves(text_codes(town)[-1])
        with pytest.raises(Invalid) as refused:
            flow.unlink(user=first, account_id=home.account.pk, now=town.now)
        assert [each.rule for each in refused.value.findings] == ["E-21"]
        home.claimed_by(second, "email").proves(mail_codes(town, "ana@example.com")[-1])
        flow.unlink(user=first, account_id=home.account.pk, now=town.now)
        assert not home.has_access(first)
        assert Act.objects.filter(what="unlinked").count() == 1

    @pytest.mark.rule("E-22")
    def test_a_delegate_who_turns_out_to_be_on_the_account_no_longer_acts_for_somebody(self, town: Town) -> None:
        ana = Customer(town)
        delegate = a_login()
        held = AccountAccess.objects.create(
            user=delegate, account=ana.account, level="manage", capacity="delegate", proof="invitation", since=town.now,
            granted_by="customer:login:1",
        )  # fmt: skip
        claim = Claim(town, delegate)
        claim.answers(
            line_of_business="residential", account_number=ana.account.ref, family_name="Zelenko", postal_code="97901",
            proof="sms",
        )  # fmt: skip
        claim.sends().proves(text_codes(town)[-1])
        assert claim.rules == {"D-46"}
        claim.staff("approve", "She showed that she is Ana Zelenko herself.")
        held.refresh_from_db()
        assert held.ended_at is not None
        assert AccountAccess.objects.get(user=delegate, ended_at=None).capacity == "self"

    @pytest.mark.rule("D-41")
    def test_an_account_that_ended_long_ago_is_for_staff(self, town: Town) -> None:
        home = Home(town, status=AgreementStatus.STOPPED, until=date(2024, 1, 31))
        home.claimed_by(a_login())
        assert town.texts() == []
        assert "D-41" in at_the_desk(home, a_login()).rules


class TestWhoWasImported:
    """The first import is as old as the CIS's own record; what a later one changes is new."""

    PERSON = {
        "ref": "P1", "kind": "person", "given_name": "Ada", "family_name": "Lindqvist", "phone": "(541) 555-0101",
        "email": "ada@example.net", "id_type": "driver_licence", "id_value": "7654-321",
    }  # fmt: skip
    PREMISE = {"ref": "L1", "line1": "12 Lantern St", "city": "Lumen", "state": "OR", "postal_code": "97890",
               "country": "US", "division": "north", "service_types": "electric"}  # fmt: skip
    ACCOUNT = {"ref": "1234567890", "person_ref": "P1", "premise_ref": "L1", "customer_class": "residential",
               "status": "active", "start_date": "2021-05-01", "balance": "0"}  # fmt: skip

    def imports(self, town: Town, **changes: str) -> None:
        for kind, row in (("persons", self.PERSON | changes), ("premises", self.PREMISE), ("accounts", self.ACCOUNT)):
            taken = flow.take_in(kind, [(1, row)], now=town.now, policy=town.policy)
            assert taken.rejected == 0, taken.objections

    def claims(self, town: Town) -> None:
        claim = Claim(town, a_login())
        claim.answers(
            line_of_business="residential", account_number="12345 67890 3", family_name="Lindqvist", id_last4="4321",
            proof="sms",
        )  # fmt: skip
        claim.sends()

    def test_today_can_claim_today(self, town: Town) -> None:
        self.imports(town)
        self.claims(town)
        assert "+15415550101" in town.texts()[0]

    def test_with_another_number_yesterday_waits(self, town: Town) -> None:
        self.imports(town)
        town.waits(days=100)
        self.imports(town, phone="(541) 555-0199")
        town.waits(days=1)
        self.claims(town)
        assert town.texts() == []


class TestAtTheEndOfARequest:
    @pytest.mark.rule("E-20")
    def test_the_login_with_the_proved_email_gets_the_new_account(self, town: Town) -> None:
        case = town.moves_in()
        assert case.status == COMPLETED
        ana = a_login("ana@example.com")
        made = flow.link_login(request_id=case.id, user=ana, actor=case.actor, now=town.now, policy=town.policy)
        assert made is not None
        assert (made.proof, made.level, made.person) == ("request", "owner", case.person)

    def test_a_login_with_another_email_gets_nothing(self, town: Town) -> None:
        case = town.moves_in()
        other = a_login("somebody@else.example")
        assert (
            flow.link_login(request_id=case.id, user=other, actor=case.actor, now=town.now, policy=town.policy) is None
        )

    def test_nobody_but_who_asked_links_by_a_request(self, town: Town) -> None:
        case = town.moves_in()
        with pytest.raises(NotAllowed, match="unknown_request"):
            flow.link_login(
                request_id=case.id, user=a_login("ana@example.com"), actor=town.a_customer(), now=town.now,
                policy=town.policy,
            )  # fmt: skip

    def test_somebody_who_was_on_file_is_linked_only_where_the_policy_is_seamless(self, town: Town) -> None:
        town.serves(ANA, town.house())
        case = town.moves_in()
        if case.status != COMPLETED:
            case.staff("same_person", person=factories.Person.objects.get())
        ana = a_login("ana@example.com")
        again = {"request_id": case.id, "user": ana, "actor": case.actor, "now": town.now, "policy": town.policy}
        assert flow.link_login(**again) is None
        town.policy_says(claim_seamless=True)
        assert flow.link_login(**{**again, "policy": town.policy}) is None  # no document was verified


class TestWhoTriesOften:
    @pytest.mark.rule("Y-23")
    def test_waits_longer_each_time(self, town: Town, home: Home) -> None:
        login, waited = a_login(), []
        for number in range(8):
            claim = Claim(town, login)
            claim.answers(**{**home.bill, "account_number": "77777"}, proof="sms")
            minutes = 0
            while claim.cannot_be_sent_because() and minutes < 600:
                town.waits(minutes=5)
                minutes += 5
            waited.append(minutes)
            assert number < 5 or minutes
        assert waited[:5] == [0] * 5
        assert waited[5] < waited[6] < waited[7]

    def test_is_answered_alike_for_an_account_that_is_there(self, town: Town, home: Home) -> None:
        waits: list[Any] = []
        for number in (str(home.account.ref), "77777"):
            login = a_login()
            for _ in range(5):
                home.claimed_by(login, account_number=number, client=f"198.51.100.{number[-1]}")
            claim = Claim(town, login)
            with pytest.raises(Invalid) as refused:
                claim.sends()
            waits.append([(each.rule, each.field, dict(each.params)) for each in refused.value.findings])
        assert waits[0] == waits[1]

    @pytest.mark.rule("D-44")
    def test_does_not_lock_the_owner_out(self, town: Town, home: Home) -> None:
        for number in range(6):
            home.claimed_by(a_login(), "email", client=f"203.0.113.{number}")
        ana = a_login()
        texts = len(town.texts())
        home.claimed_by(ana)
        assert len(town.texts()) == texts  # no quick code any more
        home.claimed_by(ana, "letter").proves(letter_codes(town)[-1])
        assert home.has_access(ana)
        assert {"many_logins"} <= home.flags()

    def test_leaves_no_message_to_themselves(self, town: Town, home: Home) -> None:
        home.claimed_by(a_login("thief@example.org"))
        home.claimed_by(a_login("other@example.org"), account_number="77777")
        assert town.mails("thief@example.org") == town.mails("other@example.org") == []
        assert not Message.objects.filter(request__journey="link_account").exists()
