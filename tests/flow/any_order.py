"""What can happen in a town, in any order? A machine for Hypothesis, which looks at the invariants after each step.

Each run is one transaction of the registry, rolled back at its end; the CIS keeps what it was told, under references that
no other run uses. Dying processes are part of it: a worker may die after the CIS has acted and before we noted it.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from keyturn import flow
from keyturn.connectors.cis.faults import Fault
from keyturn.flow import outside
from keyturn.records import history
from keyturn.records.models import Account, Delivery, Event, Person, PersonContact, PersonName, Premise, Request
from keyturn.terms.errors import KeyturnError
from keyturn.terms.person import PersonDetails
from tests.flow.town import ANA, BEN, COMPLETED, Case, Town

LESS_THAN_BEN = PersonDetails(
    given_name="Ben", family_name="Okafor", date_of_birth=BEN.date_of_birth, emails=("b.okafor@example.com",)
)
PEOPLE = (ANA, BEN, LESS_THAN_BEN)
slots = st.integers(0, 2)


class Died(Exception):
    """The worker is gone."""


class AnyOrder(RuleBasedStateMachine):
    """Up to three requests at two places, by three applicants of whom one is on file and one may be."""

    make_town: ClassVar[Callable[[], Town]]
    places: ClassVar[Iterator[Premise]]
    known: ClassVar[Person]
    steps_seen: ClassVar[int] = 0
    completed: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.own = transaction.atomic()
        self.own.__enter__()
        self.town = self.make_town()
        settings.KEYTURN_POLICY = self.town.policy
        outside.cis = lambda: self.town.guarded  # type: ignore[assignment]
        self.cases: dict[int, Case] = {}
        self.states: dict[Any, tuple[Any, ...]] = {}
        self.jobs_were_lost = False
        self.jobs_looked_at = 0

    @initialize(who=st.sampled_from(PEOPLE))
    def somebody_asks(self, who: PersonDetails) -> None:
        self.houses = [next(self.places), next(self.places)]
        self.file = self._file()
        self.asks(0, who, 0)

    def _file(self) -> tuple[Any, ...]:
        names = PersonName.objects.filter(person=self.known).values_list("given_name", "middle_name", "family_name")
        contacts = PersonContact.objects.filter(person=self.known).values_list("value", "status").order_by("value")
        person = Person.objects.filter(pk=self.known.pk).values_list("date_of_birth", "version", "updated_at")
        return list(names), list(contacts), list(person)

    def _case(self, slot: int) -> Case | None:
        return self.cases.get(slot)

    def _try(self, slot: int, act: Callable[[Case], Any]) -> None:
        """Somebody tries; being told that it is not possible is an answer like another."""
        case = self._case(slot)
        if case is not None:
            with suppress(KeyturnError):
                act(case)

    # What customers do

    @rule(slot=slots, who=st.sampled_from(PEOPLE), place=st.integers(0, 1))
    def begins(self, slot: int, who: PersonDetails, place: int) -> None:
        self.cases[slot] = self.town.starts_to_fill_in(who, at=self.houses[place])

    @rule(slot=slots, who=st.sampled_from(PEOPLE), place=st.integers(0, 1))
    def asks(self, slot: int, who: PersonDetails, place: int) -> None:
        self.cases[slot] = self.town.asks(who, at=self.houses[place])

    @rule(slot=slots)
    def proves_and_submits(self, slot: int) -> None:
        self._try(slot, lambda case: (case.tries(case.is_sent_a_code()), case.submits()))

    @rule(slot=slots)
    def changes_an_answer(self, slot: int) -> None:
        self._try(slot, lambda case: case.answers(services=["electric"]))

    @rule(slot=slots)
    def replies(self, slot: int) -> None:
        self._try(slot, lambda case: case.replies("Yes, that is right."))

    @rule(slot=slots)
    def withdraws(self, slot: int) -> None:
        self._try(slot, Case.withdraws)

    # What staff and engineers do

    @rule(slot=slots, word=st.sampled_from(["approve", "new_person", "same_person", "refuse", "ask"]))
    def staff_decide(self, slot: int, word: str) -> None:
        def act(case: Case) -> None:
            shown = case.request.candidates.order_by("rank").first()
            person = shown.person if shown and word == "same_person" else None
            flow.review(
                request_id=case.id, decision=word, reason="A reason in one sentence.", actor=flow_actor(),
                person_id=str(person.pk) if person else None, now=self.town.now, policy=self.town.policy,
            )  # fmt: skip

        self._try(slot, act)

    @rule(slot=slots)
    def an_engineer_retries(self, slot: int) -> None:
        self._try(slot, lambda case: flow.retry(request_id=case.id, actor=flow_actor(), now=self.town.now))

    # What machines do

    @rule()
    def one_job_is_done(self) -> None:
        self.town.works_once()

    @rule()
    def every_job_is_done(self) -> None:
        self.town.works()

    @rule(minutes=st.sampled_from([1, 10, 60, 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.town.waits(minutes=minutes)

    @rule()
    def a_month_passes(self) -> None:
        self.town.now += timedelta(days=31)  # and nobody worked
        flow.expire(now=self.town.now)

    @rule(fault=st.sampled_from([each for each in Fault if each is not Fault.SLOW]))
    def the_cis_begins_to(self, fault: Fault) -> None:
        late = self.town.faulty._late
        self.town.cis_is(str(fault), seconds=90)
        self.town.faulty._late = late

    @rule()
    def what_was_late_arrives(self) -> None:
        self.town.faulty.deliver_late()

    @rule()
    @precondition(lambda self: self.town.jobs("tell_cis") > 0)
    def a_worker_dies_when_the_cis_has_answered(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT args::text FROM procrastinate_jobs WHERE task_name = 'keyturn.tell_cis' ORDER BY id LIMIT 1"
            )
            ids = json.loads(cursor.fetchone()[0])
        answered, outside._answered = outside._answered, died  # type: ignore[assignment]
        self.town.jobs_done += 1
        with suppress(Died):
            outside.tell_cis_job(now=self.town.now, **ids)  # its job stays in the queue
        outside._answered = answered

    @rule()
    def the_queue_is_emptied_by_mistake(self) -> None:
        self.town.loses_its_jobs()
        self.jobs_were_lost = True

    @rule()
    def the_rescue_comes(self) -> None:
        self.town.now += 2 * flow.upkeep.LOST_AFTER
        flow.rescue(now=self.town.now)
        self.jobs_were_lost = False

    # What must hold after each

    @invariant()
    def every_change_has_its_event_and_the_chain_holds(self) -> None:
        """I5."""
        type(self).steps_seen += 1
        assert list(history.broken_chains()) == []
        for request in Request.objects.all():
            state = (request.step, request.standing, request.outcome, request.version, request.events_written)
            before = self.states.get(request.pk)
            if before and before[:4] != state[:4]:
                assert state[4] > before[4], "a change without an event"
                assert state[3] > before[3], "a change without a version"
            last = Event.objects.get(request=request, number=request.events_written)
            assert (last.step, last.standing, last.outcome) == state[:3]
            self.states[request.pk] = state

    @invariant()
    def one_request_has_one_effect_at_most(self) -> None:
        """I3."""
        if self.town.jobs_done == self.jobs_looked_at:
            return
        self.jobs_looked_at = self.town.jobs_done
        effects: dict[str, list[str]] = {}
        for each in self.town.cis.effects():
            effects.setdefault(each["request_reference"], []).append(each["person_ref"])
        of_person: dict[Any, set[str]] = {}
        for request in Request.objects.all():
            found = effects.get(request.reference, [])
            assert len(found) <= 1
            assert request.links.filter(undone_at=None).count() <= 1
            assert Delivery.objects.filter(request=request).count() <= 1
            if request.outcome == COMPLETED:
                assert len(found) == 1 and request.account and request.account.ref
                type(self).completed += 1
            of_person.setdefault(request.person_id, set()).update(found)
        assert all(len(refs) <= 1 for person, refs in of_person.items() if person)
        assert not Account.objects.exclude(people__is_main=True).exists()

    def nobody_on_file_is_overwritten(self) -> None:
        """I4: looked at once, at the end, because nothing undoes it."""
        assert self._file() == self.file

    @invariant()
    def somebody_moves_every_request_on(self) -> None:
        """I8."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT args ->> 'request_id' FROM procrastinate_jobs WHERE status = 'todo'")
            waiting = {row[0] for row in cursor.fetchall()}
        for request in Request.objects.all():
            match request.standing:
                case "customer":
                    assert request.due_at is not None
                case "machine":
                    assert str(request.pk) in waiting or self.jobs_were_lost
                case "staff":
                    assert request.promised_at is not None
                case "engineer":
                    assert request.events.filter(what="gave_up").exists()
                case _:
                    assert request.standing == "nobody" and request.outcome and request.ended_at

    def teardown(self) -> None:
        """When the world is well again, nothing stays with the machine."""
        try:
            if self.cases:
                self.town.faulty.deliver_late()
                self.town.cis_is()
                self.the_rescue_comes()
                self.town.waits(days=2)
                assert not Request.objects.filter(standing="machine").exists()
                self.jobs_looked_at = -1
                self.one_request_has_one_effect_at_most()
                self.nobody_on_file_is_overwritten()
                self.every_change_has_its_event_and_the_chain_holds()
        finally:
            transaction.set_rollback(True)
            self.own.__exit__(None, None, None)


def died(*_: Any, **__: Any) -> None:
    raise Died


def flow_actor() -> Any:
    from keyturn.terms.request import Actor, Role

    return Actor(Role.STAFF, "7")
