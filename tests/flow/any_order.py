"""What can happen in a town, in any order? Stories for Hypothesis to make up; the invariants are looked at after each event.

Each run is one transaction of the registry, rolled back at its end; the CIS keeps what it was told, under references that
no other run uses. Dying processes are part of it: a worker may die after the CIS has acted and before we noted it.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.db import connection
from hypothesis import strategies as st

from keyturn import flow
from keyturn.connectors.cis.faults import Fault
from keyturn.flow import outside, upkeep
from keyturn.records import history
from keyturn.records.models import Account, Delivery, Event, Person, PersonContact, PersonName, Premise, Request
from keyturn.terms.errors import KeyturnError
from keyturn.terms.request import Actor, Role
from tests.flow.town import ANA, BEN, COMPLETED, Case, Town

MAYBE_BEN = replace(BEN, emails=("b.okafor@example.com",), identifiers=())
MONA = replace(
    MAYBE_BEN, given_name="Mona", family_name="Lund", date_of_birth=date(1994, 2, 14), emails=("mona@example.com",)
)
PEOPLE = (ANA, BEN, MAYBE_BEN, MONA)
STAFF = Actor(Role.STAFF, "7")
BY_THE_CUSTOMER: dict[str, Callable[[Case], Any]] = {
    "changes an answer": lambda case: case.answers(services=["electric"]),
    "proves": lambda case: case.tries(case.is_sent_a_code()),
    "submits": Case.submits,
    "replies": lambda case: case.replies("Yes, that is right."),
    "withdraws": Case.withdraws,
}
WORDS_OF_STAFF = ("approve", "new_person", "same_person", "refuse", "ask", "look_again")


class Died(Exception):
    """The worker is gone."""


class Story:
    """Two ask at two places while the CIS has some fault; then `tell` lets things happen, one event after the other."""

    def __init__(self, town: Town, *, known: Person, places: Iterator[Premise], seen: set[str]) -> None:
        self.town = town
        self.known = known
        self.seen = seen  # what happened at least once in any story, so that the test can tell that it looked
        self.houses = [next(places), next(places)]
        self.file = self._file()
        self.cases: list[Case] = []
        self.states: dict[Any, list[Any]] = {}
        self.jobs_were_lost = self.something_came_late = False
        self.jobs_looked_at = 0
        outside.cis = lambda: town.guarded  # type: ignore[assignment]

    def tell(self, events: list[tuple[Any, ...]]) -> None:
        """Each event is the name of a method below, and what it takes."""
        for name, *values in events:
            getattr(self, name)(*values)
            self.every_change_has_its_event()
            self.one_request_has_one_effect_at_most()
            self.somebody_moves_every_request_on()
        self.becomes_well_again()

    def _file(self) -> tuple[Any, ...]:
        names = PersonName.objects.filter(person=self.known).values_list("given_name", "middle_name", "family_name")
        contacts = PersonContact.objects.filter(person=self.known).values_list("value", "status").order_by("value")
        person = Person.objects.filter(pk=self.known.pk).values_list("date_of_birth", "version", "updated_at")
        return list(names), list(contacts), list(person)

    # What people do

    def somebody_asks(self, who: int, place: int) -> None:
        self.cases.append(self.town.asks(PEOPLE[who], at=self.houses[place]))

    def somebody_begins(self, who: int, place: int) -> None:
        self.cases.append(self.town.starts_to_fill_in(PEOPLE[who], at=self.houses[place]))

    def the_customer_acts(self, which: int, name: str) -> None:
        """Being told that it is not possible is an answer like another."""
        with suppress(KeyturnError):
            BY_THE_CUSTOMER[name](self.cases[which % len(self.cases)])
            self.seen.add(name)

    def staff_act(self, which: int, word: str) -> None:
        """They take one from their queue; an engineer takes what gave up."""
        theirs = [each for each in self.cases if each.request.standing in ("staff", "engineer")]
        if not theirs:
            return
        case = theirs[which % len(theirs)]
        word = "retry" if case.request.standing == "engineer" else word
        with suppress(KeyturnError):
            self._staff(case, word)
            self.seen.add(word)

    def _staff(self, case: Case, word: str) -> None:
        now, shown = self.town.now, case.request.candidates.order_by("rank").first()
        if word == "retry":
            flow.retry(request_id=case.id, actor=STAFF, now=now)
        elif word == "look_again":
            flow.look_again(request_id=case.id, actor=STAFF, now=now)
        else:
            flow.review(
                request_id=case.id, decision=word, reason="A reason in one sentence.", actor=STAFF, now=now,
                person_id=str(shown.person_id) if shown and word == "same_person" else None, policy=self.town.policy,
            )  # fmt: skip

    # What machines do

    def one_job_is_done(self) -> None:
        self.town.works_once()

    def the_worker_works(self, minutes: int) -> None:
        self.town.works()
        self.town.waits(minutes=minutes)

    def a_month_passes_in_which_nobody_works(self) -> None:
        self.town.now += timedelta(days=31)
        flow.expire(now=self.town.now)

    def the_cis_changes(self, fault: Fault) -> None:
        late = self.town.faulty._late
        self.town.cis_is(str(fault), seconds=90)
        self.town.faulty._late = late
        self.something_came_late |= fault is Fault.LATE

    def a_worker_dies_when_the_cis_has_answered(self) -> None:
        self.the_cis_changes(Fault.NONE)
        while not self.town.jobs("tell_cis") and self.town.works_once():
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT args::text FROM procrastinate_jobs WHERE task_name = 'keyturn.tell_cis' ORDER BY id LIMIT 1"
            )
            row = cursor.fetchone()
        if row is None:
            return
        answered, outside._answered = outside._answered, died  # type: ignore[assignment]
        self.town.jobs_done += 1
        try:
            outside.tell_cis_job(now=self.town.now, **json.loads(row[0]))
        except Died:
            self.seen.add("died")  # its job stays in the queue
        outside._answered = answered

    def the_queue_is_emptied_by_mistake(self) -> None:
        self.town.loses_its_jobs()
        self.jobs_were_lost = True

    def the_rescue_comes(self) -> None:
        self.town.now += 2 * upkeep.LOST_AFTER
        flow.rescue(now=self.town.now)
        self.jobs_were_lost = False

    # What must hold after each

    def every_change_has_its_event(self) -> None:
        """I5. The chain itself is looked at once, at the end, because nothing mends it."""
        rows = Request.objects.values_list("pk", "step", "standing", "outcome", "version", "events_written")
        for pk, *state in rows:
            before = self.states.get(pk)
            if before == state:
                continue
            if before:
                assert state[4] - before[4] == state[3] - before[3] > 0, "as many events as changes"
            last = Event.objects.get(request=pk, number=state[4])
            assert [last.step, last.standing, last.outcome] == state[:3]
            self.states[pk] = state

    def one_request_has_one_effect_at_most(self) -> None:
        """I3; looked at when a job was done, for nothing else reaches the CIS."""
        if self.town.jobs_done == self.jobs_looked_at:
            return
        self.jobs_looked_at = self.town.jobs_done
        effects = self._effects()
        of_person: dict[Any, set[str]] = {}
        for request in Request.objects.all():
            found = effects.get(request.reference, [])
            assert len(found) <= 1
            assert request.links.filter(undone_at=None).count() <= 1
            assert Delivery.objects.filter(request=request).count() <= 1
            if request.outcome == COMPLETED:
                self.seen.add("completed")
                assert len(found) == 1 and request.account and request.account.ref
            of_person.setdefault(request.person_id, set()).update(found)
        assert all(len(refs) <= 1 for person, refs in of_person.items() if person), "two persons in the CIS for one"
        assert not Account.objects.exclude(people__is_main=True).exists()

    def _effects(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for each in self.town.cis.effects():
            if each["command"] == "CancelService":
                continue
            found.setdefault(each["request_reference"], []).append(each["person_ref"])
        return found

    def somebody_moves_every_request_on(self) -> None:
        """I8."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT args ->> 'request_id' FROM procrastinate_jobs WHERE status = 'todo'")
            waiting = {row[0] for row in cursor.fetchall()}
        for request in Request.objects.all():
            self.seen.add(request.standing)
            match request.standing:
                case "customer":
                    assert request.due_at is not None
                case "machine":
                    assert str(request.pk) in waiting or self.jobs_were_lost or self._has_its_turn(request)
                case "staff":
                    assert request.promised_at is not None
                case "engineer":
                    assert request.events.filter(what="gave_up").exists()
                case _:
                    assert request.standing == "nobody" and request.outcome and request.ended_at

    def _has_its_turn(self, request: Request) -> bool:
        """It waits for the CIS without a job of its own, and something will let it go (S-07, S-08)."""
        return request.delivery.parked_at is not None and bool(
            self.town.jobs("probe_cis") + self.town.jobs("drain_cis")
        )

    def becomes_well_again(self) -> None:
        """Then nothing stays with the machine, and the two sides agree."""
        self.town.faulty.deliver_late()
        self.town.cis_is()
        self.the_rescue_comes()
        self.town.waits(days=2)
        self.jobs_looked_at = -1
        self.one_request_has_one_effect_at_most()
        self.every_change_has_its_event()
        assert list(history.broken_chains()) == []
        assert self._file() == self.file, "I4: somebody on file was overwritten"
        effects = self._effects()
        held_up = Request.objects.filter(standing="engineer").exists()  # one whom another waits for
        for request in Request.objects.all():
            assert request.standing != "machine" or held_up
            if request.reference in effects and not self.something_came_late:
                assert request.outcome == COMPLETED or request.standing in ("engineer", "machine")


