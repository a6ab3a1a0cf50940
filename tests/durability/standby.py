"""How does a second PostgreSQL follow the first, and take its place?"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from keyturn.local.homes import a_temporary_home
from keyturn.local.postgres import DATABASE, ROLE, Cluster

NAME = "second"
PATIENCE = 30.0


@contextmanager
def a_standby(primary: Cluster) -> Iterator[Cluster]:
    """A copy of a running cluster that follows it, under a supervisor of its own; gone at the end."""
    with a_temporary_home(durable=True) as standby:
        shutil.copy(primary.folder / "credentials.json", standby.folder / "credentials.json")
        copy(primary, standby.data)
        standby.start()
        yield standby


def copy(primary: Cluster, into: Path, *, follows: bool = True) -> None:
    """A base backup; when it is started it follows `primary`, if it shall, under the name that a synchronous standby has."""
    into.mkdir(mode=0o700)
    if primary.owner:
        os.chown(into, *primary.owner)
    command = [
        primary.install.programs / "pg_basebackup", "--pgdata", into, "--checkpoint=fast",
        "--dbname", f"{primary.admin_url}?application_name={NAME}", *(["--write-recovery-conf"] if follows else []),
    ]  # fmt: skip
    who = {"user": primary.owner[0], "group": primary.owner[1], "extra_groups": []} if primary.owner else {}
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, **who)
    assert done.returncode == 0, done.stderr


def both(one: Cluster, other: Cluster) -> str:
    """DATABASE_URL for whoever wants to write, wherever that is possible just now (docs/howto/operate.md)."""
    password = one._credentials()[ROLE]
    hosts = ",".join(f"127.0.0.1:{each.port}" for each in (one, other))
    return f"postgresql://{ROLE}:{password}@{hosts}/{DATABASE}?target_session_attrs=read-write&connect_timeout=3"


def admin(cluster: Cluster, *statements: str) -> None:
    with psycopg.connect(cluster.admin_url, autocommit=True) as connection:
        for each in statements:
            connection.execute(each)


def synchronous(primary: Cluster) -> None:
    """From now on a commit is on two disks before anybody hears of it."""
    admin(primary, f"ALTER SYSTEM SET synchronous_standby_names = '{NAME}'", "SELECT pg_reload_conf()")
    with psycopg.connect(primary.admin_url, autocommit=True) as connection:
        _wait_for(connection, "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'")


def caught_up(primary: Cluster) -> None:
    """Wait until the standby has all that there is now."""
    with psycopg.connect(primary.admin_url, autocommit=True) as connection:
        _wait_for(connection, "SELECT bool_and(flush_lsn >= pg_current_wal_flush_lsn()) FROM pg_stat_replication")


def archive_all(primary: Cluster) -> None:
    """Begin a new file of the log, and wait until the last one is in the archive."""
    with psycopg.connect(primary.admin_url, autocommit=True) as connection:
        (last,) = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone() or ("",)
        connection.execute("SELECT pg_switch_wal()")
        _wait_for(connection, f"SELECT last_archived_wal >= '{last}' FROM pg_stat_archiver")


def _wait_for(connection: "psycopg.Connection[tuple[bool]]", question: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not (connection.execute(question).fetchone() or (False,))[0]:  # type: ignore[call-overload]
        assert time.monotonic() < deadline, question
        time.sleep(0.05)


@contextmanager
def stalled(standby: Cluster, *, then: signal.Signals = signal.SIGCONT) -> Iterator[None]:
    """The standby is there, and takes nothing in: its receiver stands still. SIGKILL at the end: what waited for it is gone."""
    receivers = [pid for pid in _children(standby) if b"walreceiver" in _command(pid)]
    assert receivers, "the standby receives nothing"
    for pid in receivers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in receivers:
            with suppress(ProcessLookupError):
                os.kill(pid, then)


def recovered(cluster: Cluster) -> None:
    """Wait until it has read all of the log that it was to read: it answers questions before."""
    with psycopg.connect(cluster.admin_url, autocommit=True) as connection:
        _wait_for(connection, "SELECT NOT pg_is_in_recovery()")


def promote(standby: Cluster) -> None:
    """It takes writes from now on."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return admin(standby, "SELECT pg_promote(wait_seconds => 30)")
        except psycopg.OperationalError:  # it gathers itself
            assert time.monotonic() < deadline, "the standby does not answer"
            time.sleep(0.1)


def _children(cluster: Cluster) -> list[int]:
    assert cluster.process
    return [
        int(each)
        for each in Path(f"/proc/{cluster.process.pid}/task/{cluster.process.pid}/children").read_text().split()
    ]


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
