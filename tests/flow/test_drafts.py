"""Is nothing lost that was typed, and can nobody but its owner come back to it?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn import flow
from keyturn.flow import moves
from keyturn.records.models import EmailCode, Evidence, Message, Request, ResumeLink
from keyturn.terms.errors import NotAllowed, StaleVersion
from keyturn.terms.request import Actor, Role
from tests.flow.town import ANA, BEN, COMPLETED, DRAFT, PROCESSING, STUCK, WITHDRAWN, Case, Town


class TestADraft:
    def test_keeps_every_answer_the_wrong_ones_too(self, town: Town) -> None:
        case = town.starts_to_fill_in(ANA)
        findings = case.answers(date_of_birth="2085-03-27")
        assert [found.rule for found in findings] == ["V-03"]
        assert case.request.answers["date_of_birth"] == "2085-03-27"
        assert case.request.answers["given_name"] == "Ana"

    def test_keeps_nothing_that_is_no_answer_however_deep_it_goes(self, town: Town) -> None:
        case, deep = town.starts_to_fill_in(ANA), []
        for _ in range(900):
            deep = [deep]
        assert [found.rule for found in case.answers(given_name=deep, nickname=deep)] == ["G-01", "G-03"]
        assert case.request.answers["given_name"] == "Ana"

    def test_names_only_what_is_wrong_on_the_page_that_was_sent(self, town: Town) -> None:
        case = town.starts_to_fill_in(ANA, email="nonsense")
        assert case.answers(given_name="Anna") == []

    def test_forgets_an_answer_that_is_taken_back(self, town: Town) -> None:
        case = town.starts_to_fill_in(ANA)
        case.answers(phone=None)
        assert "phone" not in case.request.answers

    def test_cannot_be_sent_before_everything_is_answered(self, town: Town) -> None:
        case = town.starts_to_fill_in(ANA, given_name=None, family_name=None, services=None)
        assert case.cannot_be_sent_because() == {"given_name": "V-01", "services": "G-05"}
        assert case.status == DRAFT

    def test_cannot_be_sent_before_the_email_is_proved(self, town: Town) -> None:
        assert town.starts_to_fill_in(ANA).cannot_be_sent_because() == {"email": "Y-01"}

    def test_cannot_be_sent_when_the_email_was_changed_after_its_proof(self, town: Town) -> None:
        case = town.starts_to_fill_in(ANA).proves_email()
        case.answers(email="other@example.com")
        assert case.cannot_be_sent_because() == {"email": "Y-01"}

    def test_belongs_to_the_browser_that_began_it(self, town: Town) -> None:
        case = town.starts_to_fill_in(ANA)
        case.actor = town.a_customer()
        for act in (case.submits, case.withdraws, lambda: case.answers(given_name="Eve")):
            with pytest.raises(NotAllowed, match="unknown_request"):
                act()

    def test_open_in_two_tabs_tells_the_second_that_it_is_stale(self, town: Town) -> None:
        case = town.starts_to_fill_in(ANA)
        seen = case.request.version
        act = {"request_id": case.id, "actor": case.actor, "now": town.now, "policy": town.policy}
        flow.answer(answers={"given_name": "Anna"}, version=seen, **act)
        with pytest.raises(StaleVersion) as stale:
            flow.answer(answers={"given_name": "Hanna"}, version=seen, **act)
        assert stale.value.current == seen + 1
        assert case.request.answers["given_name"] == "Anna"

    def test_lives_on_with_every_answer(self, town: Town) -> None:
        case = town.starts_to_fill_in(ANA)
        town.waits(days=town.policy.draft_days - 1)
        case.answers(phone="+15035550100")
        town.waits(days=town.policy.draft_days - 1)
        flow.expire(now=town.now)
        assert case.status == DRAFT


class TestAnExpiredDraft:
    @pytest.fixture
    def case(self, town: Town) -> Case:
        case = town.starts_to_fill_in(ANA)
        case.is_sent_a_code()
        flow.send_resume_link(email="ana@example.com", now=town.now, policy=town.policy)
        town.waits(days=town.policy.draft_days)
        return case

    def test_is_over(self, town: Town, case: Case) -> None:
        assert flow.expire(now=town.now) == 1
        assert case.status == WITHDRAWN
        assert case.history[-1] == "expired"
        assert flow.expire(now=town.now) == 0

    def test_has_forgotten_what_was_typed(self, town: Town, case: Case) -> None:
        flow.expire(now=town.now)
        request = case.request
        assert (request.answers, request.email_digest) == ({}, "")
        assert not Message.objects.filter(request=request).exclude(sealed_content=None).exists()
        for table in (EmailCode, ResumeLink, Evidence):
            assert not table.objects.filter(request=request).exists()

    def test_cannot_be_filled_in_even_before_it_was_swept_up(self, case: Case) -> None:
        with pytest.raises(NotAllowed, match="draft_expired"):
            case.answers(given_name="Anna")

    def test_keeps_an_honest_history(self, town: Town, case: Case) -> None:
        flow.expire(now=town.now)
        assert case.chain_holds()

    def test_that_cannot_be_ended_keeps_no_other_open(
        self, town: Town, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Request.objects.filter(pk=case.id).update(due_at=town.now - timedelta(days=1))  # the first one to be looked at
        other = town.starts_to_fill_in(BEN)
        town.waits(days=town.policy.draft_days)
        forget = moves.forget

        def falls_over(request: Request) -> None:
            if request.pk == case.id:
                raise RuntimeError
            forget(request)

        monkeypatch.setattr(moves, "forget", falls_over)
        assert flow.expire(now=town.now) == 1
        assert other.status == WITHDRAWN
        monkeypatch.undo()
        assert flow.expire(now=town.now) == 1

    def test_is_swept_up_without_its_last_mail_getting_in_the_way(self, town: Town) -> None:
        case = town.starts_to_fill_in(BEN)
        case.is_sent_a_code()
        town.now += timedelta(days=town.policy.draft_days)
        flow.expire(now=town.now)
        town.works()  # the mail that nobody had sent yet
        assert case.status == WITHDRAWN


class TestOnAnotherDevice:
    @pytest.fixture
    def draft(self, town: Town) -> Case:
        return town.starts_to_fill_in(ANA)

    def token(self, town: Town, address: str = "ANA@example.com") -> str:
        known = set(Message.objects.values_list("pk", flat=True))
        flow.send_resume_link(email=address, now=town.now, policy=town.policy)
        new = Message.objects.exclude(pk__in=known).filter(template="resume_link").first()
        return new.content["values"]["token"] if new else ""

    def test_a_draft_goes_on_by_the_link_in_a_mail_and_a_code(self, town: Town, draft: Case) -> None:
        found = flow.follow_resume_link(token=self.token(town), now=town.now)
        assert found is not None and found.pk == draft.id
        phone = Case(town, found, town.a_customer())
        assert phone.tries(phone.is_sent_a_code("resume"), purpose="resume") == ""
        flow.take_over(request_id=phone.id, actor=phone.actor, now=town.now)
        phone.answers(phone="+15035550100")
        phone.submits()
        town.works()
        assert phone.status == COMPLETED

    def test_nobody_takes_it_over_without_a_code_of_just_now(self, town: Town, draft: Case) -> None:
        draft.proves_email()
        for _ in range(2):
            with pytest.raises(NotAllowed, match="not_proved"):
                flow.take_over(request_id=draft.id, actor=town.a_customer(), now=town.now)
            assert draft.tries(draft.is_sent_a_code("resume"), purpose="resume") == ""
            town.waits(minutes=10)

    def test_the_first_device_has_lost_it_then(self, town: Town, draft: Case) -> None:
        draft.tries(draft.is_sent_a_code("resume"), purpose="resume")
        flow.take_over(request_id=draft.id, actor=town.a_customer(), now=town.now)
        with pytest.raises(NotAllowed, match="unknown_request"):
            draft.answers(given_name="Anna")

    def test_a_link_holds_for_three_days(self, town: Town, draft: Case) -> None:
        token = self.token(town)
        town.waits(hours=town.policy.resume_link_hours)
        assert flow.follow_resume_link(token=token, now=town.now) is None

    def test_a_link_leads_nowhere_once_the_request_was_sent(self, town: Town, draft: Case) -> None:
        token = self.token(town)
        draft.proves_email().submits()
        assert flow.follow_resume_link(token=token, now=town.now) is None
        with pytest.raises(NotAllowed, match="not_a_draft"):
            flow.take_over(request_id=draft.id, actor=town.a_customer(), now=town.now)

    def test_an_address_without_a_draft_gets_nothing_and_nobody_learns_it(self, town: Town, draft: Case) -> None:
        assert self.token(town, "nobody@example.com") == ""

    def test_a_stranger_cannot_put_a_draft_of_theirs_before_mine(self, town: Town, draft: Case) -> None:
        draft.proves_email()
        town.waits(minutes=5)
        town.starts_to_fill_in(replace(BEN, emails=ANA.emails))  # whoever knows the address can type it
        found = flow.follow_resume_link(token=self.token(town), now=town.now)
        assert found is not None and found.pk == draft.id

    def test_only_a_few_links_are_sent_in_an_hour(self, town: Town, draft: Case) -> None:
        sent = [self.token(town) for _ in range(town.policy.email_codes_per_hour + 2)]
        assert [bool(each) for each in sent] == [True] * town.policy.email_codes_per_hour + [False] * 2


class TestTheMailCode:
    @pytest.fixture
    def case(self, town: Town) -> Case:
        return town.starts_to_fill_in(ANA)

    def test_is_right_as_people_type_it(self, case: Case) -> None:
        code = case.is_sent_a_code()
        assert case.tries(f" {code[:3].lower()}-{code[3:].lower()} ") == ""

    def test_is_wrong(self, case: Case) -> None:
        code = case.is_sent_a_code()
        assert case.tries("WRONG2") == "wrong"
        assert case.tries(code) == ""

    def test_has_expired(self, town: Town, case: Case) -> None:
        code = case.is_sent_a_code()
        town.waits(minutes=town.policy.email_code_minutes)
        assert case.tries(code) == "expired"

    def test_is_used_once(self, case: Case) -> None:
        code = case.is_sent_a_code()
        assert case.tries(code) == ""
        assert case.tries(code) == "used"

    def test_is_void_after_too_many_guesses_the_right_one_included(self, town: Town, case: Case) -> None:
        code = case.is_sent_a_code()
        for _ in range(town.policy.email_code_tries):
            assert case.tries("WRONG2") == "wrong"
        assert case.tries(code) == "too_many"

    def test_is_void_when_a_newer_one_was_sent(self, case: Case) -> None:
        old, new = case.is_sent_a_code(), case.is_sent_a_code()
        assert case.tries(old) == "wrong"
        assert case.tries(new) == ""

    def test_to_prove_an_address_is_of_no_use_once_the_request_was_sent(self, case: Case) -> None:
        first, second = case.is_sent_a_code(), case.is_sent_a_code("resume")
        assert case.tries(first) == ""
        case.submits()
        assert case.tries(second, purpose="resume") == "expired"
        assert case.is_sent_a_code() == ""
        assert case.is_sent_a_code("status")

    def test_is_for_one_purpose(self, case: Case) -> None:
        code = case.is_sent_a_code("resume")
        assert case.tries(code) == "expired"
        assert case.tries(code, purpose="status") == "expired"

    def test_is_for_the_address_that_it_was_sent_to(self, case: Case) -> None:
        code = case.is_sent_a_code()
        case.answers(email="other@example.com")
        assert case.tries(code) == "expired"

    def test_is_for_one_request(self, town: Town, case: Case) -> None:
        other = town.starts_to_fill_in(ANA)
        code = case.is_sent_a_code()
        other.is_sent_a_code()
        assert other.tries(code) == "wrong"

    def test_is_sent_only_so_often_in_an_hour(self, town: Town, case: Case) -> None:
        sent = [case.is_sent_a_code() for _ in range(town.policy.email_codes_per_hour + 1)]
        assert [bool(each) for each in sent] == [True] * town.policy.email_codes_per_hour + [False]
        town.waits(minutes=61)
        assert case.is_sent_a_code()

    @pytest.mark.parametrize(
        "answers",
        [
            {"start_date": "31 of February"},
            {"language": "Klingon, or whatever was typed here"},
            {"services": ["steam"]},
        ],
    )
    def test_arrives_although_other_answers_are_wrong(self, town: Town, case: Case, answers: dict) -> None:
        case.answers(**answers)
        assert case.is_sent_a_code()
        town.works()
        assert len(town.mails("ana@example.com")) == 1


class TestSubmitting:
    def test_twice_is_once(self, town: Town) -> None:
        case = town.asks(ANA)
        case.submits().submits()
        town.works()
        case.submits()
        assert case.status == COMPLETED
        assert case.history.count("submitted") == 1
        assert case.news.count("received") == 1
        assert town.cis_holds()["accounts"] == 1

    def test_is_not_open_to_a_stranger_afterwards_either(self, town: Town) -> None:
        case = town.asks(ANA)
        case.actor = town.a_customer()
        with pytest.raises(NotAllowed, match="unknown_request"):
            case.submits()

    def test_closes_the_answers(self, town: Town) -> None:
        case = town.asks(ANA)
        with pytest.raises(NotAllowed, match="not_open"):
            case.answers(given_name="Anna")

    def test_without_a_proof_is_impossible_even_where_an_outside_check_is_due(self, town: Town) -> None:
        town.policy_says(identity_check="always")
        assert town.starts_to_fill_in(ANA).cannot_be_sent_because() == {"email": "Y-01"}


class TestWithdrawing:
    def test_a_draft_ends_it_quietly(self, town: Town) -> None:
        case = town.starts_to_fill_in(ANA).withdraws()
        assert case.status == WITHDRAWN
        assert case.news == []

    def test_a_draft_forgets_what_was_typed(self, town: Town) -> None:
        request = town.starts_to_fill_in(ANA).proves_email().withdraws().request
        assert (request.answers, request.email_digest) == ({}, "")
        assert not Evidence.objects.filter(request=request).exists()

    def test_a_request_on_its_way_ends_it_before_anything_is_written(self, town: Town) -> None:
        case = town.asks(ANA).withdraws()
        town.works()
        assert case.status == WITHDRAWN
        assert case.news[-1] == "withdrawn"
        assert town.cis_holds() == {"persons": 0, "accounts": 0, "agreements": 0}

    def test_a_request_with_staff_ends_it(self, town: Town) -> None:
        case = town.moves_in(replace(ANA, identifiers=())).withdraws()
        assert case.status == WITHDRAWN
        with pytest.raises(NotAllowed, match="not_in_review"):
            case.staff("approve")

    def test_a_request_that_gave_up_ends_it(self, town: Town) -> None:
        case = town.asks(ANA)
        moves.gave_up(request_id=str(case.id), now=town.now, problem="OperationalError")
        assert case.status == STUCK
        assert case.withdraws().status == WITHDRAWN
        assert case.chain_holds()

    def test_twice_is_once(self, town: Town) -> None:
        case = town.asks(ANA).withdraws().withdraws()
        assert case.history.count("withdrawn") == 1

    def test_is_too_late_once_it_was_written(self, town: Town) -> None:
        case = town.moves_in(ANA)
        with pytest.raises(NotAllowed, match="too_late"):
            case.withdraws()
        assert case.status == COMPLETED

    def test_is_too_late_while_the_cis_is_told(self, town: Town) -> None:
        town.cis_is("down")
        case = town.moves_in(ANA)
        with pytest.raises(NotAllowed, match="too_late"):
            case.withdraws()
        assert case.status == PROCESSING


def test_a_journey_that_does_not_exist_cannot_be_begun(town: Town) -> None:
    with pytest.raises(NotAllowed, match="unknown_journey"):
        flow.begin(
            journey="fly", actor=town.a_customer(), channel="portal", language="en", now=town.now, policy=town.policy
        )
    assert not Request.objects.exists()


def test_a_language_that_we_do_not_speak_becomes_our_first(town: Town) -> None:
    actor = Actor(Role.CUSTOMER, "b")
    request = flow.begin(
        journey="start_service", actor=actor, channel="portal", language="xx", now=town.now, policy=town.policy
    )
    assert request.language == "en"
