"""How does a benchmark get a registry of a million persons: a real, durable PostgreSQL with the product's own tables?"""

import base64
import json
import multiprocessing
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from unittest.mock import patch
from uuid import UUID

import numpy as np
import psycopg
from rich.progress import Progress
from uuid_utils.compat import uuid7

from bench.matching import background
from keyturn.local import postgres
from keyturn.local.homes import throw_away
from keyturn.matching import KEYS_VERSION, Features, blocking_keys

PIECE = 20_000
"""Persons written by one COPY."""

PROCESSES = 2
SETTINGS = {
    "max_wal_size": "6GB",
    "wal_level": "minimal",  # loading only: an index that is built anew is not written twice
    "max_wal_senders": "0",
}
"""Everything else is as Keyturn starts its own PostgreSQL."""

_PERSON = "person (id, kind, date_of_birth, language, formats, flags, version, created_at, updated_at) FROM STDIN"
_FEATURES = "person_features (person_id, features, keys_version) FROM STDIN"
_KEYS = "match_key (key, person_id) FROM STDIN (FORMAT binary)"
_WHEN = datetime(2026, 1, 1, tzinfo=UTC).isoformat()


@contextmanager
def real_database(*, persons: int = 0) -> Iterator[str]:
    """A PostgreSQL of its own with every table, and Django connected to it; gone at the end. Once per process.

    It has the memory that an operator gives it for so many persons: what a search reads lies in it.
    """
    settings = SETTINGS | {"shared_buffers": "2GB" if persons <= 2_000_000 else "8GB"}
    with patch.dict(postgres.COMMON, settings), throw_away(durable=True) as cluster:
        os.environ.update(
            DATABASE_URL=cluster.url,
            DJANGO_SETTINGS_MODULE="keyturn.site.settings",
            KEYTURN_SECRET_KEY=secrets.token_urlsafe(50),
            KEYTURN_FIELD_KEYS=f"b1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            KEYTURN_INDEX_KEY=base64.b64encode(secrets.token_bytes(32)).decode(),
            KEYTURN_PROFILE="default",
            KEYTURN_PLAIN_HTTP="1",
            KEYTURN_ALLOWED_HOSTS="127.0.0.1",
            KEYTURN_MAILBOX=str(cluster.folder / "mailbox"),
            KEYTURN_LOG_LEVEL="WARNING",
        )
        import django

        django.setup()
        from django.db import connections

        from keyturn.records.migrate import migrate

        migrate()
        connections.close_all()
        yield cluster.url
        connections.close_all()


def load(url: str, known: Iterable[tuple[UUID, Features]], *, strangers: int, progress: Progress) -> None:
    """Fill the empty registry with those who are asked for and `strangers` others. Keys are indexed once at the end."""
    with connected(url) as connection:
        constraints = connection.execute(_TAKEN_OFF).fetchall()
        for table, name, _text in constraints:
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        write(connection, list(known))
    task = progress.add_task(f"registry of {strangers:,}", total=strangers)
    pieces = [(url, seed, min(PIECE, strangers - seed * PIECE)) for seed in range(-(-strangers // PIECE))]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        for written in pool.imap_unordered(_piece, pieces):
            progress.advance(task, written)
        pool.close()
        pool.join()
    index = progress.add_task("indexes", total=len(constraints) + 1)
    with connected(url) as connection:
        connection.execute("SET maintenance_work_mem = '2GB'")
        for table, name, text in constraints:
            unchecked = " NOT VALID" if text.startswith("FOREIGN KEY") else ""  # it says nothing about searches
            connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {text}{unchecked}")
            progress.advance(index)
        connection.execute("VACUUM (ANALYZE) match_key, person, person_features")
        warm(connection)
        progress.advance(index)


def warm(connection: psycopg.Connection[Any]) -> None:
    """Read everything once that a search reads, as on a server that has been up for a day: it lies in memory then."""
    connection.execute("SET enable_seqscan = off")
    connection.execute("SELECT count(*) FROM match_key")
    connection.execute("SET enable_seqscan = on")
    for table in ("person_features", "person"):
        connection.execute(f"SELECT sum(length({table}::text)) FROM {table}")
    connection.execute("SET enable_indexonlyscan = off")
    connection.execute("SET enable_seqscan = off")
    for table, column in (("person_features", "person_id"), ("person", "id")):
        connection.execute(f"SELECT count(*) FROM (SELECT 1 FROM {table} ORDER BY {column}) AS read")
    connection.execute("RESET ALL")


_TAKEN_OFF = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
     WHERE conrelid = 'match_key'::regclass AND contype IN ('p', 'f')
        OR conrelid = 'person_features'::regclass AND contype = 'f' ORDER BY contype DESC
"""


def connected(url: str) -> psycopg.Connection[Any]:
    """A connection beside Django's, on the product's tables."""
    return psycopg.connect(url, autocommit=True, options="-c search_path=keyturn,public")


_source: background.Marginals | None = None


def _piece(task: tuple[str, int, int]) -> int:
    """In a process of its own: draw, key and write one piece."""
    global _source
    url, seed, count = task
    _source = _source or background.marginals()
    people = background.strangers(count, seed=seed, source=_source)
    with connected(url) as connection:
        write(connection, [(uuid7(), form) for form in people])
    return count


def write(connection: psycopg.Connection[Any], people: list[tuple[UUID, Features]]) -> None:
    """Copy persons with their features and keys, in the connection's transaction if there is one."""
    for some in _pieces(people):
        with connection.cursor() as cursor:
            _copy(cursor, _PERSON, "".join(_person_line(ident, form) for ident, form in some))
            _copy(cursor, _FEATURES, "".join(_features_line(ident, form) for ident, form in some))
            _copy(cursor, _KEYS, _key_rows(some))


def _pieces(people: list[tuple[UUID, Features]]) -> Iterator[list[tuple[UUID, Features]]]:
    left = iter(people)
    while some := list(islice(left, PIECE)):
        yield some


def _copy(cursor: psycopg.Cursor[Any], target: str, block: str | bytes) -> None:
    with cursor.copy(f"COPY {target}") as stream:
        stream.write(block)


def _key_rows(people: list[tuple[UUID, Features]]) -> bytes:
    """(key, person_id) of everybody, as PostgreSQL's binary COPY reads them: half the time of text."""
    keyed = [(ident.bytes, blocking_keys(form)) for ident, form in people]
    table = np.empty(sum(len(keys) for _, keys in keyed), dtype=_ROW)
    table["fields"], table["key_length"], table["ident_length"] = 2, 8, 16
    table["key"] = np.fromiter((key for _, keys in keyed for key in keys), dtype=np.int64, count=len(table))
    table["ident"] = np.frombuffer(b"".join(ident * len(keys) for ident, keys in keyed), dtype="V16")
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + table.tobytes() + b"\xff\xff"


_ROW = np.dtype([("fields", ">i2"), ("key_length", ">i4"), ("key", ">i8"), ("ident_length", ">i4"), ("ident", "V16")])


def _person_line(ident: UUID, form: Features) -> str:
    return f"{ident}\t{form.kind}\t{form.birth_date or chr(92) + 'N'}\ten\t{{}}\t{{}}\t1\t{_WHEN}\t{_WHEN}\n"


def _features_line(ident: UUID, form: Features) -> str:
    row = json.dumps(form.as_json(), ensure_ascii=False).replace("\\", "\\\\")
    return f"{ident}\t{row}\t{KEYS_VERSION}\n"
