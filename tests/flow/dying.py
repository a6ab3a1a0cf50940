"""What if a process dies at one of its commits, and the test goes on in its place?

As `tests/durability/crash.py`, but for stories of thousands of deaths: only commits count, and the connection is kept.
"""

from typing import Any
from unittest.mock import patch

import psycopg
from django.db import connections

from tests.durability.crash import Died


class dying_at_commit:
    """The process ends at the commit of this number, ours or the CIS's: nothing of it reaches the database afterwards."""

    def __init__(self, number: int, done: bool) -> None:
        self.number, self.done, self.passed = number, done, [0]
        commit, execute = psycopg.Connection.commit, psycopg.Cursor.execute

        def committing(connection: Any) -> None:
            self.passed[0] += 1
            if self.passed[0] < number:
                return commit(connection)
            if self.passed[0] == number and done:
                commit(connection)
            else:
                connection.rollback()
            raise Died

        def executing(cursor: Any, *arguments: Any, **options: Any) -> Any:
            if self.passed[0] >= number:
                raise Died
            return execute(cursor, *arguments, **options)

        self._patches = [
            patch.object(psycopg.Connection, "commit", committing),
            patch.object(psycopg.Cursor, "execute", executing),
        ]

    def __enter__(self) -> list[int]:
        for each in self._patches:
            each.start()
        return self.passed

    def __exit__(self, kind: Any, problem: Any, _trace: Any) -> bool:
        for each in self._patches:
            each.stop()
        if self.passed[0] < self.number:
            return False
        ours = connections["default"]  # as a new one would be, and it need not be opened
        ours.connection.rollback()
        ours.in_atomic_block = ours.needs_rollback = ours.closed_in_transaction = False
        ours.savepoint_ids, ours.atomic_blocks, ours.run_on_commit = [], [], []
        ours.set_autocommit(True)
        return True  # whatever it was told as on its way out
