"""By whose clock do workers tell the time? By the one that all machines share (T-05)."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from procrastinate import utils

from keyturn.records.models import Delivery
from keyturn.steps.sync import rules
from keyturn.work import clock, queue, retrying, worker
from tests.flow.town import ANA, COMPLETED, PROCESSING, Town
from tests.work.test_queue import make_due, work

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = timedelta(days=3)
SOON = timedelta(minutes=1)


class AnotherDay(datetime):
    """What `datetime` says on a machine whose clock is three days ahead."""

    @classmethod
    def now(cls, tz: Any = None) -> "AnotherDay":
        return super().now(tz) + DAYS  # type: ignore[return-value]


@pytest.fixture
def ahead(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """This worker's own clock is three days ahead."""
    there = time.time
    monkeypatch.setattr(time, "time", lambda: there() + DAYS.total_seconds())
    monkeypatch.setattr(utils, "utcnow", lambda: datetime.now(UTC) + DAYS)
    for module in (clock, queue, retrying, worker):
        monkeypatch.setattr(module, "datetime", AnotherDay, raising=False)
    monkeypatch.setattr(clock, "_asked", None)


def there() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]  # type: ignore[no-any-return]


def test_a_worker_that_dies_with_its_clock_days_ahead_delays_nothing_by_that(
    town: Town, ahead: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease that it wrote is over when a lease is over."""

    def dies(*_: Any) -> None:
        raise SystemExit

    case = town.asks(ANA)
    with monkeypatch.context() as here:
        here.setattr("keyturn.flow.outside._asked_or_sent", dies)
        work(times=1)
    leased = Delivery.objects.get().leased_until
    assert leased is not None
    assert leased <= there() + (rules.lease(town.now, town.policy) - town.now)
    Delivery.objects.update(leased_until=there())
    make_due()
    queue.later("tell_cis", request_id=str(case.id))
    work()
    assert case.status == COMPLETED


def test_what_it_writes_bears_the_common_time(town: Town, ahead: None) -> None:
    case = town.asks(ANA)
    work()
    assert case.status == COMPLETED
    assert max(case.request.events.values_list("at", flat=True)) < there() + SOON


def test_a_job_that_fails_is_tried_again_in_seconds_and_not_in_days(
    town: Town, ahead: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def falls_over(**_: Any) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr("keyturn.flow.machine.advance", falls_over)
    case = town.asks(ANA)
    work(times=1)
    assert case.status == PROCESSING
    with connection.cursor() as cursor:
        cursor.execute("SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'keyturn.advance'")
        assert cursor.fetchone()[0] < there() + SOON


def test_between_two_questions_it_counts_on_and_asks_again_in_time(
    town: Town, ahead: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = clock.now()
    asked = clock._asked
    assert asked is not None
    assert first <= clock.now()
    assert clock._asked is asked
    monkeypatch.setattr(clock, "_asked", (asked[0] - DAYS, asked[1] - clock.ASKED_EVERY_SECONDS - 1))
    assert abs(clock.now() - there()) < SOON
