"""How does a worker process run, and what does it do about jobs whose worker died?

A worker lives as long as its connections to PostgreSQL do. When one breaks, nobody can say which of its jobs were noted
as begun or done: it ends that life and begins another under a new name, and what the old one held is given back.
"""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.db import close_old_connections
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Status
from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool

from keyturn.work.retrying import after_death

log = structlog.get_logger("keyturn.work")

BEAT_SECONDS = 5.0
STALLED_AFTER_SECONDS = 15.0  # three missed beats
BETWEEN_LIVES_SECONDS = 1.0
EVERY_TEN_SECONDS = "* * * * * */10"  # the seconds come last
QUEUE = "keyturn"


def run(*, concurrency: int = 4, wait: bool = True, stalled_after: float = STALLED_AFTER_SECONDS) -> None:
    """Do jobs until told to stop (SIGTERM, SIGINT: finishes the running ones), or, with `wait=False`, until none is due.

    `stalled_after` is in seconds: how long a worker may be silent before its jobs are given to others. Raises
    psycopg's OperationalError when PostgreSQL cannot be reached at the start; later it waits until it can.
    """
    lives = partial(_live, concurrency=concurrency, stalled_after=stalled_after)
    asyncio.run(_live_on(lives) if wait else lives(told=None))


async def _live_on(lives: "partial[Any]") -> None:
    """One life after the other, until a signal says stop."""
    with _told_by_signals() as told:
        await lives(told=told)
        while not told.is_set():
            log.warning("the worker lost the database and begins again")
            with suppress(ConnectorException, OperationalError):
                await lives(told=told)
            with suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), BETWEEN_LIVES_SECONDS)


async def _live(*, told: asyncio.Event | None, concurrency: int, stalled_after: float) -> None:
    """Do jobs until told to stop or a connection breaks; untold, until none is due."""
    begun, broken = asyncio.Event(), asyncio.Event()
    work = _work(begun, broken, concurrency=concurrency, stalled_after=stalled_after, wait=told is not None)
    working = asyncio.create_task(work)
    ends = [asyncio.create_task(each.wait()) for each in (told, broken)] if told else []
    await asyncio.wait([working, *ends], return_when=asyncio.FIRST_COMPLETED)
    for each in (working, *ends):
        each.cancel()  # a worker that is cancelled finishes the jobs that it has begun
    try:
        await working
    except asyncio.CancelledError:
        pass
    except (ConnectorException, OperationalError):
        if told is None or not begun.is_set():
            raise


async def _work(
    begun: asyncio.Event, broken: asyncio.Event, *, concurrency: int, stalled_after: float, wait: bool
) -> None:
    await sync_to_async(close_old_connections)()  # Django's, over which the schedule puts its jobs in the queue
    connector = PsycopgConnector(
        kwargs=connector_params(), min_size=1, max_size=6, pool_factory=partial(_WatchedPool, broken=broken)
    )
    async with app.with_connector(connector).open_async() as worker_app:
        await rescue_stalled(worker_app, seconds=stalled_after)
        begun.set()
        log.info("worker ready", concurrency=concurrency)
        await worker_app.run_worker_async(
            queues=[QUEUE],
            concurrency=concurrency,
            wait=wait,
            install_signal_handlers=False,
            fetch_job_polling_interval=2.0,
            update_heartbeat_interval=BEAT_SECONDS,
            stalled_worker_timeout=STALLED_AFTER_SECONDS,
            shutdown_graceful_timeout=20.0,
            delete_jobs="successful",
        )


class _WatchedPool(AsyncConnectionPool[Any]):
    """Says when a connection broke while it was used: PostgreSQL may have done what we asked, or not.

    What a worker asks over it are single statements: each is a transaction without two more trips to say so.
    """

    def __init__(self, *arguments: Any, broken: asyncio.Event, **options: Any) -> None:
        super().__init__(*arguments, configure=_commits_each, **options)
        self._broken = broken

    async def putconn(self, conn: AsyncConnection[Any]) -> None:
        if conn.closed:
            self._broken.set()
        await super().putconn(conn)


async def _commits_each(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)


@contextmanager
def _told_by_signals() -> Iterator[asyncio.Event]:
    """Set by SIGTERM and SIGINT."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def rescue_stalled(worker_app: App, *, seconds: float) -> int:
    """Give the jobs of workers that stopped beating back to the queue. They may run twice: every job allows that.

    Where another of the same name (`queue.later(once=)`) has come to wait meanwhile, that one does what is to be done: two
    cannot wait, and a worker that insisted would not even start.
    """
    stalled = list(await worker_app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds))
    for job in stalled:
        try:
            await worker_app.job_manager.retry_job(job, retry_at=after_death(job.attempts))
        except UniqueViolation:
            await worker_app.job_manager.finish_job(job, status=Status.ABORTED, delete_job=True)
    if stalled:
        log.warning("rescued", jobs=len(stalled))
    return len(stalled)


@app.periodic(cron=EVERY_TEN_SECONDS)
@app.task(name="keyturn.rescue_stalled", queue=QUEUE, queueing_lock="rescue_stalled", pass_context=True)
async def rescue_stalled_job(context: JobContext, timestamp: int) -> None:
    await rescue_stalled(context.app, seconds=STALLED_AFTER_SECONDS)


def every(cron: str, name: str) -> None:
    """Run the job `name` on a schedule; if a turn is missed, the next one does the work. A sixth field is seconds."""

    @app.periodic(cron=cron)
    @app.task(name=f"keyturn.{name}.scheduled", queue=QUEUE, queueing_lock=f"scheduled:{name}")
    def scheduled(timestamp: int, **_: Any) -> None:
        from keyturn.work import queue

        queue.later(name, once=f"due:{name}")


every(EVERY_TEN_SECONDS, "rescue")
every("*/15 * * * *", "expire")
every("8,23,38,53 * * * *", "seal_audit")
every("* * * * *", "wake")
every("* * * * *", "hear_cis")
every("5 * * * *", "turn_day")
every("50 * * * *", "remind_care")
every("35 * * * *", "forget_documents")
every("20 3 * * *", "forget")
every("40 1 * * *", "reconcile")
