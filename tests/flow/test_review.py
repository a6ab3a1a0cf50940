"""What can staff do with a request that came to them, and what can they not?"""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from keyturn import flow
from keyturn.matching import model
from keyturn.records.crypto import digest
from keyturn.records.models import Decision, Note, Person, PersonLink, ServiceAgreement
from keyturn.terms.errors import Invalid, NotAllowed, StaleVersion
from keyturn.terms.person import PersonDetails
from keyturn.terms.premise import AgreementStatus
from keyturn.terms.request import Actor, Role
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, NEEDS_CUSTOMER, REFUSED, WITHDRAWN, Case, Town

WITHOUT_PAPERS = replace(ANA, identifiers=())
ANOTHER_ANA = replace(ANA, emails=(), identifiers=())


def moved_away_with_a_debt(town: Town, who: PersonDetails) -> Person:
    """Somebody who was served until 2024 and left a bill behind."""
    return town.serves(who, town.house(), status=AgreementStatus.STOPPED, until=date(2024, 5, 31), balance="214.60")


def model_that_keeps(candidates: int, folder: Path) -> str:
    """A profile's own matching.json."""
    values = model.read(model.shipped("default"))
    values["thresholds"]["kept"] = candidates
    path = folder / "matching.json"
    path.write_text(json.dumps(values))
    return str(path)


@pytest.fixture
def case(town: Town) -> Case:
    """A request that came to staff because the applicant has no accepted document."""
    return town.moves_in(WITHOUT_PAPERS)


class TestComingToStaff:
    def test_a_referred_request_is_promised_a_decision_by_a_time(self, town: Town, case: Case) -> None:
        assert case.status == IN_REVIEW
        assert case.request.promised_at == town.now + timedelta(hours=town.policy.review_promise_hours)

    def test_the_promise_holds_from_the_first_time(self, town: Town, case: Case) -> None:
        promised = case.request.promised_at
        town.waits(hours=5)
        case.staff("ask", "Which document can you bring?").replies("My birth certificate.")
        assert case.request.promised_at == promised

    def test_the_rules_the_policy_and_the_model_are_kept_with_the_decision(self, town: Town, case: Case) -> None:
        kept = Decision.objects.get(request=case.id)
        assert (kept.effect, kept.rules) == ("refer", ["D-08"])
        assert kept.policy_version == town.policy.version and kept.model_version


class TestApproving:
    def test_lets_the_request_go_on_at_once(self, case: Case) -> None:
        case.staff("approve")
        assert case.status == COMPLETED
        assert case.is_in_the_cis()

    def test_is_written_down_with_who_did_it(self, case: Case) -> None:
        case.staff("approve", "Knows his customer number.", by="42")
        event = case.request.events.get(what="reviewed")
        assert (event.role, event.actor, event.data) == ("staff", "42", {"decision": "approve"})
        assert Note.objects.get(request=case.id).text == "Knows his customer number."

    def test_covers_what_staff_were_shown_and_nothing_else(self, town: Town) -> None:
        house = town.house()
        case = town.moves_in(WITHOUT_PAPERS, at=house)
        town.serves(
            replace(ANA, given_name="Zoltan", family_name="Vargas", date_of_birth=None, emails=(), phones=()), house
        )
        case.staff("approve")
        assert case.status == IN_REVIEW
        assert case.rules == {"D-08", "D-03"}
        assert case.request.account is None

    def test_twice_is_not_possible(self, case: Case) -> None:
        case.staff("approve")
        with pytest.raises(NotAllowed, match="not_in_review"):
            case.staff("approve")


