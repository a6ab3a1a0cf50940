"""T-06: a base backup and the archived log, restored to a named moment on an empty machine. Is every row as it was then?

Requests come in and are served; the moment is marked and every table is hashed; more come in; the server dies. What is
restored to the moment has the same hashes and an unbroken audit; what is restored to the end of the log has everything.
The negative control restores without the archived log, and must see that rows are missing.
"""

import os
import random
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import psycopg
from psycopg import sql

from keyturn.local import postgres
from keyturn.local.binaries import owner_for
from keyturn.local.homes import a_temporary_home
from keyturn.local.postgres import Cluster
from tests.durability import bound, standby
from tests.durability.customers import Ask, Customers, asks_for
from tests.durability.installation import Installation, an_installation

REQUESTS = int(os.environ.get("RESTORE_REQUESTS", "24"))
SEED = int(os.environ.get("RESTORE_SEED", "0")) or random.SystemRandom().randrange(10**6)
SECONDS = REQUESTS / 12

Hashes = dict[str, tuple[int, str]]


def hashes(cluster: Cluster) -> Hashes:
    """Table -> (rows, a hash of all of them), of everything that is ours."""
    with psycopg.connect(cluster.url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('keyturn', 'reference_cis') ORDER BY 1, 2"
        ).fetchall()
        return {f"{schema}.{table}": _hash(connection, schema, table) for schema, table in tables}


def _hash(connection: "psycopg.Connection[tuple[object, ...]]", schema: str, table: str) -> tuple[int, str]:
    query = sql.SQL("SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} AS t")
    rows, digest = connection.execute(query.format(sql.Identifier(schema, table))).fetchone() or (0, "")
    return int(str(rows)), str(digest)


@contextmanager
def archiving() -> Iterator[Path]:
    """Every PostgreSQL that starts within keeps its log in this folder as well."""
    with a_temporary_home() as keeper:  # only for a folder that PostgreSQL may write, and that goes away
        archive = keeper.folder / "archive"
        archive.mkdir()
        if owner := owner_for(keeper.data):
            os.chown(archive, *owner)
        command = f"test ! -f {archive}/%f && cp %p {archive}/%f"
        with patch.dict(postgres.COMMON, {"archive_mode": "on", "archive_command": command}):
            yield archive


@contextmanager
def restored(
    backup: Path, archive: Path, *, target: str = "", owner: tuple[int, int] | None, of: Cluster
) -> Iterator[Cluster]:
    """An empty machine on which the backup is unpacked and the log is read, up to `target` or to its end."""
    with a_temporary_home() as cluster:
        shutil.copy(of.folder / "credentials.json", cluster.folder / "credentials.json")
        shutil.copytree(backup, cluster.data)
        (cluster.data / "recovery.signal").touch()
        lines = [f"restore_command = 'cp {archive}/%f %p'"]
        lines += [f"recovery_target_name = '{target}'", "recovery_target_action = 'promote'"] if target else []
        with (cluster.data / "postgresql.auto.conf").open("a") as settings:
            settings.write("\n".join(lines) + "\n")
        if owner:
            for each in (cluster.data, *cluster.data.rglob("*")):
                os.chown(each, *owner)
        with patch.dict(postgres.COMMON, {"archive_mode": "off"}):
            cluster.start()
            standby.recovered(cluster)
            yield cluster


def serve(installation: Installation, api_key: str, asks: list[Ask]) -> None:
    customers = Customers(installation.url, api_key, asks, seconds=SECONDS, seed=SEED, callers=4)
    customers.start()
    installation.drains(customers)
    assert not customers.heard.faults
    assert len(customers.heard.references) == len(asks)
    assert installation.unfinished() == 0


@contextmanager
def a_day_of_work(folder: Path) -> Iterator[tuple[Cluster, Path, Path, Hashes, Hashes]]:
    """The dead server, its backup and archive, and the hashes at noon and in the evening."""
    with archiving() as archive, an_installation(folder, cis="reference") as installation:
        cluster = installation.cluster
        given = installation.ask_inside("prepare", str(2 * REQUESTS))
        asks = asks_for(given["premises"], random.Random(SEED), again_share=0)
        backup = archive.parent / "backup"
        standby.copy(cluster, backup, follows=False)
        installation.start(workers=1, webs=1)
        serve(installation, given["api_key"], asks[:REQUESTS])
        installation.stop("worker")  # nobody writes any more
        noon = hashes(cluster)
        standby.admin(cluster, "SELECT pg_create_restore_point('noon')")
        installation.start(workers=1, webs=1)
        serve(installation, given["api_key"], asks[REQUESTS:])
        installation.stop()
        evening = hashes(cluster)
        standby.archive_all(cluster)
        assert cluster.process
        cluster.process.send_signal(signal.SIGKILL)
        cluster.process.wait()
        yield cluster, backup, archive, noon, evening


def differing(one: Hashes, other: Hashes) -> list[str]:
    return [table for table in sorted({*one, *other}) if one.get(table) != other.get(table)]


def test_a_restored_database_is_as_it_was(tmp_path: Path) -> None:
    with a_day_of_work(tmp_path) as (dead, backup, archive, noon, evening):
        assert len(differing(noon, evening)) > 10, "nothing happened in the afternoon"
        with restored(backup, archive, target="noon", owner=dead.owner, of=dead) as at_noon:
            found = hashes(at_noon)
            assert differing(noon, found) == []
        with restored(backup, archive, owner=dead.owner, of=dead) as at_the_end:
            assert differing(evening, hashes(at_the_end)) == []
        for file in archive.iterdir():  # the negative control: a backup without its log
            if ".backup" not in file.name and file.name > min(each.name for each in archive.iterdir()):
                file.unlink()
        with restored(backup, archive, owner=dead.owner, of=dead) as without_log:
            assert differing(evening, hashes(without_log)), "this test could not see a loss"
    rows = sum(count for count, _ in noon.values())
    bound.tell(
        "T-06",
        __doc__,
        f"seed {SEED}: {len(noon)} tables, {rows:,} rows at the moment, 0 tables differ after the restore",
    )
