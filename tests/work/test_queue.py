"""Does a job exist exactly when its cause is committed, and what becomes of one that its worker left or that keeps failing?

These tests commit, and run the real worker until nothing is due.
"""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params

from keyturn import flow
from keyturn.flow import machine, outside, paths
from keyturn.journeys import Kind
from keyturn.records.models import Request
from keyturn.terms.errors import Unavailable
from keyturn.terms.request import Actor, Role
from keyturn.work import queue, worker
from tests.flow.town import ANA, BEN, COMPLETED, PROCESSING, STUCK, Case, Town
from tests.work.jobs import NO_MESSAGE, jobs

pytestmark = pytest.mark.django_db(transaction=True)


def work(*, times: int = 3) -> None:
    """What a worker does until nothing is due; jobs that it has made due meanwhile are the next one's."""
    for _ in range(times):
        worker.run(wait=False, concurrency=2)


def make_due() -> None:
    """Time passes: whatever waits for its next try is due."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")


def its_worker_dies() -> None:
    """Every job has been begun by somebody who is dead, and is given back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
        )
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [cursor.fetchone()[0]])
    asyncio.run(gives_back())


async def gives_back() -> None:
    async with app.with_connector(PsycopgConnector(kwargs=connector_params())).open_async() as asked:
        await worker.rescue_stalled(asked, seconds=60)


def due_in(name: str) -> list[datetime]:
    """When those of such a name are due that are not due now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = %s AND scheduled_at > clock_timestamp()",
            [f"keyturn.{name}"],
        )
        return [at for (at,) in cursor.fetchall()]


class TestAJob:
    def test_is_the_same_whether_it_is_put_in_by_itself_or_with_other_rows(self) -> None:
        queue.later("advance", request_id="7")
        sql, values = queue.statement([("advance", {"request_id": "7"}), ("tell_cis", {"request_id": "8"})])
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            cursor.execute("SELECT to_jsonb(j) - 'id' FROM procrastinate_jobs j ORDER BY id")
            alone, beside, other = (json.loads(row) if isinstance(row, str) else row for (row,) in cursor.fetchall())
            cursor.execute("DELETE FROM procrastinate_jobs")
        assert alone == beside
        assert (other["task_name"], other["args"]) == ("keyturn.tell_cis", {"request_id": "8"})

    def test_exists_when_its_cause_is_committed(self, town: Town) -> None:
        with transaction.atomic():
            queue.later("advance", request_id="00000000-0000-0000-0000-000000000000")
        assert [name for name, *_ in jobs()] == ["advance"]

    def test_does_not_exist_when_its_cause_is_not(self, town: Town) -> None:
        with transaction.atomic():
            queue.later("advance", request_id="00000000-0000-0000-0000-000000000000")
            transaction.set_rollback(True)
        assert jobs() == []

    def test_called_once_waits_once_and_may_come_again_when_it_is_done(self, town: Town) -> None:
        for _ in range(3):
            queue.later("send_message", once="only one", **NO_MESSAGE)
        assert len(jobs("send_message")) == 1
        work(times=1)
        assert jobs("send_message") == []
        queue.later("send_message", once="only one", **NO_MESSAGE)
        assert len(jobs("send_message")) == 1

    def test_that_is_refused_as_a_double_spoils_nothing_else_in_the_transaction(self, town: Town) -> None:
        queue.later("send_message", once="only one", **NO_MESSAGE)
        with transaction.atomic():
            queue.later("send_message", once="only one", **NO_MESSAGE)
            queue.later("rescue")
        assert [name for name, *_ in jobs()] == ["send_message", "rescue"]

    def test_for_later_is_not_done_now(self, town: Town) -> None:
        queue.later("send_message", at=datetime.now(UTC) + timedelta(hours=1), **NO_MESSAGE)
        work(times=1)
        assert jobs("send_message") == [("send_message", "todo", 0)]

    def test_holds_ids_and_nothing_personal(self, town: Town) -> None:
        town.asks(ANA)
        with connection.cursor() as cursor:
            cursor.execute("SELECT args::text FROM procrastinate_jobs")
            everything = str(cursor.fetchall())
        assert not [secret for secret in ("Ana", "Zelenko", "D1234567", "example.com") if secret in everything]


class TestTheWorker:
    def test_carries_a_request_to_its_end(self, town: Town) -> None:
        case = town.asks(ANA)
        work()
        assert case.status == COMPLETED
        assert jobs() == []
        assert len(town.mails()) == 3

    def test_leaves_a_line_for_each_job_that_names_nobody(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        lines: list[dict[str, Any]] = []
        monkeypatch.setattr(
            queue, "log", SimpleNamespace(info=lambda event, **told: lines.append({"event": event, **told}))
        )
        town.asks(ANA)
        work()
        done = [line for line in lines if line["event"] == "job"]
        assert {"advance", "tell_cis", "send_message"} <= {line["job"] for line in done}
        assert all(set(line) == {"event", "job", "number", "attempt", "ms"} for line in done)

    def test_takes_up_what_a_dead_colleague_left(self, town: Town) -> None:
        case = town.asks(ANA)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
            )
            dead = cursor.fetchone()[0]
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE task_name = 'keyturn.advance'",
                [dead],
            )
        work()
        assert case.status == COMPLETED

    def test_starts_and_rescues_though_another_of_a_dead_ones_name_waits_meanwhile(self, town: Town) -> None:
        """Two of one name cannot wait: what the one that waits does is what the dead one's would have done."""
        queue.later("send_message", once="only one", **NO_MESSAGE)
        case = town.asks(ANA)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
            )
            cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [cursor.fetchone()[0]])
        queue.later("send_message", once="only one", at=datetime.now(UTC) + timedelta(hours=1), **NO_MESSAGE)
        work()
        assert case.status == COMPLETED
        assert [(name, state) for name, state, _tries in jobs()] == [("send_message", "todo")]

    def test_leaves_alone_what_a_living_colleague_does(self, town: Town) -> None:
        case = town.asks(ANA)
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()) RETURNING id")
            alive = cursor.fetchone()[0]
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE task_name = 'keyturn.advance'",
                [alive],
            )
        work(times=1)
        assert case.status == PROCESSING

    def test_gets_a_request_back_whose_job_is_gone(self, town: Town) -> None:
        case = town.asks(ANA)
        town.loses_its_jobs()
        Request.objects.filter(pk=case.id).update(updated_at=datetime.now(UTC) - timedelta(minutes=5))
        queue.later("rescue")
        work()
        assert case.status == COMPLETED


