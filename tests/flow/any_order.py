"""What can happen in a town, in any order? Stories for Hypothesis to make up; the invariants are looked at after each event.

Each run is one transaction of the registry, rolled back at its end; the CIS keeps what it was told, under references that
no other run uses. Dying processes are part of it: a worker may die after the CIS has acted and before we noted it.
"""

import json
from collections.abc import Callable, Iterable, Iterator
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
from keyturn.records.models import Candidate, Person, Premise
from keyturn.terms.errors import KeyturnError
from keyturn.terms.request import Actor, Role
from tests.durability.crash import Died
from tests.flow.promises import Promises
from tests.flow.town import ANA, BEN, Case, Town

MAYBE_BEN = replace(BEN, emails=("b.okafor@example.com",), identifiers=())
MONA = replace(
    MAYBE_BEN, given_name="Mona", family_name="Lund", date_of_birth=date(1994, 2, 14), emails=("mona@example.com",)
)
PEOPLE = (ANA, BEN, MAYBE_BEN, MONA)
STAFF = Actor(Role.STAFF, "7")
AT_THE_SCREEN = Actor(Role.CUSTOMER, "whose mail it is")
"""A code goes to a customer, also where a partner's program has asked for them."""
BY_THE_CUSTOMER: dict[str, Callable[[Case], Any]] = {
    "changes an answer": lambda case: case.answers(services=["electric"]),
    "proves": lambda case: case.tries(case.is_sent_a_code(), actor=AT_THE_SCREEN),
    "submits": Case.submits,
    "replies": lambda case: case.replies("Yes, that is right."),
    "withdraws": Case.withdraws,
}
WORDS_OF_STAFF = ("approve", "new_person", "same_person", "refuse", "ask", "look_again")


class Told:
    """The CIS, and how often it was sent something."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.times = inner, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def send(self, command: Any, *, key: str) -> Any:
        self.times += 1
        return self._inner.send(command, key=key)

    def send_partly(self, command: Any, *, key: str) -> None:
        self.times += 1
        self._inner.send_partly(command, key=key)


class Story:
    """Two ask at two places while the CIS has some fault; then `tell` lets things happen, one event after the other."""

    def __init__(self, town: Town, *, known: Person, places: Iterator[Premise], seen: set[str]) -> None:
        self.town = town
        self.known = known
        self.seen = seen  # what happened at least once in any story, so that the test can tell that it looked
        self.houses = [next(places), next(places)]
        self.cases: list[Case] = []
        self.told = town.cis = Told(town.cis)
        town.cis_is()
        self.promises = Promises(effects=self.told.effects, sent=lambda: self.told.times, seen=seen)
        self.promises.look()
        outside.cis = lambda: town.guarded  # type: ignore[assignment]

    def tell(self, events: Iterable[tuple[Any, ...]]) -> None:
        """Each event is the name of a method below, and what it takes."""
        for name, *values in events:
            getattr(self, name)(*values)
            self.promises.look()
        self.becomes_well_again()

    # What people do

    def somebody_asks(self, who: int, place: int) -> None:
        case = self.somebody_begins(who, place).proves_email().submits()
        self.promises.confirmed.add(case.id)

    def somebody_begins(self, who: int, place: int) -> Case:
        case = self.town.starts_to_fill_in(PEOPLE[who], at=self.houses[place])
        self.promises.typed[case.id] = set(PEOPLE[who].emails)
        self.cases.append(case)
        return case

    def the_customer_acts(self, which: int, name: str) -> None:
        """Being told that it is not possible is an answer like another."""
        case = self.cases[which % len(self.cases)]
        with suppress(KeyturnError):
            BY_THE_CUSTOMER[name](case)
            self.seen.add(name)
            if name == "submits":
                self.promises.confirmed.add(case.id)

    def staff_act(self, which: int, word: str) -> None:
        """They take one from their queue; an engineer takes what gave up."""
        stands = self.promises.requests
        theirs = [each for each in self.cases if stands[each.id]["standing"] in ("staff", "engineer")]
        if not theirs:
            return
        case = theirs[which % len(theirs)]
        word = "retry" if stands[case.id]["standing"] == "engineer" else word
        with suppress(KeyturnError):
            self._staff(case, word)
            self.seen.add(word)

    def _staff(self, case: Case, word: str) -> None:
        now, shown = self.town.now, None
        if word == "same_person":
            shown = Candidate.objects.filter(request=case.id).order_by("rank").first()
        if word == "retry":
            flow.retry(request_id=case.id, actor=STAFF, now=now)
        elif word == "look_again":
            flow.look_again(request_id=case.id, actor=STAFF, now=now)
        else:
            flow.review(
                request_id=case.id, decision=word, reason="A reason in one sentence.", actor=STAFF, now=now,
                person_id=str(shown.person_id) if shown else None, policy=self.town.policy,
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
        self.promises.jobs_were_lost = True

    def the_rescue_comes(self) -> None:
        self.town.now += 2 * upkeep.LOST_AFTER
        flow.rescue(now=self.town.now)
        self.promises.jobs_were_lost = False

    def becomes_well_again(self) -> None:
        """Then nothing stays with the machine, and the two sides agree."""
        self.town.faulty.deliver_late()
        self.town.cis_is()
        for _again in range(2):  # what is looked for later, and has lost its job, is rescued when its time has come
            self.the_rescue_comes()
            self.town.waits(days=3)  # longer than what may have arrived late is looked for
        self.promises.look(whole=True)
        assert list(history.broken_chains()) == []
        requests = self.promises.requests.values()
        held_up = any(row["standing"] in ("engineer", "staff") for row in requests)  # one whom another waits for
        for row in requests:
            assert row["standing"] != "machine" or held_up, "I8: the machine has left it"
        self.promises.nothing_is_left_unseen()


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