class TestWhoItIs:
    def test_what_was_let_pass_for_one_person_is_shown_again_for_another(self, town: Town) -> None:
        one, other = moved_away_with_a_debt(town, ANA), moved_away_with_a_debt(town, ANOTHER_ANA)
        town.policy_says(link_automatically=False)
        case = town.moves_in(ANA).staff("same_person", person=one)
        assert case.rules == {"D-05"}
        case.staff("same_person", person=other)
        assert (case.status, case.rules, case.request.person) == (IN_REVIEW, {"D-05", "M-04"}, other)
        assert case.staff("approve").status == COMPLETED

    def test_is_not_said_to_begin_a_service_twice(self, town: Town) -> None:
        house = town.house()
        ana = town.serves(ANA, house)
        case = town.moves_in(ANA, at=house)
        assert case.rules == {"D-04"}
        case.staff("same_person", person=ana)
        assert (case.status, case.rules) == (IN_REVIEW, {"D-04"})

    def test_new_is_said_once_however_many_are_alike(self, town: Town, tmp_path: Path) -> None:
        town.policy_says(match_profile=model_that_keeps(2, tmp_path))
        for name in ("Ana", "Zoltan", "Mona", "Rita", "Ivo"):
            town.knows(replace(ANA, given_name=name, identifiers=()))
        case = town.moves_in(replace(ANA, given_name="Olga"))
        for _ in range(5):
            if case.status == IN_REVIEW:
                case.staff("new_person")
        assert case.status == COMPLETED

    def test_is_not_said_any_more_once_it_is_written_down(self, town: Town) -> None:
        town.cis_is(script=[{"fault": "refuses"}])
        ana = town.knows(replace(ANA, given_name="Olga", identifiers=()))
        case = town.moves_in(ANA)
        case.staff("new_person")
        assert "S-03" in case.rules
        for word in ("same_person", "new_person"):
            assert case.staff_cannot(word, person=ana) == {"R-10"}
        assert case.staff("approve").status == COMPLETED


class TestRefusing:
    def test_ends_the_request_and_its_reason_reaches_the_applicant(self, town: Town, case: Case) -> None:
        case.staff("refuse", "The building at this address was torn down.")
        assert case.status == REFUSED
        assert case.news[-1] == "refused"
        [mail] = [mail for mail in town.mails("ana@example.com") if case.request.reference in mail["Subject"]][-1:]
        assert "The building at this address was torn down." in mail.get_content()

    def test_writes_nobody_anywhere(self, town: Town, case: Case) -> None:
        case.staff("refuse", "The building at this address was torn down.")
        assert town.cis_holds() == {"persons": 0, "accounts": 0, "agreements": 0}
        assert not PersonLink.objects.exists()

    @pytest.mark.parametrize("reason", ["", "No.", "          "])
    def test_without_words_that_the_applicant_can_read_is_not_possible(self, case: Case, reason: str) -> None:
        assert case.staff_cannot("refuse", reason) == {"R-02"}