class TestAPoisonJob:
    @pytest.fixture
    def poisoned(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> Case:
        """A request at which the machine falls over each time."""
        case = town.asks(ANA)
        decide = machine._decide

        def fall_over(request: Request, **more: Any) -> bool:
            if request.pk == case.id:
                raise ZeroDivisionError
            return decide(request, **more)

        monkeypatch.setattr(machine, "_decide", fall_over)
        return case

    def test_is_tried_again_later(self, poisoned: Case) -> None:
        work(times=1)
        assert jobs("advance") == [("advance", "todo", 1)]
        assert poisoned.status == PROCESSING

    def test_gives_up_in_the_open_after_its_last_try(self, poisoned: Case) -> None:
        for _ in range(queue.TRIES + 1):
            assert poisoned.status == PROCESSING
            make_due()
            work(times=1)
        assert poisoned.status == STUCK
        assert poisoned.history[-1] == "gave_up"
        assert poisoned.request.events.last().data == {"code": "ZeroDivisionError"}
        make_due()
        work(times=1)
        assert poisoned.status == STUCK

    def test_that_takes_its_worker_with_it_gives_up_in_the_open_too(self, town: Town) -> None:
        """Out of memory, or a fault of a library: nothing is raised. Whatever else it did would be taken with it for ever."""
        case = town.asks(ANA)
        for _ in range(queue.TRIES + 1):
            assert case.status == PROCESSING
            its_worker_dies()
        make_due()
        work(times=1)
        assert case.status == STUCK
        assert case.request.events.last().data == {"code": "WorkerDied"}
        assert [state for _name, state, _tries in jobs("advance")] == ["failed"]

    def test_is_told_from_what_dies_in_its_company(self, town: Town) -> None:
        """After a second death each is begun again at a moment of its own; after the first at once, for workers do end."""
        for each in (ANA, BEN):
            town.asks(each)
        its_worker_dies()
        assert due_in("advance") == []
        its_worker_dies()
        assert len(set(due_in("advance"))) == 2

    def test_does_not_hold_up_others(self, town: Town, poisoned: Case) -> None:
        other = town.asks(BEN)
        work()
        assert (poisoned.status, other.status) == (PROCESSING, COMPLETED)

    def test_goes_on_when_an_engineer_has_mended_it(
        self, town: Town, poisoned: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(queue.TRIES + 1):
            make_due()
            work(times=1)
        monkeypatch.undo()
        town.now = datetime.now(UTC)
        flow.retry(request_id=poisoned.id, actor=Actor(Role.STAFF, "9"), now=town.now)
        assert [state for _name, state, _tries in jobs("advance")] == ["todo"], "nobody is to be called for it any more"
        work()
        assert poisoned.status == COMPLETED

    def test_calls_for_somebody_no_longer_than_a_week(self, town: Town) -> None:
        for _ in range(2):
            queue.later("send_message", **NO_MESSAGE)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
            cursor.execute("UPDATE procrastinate_jobs SET status = 'failed'")
            cursor.execute(
                "UPDATE procrastinate_events SET at = at - interval '8 days' WHERE job_id ="
                " (SELECT min(id) FROM procrastinate_jobs)"
            )
        flow.forget(now=datetime.now(UTC), policy=town.policy)
        assert jobs() == [("send_message", "failed", 0)]

    def test_of_the_cis_gives_up_in_the_open_too(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        def fall_over(*_: Any) -> None:
            raise ZeroDivisionError

        monkeypatch.setitem(paths.WAYS, Kind.START, replace(paths.WAYS[Kind.START], command=fall_over))
        case = town.asks(ANA)
        for _ in range(queue.TRIES + 3):
            make_due()
            work(times=1)
        assert case.status == STUCK


def test_a_cis_that_is_down_costs_no_tries_of_the_queue(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence of the CIS is counted by the delivery (S-03), not as a failing job."""
    monkeypatch.setattr(outside, "cis", lambda: Down())
    case = town.asks(ANA)
    work()
    assert case.delivery.tries == 1
    assert jobs("tell_cis") == [("tell_cis", "todo", 0)]
    assert case.status == PROCESSING


class Down:
    def send(self, *_: Any, **__: Any) -> None:
        raise Unavailable("cis_unreachable")
