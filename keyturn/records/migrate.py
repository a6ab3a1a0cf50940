"""How does an empty or older database come to have today's tables?

The utility's tables and the queue's live in schemas of their own (design.md, "Beyond one machine"): the queue has
triggers, which do not run on distributed tables. Which schema a table is made in is decided by the search path.
"""

from importlib import resources

from django.conf import settings
from django.core.management import call_command
from django.db import connection

QUEUE_APP = "procrastinate"


def migrate(*, verbosity: int = 0) -> None:
    """Create the schemas and bring every table up to date. Safe to run again, and by several machines at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('keyturn migrate'))")
        try:
            for schema in (settings.KEYTURN_SCHEMA, settings.KEYTURN_QUEUE_SCHEMA):
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {connection.ops.quote_name(schema)}")
            call_command("migrate", "contenttypes", interactive=False, verbosity=verbosity)
            _migrate_queue(verbosity)
            call_command("migrate", interactive=False, verbosity=verbosity)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('keyturn migrate'))")


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