def died(*_: Any, **__: Any) -> None:
    raise Died


def happens(name: str, *values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(name), *values)


SOMEBODY, SOMEWHERE, ONE_OF_THEM = st.sampled_from(range(len(PEOPLE))), st.sampled_from((0, 1)), st.integers(0, 5)
ASKS = happens("somebody_asks", SOMEBODY, SOMEWHERE)
STAFF_ACT = happens("staff_act", ONE_OF_THEM, st.sampled_from(WORDS_OF_STAFF))
WORK = happens("the_worker_works", st.sampled_from((0, 1, 10, 60, 24 * 60)))
CIS = happens("the_cis_changes", st.sampled_from(list(Fault)))
EVENTS = st.one_of(
    STAFF_ACT, STAFF_ACT, STAFF_ACT, WORK, WORK, CIS, CIS, ASKS,
    happens("the_customer_acts", ONE_OF_THEM, st.sampled_from(sorted(BY_THE_CUSTOMER))),
    happens("somebody_begins", SOMEBODY, SOMEWHERE),
    happens("one_job_is_done"),
    happens("a_worker_dies_when_the_cis_has_answered"),
    happens("a_worker_dies_when_the_cis_has_answered"),
    happens("the_rescue_comes"),
    happens("the_queue_is_emptied_by_mistake"),
    happens("a_month_passes_in_which_nobody_works"),
)  # fmt: skip
STORIES = st.tuples(st.tuples(ASKS, ASKS, CIS, WORK), st.lists(EVENTS, min_size=4, max_size=10)).map(
    lambda parts: [*parts[0], *parts[1]]
)