class TestAsking:
    def test_sends_the_question_and_waits_for_the_customer(self, town: Town, case: Case) -> None:
        case.staff("ask", "Which document can you bring?")
        assert case.status == NEEDS_CUSTOMER
        assert case.news[-1] == "question"
        assert "Which document can you bring?" in case.last_message()

    def test_the_reply_brings_the_request_back_to_staff(self, case: Case) -> None:
        case.staff("ask", "Which document can you bring?").replies("My birth certificate.")
        assert case.status == IN_REVIEW
        assert [(note.kind, note.text) for note in Note.objects.filter(request=case.id).order_by("at", "id")] == [
            ("question", "Which document can you bring?"),
            ("reply", "My birth certificate."),
        ]
        assert case.staff("approve").status == COMPLETED

    def test_an_empty_reply_is_none(self, case: Case) -> None:
        case.staff("ask", "Which document can you bring?")
        with pytest.raises(Invalid):
            case.replies(" \u200b\x07 ".replace("\u200b", ""))
        assert case.status == NEEDS_CUSTOMER

    def test_nothing_was_asked_so_nothing_can_be_replied(self, case: Case) -> None:
        with pytest.raises(NotAllowed, match="not_asked"):
            case.replies("Hello?")

    def test_the_customer_may_change_answers_and_send_again(self, town: Town, case: Case) -> None:
        case.staff("ask", "Which document can you bring?")
        case.answers(id_type="passport", id_value="P5556667")
        case.submits()
        town.works()
        assert case.status == COMPLETED
        assert case.news.count("received") == 1

    def test_what_staff_approved_counts_no_more_when_the_answers_changed(self, town: Town) -> None:
        house = town.house(services="electric")
        case = town.moves_in(WITHOUT_PAPERS, at=house, services=["electric"])
        case.staff("ask", "Do you need gas as well?")
        case.answers(services=["electric", "gas"])
        case.submits()
        town.works()
        assert case.rules == {"D-02", "D-08"}

    def test_who_staff_said_it_is_counts_no_more_when_the_answers_changed(self, town: Town) -> None:
        ana = moved_away_with_a_debt(town, ANA)
        town.policy_says(link_automatically=False)
        case = town.moves_in(ANA).staff("same_person", person=ana)
        case.staff("ask", "Do you still have the old bill?")
        case.answers(given_name="Zoltan", family_name="Vargas", date_of_birth="1962-08-09", id_value="D7654321")
        case.submits()
        town.works()
        assert "M-02" in case.rules
        assert case.request.person is None

    def test_a_reply_after_changed_answers_has_them_looked_at_anew(self, town: Town, case: Case) -> None:
        case.staff("ask", "Which document can you bring?")
        case.answers(id_type="passport", id_value="P5556667")
        case.replies("My passport.")
        town.works()
        assert case.status == COMPLETED
        assert Note.objects.get(request=case.id, kind="reply").text == "My passport."

    def test_a_reply_does_not_bring_answers_to_staff_that_must_be_mended(self, town: Town, case: Case) -> None:
        case.staff("ask", "From when do you need it?")
        case.answers(start_date=None)
        with pytest.raises(Invalid) as problem:
            case.replies("I do not know yet.")
        assert [(found.rule, found.field) for found in problem.value.findings] == [("G-05", "start_date")]
        assert case.status == NEEDS_CUSTOMER

    def test_nobody_else_replies(self, town: Town, case: Case) -> None:
        case.staff("ask", "Which document can you bring?")
        case.actor = town.a_customer()
        with pytest.raises(NotAllowed, match="unknown_request"):
            case.replies("Mine.")

    def test_no_answer_in_time_ends_the_request(self, town: Town, case: Case) -> None:
        case.staff("ask", "Which document can you bring?")
        town.waits(days=town.policy.answer_days)
        with pytest.raises(NotAllowed, match="draft_expired"):
            case.replies("Sorry, I was away.")
        flow.expire(now=town.now)
        assert case.status == WITHDRAWN
        assert case.request.answers["given_name"] == "Ana"  # it was sent: its file is kept
        assert case.news[-1] == "expired"
        assert "the time to answer is over" in case.last_message()


class TestNobodyDecidesTheirOwn:
    def test_request_begun_under_their_login(self, town: Town) -> None:
        actor = Actor(Role.STAFF, "7")
        request = flow.begin(
            journey="start_service", actor=actor, channel="console", language="en", now=town.now, policy=town.policy
        )
        case = Case(town, request, actor)
        place = {
            "service_address": {"premise_id": str(town.house().pk)},
            "services": ["gas"],
            "start_date": town.day(3),
        }
        case.answers(kind="person", given_name="Rita", id_type="none", **place)
        case.submits()
        town.works()
        with pytest.raises(NotAllowed, match="own_request"):
            case.staff("approve", by="7")
        assert case.staff("approve", by="8").status == COMPLETED

    def test_request_that_bears_their_email(self, case: Case) -> None:
        with pytest.raises(NotAllowed, match="own_request"):
            case.staff("approve", email_digest=digest("email", "ana@example.com"))
        assert case.staff("approve", email_digest=digest("email", "rita@utility.example")).status == COMPLETED

    def test_request_without_an_email_is_nobodys_own_by_email(self, town: Town) -> None:
        case = town.a_partner_asks(replace(WITHOUT_PAPERS, emails=()))
        town.works()
        assert case.staff("approve", email_digest="").status == COMPLETED


class TestTwoOfStaff:
    def test_the_second_learns_that_the_first_was_quicker(self, case: Case) -> None:
        seen = case.request.version
        case.staff("ask", "Which document can you bring?").replies("My birth certificate.")
        with pytest.raises(StaleVersion):
            case.staff("approve", version=seen)

    def test_one_holds_it_and_the_other_is_told(self, town: Town, case: Case) -> None:
        rita, sam = Actor(Role.STAFF, "7"), Actor(Role.STAFF, "8")
        version = case.request.version
        assert flow.take(request_id=case.id, actor=rita, now=town.now)
        assert not flow.take(request_id=case.id, actor=sam, now=town.now)
        flow.put_back(request_id=case.id, actor=rita, now=town.now)
        assert flow.take(request_id=case.id, actor=sam, now=town.now)
        assert case.request.version == version and case.chain_holds()

    def test_a_hold_ends_after_half_an_hour(self, town: Town, case: Case) -> None:
        flow.take(request_id=case.id, actor=Actor(Role.STAFF, "7"), now=town.now)
        town.waits(minutes=30)
        assert flow.take(request_id=case.id, actor=Actor(Role.STAFF, "8"), now=town.now)


