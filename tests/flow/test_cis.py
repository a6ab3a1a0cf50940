"""What becomes of an approved request when the CIS is down, slow, silent, wrong or unwilling?"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from keyturn import flow
from keyturn.connectors.cis.faults import FaultyCis
from keyturn.flow import gate, machine, outside
from keyturn.steps.sync import step as sync
from keyturn.terms.cis import Answer, EstablishService
from keyturn.terms.errors import NotAllowed, Rejected, Unavailable
from keyturn.terms.person import Identifier
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, PROCESSING, STUCK, Case, Town

MONA = replace(
    BEN,
    given_name="Mona",
    family_name="Lund",
    date_of_birth=date(1994, 2, 14),
    emails=("mona@example.com",),
    identifiers=(Identifier("passport", "P1000009"),),
)
ONE = {"persons": 1, "accounts": 1, "agreements": 2}
NONE = {"persons": 0, "accounts": 0, "agreements": 0}


class Calls(FaultyCis):
    """What we say to the CIS, in order: the faults stay what they were."""

    def __init__(self, faulty: FaultyCis) -> None:
        self.__dict__ = faulty.__dict__
        self.heard: list[str] = []

    def send(self, command, *, key):
        self.heard.append("send")
        return super().send(command, key=key)

    def find(self, key):
        self.heard.append("find")
        return super().find(key)


def listening(town: Town) -> list[str]:
    calls = Calls(town.faulty)
    town.guarded._inner = calls
    return calls.heard


class TestDown:
    def test_the_request_waits_and_the_customer_has_their_confirmation(self, town: Town) -> None:
        town.cis_is("down")
        case = town.moves_in(ANA)
        assert case.status == PROCESSING
        assert case.news == ["email_code", "received"]
        assert case.delivery.problem == "cis_unreachable"
        assert town.cis_holds() == NONE

    def test_it_goes_through_by_itself_when_the_cis_returns_after_a_day(self, town: Town) -> None:
        town.cis_is("down")
        case = town.moves_in(ANA)
        town.waits(hours=18)
        assert case.status == PROCESSING
        town.cis_is()
        town.waits(minutes=20)
        assert case.status == COMPLETED
        assert town.cis_holds() == ONE

    def test_it_is_tried_again_after_ever_longer_pauses(self, town: Town) -> None:
        town.cis_is("down")
        case = town.moves_in(ANA)
        pauses = []
        for _ in range(6):
            pauses.append((case.delivery.next_try_at - town.now).total_seconds())
            town.now = case.delivery.next_try_at
            town.works()
        expected = [town.policy.cis_first_wait_seconds * 2**n for n in range(6)]
        assert all(0.74 <= pause / wanted <= 1.26 for pause, wanted in zip(pauses, expected, strict=True))

    def test_nobody_is_asked_what_happened_to_a_call_that_never_arrived(self, town: Town) -> None:
        town.cis_is(script=[{"fault": "down", "times": 2}])
        heard = listening(town)
        town.moves_in(ANA)
        town.waits(minutes=1)
        assert heard == ["send", "send", "send"]

    def test_for_too_long_an_engineer_sees_it_and_can_let_it_try_again(self, town: Town) -> None:
        town.policy_says(cis_tries=3)
        town.cis_is("down")
        case = town.moves_in(ANA)
        town.waits(hours=1)
        assert case.status == STUCK
        assert case.history[-1] == "gave_up"
        assert case.request.events.last().data == {"code": "cis_unreachable", "tries": 3}
        town.cis_is()
        assert case.an_engineer_retries().status == COMPLETED
        assert town.cis_holds() == ONE

    def test_an_engineer_retries_only_what_gave_up(self, town: Town) -> None:
        with pytest.raises(NotAllowed, match="not_stuck"):
            town.moves_in(ANA).an_engineer_retries()

    def test_several_requests_all_arrive_afterwards(self, town: Town) -> None:
        town.cis_is("flapping", flap=2)
        cases = [town.moves_in(who) for who in (ANA, BEN, MONA)]
        town.waits(hours=1)
        assert [case.status for case in cases] == [COMPLETED] * 3
        assert town.cis_holds() == {"persons": 3, "accounts": 3, "agreements": 6}


def test_a_slow_cis_is_waited_for(town: Town) -> None:
    town.cis_is("slow", seconds=4.0)
    assert town.moves_in(ANA).status == COMPLETED
    assert town.slept == 4.0


class TestInDoubt:
    """The CIS may have done it, and nobody knows: it is asked before anything is sent again (S-02, I3)."""

    @pytest.mark.parametrize("fault", ["answer_lost", "garbage", "lost_before", "partial"])
    def test_it_is_looked_up_and_has_one_effect(self, town: Town, fault: str) -> None:
        town.cis_is(script=[{"fault": fault}])
        heard = listening(town)
        case = town.moves_in(ANA)
        assert (case.status, case.delivery.state) == (PROCESSING, "in_doubt")
        town.waits(minutes=1)
        assert case.status == COMPLETED
        assert heard[:2] == ["send", "find"]
        assert heard.count("send") == (2 if fault in ("lost_before", "partial") else 1)
        assert town.cis_holds() == ONE

    def test_what_arrives_late_has_one_effect(self, town: Town) -> None:
        town.cis_is(script=[{"fault": "late"}], seconds=600)
        case = town.moves_in(ANA)
        town.waits(minutes=5)
        assert case.status == COMPLETED
        town.faulty.deliver_late()
        assert town.cis_holds() == ONE

    def test_what_arrives_late_but_before_we_ask_is_found(self, town: Town) -> None:
        town.cis_is(script=[{"fault": "late"}], seconds=1)
        heard = listening(town)
        case = town.moves_in(ANA)
        town.waits(minutes=1)
        assert case.status == COMPLETED
        assert heard == ["send", "find"]
        assert town.cis_holds() == ONE

    def test_an_answer_to_the_look_up_that_names_no_account_is_no_answer(self, town: Town, monkeypatch) -> None:
        town.cis_is(script=[{"fault": "answer_lost"}])
        case = town.moves_in(ANA)
        with monkeypatch.context() as vaguely:
            vaguely.setattr(town.faulty, "find", lambda key: Answer("7"))
            town.waits(minutes=1)
            assert (case.status, case.delivery.state) == (PROCESSING, "in_doubt")
        town.waits(minutes=10)
        assert case.status == COMPLETED
        assert town.cis_holds() == ONE

    def test_what_arrives_twice_has_one_effect(self, town: Town) -> None:
        town.cis_is("duplicate")
        assert town.moves_in(ANA).status == COMPLETED
        assert town.cis_holds() == ONE

    def test_it_stays_in_doubt_while_nobody_can_be_asked(self, town: Town) -> None:
        town.cis_is(script=[{"fault": "answer_lost"}, {"fault": "down", "times": 2}], calls=["send", "find"])
        heard = listening(town)
        case = town.moves_in(ANA)
        town.waits(minutes=2)
        assert case.status == COMPLETED
        assert heard == ["send", "find", "find", "find"]
        assert town.cis_holds() == ONE

    def test_one_that_gave_up_in_doubt_is_looked_up_when_it_is_tried_again(self, town: Town) -> None:
        town.policy_says(cis_tries=1)
        town.cis_is(script=[{"fault": "answer_lost"}])
        heard = listening(town)
        case = town.moves_in(ANA)
        assert case.status == STUCK
        case.an_engineer_retries()
        assert case.status == COMPLETED
        assert heard == ["send", "find"]
        assert town.cis_holds() == ONE

    def test_a_worker_that_died_in_the_call_is_followed_by_one_that_asks(self, town: Town) -> None:
        case = town.asks(ANA)
        town.works_once()  # the mail
        while not hasattr(case.request, "delivery"):
            town.works_once()
        heard = listening(town)
        case_delivery = case.delivery
        case_delivery.state, case_delivery.tries = "sent", 1
        case_delivery.leased_until = town.now + timedelta(seconds=20)
        case_delivery.save()
        town.works()
        assert heard == []  # the call may still be under way
        town.waits(seconds=30)
        assert heard == ["find", "send"]
        assert case.status == COMPLETED
        assert town.cis_holds() == ONE


class TestUnwilling:
    @pytest.fixture
    def case(self, town: Town) -> Case:
        town.cis_is(script=[{"fault": "refuses"}])
        return town.moves_in(ANA)

    def test_staff_see_it_with_the_code_that_the_cis_gave(self, case: Case) -> None:
        assert case.status == IN_REVIEW
        assert "S-03" in case.rules
        assert case.delivery.problem == "refused"
        assert case.request.promised_at is not None

    def test_it_is_sent_again_when_staff_approve(self, town: Town, case: Case) -> None:
        assert case.staff("approve", "Put right in the CIS.").status == COMPLETED
        assert town.cis_holds() == ONE

    def test_it_is_looked_up_before_it_is_sent_again(self, town: Town, case: Case) -> None:
        heard = listening(town)
        case.staff("approve", "Put right in the CIS.")
        assert heard == ["find", "send"]  # an earlier try may have been in doubt

    def test_it_is_not_tried_again_by_itself(self, town: Town, case: Case) -> None:
        town.waits(hours=3)
        assert case.status == IN_REVIEW
        assert town.cis_holds() == NONE

    def test_the_customer_reads_nothing_of_it(self, case: Case) -> None:
        assert case.news == ["email_code", "received"]


class TestAWorkerThatWasOvertaken:
    """It stood still during its call; another took over, and then it comes back with what it heard."""

    def test_does_not_end_the_doubt_of_the_other(self, town: Town) -> None:
        case = self.about_to_be_told(town)
        first = outside._about_to_call(case.id, now=town.now, policy=town.policy)
        town.now += timedelta(minutes=1)
        second = outside._about_to_call(case.id, now=town.now, policy=town.policy)
        assert first and second and second.look_up
        outside._called_in_vain(case.id, Unavailable("cis_unreachable"), first, now=town.now, policy=town.policy)
        assert (case.delivery.state, case.delivery.leased_until is None) == ("sent", False)

    def test_brings_its_answer_too_late_to_change_what_was_decided(self, town: Town) -> None:
        case = self.about_to_be_told(town)
        outside._about_to_call(case.id, now=town.now, policy=town.policy)
        town.now += timedelta(minutes=1)
        second = outside._about_to_call(case.id, now=town.now, policy=town.policy)
        assert second
        outside._called_in_vain(case.id, Rejected("refused"), second, now=town.now, policy=town.policy)
        outside._answered(case.id, town.cis.send(second.command, key=second.key), second, now=town.now)
        assert case.status == IN_REVIEW
        assert case.staff("approve").status == COMPLETED
        assert town.cis_holds() == ONE

    def about_to_be_told(self, town: Town) -> Case:
        case = town.asks(ANA)
        flow.advance(request_id=case.id, now=town.now, policy=town.policy)
        town.loses_its_jobs()
        return case


def test_the_cis_is_told_what_stands_on_the_file_of_a_person_whom_another_request_entered(town: Town) -> None:
    town.cis_is(script=[{"fault": "refuses"}])
    first = town.moves_in(ANA).staff("refuse", "The meter at this address was removed.")
    second = town.moves_in(replace(ANA, given_name="Anna", phones=("+15035550199",)))
    assert second.person == first.person and second.proposals() == {"given_name": "Anna", "phone": "+15035550199"}
    [told] = [town.cis.read("person", second.person.ref)]
    assert told["names"][0]["given_name"] == "Ana"
    assert [each["value"] for each in told["contacts"]] == ["ana@example.com", "+15035550142"]


class TestAnythingDoneTwice:
    def test_telling_the_cis_again_changes_nothing(self, town: Town) -> None:
        case = town.moves_in(ANA)
        before = case.history
        for _ in range(3):
            flow.tell_cis(request_id=case.id, now=town.now, policy=town.policy)
            flow.advance(request_id=case.id, now=town.now, policy=town.policy)
        assert case.history == before
        assert town.cis_holds() == ONE

    def test_a_job_that_came_back_from_a_dead_worker_does_no_harm(self, town: Town) -> None:
        case = town.asks(ANA)
        for _ in range(2):
            flow.advance(request_id=case.id, now=town.now, policy=town.policy)
        town.works()
        assert case.history.count("established") == 1
        assert town.cis_holds() == ONE


def test_a_second_request_of_one_person_waits_for_the_first_that_is_in_doubt(town: Town) -> None:
    town.cis_is(script=[{"fault": "answer_lost"}, {"fault": "down", "times": 3}], calls=["send", "find"])
    first, second = town.moves_in(ANA), town.moves_in(ANA)
    assert (first.status, second.status) == (PROCESSING, PROCESSING)
    assert second.delivery.state == "intended"
    town.waits(minutes=10)
    assert (first.status, second.status) == (COMPLETED, COMPLETED)
    assert town.cis_holds() == {"persons": 1, "accounts": 1, "agreements": 4}


def test_a_second_request_waits_also_where_its_machines_clock_is_behind(town: Town) -> None:
    town.cis_is(script=[{"fault": "answer_lost"}, {"fault": "down", "times": 3}], calls=["send", "find"])
    first = town.moves_in(ANA)
    town.now -= timedelta(minutes=2)
    second = town.moves_in(ANA)
    assert second.delivery.state == "intended"
    town.waits(minutes=10)
    assert (first.status, second.status) == (COMPLETED, COMPLETED)
    assert town.cis_holds() == {"persons": 1, "accounts": 1, "agreements": 4}


@pytest.mark.parametrize("moment", ["take_place", "must_wait_for_another"])
def test_a_second_request_goes_to_the_account_that_the_cis_made_while_it_was_looked_at(
    town: Town, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The first is answered after the second has been read, and before it is the second's turn."""
    first, second = town.asks(ANA), town.asks(ANA)
    for case in (first, second):
        machine.advance(request_id=case.id, now=town.now, policy=town.policy)
    call = outside._about_to_call(first.id, now=town.now, policy=town.policy)
    assert call
    answer = town.cis.send(call.command, key=call.key)
    where = {"take_place": gate, "must_wait_for_another": sync}[moment]
    then = getattr(where, moment)

    def meanwhile(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(where, moment, then)
        outside._answered(first.id, answer, call, now=town.now)
        return then(*arguments, **options)

    monkeypatch.setattr(where, moment, meanwhile)
    told = outside._about_to_call(second.id, now=town.now, policy=town.policy)
    assert told and isinstance(told.command, EstablishService)
    assert (told.command.person_ref, told.command.account_ref) == (answer.person_ref, answer.account_ref)
