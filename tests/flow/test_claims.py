"""Does somebody who proves that an account is theirs get it, and is everybody told who must know?"""

from typing import Any

import pytest

from keyturn import flow
from keyturn.records import acts
from keyturn.records.models import AccountAccess, Act, ClaimCode, Message
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.person import Kind, PersonDetails
from tests import factories
from tests.flow.claiming import (
    Claim,
    Home,
    a_login,
    at_the_desk,
    came_by,
    letter_codes,
    mail_codes,
    opens_the_document,
    text_codes,
)
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, NEEDS_CUSTOMER, REFUSED, Town


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
