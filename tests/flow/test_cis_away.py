"""What does a CIS that is away, slow or full cost, and in which order and how fast is what waited let go afterwards?"""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread, current_thread, main_thread
from typing import Any

import pytest
from django.db import connection

from keyturn import flow
from keyturn.connectors.cis import known_as
from keyturn.flow import gate, outside
from keyturn.records import cis_state
from keyturn.records.models import CisBreaker, CisPlace, Delivery
from keyturn.steps.sync.gate import rules
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from keyturn.work import queue
from tests.flow.test_cis import MONA, ONE, listening
from tests.flow.town import ANA, BEN, COMPLETED, PROCESSING, Case, Town


@pytest.fixture
def away(town: Town) -> Town:
    """It has been silent twice, which is enough here."""
    town.policy_says(cis_breaker_failures=2)
    town.cis_is("down", calls=["send", "find", "ping"])
    town.moves_in(ANA)
    town.waits(seconds=3)
    assert breaker().opened_at is not None
    return town


def breaker() -> CisBreaker:
    return CisBreaker.objects.get()


@pytest.mark.rule("S-07")
class TestLeftAlone:
    def test_nobody_calls_it_any_more_and_nothing_waits_in_the_queue(self, away: Town) -> None:
        heard = listening(away)
        case = away.moves_in(BEN)
        away.waits(minutes=10)
        assert heard == []
        assert (case.status, case.delivery.state, case.delivery.tries) == (PROCESSING, "intended", 0)
        assert away.jobs("tell_cis") == 0
        assert Delivery.objects.filter(parked_at__isnull=False).count() == 2
        assert case.news == ["email_code", "received"], "the customer hears nothing of it"

    def test_it_is_left_alone_after_so_many_silences_in_a_row_and_not_earlier(self, town: Town) -> None:
        town.policy_says(cis_breaker_failures=3)
        for silence in (Unavailable("cis_unreachable"), InDoubt("no_answer")):
            gate.heard(silence, now=town.now, policy=town.policy)
        gate.heard(Rejected("premise_occupied"), now=town.now, policy=town.policy)  # it is there
        for _ in range(2):
            gate.heard(Unavailable("cis_unreachable"), now=town.now, policy=town.policy)
        assert not gate.is_open()
        gate.heard(InDoubt("no_answer"), now=town.now, policy=town.policy)
        assert gate.is_open()

    @pytest.mark.parametrize("code", sorted(rules.ANSWERED))
    def test_an_answer_that_cannot_be_read_is_no_silence(self, town: Town, code: str) -> None:
        town.policy_says(cis_breaker_failures=1)
        gate.heard(InDoubt(code), now=town.now, policy=town.policy)
        assert not gate.is_open()

    def test_one_probe_at_a_time(self, away: Town) -> None:
        until = away.now + timedelta(seconds=20)
        assert cis_state.begin_probe(known_as(), now=away.now, until=until)
        assert not cis_state.begin_probe(known_as(), now=away.now, until=until)
        assert cis_state.begin_probe(known_as(), now=until, until=until), "who died with it is followed by another"

    def test_once_a_probe_is_answered_everything_goes_through(self, away: Town) -> None:
        second = away.moves_in(BEN)
        away.waits(hours=1)
        away.cis_is()
        away.waits(minutes=1)
        assert second.status == COMPLETED
        assert away.cis_holds()["persons"] == 2
        assert (breaker().opened_at, breaker().failures) == (None, 0)

    def test_it_is_on_trial_first_and_one_failure_is_enough_then(self, away: Town) -> None:
        away.moves_in(BEN)
        away.policy_says(cis_breaker_failures=5)
        away.cis_is("down")  # it answers a ping, and nothing else
        heard = listening(away)
        away.waits(seconds=20)
        assert gate.is_open()
        assert heard == ["send"]

    def test_what_waits_is_not_taken_for_lost(self, away: Town) -> None:
        away.moves_in(BEN)
        away.waits(minutes=2)
        flow.rescue(now=away.now)
        assert away.jobs("tell_cis") == 0

    def test_what_is_in_doubt_stays_so_and_is_looked_up_first_when_it_is_back(self, town: Town) -> None:
        town.policy_says(cis_breaker_failures=1)
        town.cis_is(script=[{"fault": "answer_lost"}])
        case = town.moves_in(ANA)
        assert gate.is_open()
        heard = listening(town)
        town.waits(minutes=1)
        assert (case.status, heard) == (COMPLETED, ["find"])
        assert town.cis_holds() == ONE

    def test_a_probe_whose_job_was_lost_is_found_again(self, away: Town) -> None:
        case = away.moves_in(BEN)
        away.cis_is()
        away.loses_its_jobs()
        away.waits(minutes=1)
        assert case.status == PROCESSING
        assert flow.rescue(now=away.now) > 0
        away.waits(minutes=1)
        assert case.status == COMPLETED

    def test_a_drain_whose_job_was_lost_is_found_again(self, away: Town) -> None:
        case = away.moves_in(BEN)
        away.cis_is()
        assert gate.probe(away.guarded, now=away.now, policy=away.policy)
        away.loses_its_jobs()
        assert flow.rescue(now=away.now) == 1
        away.waits(seconds=10)
        assert case.status == COMPLETED

    def test_what_is_over_is_looked_for_when_it_is_back(self, away: Town) -> None:
        case = Case(away, Delivery.objects.get().request, away.a_customer())
        Delivery.objects.update(state="rejected", parked_at=None)
        type(case.request).objects.filter(pk=case.id).update(standing="staff")
        case.staff("refuse", "The meter at this address was removed.")
        heard = listening(away)
        away.waits(hours=1)
        assert heard == []
        away.cis_is()
        heard = listening(away)
        away.waits(hours=1)
        assert "find" in heard


