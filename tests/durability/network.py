"""How is an installation run whose parts can be cut from each other?

Web server and worker get a network namespace each, with a wire (a veth pair) for each thing that they speak to; a wire
that is cut drops everything without a word, as a pulled cable does. Our PostgreSQL listens on 127.0.0.1 only, so that a
forwarder on this side carries what comes over a wire to it, and back. Needs root, and `ip` of iproute2.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from keyturn.local.homes import throw_away
from keyturn.local.postgres import Cluster
from keyturn.local.processes import Watch
from tests.durability.disks import run
from tests.durability.installation import Installation

CUTS = ("web-database", "worker-database", "worker-cis")
WIRES = ("callers-web", *CUTS)
NAMESPACE = re.compile(r"kt(?:probe)?(\d+)(?:web|worker)?\b")


def why_not() -> str:
    """Why namespaces cannot be made here; "" where they can."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        return "needs root and iproute2"
    name = f"ktprobe{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode == 0:
        _ip("netns", "del", name)
        return ""
    return f"no network namespaces here: {made.stderr.strip()}"


def _ip(*words: object) -> str:
    return run("ip", *words)


def remove_left() -> None:
    """Take away the namespaces of runs that were killed (each name has its process's number), with whoever is in them.

    Their wires go with them. Those of processes that live are left alone.
    """
    for line in _ip("netns", "list").splitlines():
        if (found := NAMESPACE.match(line)) and not Path(f"/proc/{found[1]}").exists():
            for pid in _ip("netns", "pids", found[0]).split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            _ip("netns", "del", found[0])


class Wire:
    """A veth pair into a namespace, with an address at each end."""

    def __init__(self, number: int, namespace: str) -> None:
        self.name, far = f"kt{os.getpid()}w{number}", f"kt{os.getpid()}v{number}"
        own = 100 + os.getpid() % 100  # two runs at a time do not meet
        self.here, self.there = f"10.{own}.{number}.1", f"10.{own}.{number}.2"
        _ip("link", "add", self.name, "type", "veth", "peer", "name", far, "netns", namespace)
        _ip("address", "add", f"{self.here}/30", "dev", self.name)
        _ip("-n", namespace, "address", "add", f"{self.there}/30", "dev", far)
        _ip("link", "set", self.name, "up")
        _ip("-n", namespace, "link", "set", far, "up")

    @contextmanager
    def cut(self) -> Iterator[None]:
        _ip("link", "set", self.name, "down")
        try:
            yield
        finally:
            _ip("link", "set", self.name, "up")


class Forwarder:
    """Carries connections on `here` to PostgreSQL; an answer to a COMMIT waits `pause` seconds on the way."""

    def __init__(self, here: str, to: tuple[str, int], *, pause: float = 0.0) -> None:
        self._to, self._pause = to, pause
        self._listener = socket.create_server((here, 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            try:
                other = socket.create_connection(self._to)
            except OSError:
                one.close()
                continue
            committing = threading.Event()
            threading.Thread(target=self._carry, args=(one, other, committing, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(other, one, committing, False), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket, committing: threading.Event, up: bool) -> None:
        with suppress(OSError):
            while said := one.recv(65536):
                if up and b"COMMIT" in said:
                    committing.set()
                elif not up and committing.is_set():
                    time.sleep(self._pause)
                    committing.clear()
                other.sendall(said)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class Networked(Installation):
    """Web and worker in namespaces of their own."""

    def __init__(self, cluster: Cluster, folder: Path, *, cis: str, pause: float) -> None:
        super().__init__(cluster, folder, cis=cis)
        names = {"web": f"kt{os.getpid()}web", "worker": f"kt{os.getpid()}worker"}
        self.namespaces = names
        for each in names.values():
            _ip("netns", "add", each)
            _ip("-n", each, "link", "set", "lo", "up")
        owners = {"callers-web": "web"} | {each: each.partition("-")[0] for each in CUTS}
        self.wires = {each: Wire(number, names[owners[each]]) for number, each in enumerate(WIRES)}
        database = ("127.0.0.1", cluster.port)
        self.forwarders = {
            each: Forwarder(self.wires[each].here, database, pause=pause if each == "worker-cis" else 0)
            for each in CUTS
        }
        self.environment["KEYTURN_ALLOWED_HOSTS"] = self.wires["callers-web"].there

    @property
    def url(self) -> str:
        return f"http://{self.wires['callers-web'].there}:{self.port}"

    def over(self, wire: str) -> str:
        """The database's address at the far end of a wire."""
        known, forwarder = conninfo_to_dict(self.cluster.url), self.forwarders[wire]
        login = f"{known['user']}:{known['password']}"
        return f"postgresql://{login}@{self.wires[wire].here}:{forwarder.port}/{known['dbname']}"

    def begin(self) -> None:
        web = {"DATABASE_URL": self.over("web-database")}
        worker = {"DATABASE_URL": self.over("worker-database"), "KEYTURN_CIS_URL": self.over("worker-cis")}
        there = self.wires["callers-web"].there
        self.crew.take_over(self.cluster)
        self._runs("web", web, "serve", "--host", there, "--port", str(self.port), "--workers", "1", "--threads", "4")
        self._runs("worker", worker, "worker")
        self._until_it_answers(1)

    def _runs(self, name: str, own: dict[str, str], *arguments: str) -> None:
        command = ["ip", "netns", "exec", self.namespaces[name], sys.executable, "-m", "keyturn.cli", *arguments]
        self.crew.add(Watch(name, command, env=self.environment | own, log=self.folder / f"{name}.log"))

    def take_down(self) -> None:
        self.stop()
        for each in self.forwarders.values():
            each.close()
        for name in self.namespaces.values():
            _ip("netns", "del", name)


@contextmanager
def a_network(folder: Path, *, cis: str, pause: float) -> Iterator[Networked]:
    remove_left()
    with throw_away(durable=True) as cluster:
        installation = Networked(cluster, folder, cis=cis, pause=pause)
        try:
            yield installation
        finally:
            installation.take_down()
