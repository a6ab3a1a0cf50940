"""The CIS says yes, no, nothing or nonsense, jobs run twice or are lost, people change their minds: does it still hold?

Stories by a seed, each replayed exactly. After every event: nothing is written for whom the CIS had said no unless staff let
it pass, the machine refuses nobody for it, nobody is in no queue, and one request has one effect.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from keyturn import flow
from keyturn.flow import eligibility
from keyturn.records.models import OutsideCheck
from keyturn.terms.errors import KeyturnError, Rejected, Unavailable
from keyturn.terms.request import Actor, Role
from tests.flow.case import Case
from tests.flow.opinion import Opinion, thinks
from tests.flow.town import ANA, COMPLETED, REFUSED, WITHDRAWN, Town

OVER = (COMPLETED, REFUSED, WITHDRAWN)
SAYS = ((), (), ("debt",), ("premise_occupied", "debt"), Rejected("cannot_say"), Unavailable("no_answer"), ValueError())
SARA = Actor(Role.STAFF, "90075")


class Story:
    def __init__(self, town: Town, seed: int) -> None:
        self.town, self.chance = town, random.Random(seed)
        self.town.policy_says(
            cis_eligibility=True,
            cis_eligibility_away=self.chance.choice(("wait", "review", "go_on")),
            cis_eligibility_wait_minutes=20.0,
            cis_eligibility_hours=1.0,
            cis_breaker_failures=self.chance.choice((2, 50)),
        )
        self.opinion: Opinion = thinks(town, ())
        self.case: Case = town.asks(ANA)
        self.let_pass = self.refused = False

    @property
    def events(self) -> dict[str, Callable[[], object]]:
        return {
            "a job": self.town.works_once,
            "jobs": lambda: [self.town.works_once() for _ in range(3)],
            "time": lambda: self.town.waits(minutes=self.chance.choice((1, 9, 90))),
            "another mind": lambda: self.opinion._answers.__setitem__(slice(None), [self.chance.choice(SAYS)]),
            "twice": lambda: eligibility.check_eligibility(
                request_id=self.case.id, now=self.town.now, policy=self.town.policy
            ),
            "lost": self.lost,
            "approve": lambda: self.staff("approve"),
            "look again": lambda: flow.look_again(request_id=self.case.id, actor=SARA, now=self.town.now),
            "refuse": lambda: self.staff("refuse"),
            "withdraw": self.case.withdraws,
        }

    def lost(self) -> None:
        self.town.loses_its_jobs()
        self.town.now += timedelta(minutes=2)
        flow.rescue(now=self.town.now)

    def staff(self, word: str) -> None:
        self.case.staff(word, "Looked at it there.", by="90075")
        self.let_pass |= word == "approve"
        self.refused |= word == "refuse"

    def happens(self) -> None:
        rare = {"refuse", "withdraw"}
        names = [each for each in self.events for _ in range(1 if each in rare else 6)]
        with suppress(KeyturnError):  # what cannot be done now is refused
            self.events[self.chance.choice(names)]()

    def holds(self) -> None:
        request, history = self.case.request, self.case.history
        said = list(OutsideCheck.objects.filter(request=request).order_by("-asked_at"))
        if request.established_at and not self.let_pass:
            goes_on = self.town.policy.cis_eligibility_away == "go_on"
            assert said and said[0].outcome in (("passed", "unavailable", "unsure") if goes_on else ("passed",))
        assert history.count("established") <= 1
        if request.outcome == "refused":
            assert self.refused, "by staff alone"
        if request.standing == "machine":
            assert self.town.jobs() > 0 or request.updated_at <= self.town.now, "the rescue finds it"
        assert self.case.chain_holds()


@pytest.mark.rule("Y-08")
@pytest.mark.parametrize("seed", range(5))
def test_whatever_happens_in_whatever_order(town: Town, seed: int) -> None:
    story = Story(town, seed)
    for _event in range(14):
        story.happens()
        story.holds()
    story.opinion._answers[:] = [()]
    story.lost()
    town.waits(hours=6)
    if story.case.status not in OVER:
        story.staff("approve")
        town.waits(hours=6)
    story.holds()
    assert story.case.status in OVER
    if story.case.status == COMPLETED:
        assert town.cis_holds() == {"persons": 1, "accounts": 1, "agreements": 2}
    else:
        assert town.cis_holds()["agreements"] == 0 or story.let_pass
