"""How is a job put in the queue, in the transaction that causes it, and by whom is it done?

The queue is Procrastinate's, in the same database: a job exists exactly when the change that needs it is committed.
A job holds only ids. Every job may run twice: who does it locks the row and looks at how it stands.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import structlog
from django.db import close_old_connections, connection, transaction
from django.db.models import CharField, Exists
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from procrastinate import JobContext, sql
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import DEFAULT_PRIORITY
from procrastinate.types import JobToDefer
from psycopg.types.json import Jsonb

from keyturn.work import clock
from keyturn.work.retrying import RETRY, TRIES, unless_it_kills

log = structlog.get_logger("keyturn.work")

F = TypeVar("F", bound=Callable[..., None])


def job(name: str, *, gave_up: Callable[..., None] | None = None) -> Callable[[F], F]:
    """Make a function the doer of jobs called `name`. It is called with `now` and the job's ids, as keywords.

    A job that keeps failing gives up in the open: `gave_up(now=, problem=, **ids)` says where that shows.
    """

    def register(function: F) -> F:
        def do(context: JobContext, **ids: Any) -> None:
            close_old_connections()
            began = time.perf_counter()
            try:
                unless_it_kills(context.job.attempts)
                function(now=clock.now(), **ids)
                log.info("job", job=name, number=context.job.id, attempt=context.job.attempts, ms=_since(began))
            except Exception as error:
                _failed(name, error, context, gave_up, ids)
                raise
            finally:
                close_old_connections()

        app.task(name=f"keyturn.{name}", queue="keyturn", pass_context=True, retry=RETRY)(do)
        return function

    return register


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)


def _failed(
    name: str, error: Exception, context: JobContext, gave_up: Callable[..., None] | None, ids: dict[str, Any]
) -> None:
    """Write one line, and on the last try let `gave_up` put the matter where people look."""
    last = context.job.attempts >= TRIES
    log.error("job failed", job=name, number=context.job.id, attempt=context.job.attempts, last=last, exc_info=error)
    if last and gave_up is not None:
        gave_up(now=clock.last_known(), problem=type(error).__name__, **ids)


def later(name: str, *, at: datetime | None = None, once: str | None = None, **ids: Any) -> None:
    """Put a job in the queue with the running transaction. With `once`, not while one of that name waits already."""
    options = {"schedule_at": at, "queueing_lock": once, "queue": "keyturn"}
    task = app.configure_task(f"keyturn.{name}", **{k: v for k, v in options.items() if v})
    if once is None:
        task.defer(**ids)
        return
    try:
        with transaction.atomic():  # a refusal must not spoil the caller's transaction
            task.defer(**ids)
    except AlreadyEnqueued:
        log.info("already queued", job=name)


def statement(jobs: Iterable[tuple[str, dict[str, Any]]]) -> tuple[str, list[Any]]:
    """What puts these jobs (name, ids) in the queue when it is executed, and its values: as `later` does, for who writes
    other things in the same trip."""
    rows = [
        tuple(JobToDefer("keyturn", f"keyturn.{name}", DEFAULT_PRIORITY, None, None, Jsonb(ids), None))
        for name, ids in jobs
    ]
    return _DEFER, [rows]


_DEFER = sql.queries["defer_jobs"].strip().rstrip(";").replace("%(jobs)s", "%s")


def later_all(name: str, *, at: datetime, each: Sequence[dict[str, Any]]) -> None:
    """Put a job for each of these ids in the queue, all for one moment, in one statement."""
    app.configure_task(f"keyturn.{name}", schedule_at=at, queue="keyturn").batch_defer(*each)


def waits(once: str) -> bool:
    """Whether a job of that name (`later(once=)`) is in the queue already, and not begun."""
    return bool(ProcrastinateJob.objects.filter(status="todo", queueing_lock=once).exists())


def has_job(name: str, value: Any) -> Exists:
    """A condition for a query: is there a job, waiting or begun, whose id `name` is `value` (an OuterRef to a key)?"""
    jobs = ProcrastinateJob.objects.filter(status__in=("todo", "doing")).annotate(held=KT(f"args__{name}"))
    return Exists(jobs.filter(held=Cast(value, CharField())))


_GIVEN_UP_ABOUT = "DELETE FROM procrastinate_jobs WHERE status = 'failed' AND args @> %s"
_GIVEN_UP_BEFORE = """
DELETE FROM procrastinate_jobs j WHERE status = 'failed'
   AND NOT EXISTS (SELECT FROM procrastinate_events e WHERE e.job_id = j.id AND e.at >= %s)"""


def is_mended(**ids: str) -> int:
    """What gave up and is about this calls for nobody any more: it is tried anew under another number. How many did."""
    return _deleted(_GIVEN_UP_ABOUT, Jsonb(ids))


def forget_given_up(*, before: datetime) -> int:
    """What gave up so long ago was looked at, or comes again: an alarm that never ends says nothing of the next one."""
    return _deleted(_GIVEN_UP_BEFORE, before)


def _deleted(statement: str, value: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, [value])
        return int(cursor.rowcount)
