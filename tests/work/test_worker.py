"""Does the worker outlive its connections to PostgreSQL, and leave no job behind in the life that it lost?

Each test runs `keyturn worker` as a process of its own and cuts its connections where it hurts: while it asks for a
job, or while it notes that one is done. A lock that the test holds keeps the worker at that place.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from keyturn.connectors.cis.faults import write_plan
from keyturn.records.models import CisCalls, CisPlace, Delivery
from keyturn.work import queue
from tests.flow.town import ANA, COMPLETED, Town
from tests.work.jobs import NO_MESSAGE, jobs

pytestmark = pytest.mark.django_db(transaction=True)

ENDS_WITHIN = 60  # seconds, on a machine that has much else to do; it gives its last jobs twenty


@pytest.fixture
def worker(town: Town, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """One job at a time, so that it does not ask for the next one while it works."""
    command = [sys.executable, "-m", "keyturn.cli", "worker", "--concurrency", "1"]
    with (tmp_path / "worker.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        yield process
        process.terminate()
        try:
            process.wait(ENDS_WITHIN)
        finally:
            process.kill()
    print((tmp_path / "worker.log").read_text()[-10_000:])  # pytest shows it where the test failed


@contextmanager
def another_connection() -> Iterator[psycopg.Connection[Any]]:
    """With a transaction that is rolled back at the end, and not before, however long the worker takes."""
    known = settings.DATABASES["default"]
    with psycopg.connect(
        dbname=known["NAME"], user=known["USER"], password=known["PASSWORD"], host=known["HOST"], port=known["PORT"],
        options=f"{known['OPTIONS'].get('options', '')} -c idle_in_transaction_session_timeout=0",
    ) as other:  # fmt: skip
        yield other
        other.rollback()


def until(true: Callable[[], Any], seconds: float = 60) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


def waiting(for_what: str) -> list[int]:
    """The server processes that wait for a lock with such a statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s", [f"%{for_what}%"]
        )
        return [row[0] for row in cursor.fetchall()]


def cut(pids: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) pid", [pids])


def everybody() -> list[int]:
    """The server processes of every connection but the test's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [row[0] for row in cursor.fetchall()]


def last_scheduled() -> int:
    """The number of what a schedule last put in the queue; not its time, for another test's worker may have been days ahead."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM procrastinate_periodic_defers")
        return int(cursor.fetchone()[0])


def begins(town: Town) -> None:
    """Until the worker has done one job, which is how we see that it is there."""
    queue.later("send_message", **NO_MESSAGE)
    until(lambda: not jobs("send_message"))


def cuts_it_off_while_it_asks() -> bool:
    """Hold up whoever asks for jobs, and cut them off. Not for longer than a worker waits for a lock: it would give that
    life up, and stop at the same lock in each later one, before it ever asks."""
    with another_connection() as other:
        other.execute("LOCK TABLE procrastinate_jobs")
        give_up = time.monotonic() + 7
        while time.monotonic() < give_up:
            if asking := waiting("procrastinate_fetch_job"):
                cut(asking)
                return True
            time.sleep(0.05)
    time.sleep(3)  # let it breathe
    return False


def test_it_gives_way_to_a_web_server_on_the_same_machine(worker: "subprocess.Popen[bytes]") -> None:
    """These tests' own environment says 0, so that none of them waits long."""
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    command, environment = [sys.executable, "-m", "keyturn.cli", "worker"], os.environ.copy()
    environment.pop("KEYTURN_NICE", None)
    with subprocess.Popen(command, env=environment, start_new_session=True) as as_it_ships:
        session = Path(f"/proc/{as_it_ships.pid}/autogroup")  # where Linux weighs sessions, what it is among them
        try:
            until(lambda: os.getpriority(os.PRIO_PROCESS, as_it_ships.pid) == min(mine + 10, 19))
            until(lambda: not session.exists() or session.read_text().endswith("nice 10\n"))
        finally:
            as_it_ships.kill()
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) == mine


def test_a_worker_that_is_cut_off_while_it_asks_for_a_job_goes_on(
    town: Town, worker: "subprocess.Popen[bytes]"
) -> None:
    begins(town)
    until(cuts_it_off_while_it_asks, seconds=180)
    case = town.asks(ANA)
    until(lambda: case.status == COMPLETED)
    assert worker.poll() is None, "it is the same process"


def test_a_worker_whose_every_connection_is_cut_goes_on_and_keeps_its_schedule(
    town: Town, worker: "subprocess.Popen[bytes]"
) -> None:
    """It waits where only the schedule comes by. If the worker could not even ask for jobs, it would give that up after
    ten seconds (its limit for a lock) and begin anew, maybe just before its schedule's turn, which it then never reaches.
    """
    begins(town)
    with another_connection() as other:
        other.execute("LOCK TABLE procrastinate_periodic_defers IN SHARE MODE")
        until(lambda: waiting("procrastinate_defer_periodic_job"))
        before = last_scheduled()
        cut([pid for pid in everybody() if pid != other.info.backend_pid])
    until(lambda: last_scheduled() > before)
    begins(town)
    assert worker.poll() is None, "it is the same process"


def test_a_job_whose_end_could_not_be_noted_does_not_stay_with_a_worker_that_lives_on(
    town: Town, worker: "subprocess.Popen[bytes]"
) -> None:
    begins(town)
    with another_connection() as other:
        with another_connection() as another:
            another.execute("LOCK TABLE message")  # the job has begun and waits here
            queue.later("send_message", **NO_MESSAGE)
            until(lambda: waiting("keyturn_%_message"))  # not the rescue, which reads the table too
            other.execute("LOCK TABLE procrastinate_jobs")
        until(lambda: waiting("procrastinate_finish_job"))
        cut(waiting("procrastinate_finish_job"))
    until(lambda: not jobs("send_message"))
    assert worker.poll() is None, "it is the same process"


def test_a_worker_that_is_told_to_stop_while_the_database_is_away_stops(
    town: Town, worker: "subprocess.Popen[bytes]"
) -> None:
    begins(town)
    with another_connection() as other:
        other.execute("LOCK TABLE procrastinate_jobs, procrastinate_workers")
        until(lambda: waiting("procrastinate_fetch_job"))
        cut(waiting("procrastinate_"))
        worker.send_signal(signal.SIGTERM)
    assert worker.wait(ENDS_WITHIN) == 0


def test_a_worker_that_is_told_to_stop_in_a_call_of_the_cis_hears_the_answer_first(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Graceful stop drains: what it has begun it ends, and keeps; what it has counted is added. Nothing new is begun."""
    faults = tmp_path / "faults.json"
    write_plan(faults, always="slow", seconds=2.0)
    monkeypatch.setenv("KEYTURN_CIS_FAULTS", str(faults))
    case = town.asks(ANA)
    command = [sys.executable, "-m", "keyturn.cli", "worker", "--concurrency", "1"]
    with (tmp_path / "worker.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        until(lambda: Delivery.objects.filter(request=case.id, state="sent").exists())
        process.send_signal(signal.SIGTERM)
        queue.later("send_message", **NO_MESSAGE)
        assert process.wait(ENDS_WITHIN) == 0
    assert (case.status, case.delivery.tries) == (COMPLETED, 1)
    assert town.cis_holds()["accounts"] == 1
    assert CisPlace.objects.exclude(until=None).count() == 0
    assert CisCalls.objects.filter(operation="send", outcome="ok").exists()
    assert jobs("send_message"), "it begins nothing any more"