@pytest.mark.rule("S-08")
class TestLetGo:
    def test_the_oldest_first_and_no_faster_than_the_policy_says(self, away: Town) -> None:
        away.policy_says(cis_breaker_failures=2, cis_drain_per_second=2)
        cases = [away.moves_in(who) for who in (BEN, MONA)]
        away.waits(seconds=5)
        cases += [away.moves_in(BEN), away.moves_in(MONA)]
        away.cis_is()
        assert gate.probe(away.guarded, now=away.now, policy=away.policy)
        began = away.now
        away.works()
        assert Delivery.objects.filter(parked_at__isnull=False).count() == 1
        away.waits(seconds=10)
        assert {each.status for each in cases} == {COMPLETED}
        answered = list(Delivery.objects.order_by("created_at").values_list("answered_at", flat=True))
        assert answered == sorted(answered)
        assert answered[-1] - began >= timedelta(seconds=2)

    def test_nothing_is_let_go_to_one_that_does_not_answer(self, away: Town) -> None:
        assert gate.drain(now=away.now, policy=away.policy) == 0

    def test_the_pace_is_even_and_no_two_come_at_one_moment(self) -> None:
        waits = list(rules.let_go([f"KT-{n}" for n in range(60)], 100))
        assert len(set(waits)) > 50
        for number, wait in enumerate(waits):
            assert number / 50 <= wait.total_seconds() <= (number + 1) / 50

    @pytest.mark.parametrize(
        ("before", "taken", "let_go"),
        [(0, 0, 400), (400, 390, 400), (400, 100, 129), (129, 100, 129), (129, 110, 400), (400, 0, 4), (9, 4, 9)],
    )
    def test_where_fewer_were_taken_than_let_go_little_more_than_that(
        self, town: Town, before: int, taken: int, let_go: int
    ) -> None:
        town.policy_says(cis_at_once=4, cis_drain_per_second=200)
        assert rules.at_a_time(town.policy, let_go=before, taken=taken) == let_go

    def test_a_cis_at_its_limit_is_not_offered_again_and_again_what_it_cannot_take(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its one place is taken all the time: each turn but the first lets go one, and the others stay where they are."""
        town.policy_says(cis_at_once=1)
        place = gate.take_place(now=town.now, policy=town.policy)
        assert place is not None
        cases = [town.moves_in(who) for who in (ANA, BEN, MONA)]
        let_go: list[int] = []
        real = gate.drain
        monkeypatch.setattr(gate, "drain", lambda **given: let_go.append(real(**given)))
        for _turn in range(5):
            town.waits(seconds=2)
        assert let_go[:2] == [3, 1] and set(let_go[1:]) == {1}
        gate.called(place)
        town.waits(seconds=20)
        assert {each.status for each in cases} == {COMPLETED}


@pytest.mark.rule("S-09")
class TestPlaces:
    def take(self, town: Town, places: int = 2) -> gate.Place | None:
        town.policy_says(cis_at_once=places)
        return gate.take_place(now=town.now, policy=town.policy)

    def test_there_are_as_many_as_the_policy_says(self, town: Town) -> None:
        taken = [self.take(town) for _ in range(3)]
        assert [place and place.number for place in taken] == [0, 1, None]
        assert taken[0] is not None
        gate.called(taken[0])
        assert self.take(town) == taken[0]

    def test_who_died_leaves_their_place_when_their_time_is_over(self, town: Town) -> None:
        first = self.take(town, 1)
        assert first is not None
        town.now = first.until
        second = self.take(town, 1)
        assert second is not None and second.number == 0
        gate.called(first)  # it comes back after all
        assert self.take(town, 1) is None, "the place is the second one's"

    def test_more_or_fewer_hold_at_once(self, town: Town) -> None:
        self.take(town, 1)
        assert self.take(town, 1) is None
        assert self.take(town, 2) is not None
        assert self.take(town, 1) is None

    def test_who_finds_none_comes_again_soon_and_holds_nobody_up(self, town: Town) -> None:
        place = self.take(town, 1)
        assert place is not None
        case = town.moves_in(ANA)
        assert (case.status, case.delivery.tries) == (PROCESSING, 0)
        town.waits(seconds=5)
        assert case.status == PROCESSING
        gate.called(place)
        town.waits(seconds=5)
        assert case.status == COMPLETED
        assert town.cis_holds() == ONE

    def test_each_call_gives_its_place_back(self, town: Town) -> None:
        town.cis_is(script=[{"fault": "down"}, {"fault": "answer_lost"}, {"fault": "refuses"}])
        for who in (ANA, BEN, MONA):
            town.moves_in(who)
        town.waits(minutes=5)
        assert CisPlace.objects.exclude(until=None).count() == 0

    def test_a_call_that_was_overtaken_gives_its_place_back_too(self, town: Town) -> None:
        case = town.asks(ANA)
        flow.advance(request_id=case.id, now=town.now, policy=town.policy)
        first = outside._about_to_call(case.id, now=town.now, policy=town.policy)
        assert first is not None
        case.delivery.__class__.objects.update(state="done")
        outside._answered(case.id, town.cis.send(first.command, key=first.key), first, now=town.now)
        assert CisPlace.objects.exclude(until=None).count() == 0


@pytest.mark.rule("S-08")
class TestParkedAtTheVeryMomentInWhichWhatWaitsIsLetGo:
    """A drain begins, and ends, between what a worker sees and the commit of what it lets wait: nobody would come again."""

    @pytest.fixture
    def case(self, transactional_db: None, town: Town) -> Case:
        town.loses_its_jobs()
        return town.asks(BEN)

    @staticmethod
    def meanwhile(
        town: Town, real: Callable[..., Any], also: Callable[[], None]
    ) -> tuple[Callable[..., Any], list[Thread]]:
        """What `real` says, from before a drain that another worker runs, and ends where it can, before we go on."""
        others: list[Thread] = []

        def drains() -> None:
            also()
            town.loses_its_jobs()  # the job is its own
            gate.drain(now=town.now, policy=town.policy)
            connection.close()

        def says(*args: Any) -> Any:
            said = real(*args)
            parks = current_thread() is main_thread() and Delivery.objects.filter(parked_at__isnull=False).exists()
            if parks and not others:
                others.append(Thread(target=drains))
                others[0].start()
                others[0].join(0.5)
            return said

        return says, others

    def goes_out(self, town: Town, case: Case, others: list[Thread]) -> None:
        town.works()
        others[0].join(10)
        assert not others[0].is_alive()
        assert case.delivery.parked_at is None
        town.cis_is()
        town.works().waits(seconds=5)
        assert case.status == COMPLETED
        town.loses_its_jobs()

    def test_the_cis_is_just_back(self, town: Town, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
        town.policy_says(cis_breaker_failures=1)
        gate.heard(Unavailable("cis_unreachable"), now=town.now, policy=town.policy)
        back = lambda: gate._is_back(now=town.now, policy=town.policy)  # noqa: E731
        says, others = self.meanwhile(town, gate.is_open, back)
        monkeypatch.setattr(gate, "is_open", says)
        self.goes_out(town, case, others)

    def test_a_drain_that_was_waiting_has_just_begun(
        self, town: Town, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        town.policy_says(cis_at_once=1)
        place = gate.take_place(now=town.now, policy=town.policy)
        assert place
        queue.later(gate.DRAIN, at=town.now + timedelta(hours=1), once=gate.DRAIN)
        says, others = self.meanwhile(town, queue.waits, lambda: gate.not_called(place))
        monkeypatch.setattr(queue, "waits", says)
        self.goes_out(town, case, others)
