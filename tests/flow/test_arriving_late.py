"""A call of which nobody heard anything arrives in the CIS when its request is over: is it undone, or seen by staff (S-06)?"""

from datetime import date, timedelta

import pytest

from keyturn import flow
from keyturn.flow import outside
from tests.flow.test_cis import listening
from tests.flow.town import ANA, REFUSED, Case, Town


@pytest.mark.rule("S-06")
class TestWhatArrivesWhenItIsOver:
    """A call in doubt, then a no, then the end: and the first call arrives after all (S-06)."""

    @pytest.fixture
    def case(self, town: Town) -> Case:
        town.cis_is(script=[{"fault": "late"}, {"fault": "refuses"}], seconds=400)
        case = town.moves_in(ANA)
        town.waits(minutes=1)
        assert "S-03" in case.rules
        return case

    def agreements(self, town: Town, case: Case) -> list[str]:
        premise = town.cis.read("premise", case.request.premise.ref)
        return [each["status"] for each in premise["agreements"]]

    def test_is_taken_back_when_staff_had_refused(self, town: Town, case: Case) -> None:
        case.staff("refuse", "The meter at this address was removed.")
        town.waits(minutes=10)
        town.faulty.deliver_late()
        assert self.agreements(town, case) == ["pending_start"] * 2
        town.waits(minutes=30)
        assert self.agreements(town, case) == ["cancelled"] * 2
        assert (case.status, case.history[-1]) == (REFUSED, "undone_in_cis")
        assert case.chain_holds()

    def test_is_taken_back_when_the_customer_did_not_answer(self, town: Town, case: Case) -> None:
        case.staff("ask", "Is there a meter at this address?")
        town.faulty.deliver_late()
        town.waits(days=town.policy.answer_days)
        flow.expire(now=town.now)
        town.waits(minutes=30)
        assert self.agreements(town, case) == ["cancelled"] * 2

    def test_is_asked_for_until_the_cis_answers(self, town: Town, case: Case) -> None:
        case.staff("refuse", "The meter at this address was removed.")
        town.faulty.deliver_late()
        town.cis_is("down", calls=["send", "find"])
        town.waits(hours=5)
        town.cis_is()
        town.waits(hours=1)
        assert self.agreements(town, case) == ["cancelled"] * 2
        assert case.history.count("undone_in_cis") == 1

    def test_stays_where_it_runs_already_and_that_is_written_down(self, town: Town, case: Case) -> None:
        case.staff("refuse", "The meter at this address was removed.")
        town.faulty.deliver_late()
        town.cis.activate_due(date.fromisoformat(case.request.answers["start_date"]))
        town.waits(minutes=30)
        assert case.request.events.last().what == "left_in_cis"
        assert case.request.events.last().data == {"code": "already_active"}

    def test_is_looked_for_ever_more_seldom_until_the_window_is_over(self, town: Town, case: Case) -> None:
        town.faulty._late.clear()
        case.staff("refuse", "The meter at this address was removed.")
        heard = listening(town)
        town.waits(hours=1)
        assert heard == ["find"] * 2
        town.waits(days=9)
        assert heard == ["find"] * 7
        assert case.history[-1] == "reviewed"

    def test_is_taken_back_when_it_comes_a_day_later(self, town: Town, case: Case) -> None:
        case.staff("refuse", "The meter at this address was removed.")
        town.waits(hours=17)
        town.faulty.deliver_late()
        town.waits(hours=30)
        assert self.agreements(town, case) == ["cancelled"] * 2
        assert case.history.count("undone_in_cis") == 1

    def test_is_taken_back_although_the_queue_was_emptied_and_nobody_saw_it_for_a_week(
        self, town: Town, case: Case
    ) -> None:
        case.staff("refuse", "The meter at this address was removed.")
        town.faulty.deliver_late()
        town.loses_its_jobs()
        town.now += timedelta(days=7)
        assert flow.rescue(now=town.now) == 1
        assert flow.rescue(now=town.now) == 0, "it has a job"
        town.works()
        assert self.agreements(town, case) == ["cancelled"] * 2
        town.waits(days=7)
        assert flow.rescue(now=town.now) == 0

    def test_is_not_looked_for_again_when_it_was_looked_for_to_the_end(self, town: Town, case: Case) -> None:
        town.faulty._late.clear()
        case.staff("refuse", "The meter at this address was removed.")
        town.waits(hours=1)
        town.loses_its_jobs()
        town.now += timedelta(hours=1)
        assert flow.rescue(now=town.now) == 1
        town.waits(days=9)
        assert (flow.rescue(now=town.now), town.jobs("undo_in_cis")) == (0, 0)

    def test_is_left_to_staff_when_looking_for_it_gives_up(self, town: Town, case: Case) -> None:
        case.staff("refuse", "The meter at this address was removed.")
        town.loses_its_jobs()
        outside.undo_gave_up(request_id=str(case.id), now=town.now, problem="KeyError")
        town.now += timedelta(days=1)
        assert (case.history[-1], flow.rescue(now=town.now)) == ("left_in_cis", 0)
