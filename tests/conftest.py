"""On which database do the tests run?

On a throw-away PostgreSQL of our own, or on a new database of the server that DATABASE_URL names; removed at the end.
Programs that a test starts (a worker, a web server) find the same database through the environment.

It starts while this file is imported, not in a hook: pytest imports the conftest files of sub-folders right after it,
and those may import models, which need settings, which need DATABASE_URL.
"""

import atexit
import base64
import gc
import itertools
import os
import re
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import django
import psycopg
import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.utils import translation
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from keyturn.local.homes import throw_away
from keyturn.local.postgres import Cluster
from keyturn.terms.errors import KeyturnError
from tests import emptying
from tests.durability import bound, order

GIVEN = {name: os.environ.get(name) for name in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
_opened = ExitStack()
_own: list[Cluster] = []  # the server that was started here, if one was
atexit.register(_opened.close)
gc.set_threshold(50_000, 20, 50)  # a seventh of the tests' time went into looking for cycles


def _new_database(server: str) -> str:
    """A database of this run's own on a running server; dropped at the end. Answers with its address."""
    name = f"test_keyturn_{os.getpid()}_{secrets.token_hex(3)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
        )

    def drop() -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    _opened.callback(drop)
    parts = {**conninfo_to_dict(server), "dbname": name}
    login = f"{parts.pop('user', '')}:{parts.pop('password', '')}".rstrip(":")
    where = f"{parts.pop('host', '')}:{parts.pop('port', '')}".rstrip(":")
    if where.startswith("/"):  # a unix socket's folder
        return f"postgresql://{login}@/{name}?host={where.partition(':')[0]}" + (
            f"&port={where.partition(':')[2]}" if ":" in where else ""
        )
    return f"postgresql://{login}@{where}/{name}"


def _profile(folder: Path) -> Path:
    """The default profile; but staff sign in with a name and a password alone, where a test is not about that."""
    profile = shutil.copytree(Path(__file__).parents[1] / "profiles" / "default", folder / "default")
    with (profile / "policy.toml").open("a") as settings:
        settings.write("staff_second_factor = false\n")
    return profile


def _only_hands_out() -> bool:
    """Is this the process that deals the tests of `-n 2` out to others? It runs none, so it needs no database."""
    return "PYTEST_XDIST_WORKER" not in os.environ and any(
        re.fullmatch(r"-n[1-9]\d*|-n=?(auto|logical)|--numprocesses(=.+)?", each) or (each == "-n" and after != "0")
        for each, after in itertools.pairwise([*sys.argv[1:], ""])
    )


def _set_environment() -> None:
    """Everything that settings ask of an installation. Secrets are new each time, so no test can depend on one."""
    folder = Path(_opened.enter_context(tempfile.TemporaryDirectory(prefix="keyturn-tests-")))
    (folder / "static").mkdir()
    server = os.environ.get("DATABASE_URL")
    if _only_hands_out():
        url = "postgresql://nobody@127.0.0.1:1/none"
    elif server:
        url = _new_database(server)
    else:
        _own.append(_opened.enter_context(throw_away()))
        url = _own[0].url
    os.environ.update(
        DATABASE_URL=url,
        DJANGO_SETTINGS_MODULE="keyturn.site.settings",
        KEYTURN_SECRET_KEY=secrets.token_urlsafe(50),
        KEYTURN_FIELD_KEYS=f"t1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        KEYTURN_INDEX_KEY=base64.b64encode(secrets.token_bytes(32)).decode(),
        KEYTURN_ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
        KEYTURN_BASE_URL="http://testserver",
        KEYTURN_PLAIN_HTTP="1",
        KEYTURN_PROFILE=str(_profile(folder)),
        KEYTURN_MAILBOX=str(folder / "mailbox"),
        KEYTURN_STATIC_ROOT=str(folder / "static"),
        KEYTURN_LOG_LEVEL="WARNING",
    )
    if not bound.BATTERY:
        os.environ["KEYTURN_NICE"] = "0"  # a worker that gives way to two processes full of tests is waited for long
    for name in (
        "KEYTURN_CIS",
        "KEYTURN_CIS_URL",
        "KEYTURN_CIS_FAULTS",
        "KEYTURN_CIS_MAPPING",
        "KEYTURN_CIS_TOKEN",
        "KEYTURN_CLAMD",
        "KEYTURN_SCHEMA",
        "KEYTURN_QUEUE_SCHEMA",
        "KEYTURN_DEBUG",
        "KEYTURN_OIDC_ISSUER",
        "KEYTURN_OIDC_FILE",
        "KEYTURN_BREACHED_PASSWORDS",
    ):
        os.environ.pop(name, None)


def _end(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


# A closed terminal or a CI runner's SIGTERM ends the tests like Ctrl-C, so that nothing stays behind.
for _signal in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(_signal, _end)

try:
    _set_environment()
except (KeyturnError, psycopg.OperationalError) as problem:
    pytest.exit(f"The tests need a database. {problem}", returncode=1)
django.setup()

emptying.install()

# Hashed as ever, but not for 100 MB each time: hundreds of tests sign in, and none is about what guessing costs a thief.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Each process of `-n 2` makes its own database, so it must not find this one's (pytest-django would take it)."""
    for name, value in GIVEN.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


def pytest_unconfigure() -> None:
    _opened.close()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Instead of pytest-django's own: the database is there already, and our migration also makes its schemas."""
    from django.db import connections

    from keyturn.records.migrate import migrate

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        migrate()
    yield
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connections.close_all()


@pytest.fixture
def own_server() -> Cluster:
    """The tests' own PostgreSQL, for what only its superuser may do; skipped on the server of DATABASE_URL."""
    if not _own:
        pytest.skip("needs a PostgreSQL of the tests' own: DATABASE_URL is set")
    return _own[0]


@pytest.fixture(autouse=True)
def in_no_language() -> Iterator[None]:
    """A page that was shown in Spanish leaves its language to the thread; the next test begins without."""
    yield
    translation.deactivate()


SLOW_FIRST = ("ccb", "durability", "browser", "local", "bench", "linkage", "site", "work")
"""Folders whose files take longest for the number of their tests: begun last, one of two processes would wait for them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        folder = item.path.parent.name
        return SLOW_FIRST.index(folder) if folder in SLOW_FIRST else len(SLOW_FIRST)

    items.sort(key=(lambda item: order.minutes(item.path.stem)) if bound.BATTERY else rank)


def pytest_collection_finish() -> None:
    """What was imported stays to the end: the collector need not look through it again and again."""
    gc.freeze()
