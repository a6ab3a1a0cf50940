"""`keyturn demo` comes up whole, tells where it is, and leaves nothing behind, however it ends."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import psycopg
import pytest

from keyturn.local.homes import throw_away
from tests.durability import bound
from tests.local.family import Process, alive, as_a_terminal, descendants, describe, gone, kill_all

STARTS_WITHIN = 180  # seconds on a machine that has much else to do; a few on one that has not
ENDS_WITHIN = 80  # ten for web and worker, twenty for each of PostgreSQL's three ways
QUIET = ("KEYTURN_", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")


class Running:
    """A demo in a process of its own, as a terminal would run it."""

    started: ClassVar[list["Running"]] = []

    def __init__(
        self,
        folder: Path,
        port: int,
        *more: str,
        makefile: Path | None = None,
        server: str = "",
        until: str = "ready ",
        before: str = "",
    ) -> None:
        """Waits until it says a line that begins with `until` (or nothing any more); `before`: that make runs first."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(QUIET)}
        env |= {"DATABASE_URL": server} if server else {}
        command = [
            sys.executable,
            "-m",
            "keyturn.cli",
            "demo",
            "--data",
            str(folder),
            "--port",
            str(port),
            "--persons",
            "200",
            *more,
        ]
        if makefile:
            recipe = " ".join(["exec", *command, "--with-parent", "$$PPID"])
            makefile.write_text(f"demo:\n\t@{before}{recipe}\n")
            command = ["make", "-s", "-f", str(makefile), "demo"]
        self.process = subprocess.Popen(
            as_a_terminal(command),
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        Running.started.append(self)
        self.folder = folder
        self.port = port
        self.said: list[str] = []
        self.read_until(until)
        self.family: set[Process] = descendants(self.process.pid)

    def read_until(self, start: str) -> None:
        """What it says, to the line that begins so; no longer than a start may take."""
        late = threading.Timer(STARTS_WITHIN, self._too_late)
        late.start()
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if line.startswith(start):
                break
        late.cancel()

    def _too_late(self) -> None:
        family = descendants(self.process.pid)
        self.said.append(f"killed after {STARTS_WITHIN} s; there ran\n{describe(family)}")
        kill_all(family)

    @property
    def told(self) -> dict:
        return json.loads((self.folder / "demo.json").read_text())

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path)
        return connection.getresponse().status

    def end(self, sig: signal.Signals) -> int:
        self.family |= descendants(self.process.pid)
        self.process.send_signal(sig)
        try:
            self.process.communicate(timeout=ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self.family |= descendants(self.process.pid)
            still = describe(self.family)
            kill_all(self.family)
            pytest.fail(f"{sig.name} did not end it in {ENDS_WITHIN} s; there ran\n{still}")
        return self.process.returncode


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="keyturn-demo-") as name:
        os.chmod(name, 0o755)
        yield Path(name, "data")


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder of the test's own that any user can reach (pytest's are root's only)."""
    with tempfile.TemporaryDirectory(prefix="keyturn-demo-") as name:
        os.chmod(name, 0o755)
        yield Path(name, "data")


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Whatever a test does, and however it fails."""
    yield
    while Running.started:
        running = Running.started.pop()
        kill_all(getattr(running, "family", set()) | descendants(running.process.pid))
        running.process.communicate()


@pytest.fixture
def demo(folder) -> Running:
    return Running(folder, free_port())


class TestWhileItRuns:
    """One demo for these; the last one ends it."""

    @pytest.fixture(scope="class")
    @classmethod
    def demo(cls, folder) -> Iterator[Running]:
        demo = Running(folder, free_port())
        Running.started.remove(demo)  # it outlives a test
        yield demo
        kill_all(demo.family | descendants(demo.process.pid))
        demo.process.communicate()

    def test_it_says_where_to_go_and_writes_the_same_for_programs(self, demo):
        assert demo.said[-1] == f"ready http://127.0.0.1:{demo.port}"
        told = demo.told
        assert set(told) == {"portal", "console", "api", "api_key", "staff", "customers", "mailbox", "database_url"}
        assert told["portal"] == f"http://127.0.0.1:{demo.port}"
        assert {each["role"] for each in told["staff"]} >= {"reviewer", "supervisor"}
        assert all(each["password"] in "\n".join(demo.said) for each in told["staff"])
        assert len(told["customers"]) >= 4
        assert all(set(each) == {"email", "password", "account_number"} for each in told["customers"])
        assert all(each["password"] in "\n".join(demo.said) for each in told["customers"])
        assert Path(told["mailbox"]).is_dir()
        assert (demo.folder / "demo.json").stat().st_mode & 0o077 == 0
        assert demo.get("/readyz") == 200
        with psycopg.connect(told["database_url"]) as connection:
            assert connection.execute("SELECT count(*) >= 200 FROM keyturn.person").fetchone() == (True,)
            assert connection.execute("SELECT current_setting('fsync')").fetchone() == ("on",)

    def test_its_worker_works(self, demo):
        with psycopg.connect(demo.told["database_url"], autocommit=True) as connection:
            deadline = time.monotonic() + 60
            while not connection.execute(
                "SELECT count(*) FROM keyturn_queue.procrastinate_workers WHERE last_heartbeat > now() - interval '10 seconds'"
            ).fetchone()[0]:
                assert time.monotonic() < deadline, (demo.folder / "log" / "worker.log").read_text()
                time.sleep(0.1)

    def test_the_same_folder_twice_is_one_sentence(self, demo):
        refused = Running(demo.folder, free_port())
        assert refused.process.wait(ENDS_WITHIN) == 1
        assert f"process {demo.process.pid} already runs the database" in "\n".join(refused.said)
        assert demo.told["portal"].endswith(str(demo.port))

    def test_kill_9_of_the_web_server_and_of_postgresql_is_repaired(self, demo):
        children = {pid: command_of(pid) for pid in alive(demo.family) if parent(pid) == demo.process.pid}
        web = next(pid for pid, command in children.items() if "serve" in command)
        server = next(pid for pid, command in children.items() if "-D" in command)
        os.kill(web, signal.SIGKILL)
        os.kill(server, signal.SIGKILL)
        demo.read_until("web started again")
        assert any("PostgreSQL ended; starting it again" in line for line in demo.said)
        assert until_ready(demo)

    def test_ctrl_c_leaves_no_process(self, demo):
        assert len(demo.family) > 8
        assert demo.end(signal.SIGINT) == 0
        assert gone(demo.family, within=5)


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGHUP], ids=lambda sig: sig.name)
def test_sigterm_and_a_closed_terminal_leave_no_process(demo, sig):
    assert len(demo.family) > 8
    assert demo.end(sig) == 0
    assert gone(demo.family, within=5)


def test_kill_9_of_it_leaves_no_process(demo):
    demo.end(signal.SIGKILL)
    assert gone(demo.family)


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda sig: sig.name)
def test_ending_the_make_that_started_it_leaves_no_process(folder, tmp_path, sig):
    demo = Running(folder, free_port(), makefile=tmp_path / "Makefile")
    demo.end(sig)
    assert gone(demo.family), describe(demo.family)


SIGNALS, MOMENTS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL), ("before python runs", "Starting", "Loading")


@pytest.mark.parametrize(
    ("moment", "sig"),
    [
        pytest.param(moment, sig, id=f"{moment}-{sig.name}", marks=() if at == which else bound.long)
        for at, moment in enumerate(MOMENTS)
        for which, sig in enumerate(SIGNALS)
    ],
)
def test_ending_the_make_that_started_it_while_it_starts_leaves_no_process(tmp_path, reachable, moment, sig):
    first = {"before python runs": "echo here; sleep 0.5; "}.get(moment, "")
    demo = Running(
        reachable, free_port(), makefile=tmp_path / "Makefile", before=first, until="here" if first else moment
    )
    assert demo.process.poll() is None, demo.said
    demo.end(sig)
    assert gone(demo.family), describe(demo.family)


def test_kill_9_of_everything_keeps_what_was_there(demo):
    before = demo.told
    with psycopg.connect(before["database_url"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS public.kept (word text)")
    kill_all(demo.family)
    demo.process.wait()
    again = Running(demo.folder, demo.port)
    try:
        assert {**again.told, "database_url": ""} == {**before, "database_url": ""}
        with psycopg.connect(again.told["database_url"]) as connection:
            assert connection.execute("SELECT to_regclass('public.kept')::text").fetchone() == ("kept",)
    finally:
        again.end(signal.SIGTERM)


def test_fresh_starts_over(folder):
    if not (folder / "demo.json").exists():  # no test has run before
        Running(folder, free_port()).end(signal.SIGTERM)
    before = json.loads((folder / "demo.json").read_text())
    again = Running(folder, free_port(), "--fresh")
    try:
        assert again.told["staff"][0]["password"] != before["staff"][0]["password"]
        with psycopg.connect(again.told["database_url"]) as connection:
            assert connection.execute("SELECT to_regclass('public.kept')").fetchone() == (None,)
    finally:
        again.end(signal.SIGTERM)


def test_a_running_server_is_used_and_not_emptied(tmp_path):
    with throw_away() as cluster:
        demo = Running(tmp_path, free_port(), server=cluster.url)
        assert demo.told["database_url"] == cluster.url
        assert not (tmp_path / "postgres").exists()
        assert demo.end(signal.SIGTERM) == 0
        assert cluster.alive()
        refused = Running(tmp_path, free_port(), "--fresh", server=cluster.url)
        assert refused.process.wait(ENDS_WITHIN) == 1
        assert "do that yourself" in refused.said[-1]


def test_a_taken_port_is_one_sentence_that_names_the_option(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = Running(folder, taken.getsockname()[1])
        assert refused.process.wait(ENDS_WITHIN) == 1
    assert "--port" in refused.said[0]
    assert "Traceback" not in "".join(refused.said)


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def command_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")


def until_ready(demo: Running) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if demo.get("/readyz") == 200:
                return True
        except OSError:
            pass
        time.sleep(0.05)
    return False
