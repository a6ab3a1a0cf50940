"""Do many workers at one moment keep to the places of a CIS, and open its breaker once?"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from keyturn.flow import gate
from keyturn.records.models import CisBreaker, CisPlace
from keyturn.terms.errors import Unavailable
from tests.flow.town import Town
from tests.work.jobs import jobs

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 8


def at_once(act: Callable[[], Any]) -> list[Any]:
    """Every worker does it, all from one moment on."""
    ready = threading.Barrier(WORKERS)

    def one(_number: int) -> Any:
        try:
            ready.wait(20)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, range(WORKERS)))


@pytest.mark.rule("S-09")
def test_never_more_calls_than_places_and_every_place_is_given_back(town: Town) -> None:
    town.policy_says(cis_at_once=3)
    lock, held, twice, refused = threading.Lock(), set[int](), [], 0

    def works() -> None:
        nonlocal refused
        for _ in range(25):
            with transaction.atomic():
                place = gate.take_place(now=town.now, policy=town.policy)
            with lock:
                refused += place is None
                if place is None:
                    continue
                twice.extend(held & {place.number})
                held.add(place.number)
            threading.Event().wait(0.002)
            with lock:
                held.discard(place.number)
            with transaction.atomic():
                gate.called(place)

    at_once(works)
    assert twice == [], "two had one place"
    assert 0 < refused < WORKERS * 25
    assert CisPlace.objects.count() == 3
    assert CisPlace.objects.exclude(until=None).count() == 0


@pytest.mark.rule("S-07")
def test_silences_of_many_workers_are_all_counted_and_open_it_once(town: Town) -> None:
    town.policy_says(cis_breaker_failures=5)
    at_once(lambda: gate.heard(Unavailable("cis_unreachable"), now=town.now, policy=town.policy))
    row = CisBreaker.objects.get()
    assert (row.failures, row.opened_at) == (WORKERS, town.now)
    assert len(jobs("probe_cis")) == 1


@pytest.mark.rule("S-07")
def test_one_of_many_workers_makes_the_probe(town: Town) -> None:
    town.policy_says(cis_breaker_failures=1)
    gate.heard(Unavailable("cis_unreachable"), now=town.now, policy=town.policy)
    pings: list[int] = []
    over = threading.Event()

    class Slow:
        def ping(self) -> None:
            pings.append(1)
            over.wait(0.5)
            raise Unavailable("cis_unreachable")

    at_once(lambda: gate.probe(Slow(), now=town.now, policy=town.policy))  # type: ignore[arg-type]
    assert len(pings) == 1
    assert gate.is_open()
