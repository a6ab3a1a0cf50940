"""T-08 through mixed doors: the same new person comes through several doors at the same moment. Is it one person, and
where an import is one of the doors, is nobody entered twice unseen?

Portal (a guest's browser, and a login), API (a partner's program, and a call centre that vouches) and import. What
comes through portal and API is decided by several worker processes at the same moment, on a real PostgreSQL; rows are
imported by others beside them. The persons give no identifier that the database keeps unique. An import merges nobody
(K-12): with it in the race the promise is that no pair goes unseen: each is in the queue of duplicates or was reported.
`RACE_FULL=1` (`make battery`) runs 400 persons x 3 and 100 x 20; the small size bounds the share less closely.
"""

import itertools
import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from threading import Event
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections

from keyturn import flow
from keyturn.connectors import cis
from keyturn.flow import machine
from keyturn.records import deciding, person_index
from keyturn.records.bulk import persons as bulk
from keyturn.records.models import DuplicatePair, Person, Premise, Request
from keyturn.steps.maintain import step as maintain
from keyturn.steps.maintain.duplicates import meanwhile
from keyturn.terms.person import Identifier, PersonDetails
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.api.caller import Caller, a_key, answers
from tests.durability import bound
from tests.durability.test_race import WORKERS, again, duplicates, looks, new_premises, newcomers, partner
from tests.flow.claiming import a_login
from tests.flow.conftest import cis_installed, town
from tests.flow.town import ANA, BEN, Case, Town, answers_of

__all__ = ["cis_installed", "partner", "town"]  # fixtures

FULL = os.environ.get("RACE_FULL") == "1"
SIZES = [(400, 3), (100, 20)] if FULL else [(24, 3), (5, 20)]
IMPORTED = 60 if FULL else 8
PATIENCE = 20.0

Door = Callable[[PersonDetails, Premise], Request]


# ---------------------------------------------------------------- the doors


def through_api(caller: Caller) -> Door:
    """A program that vouches for the e-mail."""

    def asks(who: PersonDetails, place: Premise) -> Request:
        given = {**answers(place), **answers_of(who), "services": ["electric"]}
        return Request.objects.get(pk=caller.begins(given, submit=True, attested=["email"])["id"])

    return asks


def through_portal(actor_of: Callable[[], Actor]) -> Door:
    """Somebody who fills in the pages and proves the e-mail by its code."""

    def asks(who: PersonDetails, place: Premise) -> Request:
        now, policy, actor = datetime.now(UTC), settings.KEYTURN_POLICY, actor_of()
        given = {**answers(place), **answers_of(who), "services": ["electric"]}
        draft = flow.begin(
            journey="start_service", actor=actor, channel="portal", language="en", now=now, policy=policy
        )
        flow.answer(request_id=draft.pk, answers=given, actor=actor, now=now, policy=policy)
        flow.send_code(request_id=draft.pk, purpose="prove", now=now, policy=policy)
        code = draft.messages.get(template="email_code").content["values"]["code"]
        flow.prove_email(request_id=draft.pk, purpose="prove", code=code, actor=actor, now=now, policy=policy)
        return flow.submit(request_id=draft.pk, actor=actor, now=now, policy=policy)

    return asks


@pytest.fixture
def doors(partner: Caller) -> list[Door]:
    browsers = itertools.count(1)
    return [
        through_api(partner),
        through_portal(lambda: Actor(Role.CUSTOMER, f"browser{next(browsers)}")),
        through_portal(lambda: Actor(Role.CUSTOMER, f"login:{a_login().pk}")),
        through_api(Caller(a_key())),
    ]


def row_of(who: PersonDetails, ref: str) -> dict[str, str]:
    """The same person as the CIS's file has them."""
    born = who.date_of_birth.isoformat() if who.date_of_birth else ""
    return {
        "ref": ref, "kind": "person", "given_name": who.given_name, "family_name": who.family_name,
        "date_of_birth": born, "email": who.emails[0],
    }  # fmt: skip


