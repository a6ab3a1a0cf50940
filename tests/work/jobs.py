"""What lies in the queue?"""

from django.db import connection

NO_MESSAGE = {"message_id": "00000000-0000-0000-0000-000000000000"}
"""For a job that finds nothing to do, and that no schedule puts in the queue while a test looks."""


def jobs(name: str = "") -> list[tuple[str, str, int]]:
    """(task, state, attempts) of every job in the queue, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT replace(task_name, 'keyturn.', ''), status::text, attempts FROM procrastinate_jobs"
            " WHERE task_name LIKE %s AND task_name NOT LIKE '%%scheduled' AND task_name NOT LIKE '%%rescue_stalled'"
            " ORDER BY id",
            [f"keyturn.{name}%"],
        )
        return [tuple(row) for row in cursor.fetchall()]
