"""Does asking for the next job cost the same, however many wait?"""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from keyturn.work import worker

pytestmark = pytest.mark.django_db(transaction=True)

WAITING = 2_000
READ = """
    SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)
      FROM pg_stat_xact_user_tables WHERE relname = 'procrastinate_jobs'
"""


@pytest.fixture
def counted_when_it_was_empty() -> Iterator[None]:
    """A queue that filled within the minute: PostgreSQL believes that there is next to nothing in it."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE procrastinate_jobs")
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, status, args)"
            " SELECT 'keyturn', 'keyturn.advance', 0, 'todo', '{}' FROM generate_series(1, %s)",
            [WAITING],
        )
        yield
        cursor.execute("DELETE FROM procrastinate_jobs")


def rows_read_for_one_job(**session: str) -> int:
    """By procrastinate's own function, each in a plan of its own."""
    with psycopg.connect(**worker.queue_session() | session) as asking:
        asking.execute("INSERT INTO procrastinate_workers (id) OVERRIDING SYSTEM VALUE VALUES (1)")
        found = asking.execute("SELECT id FROM procrastinate_fetch_job_v2(ARRAY['keyturn']::varchar[], 1)").fetchone()
        assert found and found[0]
        read = asking.execute(READ).fetchone()
        asking.rollback()
    assert read
    return int(read[0])


@pytest.mark.usefixtures("counted_when_it_was_empty")
def test_the_next_job_is_found_without_reading_all_that_wait() -> None:
    assert rows_read_for_one_job() < 20


@pytest.mark.usefixtures("counted_when_it_was_empty")
def test_negative_control_left_to_itself_postgresql_reads_all_of_them() -> None:
    as_others = worker.connector_params()["options"]
    assert rows_read_for_one_job(options=as_others) > WAITING