def comes(task: tuple[str, Any]) -> tuple[str, Any]:
    """One worker process: a request is decided (milliseconds), or a row is imported (whom it was reported to resemble)."""
    what, given = task
    if what == "request":
        return what, looks(given)
    intake = flow.take_in("persons", [(1, given)], now=datetime.now(UTC), policy=settings.KEYTURN_POLICY)
    assert intake.created == 1
    return what, [(each.ref, each.person_id) for each in intake.lookalikes]


def race(doors: list[Door], *, persons: int, each: int, first: int, imported: bool = False) -> list[tuple[str, Any]]:
    """Every person comes `each` times, each time through another door than the time before, all at one moment."""
    places = iter(new_premises(persons * each))
    tasks: list[tuple[str, Any]] = []
    for at, who in enumerate(newcomers(persons, first)):
        turn = [*doors[at % len(doors) :], *doors[: at % len(doors)]]
        sent = [door(who, next(places)) for door in turn[:each]]
        copies = [again(sent[more % len(sent)], next(places)) for more in range(each - len(sent))]
        mine = [("request", str(row.pk)) for row in [*sent, *Request.objects.bulk_create(copies)]]
        if imported:
            mine.insert(at % len(mine), ("row", row_of(who, f"RACE{first + at}")))
        tasks += mine
    connections.close_all()  # a connection must not be shared with the processes, the CIS's own neither
    cis.connector().close()
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as pool:
        return list(pool.map(comes, tasks, chunksize=1))


# ---------------------------------------------------------------- many at once


@pytest.mark.parametrize(("persons", "each"), SIZES)
def test_one_new_person_through_several_doors_at_once_is_one_person(
    doors: list[Door], persons: int, each: int, record_property: Callable[[str, object], None]
) -> None:
    came = race(doors, persons=persons, each=each, first=persons * 1000)
    times = sorted(took for _what, took in came)
    p99 = times[math.ceil(len(times) * 0.99) - 1]
    record_property("p99_ms", round(p99, 1))
    found = duplicates()
    print(
        f"\nT-08 mixed doors: {persons} persons x {each} requests through {min(each, len(doors))} doors, p50"
        f" {times[len(times) // 2]:.1f} ms, p99 {p99:.1f} ms\n     {bound.of(found, persons, 'persons doubled')}"
    )
    assert len(came) == persons * each
    assert found == 0 and Person.objects.count() == persons
    channels = set(Request.objects.values_list("channel", "begun_by"))
    assert len({(channel, who.partition(":")[0]) for channel, who in channels}) == 2 and len(channels) >= min(each, 4)
    assert not Request.objects.filter(standing="machine", account=None).exists(), "every request was decided"


def test_without_the_locks_several_doors_make_duplicates_so_the_test_can_see_them(
    doors: list[Door], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person_index, "lock", lambda probe, premise_id: None)
    race(doors, persons=10, each=4, first=9_100_000)
    assert duplicates() > 0


def test_where_an_import_is_one_of_the_doors_nobody_is_entered_twice_unseen(doors: list[Door]) -> None:
    came = race(doors, persons=IMPORTED, each=3, first=8_000_000, imported=True)
    reported = {pair for what, told in came if what == "row" for pair in told}
    twice = entered_twice()
    unseen = [pair for pair in twice if not is_known(*pair, reported=reported)]
    print(
        f"\nT-08 with an import: {IMPORTED} persons, {len(twice)} entered by both and seen,"
        f" {bound.of(len(unseen), IMPORTED, 'entered twice unseen')}"
    )
    assert unseen == []
    assert duplicates() == len(twice), "requests made each person once at most"


def entered_twice() -> list[tuple[Person, Person]]:
    """Pairs of one name, the imported one first."""
    by_name: dict[tuple[str, str], list[Person]] = {}
    for person in Person.objects.prefetch_related("names").order_by("ref"):
        name = person.names.all()[0]
        by_name.setdefault((name.family_name, name.given_name), []).append(person)
    return [(found[0], found[1]) for found in by_name.values() if len(found) > 1]


def is_known(imported: Person, made: Person, *, reported: set[tuple[str, str]]) -> bool:
    one, other = sorted((imported.pk, made.pk))
    return (imported.ref, str(made.pk)) in reported or DuplicatePair.objects.filter(one=one, other=other).exists()


# ---------------------------------------------------------------- the very moments, one by one

