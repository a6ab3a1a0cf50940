"""How does a benchmark get a whole Keyturn of its own: database, web server and worker, all real, all gone afterwards?"""

import base64
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from keyturn.local.homes import throw_away

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Stage:
    """A running Keyturn. `api` ends in /api/v1; `key` has every scope."""

    api: str
    key: str
    folder: Path
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    database_process: int = 0

    def run(self, *command: str) -> str:
        """`keyturn ...`, its output."""
        return subprocess.run(
            [sys.executable, "-m", "keyturn.cli", *command],
            env=self.environment,
            cwd=ROOT,
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        ).stdout

    def cpu_seconds(self) -> dict[str, float]:
        """CPU time so far of each part with all its children, in seconds."""
        parts = {name: process.pid for name, process in self.processes.items()}
        if self.database_process:
            parts["database"] = self.database_process
        return {name: cpu_of(pid) for name, pid in parts.items()}


@contextmanager
def stage(*, profile: str = "default", workers: int = 2, settings: dict[str, str] | None = None) -> Iterator[Stage]:
    """Start everything on a durable throw-away PostgreSQL and free ports; stop it all at the end."""
    with tempfile.TemporaryDirectory(prefix="keyturn-bench-") as name, throw_away(durable=True) as cluster:
        folder, port = Path(name), free_port()
        environment = environment_for(cluster.url, folder, port, profile) | (settings or {})
        made = Stage(f"http://127.0.0.1:{port}/api/v1", "", folder, environment)
        made.database_process = postmaster_of(cluster)
        made.run("migrate")
        scopes = [
            "requests:write",
            "requests:read",
            "requests:attest",
            "persons:read",
            "persons:match",
            "premises:read",
            "review:write",
        ]
        made.key = made.run(
            "api-key", "create", "bench", *(part for each in scopes for part in ("--scope", each))
        ).split()[-1]
        try:
            made.processes["web"] = _start(made, "serve", "--port", str(port), "--workers", str(workers))
            made.processes["worker"] = _start(made, "worker")
            _wait_until_ready(port)
            yield made
        finally:
            _stop(made)


def environment_for(url: str, folder: Path, port: int, profile: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KEYTURN_")}
    return kept | {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "keyturn.site.settings",
        "KEYTURN_SECRET_KEY": secrets.token_urlsafe(50),
        "KEYTURN_FIELD_KEYS": f"b1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "KEYTURN_INDEX_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "KEYTURN_PROFILE": profile,
        "KEYTURN_PLAIN_HTTP": "1",
        "KEYTURN_ALLOWED_HOSTS": "127.0.0.1",
        "KEYTURN_BASE_URL": f"http://127.0.0.1:{port}",
        "KEYTURN_MAILBOX": str(folder / "mailbox"),
        "KEYTURN_LOG_LEVEL": "WARNING",
    }


def _start(made: Stage, *command: str) -> subprocess.Popen[bytes]:
    log = (made.folder / f"{command[0]}.log").open("ab")
    return subprocess.Popen(
        [sys.executable, "-m", "keyturn.cli", *command],
        env=made.environment,
        cwd=ROOT,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _stop(made: Stage) -> None:
    for process in made.processes.values():
        process.send_signal(signal.SIGTERM)
    for process in made.processes.values():
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_until_ready(port: int) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if json.load(answer)["ready"]:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the web server did not become ready")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postmaster_of(cluster: object) -> int:
    lines = (Path(cluster.data) / "postmaster.pid").read_text().splitlines()  # type: ignore[attr-defined]
    return int(lines[0])


def cpu_of(pid: int) -> float:
    """Seconds of CPU of a process, its children, and those that have ended (Linux)."""
    ticks, family = os.sysconf("SC_CLK_TCK"), [pid]
    total = 0.0
    while family:
        one = family.pop()
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += sum(int(fields[i]) for i in (11, 12, 13, 14)) / ticks
            for task in Path(f"/proc/{one}/task").iterdir():
                family += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return total
