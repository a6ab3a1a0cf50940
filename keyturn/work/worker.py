"""How does a worker process run, and what does it do about jobs whose worker died?"""

import asyncio
from datetime import UTC, datetime
from typing import Any

import structlog
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params

log = structlog.get_logger("keyturn.work")

STALLED_AFTER_SECONDS = 15  # three missed beats
QUEUE = "keyturn"


def run(*, concurrency: int = 4, wait: bool = True, stalled_after: float = STALLED_AFTER_SECONDS) -> None:
    """Do jobs until told to stop (SIGTERM, SIGINT: finishes the running ones), or, with `wait=False`, until none is due.

    `stalled_after` is in seconds: how long a worker may be silent before its jobs are given to others.
    """
    asyncio.run(_run(concurrency, wait, stalled_after))


async def _run(concurrency: int, wait: bool, stalled_after: float) -> None:
    async with _app().open_async() as worker_app:
        await rescue_stalled(worker_app, seconds=stalled_after)
        log.info("worker ready", concurrency=concurrency)
        await worker_app.run_worker_async(
            queues=[QUEUE],
            concurrency=concurrency,
            wait=wait,
            install_signal_handlers=wait,
            fetch_job_polling_interval=2.0,
            update_heartbeat_interval=5.0,
            stalled_worker_timeout=STALLED_AFTER_SECONDS,
            shutdown_graceful_timeout=20.0,
            delete_jobs="successful",
        )


def _app() -> App:
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=6)
    return app.with_connector(connector)


async def rescue_stalled(worker_app: App, *, seconds: float) -> int:
    """Give the jobs of workers that stopped beating back to the queue. They may run twice: every job allows that."""
    stalled = list(await worker_app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds))
    for job in stalled:
        await worker_app.job_manager.retry_job(job, retry_at=datetime.now(UTC))
    if stalled:
        log.warning("rescued", jobs=len(stalled))
    return len(stalled)


@app.periodic(cron="*/10 * * * * *")
@app.task(name="keyturn.rescue_stalled", queue=QUEUE, queueing_lock="rescue_stalled", pass_context=True)
async def rescue_stalled_job(context: JobContext, timestamp: int) -> None:
    await rescue_stalled(context.app, seconds=STALLED_AFTER_SECONDS)


def every(cron: str, name: str) -> None:
    """Run the job `name` on a schedule; if a turn is missed, the next one does the work."""

    @app.periodic(cron=cron)
    @app.task(name=f"keyturn.{name}.scheduled", queue=QUEUE, queueing_lock=f"scheduled:{name}")
    def scheduled(timestamp: int, **_: Any) -> None:
        from keyturn.work import queue

        queue.later(name, once=f"due:{name}")


every("* * * * *", "rescue")
every("*/15 * * * *", "expire")
every("5 * * * *", "turn_day")
