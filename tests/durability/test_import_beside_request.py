"""T-08, the very moments one by one: where an import and a request write the same new person, does one of them see it?

Each is stopped at the moment that matters until the other has done what it does; commits are real.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.db import connection

from keyturn import flow
from keyturn.flow import machine
from keyturn.records import deciding, person_index
from keyturn.records.bulk import persons as bulk
from keyturn.records.models import DuplicatePair, Person
from keyturn.steps.maintain import step as maintain
from keyturn.steps.maintain.duplicates import meanwhile
from keyturn.terms.person import Identifier, PersonDetails
from tests import factories
from tests.durability.test_race_of_doors import row_of
from tests.flow.conftest import cis_installed, town
from tests.flow.town import ANA, BEN, Case, Town

__all__ = ["cis_installed", "town"]  # fixtures

PATIENCE = 20.0

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
    held, real = Held(), person_index.search_under_locks

    def searches(*given: Any, **more: Any) -> Any:
        found = real(*given, **more)
        if not held.there.is_set():
            held.stop()
        return found

    monkeypatch.setattr(person_index, "search_under_locks", searches)
    return held


def tells_when_it_waits(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Set as soon as somebody begins to wait for those who decide."""
    waits, real = Event(), deciding.wait_until_done

    def waiting(**more: Any) -> bool:
        waits.set()
        return real(**more)

    monkeypatch.setattr(deciding, "wait_until_done", waiting)
    return waits


def import_beside_one_who_has_searched(town: Town, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A request has searched and found nobody; the whole import comes and goes; then the request writes."""
    case = town.asks(NEW)
    held, committed = stop_after_search(monkeypatch), tells_when_it_waits(monkeypatch)
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


def test_an_import_that_is_killed_before_it_looks_back_has_left_a_job_that_does(
    open_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.a_person(BEN)

    def is_killed(*_given: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(maintain._Persons, "look_back", is_killed)
    with pytest.raises(SystemExit):
        request_beside_an_import_that_has_searched(open_town, monkeypatch)
    assert not DuplicatePair.objects.exists()
    imported, made = Person.objects.get(ref="C-NEW"), Person.objects.get(ref=None)
    open_town.works()
    pair = DuplicatePair.objects.get()
    assert {pair.one_id, pair.other_id} == {imported.pk, made.pk}
    assert (pair.source, pair.state) == ("import", "open")


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
    case, held = open_town.asks(NEW), stop_after_search(monkeypatch)
    waits = tells_when_it_waits(monkeypatch)
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
    held, waits = stop_after_search(monkeypatch), tells_when_it_waits(monkeypatch)
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