NEW = PersonDetails(
    given_name="Orla", family_name="Brannigan", date_of_birth=ANA.date_of_birth, emails=("orla@example.com",),
    identifiers=(Identifier("ssn_last4", "4711"),),
)  # fmt: skip


@pytest.fixture
def open_town(transactional_db: None, town: Town) -> Iterator[Town]:
    """Commits are real, so that others see them."""
    town.loses_its_jobs()
    yield town
    town.loses_its_jobs()


class Held:
    """Something that stops at one moment until it is let go on."""

    def __init__(self) -> None:
        self.there, self.go = Event(), Event()

    def stop(self) -> None:
        self.there.set()
        assert self.go.wait(PATIENCE)


def in_the_background(pool: ThreadPoolExecutor, act: Callable[[], Any]) -> Any:
    def acts() -> Any:
        try:
            return act()
        finally:
            connection.close()

    return pool.submit(acts)


def decides(town: Town, case: Case) -> None:
    machine.advance(request_id=case.id, now=town.now, policy=town.policy)


def imports(town: Town) -> Any:
    return flow.take_in("persons", [(1, row_of(NEW, "C-NEW"))], now=town.now, policy=town.policy)


def stop_after_search(monkeypatch: pytest.MonkeyPatch) -> Held:
    """The first who searches is stopped when they have found nobody."""
    held, real = Held(), person_index.candidates

    def searches(*given: Any, **more: Any) -> Any:
        found = real(*given, **more)
        if not held.there.is_set():
            held.stop()
        return found

    monkeypatch.setattr(person_index, "candidates", searches)
    return held


