"""The CIS is asked whether it would serve somebody, and meanwhile something happens: is one thing true in the end?"""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from keyturn import flow
from keyturn.flow import eligibility, machine, outside
from keyturn.records.models import OutsideCheck, Request
from keyturn.terms.cis import EstablishService
from keyturn.terms.errors import Rejected
from tests.flow.case import Case
from tests.flow.opinion import NOTHING, the_check, thinks
from tests.flow.town import ANA, COMPLETED, PROCESSING, WITHDRAWN, Town


@pytest.fixture
def town(town: Town) -> Town:
    town.policy_says(cis_eligibility=True, cis_probe_seconds=300.0)
    return town


class TestAskedTwice:
    def test_the_second_answer_changes_nothing(self, town: Town) -> None:
        thinks(town, (), ("debt",))
        case = town.asks(ANA)
        machine.advance(request_id=case.id, now=town.now, policy=town.policy)
        eligibility.check_eligibility(request_id=case.id, now=town.now, policy=town.policy)
        eligibility.check_eligibility(request_id=case.id, now=town.now, policy=town.policy)
        town.works()
        assert case.status == COMPLETED
        assert case.history.count("established") == 1

    def test_two_who_ask_at_one_moment_give_one_answer(self, town: Town) -> None:
        case = town.asks(ANA)
        machine.advance(request_id=case.id, now=town.now, policy=town.policy)
        one = eligibility._about_to_ask(case.id, now=town.now, policy=town.policy)
        two = eligibility._about_to_ask(case.id, now=town.now, policy=town.policy)
        assert one and two and one.place != two.place
        eligibility._answered(case.id, two, ["debt"], now=town.now)
        eligibility._answered(case.id, one, [], now=town.now)
        town.works()
        assert case.rules == {"Y-07"}
        assert the_check().reasons == ["debt"]

    def test_a_worker_that_died_before_asking_is_followed_by_one_that_asks(self, town: Town) -> None:
        case = town.asks(ANA)
        while not OutsideCheck.objects.exists():
            town.works_once()
        town.loses_its_jobs()
        town.now += timedelta(minutes=5)
        assert flow.rescue(now=town.now) == 1
        town.works()
        assert case.status == COMPLETED

    def test_a_rescue_does_not_begin_the_waiting_anew(self, town: Town) -> None:
        town.cis_is("down", calls=["check"])
        case = town.moves_in(ANA)
        asked_at = the_check().asked_at
        town.loses_its_jobs()
        town.now += timedelta(minutes=5)
        flow.rescue(now=town.now)
        town.works()
        assert the_check().asked_at == asked_at
        assert case.status == PROCESSING


class TestAnotherQuestionMeanwhile:
    """Somebody whom the CIS did not know when we meant to ask gets their number there before we do."""

    @pytest.fixture
    def second(self, town: Town) -> Case:
        first = town.asks(ANA)
        while first.history[-1] != "handed_to_cis":
            town.works_once()
        second = town.asks(ANA)
        machine.advance(request_id=second.id, now=town.now, policy=town.policy)
        assert second.history[-1] == "check_asked"
        assert second.person == first.person and not first.person.ref
        town.loses_its_jobs()  # what is called here is called by the test
        return second

    def told(self, town: Town, second: Case) -> None:
        first = Request.objects.exclude(pk=second.id).get()
        outside.tell_cis(request_id=first.pk, now=town.now, policy=town.policy)

    def test_before_it_is_asked(self, town: Town, second: Case) -> None:
        self.told(town, second)
        eligibility.check_eligibility(request_id=second.id, now=town.now, policy=town.policy)
        town.works()
        assert second.status == COMPLETED
        assert [each.outcome for each in second.request.checks.order_by("asked_at", "pk")] == ["", "passed"]

    @pytest.mark.parametrize("answers", [(), ("debt",), Rejected("refused")])
    def test_while_it_is_asked(self, town: Town, second: Case, answers: Any) -> None:
        opinion = thinks(town, answers, ())

        def meanwhile(command: EstablishService) -> tuple[str, ...]:
            del opinion.check
            self.told(town, second)
            return opinion.check(command)

        opinion.check = meanwhile  # type: ignore[method-assign]
        eligibility.check_eligibility(request_id=second.id, now=town.now, policy=town.policy)
        town.works()
        assert second.status == COMPLETED, "what was said about another question counts for nothing"


class TestWithdrawnMeanwhile:
    def test_the_cis_does_not_hear_of_who_has_withdrawn(self, town: Town) -> None:
        opinion = thinks(town, ())
        case = town.asks(ANA)
        while "check_asked" not in case.history:
            town.works_once()
        case.withdraws()
        town.works()
        assert (case.status, opinion.asked) == (WITHDRAWN, [])

    def test_an_answer_that_comes_too_late_brings_nothing_back(self, town: Town) -> None:
        case = town.asks(ANA)
        machine.advance(request_id=case.id, now=town.now, policy=town.policy)
        asked = eligibility._about_to_ask(case.id, now=town.now, policy=town.policy)
        assert asked
        case.withdraws()
        eligibility._answered(case.id, asked, [], now=town.now)
        town.works()
        assert case.status == WITHDRAWN
        assert the_check().outcome == ""
        assert town.cis_holds() == NOTHING
        assert case.news[-1] == "withdrawn"

    @pytest.mark.django_db(transaction=True)
    def test_no_lock_is_held_while_the_cis_thinks(self, town: Town) -> None:
        """The customer withdraws in the middle of the call, from another connection, and waits for nobody."""
        case = town.asks(ANA)
        machine.advance(request_id=case.id, now=town.now, policy=town.policy)
        opinion = thinks(town, ())
        done: list[str] = []

        def meanwhile(command: EstablishService) -> tuple[str, ...]:
            def customer() -> None:
                with connection.cursor() as cursor:
                    cursor.execute("SET lock_timeout = '3s'")
                case.withdraws()
                done.append(case.status)
                connection.close()

            thread = threading.Thread(target=customer)
            thread.start()
            thread.join(10)
            return ()

        opinion.check = meanwhile  # type: ignore[method-assign]
        eligibility.check_eligibility(request_id=case.id, now=town.now, policy=town.policy)
        assert done == [WITHDRAWN]
        town.works()
        assert case.status == WITHDRAWN
