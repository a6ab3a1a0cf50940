"""What may staff do about a delivery: settle it, send it, have it corrected, discard it; and what is left in the CIS?"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from keyturn.flow import deliveries
from keyturn.flow.deliveries import Hand
from keyturn.records.models import Delivery, PersonLink, ServiceAgreement
from keyturn.records.queries import learning
from keyturn.terms.cis import Answer
from keyturn.terms.errors import Invalid, NotAllowed, Rejected
from keyturn.terms.request import Actor, Role
from tests.flow.test_cis import ONE, listening
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, NEEDS_CUSTOMER, PROCESSING, REFUSED, STUCK, Case, Town

SARA = Hand(Actor(Role.STAFF, "5"))
WHY = "Looked at it in the CIS by its reference."


class CannotTell:
    """A CIS that has no way to say what became of a key."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.name, self.offers = inner.name, inner.offers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def find(self, key: str) -> Answer | None:
        raise Rejected("cannot_tell")


@pytest.fixture
def dumb(town: Town) -> Iterator[Town]:
    """It answers everything but that."""
    cis = town.cis
    town.cis = CannotTell(cis)
    yield town
    town.cis = cis


def rules_of(act: Any) -> dict[str, str]:
    """Field to rule, of what keeps staff from doing it."""
    with pytest.raises(Invalid) as found:
        act()
    return {each.field: each.rule for each in found.value.findings}


def settles(case: Case, **changes: Any) -> Any:
    """With what the CIS says, unless a reference is said otherwise."""
    held = case.town.cis.effects()[-1]
    agreements = {f"agreement_{name}": ref for name, ref in held["agreement_refs"].items()}
    refs = {"person_ref": held["person_ref"], "account_ref": held["account_ref"], **agreements}
    reason = changes.pop("reason", WHY)
    return deliveries.settle(
        request_id=case.id, refs={**refs, **changes}, reason=reason, by=SARA, now=case.town.now, policy=case.town.policy
    )


