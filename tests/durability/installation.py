"""How is a whole installation run and attacked: web server, workers and a durable PostgreSQL, under our supervisor?"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg

from keyturn.local.homes import throw_away
from keyturn.local.postgres import Cluster
from keyturn.local.processes import Crew, Watch
from tests.durability import bound
from tests.durability.customers import Customers

ROOT = Path(__file__).resolve().parents[2]
VICTIMS = ("web", "worker", "backend", "postmaster")
WORKER = "keyturn.cli" if bound.BATTERY else "tests.durability.brisk"
PATIENCE = 120.0  # seconds; T-01's goal is 60 on a calm machine
LOOK_SECONDS = 0.15
POLICY = 'label = "attacked"\ncis_timeout_seconds = 2.0\ncis_first_wait_seconds = 0.5\ncis_longest_wait_seconds = 4.0\n'


class Installation:
    """One utility's Keyturn. Drive it from the main thread: `look_after` must be called again and again.

    `root` is where its code lies: here, or where an earlier release was laid out.
    """

    def __init__(self, cluster: Cluster, folder: Path, *, cis: str, root: Path = ROOT) -> None:
        self.cluster = cluster
        self.folder = folder
        self.root = root
        self.port = _free_port()
        self.crew = Crew(say=lambda _sentence: None)
        self.kills: dict[str, int] = dict.fromkeys(VICTIMS, 0)
        self.environment = self._environment(cis)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _environment(self, cis: str) -> dict[str, str]:
        profile = self.folder / "profile"
        shutil.copytree(self.root / "profiles" / "default", profile)
        (profile / "policy.toml").write_text(POLICY)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KEYTURN_CIS")}
        return kept | {
            "DATABASE_URL": self.cluster.url,
            "KEYTURN_PROFILE": str(profile),
            "KEYTURN_MAILBOX": str(self.folder / "mailbox"),
            "KEYTURN_CIS": cis,
            "PYTHONPATH": str(self.root),
            "PYTHONSAFEPATH": "1",  # not what lies in the folder that pytest was started in
        }

    def ask_inside(self, *arguments: str) -> Any:
        """Run `inside.py` in the installation's environment."""
        return json.loads(self.run("tests.durability.inside", *arguments).splitlines()[-1])

    def run(self, module: str, *arguments: str) -> str:
        """Run a module of the installation's code to its end; what it printed."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, env=self.environment, cwd=self.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def start(self, *, workers: int = 2, webs: int = 2) -> None:
        """So many workers, and one web server of so many processes if there is none."""
        self.crew.take_over(self.cluster)
        if not self._running("web"):
            self._watch("web", "serve", "--port", str(self.port), "--workers", str(webs), "--threads", "4")
        for number in range(workers):
            self._watch(f"worker{number}", "worker", program=WORKER if self.root == ROOT else "keyturn.cli")
        self._until_it_answers(3 * webs)  # of each

    def stop(self, name: str = "") -> None:
        """Web and workers end, or those of this name; the database stays. `start` begins anew."""
        ending = [watch for watch in self.crew.watches if watch.name.startswith(name)]
        for watch in ending:
            watch.ask_to_stop()
        for watch in ending:
            watch.finish(time.monotonic() + 5)
            self.crew.watches.remove(watch)

    def _watch(self, name: str, *arguments: str, program: str = "keyturn.cli") -> None:
        command = [sys.executable, "-m", program, *arguments]
        self.crew.add(Watch(name, command, env=self.environment, log=self.folder / f"{name}.log"))

    def _until_it_answers(self, in_a_row: int) -> None:
        deadline = time.monotonic() + 120
        answers = 0
        while answers < in_a_row:
            assert time.monotonic() < deadline, [watch.last_words() for watch in self.crew.watches]
            self.look_after()
            answers = answers + 1 if self._answers() else 0
            time.sleep(0.05)

    def _answers(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code == 200
        return False

    def look_after(self) -> None:
        """What ends here was killed by us: no crash loop, after which a supervisor would wait ever longer."""
        for watch in self.crew.watches:
            watch.ends = 0
        self.crew.look()

    def unfinished(self) -> int | None:
        """How many requests are not over; None while the database cannot be asked."""
        with suppress(psycopg.Error), psycopg.connect(self.cluster.url, connect_timeout=2) as connection:
            row = connection.execute(
                "SELECT count(*) FROM keyturn.request WHERE outcome = '' AND submitted_at IS NOT NULL"
                " AND standing IN ('machine', 'calendar')"
            ).fetchone()
            return int(row[0]) if row else None
        return None

    def looks_on(self, seconds: float) -> None:
        """So long, with what ends meanwhile started again."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.look_after()
            time.sleep(0.05)

    def drains(self, customers: Customers, *, patience: float = PATIENCE) -> float:
        """Seconds until everybody was heard and nothing waits for the machine any more.

        Gives up when for `patience` seconds nothing became less: how much may wait depends on the size and the machine.
        """
        began = progress = time.monotonic()
        least: int | None = None
        while time.monotonic() - progress < patience:
            left = self.unfinished()
            if left == 0 and not customers.busy:
                break
            if left is not None and (least is None or left < least):
                least, progress = left, time.monotonic()
            self.looks_on(LOOK_SECONDS)
        customers.over.set()
        return time.monotonic() - began

    # How it is attacked

    def kill(self, victim: str, chance: random.Random) -> bool:
        """`kill -9` of one process of this kind; False where there is none just now."""
        found = getattr(self, f"_{victim}s")()
        if not found:
            return False
        with suppress(ProcessLookupError):
            os.kill(chance.choice(sorted(found)), signal.SIGKILL)
        self.kills[victim] += 1
        return True

    def _webs(self) -> list[int]:
        return _children(*self._running("web"))

    def _workers(self) -> list[int]:
        return self._running("worker")

    def _postmasters(self) -> list[int]:
        process = self.cluster.process
        return [process.pid] if process and process.poll() is None else []

    def _backends(self) -> list[int]:
        """The servers of our clients' connections: their command line names role and database."""
        return [pid for pid in _children(*self._postmasters()) if "postgres: keyturn keyturn" in _command(pid)]

    def _running(self, name: str) -> list[int]:
        processes = [watch._process for watch in self.crew.watches if watch.name.startswith(name)]
        return [each.pid for each in processes if each and each.poll() is None]


@contextmanager
def an_installation(folder: Path, *, cis: str) -> Iterator[Installation]:
    """A durable cluster of its own, with fsync; everything ends with the block."""
    with throw_away(durable=True) as cluster:
        installation = Installation(cluster, folder, cis=cis)
        try:
            yield installation
        finally:
            installation.stop()


def _children(*parents: int) -> list[int]:
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            with suppress(OSError, IndexError):
                if int((each / "stat").read_text().rpartition(")")[2].split()[1]) in parents:
                    found.append(int(each.name))
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