class TestAnIdentifier:
    def test_is_opened_for_a_reason_that_is_kept_with_who_opened_it(self, town: Town) -> None:
        town.policy_says(link_automatically=False)
        town.knows(ANA)
        case = town.moves_in(ANA)
        opened = flow.reveal(
            request_id=case.id,
            identifier_id=None,
            reason="The caller reads it out",
            actor=Actor(Role.STAFF, "7"),
            now=town.now,
        )
        assert opened == "D1234567"
        event = case.request.events.last()
        assert (event.what, event.actor, event.data) == ("identifier_viewed", "7", {"whose": "applicant"})
        assert "D1234567" not in str(event.data)

    def test_of_a_draft_is_nobodys_business(self, town: Town) -> None:
        draft = town.starts_to_fill_in(ANA)
        with pytest.raises(NotAllowed, match="unknown_request"):
            flow.reveal(
                request_id=draft.id, identifier_id=None, reason="Curiosity", actor=Actor(Role.STAFF, "7"), now=town.now
            )

    def test_is_not_opened_without_one(self, town: Town, case: Case) -> None:
        with pytest.raises(Invalid):
            flow.reveal(request_id=case.id, identifier_id=None, reason="", actor=Actor(Role.STAFF, "7"), now=town.now)


def test_a_word_that_staff_do_not_have_is_refused(case: Case) -> None:
    assert case.staff_cannot("maybe") == {"R-03"}


class TestWhatTheCisRefused:
    @pytest.fixture
    def rejected(self, town: Town) -> Case:
        town.cis_is(script=[{"fault": "refuses"}])
        return town.moves_in(ANA)

    def test_is_refused_to_the_customer_and_taken_back_here(self, town: Town, rejected: Case) -> None:
        rejected.staff("refuse", "The meter at this address was removed.")
        assert rejected.status == REFUSED
        assert set(ServiceAgreement.objects.values_list("status", flat=True)) == {"cancelled"}
        assert PersonLink.objects.get(request=rejected.id).undone_by == "staff:7"

    def test_is_taken_back_here_when_the_customer_does_not_answer_staffs_question(
        self, town: Town, rejected: Case
    ) -> None:
        rejected.staff("ask", "Is there a meter at this address?")
        town.waits(days=town.policy.answer_days)
        flow.expire(now=town.now)
        assert rejected.status == WITHDRAWN
        assert set(ServiceAgreement.objects.values_list("status", flat=True)) == {"cancelled"}

    def test_keeps_its_answers_and_is_answered_in_words(self, rejected: Case) -> None:
        rejected.staff("ask", "Is there a meter at this address?")
        for act in (lambda: rejected.answers(services=["electric"]), rejected.submits):
            with pytest.raises(NotAllowed, match="not_open"):
                act()
        assert rejected.replies("Yes, behind the house.").staff("approve").status == COMPLETED

    def test_leaves_alone_what_another_request_of_the_same_person_began(self, town: Town) -> None:
        town.cis_is(script=[{"fault": "refuses", "times": 2}])
        house = town.house()
        power, gas = town.moves_in(ANA, at=house, services=["electric"]), town.moves_in(ANA, at=house, services=["gas"])
        assert "S-03" in power.rules and "S-03" in gas.rules
        gas.staff("refuse", "The gas meter at this address was removed.")
        assert power.staff("approve").status == COMPLETED
        kept = {each.service_point.service: (each.status, bool(each.ref)) for each in ServiceAgreement.objects.all()}
        assert kept == {"electric": ("pending_start", True), "gas": ("cancelled", False)}

    def test_leaves_the_place_free_for_the_next(self, town: Town, rejected: Case) -> None:
        rejected.staff("refuse", "The meter at this address was removed.")
        again = town.moves_in(ANA, at=rejected.request.premise)
        assert again.status == COMPLETED
