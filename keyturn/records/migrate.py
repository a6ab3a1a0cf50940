"""How does an empty or older database come to have today's tables?

The utility's tables and the queue's live in schemas of their own (design.md, "Beyond one machine"): the queue has
triggers, which do not run on distributed tables. Which schema a table is made in is decided by the search path.
"""

import time
from collections.abc import Callable
from importlib import resources

import structlog
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

log = structlog.get_logger("keyturn.migrate")

QUEUE_APP = "procrastinate"
LOCK_MILLISECONDS = 400
"""A change of a table waits no longer for whoever reads it: everybody who comes after would wait behind it (T-07)."""
TRIES, PAUSE_SECONDS = 60, 1.0


def migrate(*, verbosity: int = 0) -> None:
    """Create the schemas and bring every table up to date. Safe to run again, and by several machines at once.

    While requests come in, too: nobody waits long behind it. OperationalError where a table is held for a minute."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('keyturn migrate'))")
        try:
            for schema in (settings.KEYTURN_SCHEMA, settings.KEYTURN_QUEUE_SCHEMA):
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {connection.ops.quote_name(schema)}")
            _patiently(lambda: _migrate(verbosity))
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('keyturn migrate'))")


def _migrate(verbosity: int) -> None:
    call_command("migrate", "contenttypes", interactive=False, verbosity=verbosity)
    _migrate_queue(verbosity)
    call_command("migrate", interactive=False, verbosity=verbosity)


def _patiently(act: Callable[[], None]) -> None:
    """Try again where somebody held a table: each migration is a transaction, so what is done already stays done."""
    for last in (*[False] * (TRIES - 1), True):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{LOCK_MILLISECONDS}ms"])
        try:
            act()
            return
        except OperationalError as held:
            if last or not isinstance(held.__cause__, LockNotAvailable):
                raise
            log.warning("a table is in use: the migration tries again")
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
        time.sleep(PAUSE_SECONDS)


def _migrate_queue(verbosity: int) -> None:
    """The queue's own migrations, in its own schema; on an empty schema its current definition in one go."""
    own = f"{settings.KEYTURN_SCHEMA},{settings.KEYTURN_QUEUE_SCHEMA},public"
    first = f"{settings.KEYTURN_QUEUE_SCHEMA},{settings.KEYTURN_SCHEMA},public"
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('search_path', %s, false)", [first])
        try:
            cursor.execute("SELECT to_regclass('procrastinate_jobs')")
            empty = cursor.fetchone() == (None,)
            if empty:
                cursor.execute(resources.files("procrastinate.sql").joinpath("schema.sql").read_text())
            call_command("migrate", QUEUE_APP, fake=empty, interactive=False, verbosity=verbosity)
        finally:
            cursor.execute("SELECT set_config('search_path', %s, false)", [own])
