"""T-07: `keyturn migrate` while requests come in, and the release before beside the tables of now: any error, any long stall?

A database as the release before had it, with old rows. Some go on reading and writing it as that release does, with the
columns that it knew, while somebody else reads for seconds on end and `keyturn migrate` runs; and afterwards. MIGRATE_ROWS
sets how many old rows there are.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.durability import bound
from tests.durability.before import BEFORE

ROWS = int(os.environ.get("MIGRATE_ROWS", "5000"))
LONG_READ_SECONDS = 3.0
GOAL_SECONDS = 1.0
ROOT = Path(__file__).resolve().parents[2]
VALUES = {"jsonb": "'{}'", "boolean": "false", "uuid": "gen_random_uuid()", "timestamp with time zone": "now()",
          "date": "current_date", "bytea": "''", "ARRAY": "'{}'"}  # fmt: skip


@pytest.fixture
def url() -> Iterator[str]:
    """An empty database of the tests' own server."""
    server, name = os.environ["DATABASE_URL"], f"before_{os.getpid()}_{uuid4().hex[:6]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name)))
        known = psycopg.conninfo.conninfo_to_dict(server)["dbname"]
        yield name.join(server.rsplit(str(known), 1))
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run(url: str, *module: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": url}
    return subprocess.run(
        [sys.executable, "-m", *module], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


def connect(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(
        url, autocommit=True, options="-c search_path=keyturn,keyturn_queue,public -c lock_timeout=10s"
    )


def columns(url: str) -> dict[str, dict[str, tuple[bool, str]]]:
    """Table -> column -> (must be given, its type), of the utility's tables."""
    found: dict[str, dict[str, tuple[bool, str]]] = {}
    with connect(url) as there:
        rows = there.execute(
            "SELECT table_name, column_name, is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO',"
            " data_type || coalesce(':' || character_maximum_length, '')"
            " FROM information_schema.columns WHERE table_schema = 'keyturn'"
        )
        for table, column, needed, kind in rows:
            found.setdefault(str(table), {})[str(column)] = (bool(needed), str(kind))
    return found


def insert(table: str, known: dict[str, tuple[bool, str]], **given: str) -> sql.Composed:
    """An INSERT of every column that had to be given before; texts are drawn, for some are unique."""
    values = {name: _value(kind) for name, (needed, kind) in known.items() if needed} | given
    names = sql.SQL(", ").join(map(sql.Identifier, values))
    return sql.SQL("INSERT INTO {} ({}) ").format(sql.Identifier(table), names) + sql.SQL(
        f"SELECT {', '.join(values.values())}"
    )


def _value(kind: str) -> str:
    if kind == "text" or kind.startswith("character"):
        return f"left(md5(random()::text), {min(int(kind.partition(':')[2] or 12), 12)})"
    return VALUES.get(kind, "0")


@dataclass
class Load:
    """Two who work as the release before does, again and again."""

    url: str
    statements: list[sql.Composed]
    errors: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(2)]
        for each in threads:
            each.start()
        try:
            yield
        finally:
            self.over.set()
            for each in threads:
                each.join()

    def _work(self) -> None:
        with connect(self.url) as there:
            while not self.over.is_set():
                began = time.monotonic()
                try:
                    with there.transaction():
                        for each in self.statements:
                            there.execute(each)
                except psycopg.Error as error:
                    self.errors.append(str(error))
                self.seconds.append(time.monotonic() - began)
                self.over.wait(0.01)


def load_on(url: str) -> tuple[Load, dict[str, dict[str, tuple[bool, str]]]]:
    """The database of before with its old rows, and those who work on it."""
    made = run(url, "tests.durability.before")
    assert made.returncode == 0, made.stderr[-2000:]
    known = columns(url)
    last = "(SELECT id FROM request ORDER BY created_at DESC LIMIT 1)"
    request = insert("request", known["request"])
    with connect(url) as there, there.transaction():
        there.execute(request + sql.SQL(f" FROM generate_series(1, {ROWS})"))
        of_each = insert("cis_delivery", known["cis_delivery"], request_id="r.id")
        there.execute(of_each + sql.SQL(" FROM request r"))
    new = insert("cis_delivery", known["cis_delivery"], request_id=last)
    statements = [
        request,
        new + sql.SQL(" ON CONFLICT DO NOTHING"),
        sql.SQL("SELECT count(*) FROM cis_delivery d JOIN request r ON r.id = d.request_id WHERE d.state = 'sent'"),
        sql.SQL("UPDATE request SET version = version WHERE id = ") + sql.SQL(last),
    ]
    return Load(url, statements), known


@contextmanager
def a_long_read(url: str) -> Iterator[None]:
    """Somebody reads the deliveries in a transaction that takes seconds."""
    begun = threading.Event()

    def read() -> None:
        with connect(url) as there, there.transaction():
            there.execute("SELECT count(*) FROM cis_delivery")
            begun.set()
            time.sleep(LONG_READ_SECONDS)

    reader = threading.Thread(target=read)
    reader.start()
    begun.wait()
    yield
    reader.join()


def test_nobody_waits_long_or_fails_while_the_tables_change(url: str) -> None:
    load, before = load_on(url)
    with load.running():
        time.sleep(0.5)
        with a_long_read(url):
            done = run(url, "keyturn.cli", "migrate")
        during, longest = len(load.seconds), max(load.seconds)
        time.sleep(0.5)
    assert done.returncode == 0, done.stderr[-2000:]
    now = columns(url)
    unfit = [
        f"{table}.{column}"
        for table in before
        for column, (needed, _) in now.get(table, {}).items()
        if needed and column not in before[table]
    ]
    gone = [f"{table}.{column}" for table in before for column in before[table] if column not in now.get(table, {})]
    bound.tell(
        "T-07", __doc__,
        f"seed none: from {BEFORE} to the tables of now over {ROWS:,} old requests, beside a read of {LONG_READ_SECONDS:.0f} s;"
        f" {during:,} transactions of the release before meanwhile, the longest {longest:.2f} s (goal {GOAL_SECONDS:.0f}),"
        f" {len(load.seconds) - during:,} afterwards",
        bound.of(len(load.errors), len(load.seconds), "failed"),
    )  # fmt: skip
    assert load.errors == []
    assert unfit == [], "the release before could not write any more"
    assert gone == [], "the release before could not read any more"
    assert longest <= GOAL_SECONDS


@bound.long
def test_negative_control_a_change_that_waits_for_its_lock_makes_everybody_wait(url: str) -> None:
    load, _ = load_on(url)
    with load.running(), a_long_read(url), connect(url) as there:
        there.execute("ALTER TABLE cis_delivery ADD COLUMN unpatient text")
    assert max(load.seconds) > GOAL_SECONDS