def import_beside_one_who_has_searched(town: Town, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A request has searched and found nobody; the whole import comes and goes; then the request writes."""
    case = town.asks(NEW)
    held, committed, real = stop_after_search(monkeypatch), Event(), deciding.wait_until_done

    def waits(**more: Any) -> bool:
        committed.set()
        return real(**more)

    monkeypatch.setattr(deciding, "wait_until_done", waits)
    with ThreadPoolExecutor(2) as pool:
        request = in_the_background(pool, lambda: decides(town, case))
        assert held.there.wait(PATIENCE)
        imported = in_the_background(pool, lambda: imports(town))
        assert committed.wait(PATIENCE)
        assert Person.objects.filter(ref="C-NEW").exists()
        held.go.set()
        request.result(PATIENCE)
        return imported.result(PATIENCE)


def request_beside_an_import_that_has_searched(town: Town, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An import has compared its rows and writes; the whole request comes and goes; then the import commits."""
    case, held, real = town.asks(NEW), Held(), bulk.write

    def writes(*given: Any, **more: Any) -> Any:
        found = real(*given, **more)
        held.stop()
        return found

    monkeypatch.setattr(maintain.persons, "write", writes)
    with ThreadPoolExecutor(1) as pool:
        imported = in_the_background(pool, lambda: imports(town))
        assert held.there.wait(PATIENCE)
        decides(town, case)
        assert case.request.account is not None, "nobody who decides waits for an import"
        held.go.set()
        return imported.result(PATIENCE)


MOMENTS = [import_beside_one_who_has_searched, request_beside_an_import_that_has_searched]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_person_who_is_imported_and_entered_at_the_same_moment_is_put_before_staff(
    open_town: Town, monkeypatch: pytest.MonkeyPatch, moment: Callable[..., Any]
) -> None:
    factories.a_person(BEN)  # the registry is not empty: the import compares
    intake = moment(open_town, monkeypatch)
    imported, made = Person.objects.get(ref="C-NEW"), Person.objects.get(ref=None)
    pair = DuplicatePair.objects.get()
    assert {pair.one_id, pair.other_id} == {imported.pk, made.pk}
    assert (pair.source, pair.state) == ("import", "open")
    assert [(each.ref, each.person_id) for each in intake.lookalikes] == [("C-NEW", str(made.pk))]


@pytest.mark.parametrize("moment", MOMENTS)
def test_without_looking_back_they_are_entered_twice_unseen_so_the_test_can_see_it(
    open_town: Town, monkeypatch: pytest.MonkeyPatch, moment: Callable[..., Any]
) -> None:
    factories.a_person(BEN)

    def looks_away(*_given: Any, **_more: Any) -> list[Any]:
        deciding.wait_until_done(patience=0)
        return []

    monkeypatch.setattr(meanwhile, "unseen", looks_away)
    intake = moment(open_town, monkeypatch)
    assert Person.objects.filter(names__family_name="Brannigan").count() == 2
    assert not DuplicatePair.objects.exists() and intake.lookalikes == []


def test_without_waiting_for_who_decides_looking_back_sees_nobody_so_the_wait_is_needed(
    open_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.a_person(BEN)
    monkeypatch.setattr(deciding, "_holders", lambda: set())
    looked, go = Event(), meanwhile.unseen

    def unseen(*given: Any, **more: Any) -> Any:
        found = go(*given, **more)
        looked.set()
        return found

    monkeypatch.setattr(meanwhile, "unseen", unseen)
    case, held = open_town.asks(NEW), stop_after_search(monkeypatch)
    with ThreadPoolExecutor(2) as pool:
        request = in_the_background(pool, lambda: decides(open_town, case))
        assert held.there.wait(PATIENCE)
        imported = in_the_background(pool, lambda: imports(open_town))
        assert looked.wait(PATIENCE)
        held.go.set()
        request.result(PATIENCE)
        assert imported.result(PATIENCE).lookalikes == []
    assert not DuplicatePair.objects.exists()


def test_an_import_that_waits_for_one_who_decides_keeps_nobody_else_waiting(
    open_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.a_person(BEN)
    other = open_town.asks(PersonDetails(
        given_name="Piet", family_name="Nakamura", date_of_birth=BEN.date_of_birth, emails=("piet@example.com",),
        identifiers=(Identifier("ssn_last4", "1234"),),
    ))  # fmt: skip
    case, held, waits, real = open_town.asks(NEW), stop_after_search(monkeypatch), Event(), deciding.wait_until_done

    def waiting(**more: Any) -> bool:
        waits.set()
        return real(**more)

    monkeypatch.setattr(deciding, "wait_until_done", waiting)
    with ThreadPoolExecutor(2) as pool:
        request = in_the_background(pool, lambda: decides(open_town, case))
        assert held.there.wait(PATIENCE)
        imported = in_the_background(pool, lambda: imports(open_town))
        assert waits.wait(PATIENCE)
        decides(open_town, other)
        assert other.request.account is not None and not imported.done()
        held.go.set()
        request.result(PATIENCE)
        imported.result(PATIENCE)


def test_who_looks_for_doubles_after_an_edit_waits_for_one_who_decides(
    open_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit made somebody on file like a newcomer whose request had searched before."""
    case = open_town.asks(NEW)
    held, waits, real = stop_after_search(monkeypatch), Event(), deciding.wait_until_done

    def waiting(**more: Any) -> bool:
        waits.set()
        return real(**more)

    monkeypatch.setattr(deciding, "wait_until_done", waiting)
    with ThreadPoolExecutor(2) as pool:
        request = in_the_background(pool, lambda: decides(open_town, case))
        assert held.there.wait(PATIENCE)
        edited = factories.a_person(PersonDetails(
            given_name=NEW.given_name, family_name=NEW.family_name, date_of_birth=NEW.date_of_birth, emails=NEW.emails
        ))  # fmt: skip
        looks_for = {"person_id": edited.pk, "now": open_town.now, "policy": open_town.policy}
        found = in_the_background(pool, lambda: flow.look_for_duplicates(**looks_for))
        assert waits.wait(PATIENCE)
        held.go.set()
        request.result(PATIENCE)
        assert found.result(PATIENCE) == 1
    assert {DuplicatePair.objects.get().one_id, DuplicatePair.objects.get().other_id} == {edited.pk, case.person.pk}


def test_whoever_decides_for_too_long_is_not_waited_for_for_ever(transactional_db: None) -> None:
    held = Held()

    def holds() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", deciding.DECIDES)
            held.stop()

    with ThreadPoolExecutor(1) as pool:
        holder = in_the_background(pool, holds)
        assert held.there.wait(PATIENCE)
        assert deciding.wait_until_done(patience=0.05) is False
        held.go.set()
        holder.result(PATIENCE)
    assert deciding.wait_until_done() is True
