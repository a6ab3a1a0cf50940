"""How do rows get from Python into tables in one go?"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, transaction
from django.db.backends.utils import CursorWrapper


def stage(cursor: CursorWrapper, name: str, columns: Mapping[str, str], block: str) -> None:
    """Make the temporary table `name` (column -> type, with "null" behind the type where None may stand) and fill it from CSV.

    It lives as long as the transaction. An empty text stays an empty text; None is NULL.
    """
    typed = ", ".join(f"{column} {kind.removesuffix(' null')}" for column, kind in columns.items())
    cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
    cursor.execute(f"CREATE TEMPORARY TABLE {name} ({typed}) ON COMMIT DROP")
    texts = ", ".join(column for column, kind in columns.items() if not kind.endswith(" null"))
    copy(cursor, f"{name} ({', '.join(columns)}) FROM STDIN (FORMAT csv, FORCE_NOT_NULL ({texts}))", block)
    cursor.execute(f"ANALYZE {name}")


def as_csv(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as COPY reads them with FORMAT csv."""
    block = io.StringIO()
    csv.writer(block).writerows(rows)
    return block.getvalue()


def copy(cursor: CursorWrapper, target: str, block: str) -> None:
    """COPY rows in one block: `write_row` adapts value by value and takes four times as long."""
    with cursor.copy(f"COPY {target}") as stream:
        stream.write(block)


@contextmanager
def checked_afterwards(cursor: CursorWrapper, *tables: str) -> Iterator[None]:
    """Check foreign keys, and build the index of keys, once at the end instead of row by row: half the time of a first
    load. Only for tables that are still empty, that we own, and that nobody uses just now; else this does nothing.
    """
    cursor.execute(_DEFERRABLE, [[table for table in tables if _is_empty(cursor, table)]])
    constraints = cursor.fetchall()
    if not _are_ours_alone(cursor, {table for about in constraints for table in (about[0], about[3]) if table}):
        constraints = []
    for table, name, _text, _other in constraints:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    yield
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table cannot be altered while checks are pending
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for table, name, text, _other in constraints:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {text}")


# Foreign keys of all, and of match_key, which has no other constraint, its primary key; primary keys come back first.
_DEFERRABLE = """
    SELECT c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid), nullif(c.confrelid, 0)::regclass::text
      FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
     WHERE c.conrelid = ANY(%s::regclass[]) AND t.relowner = current_user::regrole
       AND (c.contype = 'f' OR (c.contype = 'p' AND t.relname = 'match_key'))
     ORDER BY c.contype DESC, c.conname
"""


def _are_ours_alone(cursor: CursorWrapper, tables: set[str]) -> bool:
    """Take all of these for ourselves until the transaction ends, or none. Nobody is waited for: who alters one table after
    the other would wait for somebody who reads the second and wants the first."""
    if not tables:
        return True
    try:
        with transaction.atomic():
            cursor.execute(f"LOCK TABLE {', '.join(sorted(tables))} IN ACCESS EXCLUSIVE MODE NOWAIT")
    except OperationalError:
        return False
    return True


def _is_empty(cursor: CursorWrapper, table: str) -> bool:
    cursor.execute(f"SELECT NOT EXISTS (SELECT 1 FROM {table})")
    return bool(cursor.fetchone()[0])


def array(items: Iterable[str]) -> str:
    """The text form of a PostgreSQL array of plain words or numbers."""
    return "{" + ",".join(items) + "}"