@pytest.mark.rule("S-10")
class TestACisThatCannotTell:
    @pytest.fixture
    def case(self, dumb: Town) -> Case:
        dumb.cis_is(script=[{"fault": "answer_lost"}])
        case = dumb.moves_in(ANA)
        dumb.waits(minutes=2)
        return case

    def test_staff_are_told_to_look_there_and_nothing_is_sent_again(self, dumb: Town, case: Case) -> None:
        heard = listening(dumb)
        dumb.waits(days=3)
        assert (case.status, case.rules) == (IN_REVIEW, {"S-10"})
        assert (case.delivery.state, case.delivery.problem) == ("in_doubt", "cannot_tell")
        assert case.delivery.in_doubt_since is not None
        assert heard == []
        assert case.news == ["email_code", "received"], "the customer hears nothing of it"

    def test_no_approval_sends_it(self, case: Case) -> None:
        assert case.staff_cannot("approve") == {"S-10"}

    def test_it_is_settled_with_what_the_cis_shows(self, dumb: Town, case: Case) -> None:
        settles(case)
        assert case.status == COMPLETED
        assert case.person.ref and case.request.account.ref
        assert set(ServiceAgreement.objects.values_list("ref", flat=True)) == set(
            case.delivery.answer["agreement_refs"].values()
        )
        assert case.request.events.last().data == {"checked": True}
        assert case.news == ["email_code", "received", "completed"]
        assert case.chain_holds()

    @pytest.mark.rule("S-11")
    @pytest.mark.parametrize("field", ["person_ref", "account_ref", "agreement_electric"])
    @pytest.mark.parametrize("said", ["", "999999"])
    def test_what_the_cis_does_not_show_is_not_believed(self, case: Case, field: str, said: str) -> None:
        assert rules_of(lambda: settles(case, **{field: said})).get(field) == "S-11"
        assert case.status == IN_REVIEW

    @pytest.mark.rule("S-11")
    def test_nothing_is_believed_while_the_cis_cannot_be_asked(self, dumb: Town, case: Case) -> None:
        dumb.cis_is("down", calls=["read"])
        with pytest.raises(NotAllowed, match="cis_away"):
            settles(case)

    @pytest.mark.rule("S-11")
    def test_the_word_of_staff_stands_where_the_cis_cannot_show_what_it_has(
        self, dumb: Town, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cannot(noun: str, ref: str) -> None:
            raise Rejected("not_offered")

        monkeypatch.setattr(dumb.faulty, "read", cannot)
        settles(case)
        assert case.request.events.last().data == {"checked": False}

    @pytest.mark.rule("S-14")
    def test_a_reason_is_given(self, case: Case) -> None:
        assert rules_of(lambda: settles(case, reason="ok")) == {"reason": "S-14"}

    def test_what_is_not_there_is_sent_again_under_the_same_key(self, dumb: Town) -> None:
        dumb.cis_is(script=[{"fault": "lost_before"}])
        case = dumb.moves_in(ANA)
        dumb.waits(minutes=2)
        heard = listening(dumb)
        deliveries.not_there(request_id=case.id, reason=WHY, by=SARA, now=dumb.now)
        dumb.works()
        assert (case.status, heard) == (COMPLETED, ["send"])
        assert dumb.cis_holds() == ONE

    @pytest.mark.parametrize("search", [True, False])
    def test_what_is_there_after_all_has_no_second_effect(self, dumb: Town, case: Case, search: bool) -> None:
        """Staff looked badly: the CIS shows the person before it is sent, or else knows the key."""
        dumb.policy_says(cis_search_before_new=search)
        deliveries.not_there(request_id=case.id, reason=WHY, by=SARA, now=dumb.now)
        dumb.works()
        assert (case.status, case.rules) == ((IN_REVIEW, {"S-12"}) if search else (COMPLETED, {"S-10"}))
        assert dumb.cis_holds() == ONE

    def test_what_was_discarded_and_may_be_there_is_listed(self, dumb: Town, case: Case) -> None:
        deliveries.discard(
            request_id=case.id, reason="The meter was removed.", by=SARA, now=dumb.now, policy=dumb.policy
        )
        dumb.waits(hours=1)
        assert (case.status, case.history[-1]) == (REFUSED, "left_in_cis")
        deliveries.cleared(request_id=case.id, reason=WHY, by=SARA, now=dumb.now)
        with pytest.raises(NotAllowed, match="nothing_left"):
            deliveries.cleared(request_id=case.id, reason=WHY, by=SARA, now=dumb.now)

    def test_nobody_settles_their_own(self, case: Case) -> None:
        theirs = Hand(SARA.actor, case.request.email_digest)
        with pytest.raises(NotAllowed, match="own_request"):
            deliveries.not_there(request_id=case.id, reason=WHY, by=theirs, now=case.town.now)


class TestSendNow:
    def test_the_next_try_is_not_waited_for(self, town: Town) -> None:
        town.cis_is(script=[{"fault": "down"}])
        case = town.moves_in(ANA)
        deliveries.send_now(request_id=case.id, by=SARA, now=town.now)
        town.works()
        assert case.status == COMPLETED

    def test_not_while_a_call_is_under_way(self, town: Town) -> None:
        town.cis_is(script=[{"fault": "down"}])
        case = town.moves_in(ANA)
        Delivery.objects.update(leased_until=town.now + timedelta(seconds=9))
        with pytest.raises(NotAllowed, match="under_way"):
            deliveries.send_now(request_id=case.id, by=SARA, now=town.now)

    def test_only_staff(self, town: Town) -> None:
        case = town.moves_in(ANA)
        with pytest.raises(NotAllowed, match="unknown_request"):
            deliveries.send_now(request_id=case.id, by=Hand(case.actor), now=town.now)

    def test_not_what_is_done(self, town: Town) -> None:
        case = town.moves_in(ANA)
        with pytest.raises(NotAllowed, match="not_at_the_cis"):
            deliveries.send_now(request_id=case.id, by=SARA, now=town.now)


class TestDiscard:
    def test_what_is_stuck_is_discarded_and_the_customer_reads_why(self, town: Town) -> None:
        town.policy_says(cis_tries=1)
        town.cis_is(script=[{"fault": "late"}], seconds=400)
        case = town.moves_in(ANA)
        assert case.status == STUCK
        deliveries.discard(
            request_id=case.id, reason="The meter was removed.", by=SARA, now=town.now, policy=town.policy
        )
        assert case.status == REFUSED
        assert set(ServiceAgreement.objects.values_list("status", flat=True)) == {"cancelled"}
        town.works()
        assert "The meter was removed." in case.last_message()
        town.faulty.deliver_late()
        town.waits(hours=1)
        assert case.history[-1] == "undone_in_cis"

    def test_what_waits_for_a_cis_that_is_away_is_discarded(self, town: Town) -> None:
        town.policy_says(cis_breaker_failures=1)
        town.cis_is("down", calls=["send", "ping"])
        town.moves_in(ANA)
        case = town.moves_in(BEN)
        assert case.status == PROCESSING
        deliveries.discard(
            request_id=case.id, reason="They called: no service.", by=SARA, now=town.now, policy=town.policy
        )
        town.cis_is()
        town.waits(hours=1)
        assert case.status == REFUSED
        assert town.cis_holds() == ONE

    def test_a_person_whom_it_entered_there_keeps_its_reference(self, town: Town) -> None:
        town.policy_says(cis_tries=1)
        town.cis_is(script=[{"fault": "answer_lost"}])
        case = town.moves_in(ANA)
        deliveries.discard(
            request_id=case.id, reason="The meter was removed.", by=SARA, now=town.now, policy=town.policy
        )
        town.waits(hours=1)
        assert case.person.ref
        town.moves_in(ANA)
        assert town.cis_holds()["persons"] == 1


class TestCorrect:
    @pytest.fixture
    def case(self, town: Town) -> Case:
        town.cis_is(script=[{"fault": "refuses"}])
        return town.moves_in(ANA)

    def corrects(self, case: Case, reason: str = WHY, **answers: Any) -> None:
        deliveries.correct(
            request_id=case.id, answers=answers, reason=reason, by=SARA, now=case.town.now, policy=case.town.policy
        )
        case.town.works()

    def test_it_goes_on_with_the_corrected_answer_under_its_key(self, town: Town, case: Case) -> None:
        key, person = case.delivery.key, case.person
        self.corrects(case, start_date=town.day(9), phone="503 555 0188")
        assert case.status == COMPLETED, case.request.findings
        assert (case.delivery.key, case.person) == (key, person)
        assert town.cis_holds() == ONE
        held = town.cis.read("premise", case.request.premise.ref)["agreements"]
        assert {each["start_date"].isoformat() for each in held} == {town.day(9)}
        assert case.request.events.get(what="corrected").data == {"fields": ["phone", "start_date"]}
        assert case.chain_holds()

    def test_it_stays_with_the_person_whom_it_entered(self, town: Town, case: Case) -> None:
        """Whether they are somebody on file is asked once: here by a utility that lets the machine link nobody."""
        town.policy_says(link_automatically=False)
        self.corrects(case, start_date=town.day(9))
        assert case.status == COMPLETED, case.request.findings

    @pytest.mark.parametrize(
        ("said", "found"), [({}, True), ({"given_name": "Boris", "date_of_birth": "1961-08-09"}, False)]
    )
    def test_whom_the_machine_found_it_looks_for_again(self, town: Town, said: dict[str, str], found: bool) -> None:
        """What staff mend is not their word on who it is: nobody has said that."""
        ana = town.serves(replace(ANA, identifiers=()), town.house())
        town.cis_is(script=[{"fault": "refuses"}])
        case = town.moves_in(ANA)
        assert case.request.person == ana
        self.corrects(case, start_date=town.day(9), **said)
        links = PersonLink.objects.filter(request=case.request, undone_at=None, created_person=False)
        assert list(links.values_list("person", "automatic", "made_by")) == [(ana.pk, True, "worker")] * found
        assert list(learning.said()) == []

    def test_it_is_corrected_with_what_the_customer_answers(self, town: Town, case: Case) -> None:
        case.staff("ask", "From which day are you the tenant?").replies("From next week on.")
        self.corrects(case, start_date=town.day(7))
        assert case.status == COMPLETED
        assert town.cis_holds() == ONE

    def test_what_is_not_good_enough_is_named_and_nothing_is_taken_back(self, town: Town, case: Case) -> None:
        problems = rules_of(lambda: self.corrects(case, start_date="2020-01-01"))
        assert set(problems) == {"start_date"}
        assert case.status == IN_REVIEW
        assert set(ServiceAgreement.objects.values_list("status", flat=True)) == {"pending_start"}

    def test_only_some_answers(self, case: Case) -> None:
        before = case.request.answers
        self.corrects(case, email="mallory@example.com", consents=[])
        assert case.request.answers == before

    @pytest.mark.rule("S-14")
    def test_a_reason_is_given(self, case: Case) -> None:
        assert rules_of(lambda: self.corrects(case, reason="", start_date="2026-12-20")) == {"reason": "S-14"}

    def test_not_what_is_in_doubt(self, dumb: Town) -> None:
        dumb.cis_is(script=[{"fault": "answer_lost"}])
        case = dumb.moves_in(ANA)
        dumb.waits(minutes=2)
        with pytest.raises(NotAllowed, match="not_to_correct"):
            self.corrects(case, start_date=dumb.day(9))


class TestSendBack:
    @pytest.fixture
    def case(self, town: Town) -> Case:
        town.cis_is(script=[{"fault": "refuses"}])
        case = town.moves_in(ANA)
        deliveries.send_back(
            request_id=case.id, words="From which day are you the tenant?", by=SARA, now=town.now, policy=town.policy
        )
        return case

    def test_the_customer_is_asked_and_what_was_written_is_taken_back(self, case: Case) -> None:
        assert case.status == NEEDS_CUSTOMER
        assert set(ServiceAgreement.objects.values_list("status", flat=True)) == {"cancelled"}
        assert case.news[-1] == "question"

    def test_corrected_it_goes_on_under_its_key_and_has_one_effect(self, town: Town, case: Case) -> None:
        key, person = case.delivery.key, case.person
        case.answers(start_date=town.day(9))
        case.submits()
        town.works()
        assert case.status == COMPLETED, case.request.findings
        assert (case.delivery.key, case.person) == (key, person)
        assert town.cis_holds() == ONE
        [start] = {
            each["start_date"].isoformat() for each in town.cis.read("premise", case.request.premise.ref)["agreements"]
        }
        assert start == town.day(9)
        assert case.chain_holds()

    def test_withdrawn_it_is_looked_for_in_the_cis(self, town: Town, case: Case) -> None:
        heard = listening(town)
        case.withdraws()
        town.waits(hours=1)
        assert "find" in heard

    def test_never_answered_it_expires(self, town: Town, case: Case) -> None:
        from keyturn import flow

        town.now += timedelta(days=town.policy.answer_days)
        flow.expire(now=town.now)
        town.waits(hours=1)
        assert case.history[-1] == "expired"

    def test_only_what_the_cis_refused(self, town: Town) -> None:
        town.policy_says(cis_tries=1)
        town.cis_is(script=[{"fault": "answer_lost"}])
        case = town.moves_in(ANA)
        with pytest.raises(NotAllowed, match="not_at_the_cis"):
            deliveries.send_back(request_id=case.id, words="What is it?", by=SARA, now=town.now, policy=town.policy)
