"""How is a job put in the queue, in the transaction that causes it, and by whom is it done?

The queue is Procrastinate's, in the same database: a job exists exactly when the change that needs it is committed.
A job holds only ids. Every job may run twice: who does it locks the row and looks at how it stands.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from django.db import close_old_connections, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

log = structlog.get_logger("keyturn.work")

F = TypeVar("F", bound=Callable[..., None])


def job(name: str) -> Callable[[F], F]:
    """Make a function the doer of jobs called `name`. It is called with `now` and the job's ids, as keywords."""

    def register(function: F) -> F:
        def do(**ids: Any) -> None:
            close_old_connections()
            try:
                function(now=datetime.now(UTC), **ids)
            finally:
                close_old_connections()

        app.task(name=f"keyturn.{name}", queue="keyturn")(do)
        return function

    return register


def later(name: str, *, at: datetime | None = None, once: str | None = None, **ids: Any) -> None:
    """Put a job in the queue with the running transaction. With `once`, not while one of that name waits already."""
    options = {"schedule_at": at, "queueing_lock": once, "queue": "keyturn"}
    try:
        with transaction.atomic():
            app.configure_task(f"keyturn.{name}", **{k: v for k, v in options.items() if v}).defer(**ids)
    except AlreadyEnqueued:
        log.info("already queued", job=name)
