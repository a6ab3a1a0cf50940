"""T-12: a job that can never be done: does it give up in the open, and does it hold up nobody else?

A real worker does the queue's jobs; at one delivery in so many our own code fails each time that the CIS is called, as by a
bug that nobody foresaw: with the lease taken, and one of the few places. The others' ages at their end are set beside those of a run without poison. POISON_REQUESTS and POISON_ONE_IN
set the sizes.
"""

import itertools
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from keyturn.connectors import cis
from keyturn.flow import outside
from keyturn.records.models import Delivery, Request
from keyturn.work import queue, worker
from tests import factories
from tests.durability import bound
from tests.durability.test_race import newcomers
from tests.flow.town import Town

REQUESTS = int(os.environ.get("POISON_REQUESTS", "50"))
ONE_IN = int(os.environ.get("POISON_ONE_IN", "25"))
ALLOWED = 1.5  # times as old as without poison, and a second: the machine has much else to do
ROUNDS = 60

_first = itertools.count(1, 10_000)  # of the newcomers of a run


class Poisoned(Exception):
    """What nobody foresaw."""


@pytest.fixture
def town(transactional_db: None, settings: Any, tmp_path: Any) -> Iterator[Town]:
    """What is done in it is committed; a job that fails is tried again at once, as often as ever."""
    cis.install()
    cis.connector().empty()
    settings.KEYTURN_MAILBOX = str(tmp_path)
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    town = Town(tmp_path)
    town.now = datetime.now(UTC)
    task = app.tasks["keyturn.tell_cis"]
    usual, task.retry_strategy = task.retry_strategy, RetryStrategy(max_attempts=queue.TRIES)
    yield town
    task.retry_strategy = usual
    town.loses_its_jobs()


def ages(town: Town, monkeypatch: pytest.MonkeyPatch, number: int, *, one_in: int = 0) -> list[float]:
    """How old each healthy request was, in seconds since the worker began, when it was done; sorted."""
    places, asked = factories.many_premises(number), outside._asked_or_sent
    cases = [
        town.a_partner_asks(who, place, attested=("email", "identity"), services=["electric", "gas"])
        for who, place in zip(newcomers(number, next(_first)), places, strict=True)
    ]
    poisoned = {case.id for case in cases[1::one_in]} if one_in else set()
    references = set(Request.objects.filter(pk__in=poisoned).values_list("reference", flat=True))

    def asked_or_sent(call: outside.Call, *rest: Any) -> Any:
        if call.key.partition(":")[0] in references:
            raise Poisoned
        return asked(call, *rest)

    monkeypatch.setattr(outside, "_asked_or_sent", asked_or_sent)
    began = datetime.now(UTC)
    for _ in range(ROUNDS):
        worker.run(wait=False, concurrency=2)
        if not _due() and not Delivery.objects.filter(parked_at__isnull=False).exists():  # it found no place at once
            break
    monkeypatch.setattr(outside, "_asked_or_sent", asked)
    healthy = Delivery.objects.filter(request__in=[case.id for case in cases]).exclude(request__in=poisoned)
    assert healthy.exclude(state="done").count() == 0
    in_the_open = Request.objects.filter(pk__in=poisoned, standing="engineer", events__what="gave_up")
    assert in_the_open.count() == len(poisoned), "one gave up where nobody sees it"
    return sorted((each - began).total_seconds() for each in healthy.values_list("answered_at", flat=True))


def _due() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()"
            " AND task_name IN ('keyturn.advance', 'keyturn.tell_cis')"
        )
        return int(cursor.fetchone()[0])


def at(share: float, sorted_ages: list[float]) -> float:
    return sorted_ages[min(int(len(sorted_ages) * share), len(sorted_ages) - 1)]


def is_late(beside: list[float], without: list[float]) -> int:
    """How many are older than the oldest of those without poison, by more than is allowed."""
    return sum(1 for each in beside if each > ALLOWED * without[-1] + 1)


def test_poison_gives_up_in_the_open_and_delays_nobody(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    ages(town, monkeypatch, 3)  # fills caches
    without = ages(town, monkeypatch, REQUESTS)
    beside = ages(town, monkeypatch, REQUESTS, one_in=ONE_IN)
    if is_late(
        beside, without
    ):  # or has the machine more to do than it had before? then whoever is not poisoned says so
        without = max(without, ages(town, monkeypatch, REQUESTS), key=lambda each: each[-1])
    delayed = is_late(beside, without)
    poison = len(range(1, REQUESTS, ONE_IN))
    told = [
        f"{name} {at(share, beside):.2f} s ({at(share, without):.2f} s without)"
        for name, share in (("p50", 0.5), ("p99", 0.99))
    ]
    bound.tell(
        "T-12", __doc__,
        f"seed none, the worker makes the order: {poison} of {REQUESTS:,} poisoned, each tried {queue.TRIES} times, gave up and"
        f" stands with an engineer; the others' age {', '.join(told)}",
        bound.of(delayed, len(beside), "others delayed"),
    )  # fmt: skip
    assert delayed == 0


@bound.long
def test_negative_control_poison_that_holds_its_worker_delays_the_others(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the failing job done again and again on the spot, whoever comes after it would wait."""
    ages(town, monkeypatch, 3)
    without = ages(town, monkeypatch, 8)
    pause = threading.Event()

    class Stubborn(Poisoned):
        def __init__(self) -> None:
            pause.wait(without[-1] + 1)

    monkeypatch.setattr(f"{__name__}.Poisoned", Stubborn)
    monkeypatch.setattr(app.tasks["keyturn.tell_cis"], "retry_strategy", RetryStrategy(max_attempts=1))
    monkeypatch.setattr(queue, "TRIES", 1)
    beside = ages(town, monkeypatch, 8, one_in=2)
    assert is_late(beside, without), "this test could not see a delay"
