"""How does a PostgreSQL of our own start, and how does it end with us?

One folder holds one cluster: `data/` (owned by whom PostgreSQL runs as), `credentials.json` and `port` (ours), `lock`
(held while we run it) and `postgres.log`. It listens on 127.0.0.1 only, with scram. Whatever ends us, PostgreSQL gets
the signal for a fast shutdown (`leash.py`); whatever ended PostgreSQL, the next start waits for its remains and cleans
the lock file that `kill -9` leaves behind.
"""

import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import IO, Self

import psycopg
from psycopg import sql

from keyturn.local import binaries, leash
from keyturn.terms.errors import NotAllowed, Unavailable

ROLE = DATABASE = "keyturn"
LOCK_SECONDS = 5.0  # one who is just ending still holds the lock
START_SECONDS = 30.0  # also what a crashed server's recovery may take before we say that it does not start
STOP_SECONDS = 20.0
PORT_TAKEN = re.compile(r"Address already in use|could not create any TCP/IP sockets")
REMAINS = re.compile(r"postmaster\.pid.* already exists|shared memory block .*is still in use")

COMMON = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",  # short statements only
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",  # a refused row's values are people's data: they stay out of the log
    "log_min_error_statement": "panic",
}
THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "5min",
    "max_locks_per_transaction": "512",  # a test may decide about thousands in one transaction
}


class Cluster:
    """One PostgreSQL under our supervision. Start it from the main thread; use it as a context manager or call `stop`."""

    def __init__(self, folder: Path, *, fast: bool = False) -> None:
        """`fast` gives up durability (no fsync): only for data that nobody will miss."""
        self.folder = folder.absolute()
        self.fast = fast
        self.port = 0
        self.process: subprocess.Popen[str] | None = None
        self._lock: IO[str] | None = None
        self._fresh = False  # made by us just now, and not on disk yet for certain
        self._syncing: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where the application connects: its role owns the database `keyturn` and may create others (tests do)."""
        return self._url(ROLE, DATABASE)

    @property
    def admin_url(self) -> str:
        """The superuser's address: for tests that must see or break what the application's role may not."""
        return self._url("postgres", "postgres")

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def made(self) -> bool:
        """Is there a cluster in the folder already?"""
        return (self.data / "PG_VERSION").exists()

    def start(self) -> None:
        """Make the cluster if it is not there, start it, and return when it takes connections."""
        self.prepare()
        self.launch()

    def reserve(self) -> None:
        """Lock the folder and settle address and passwords: from now on `url` is known, though nobody answers yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        self.port = self.port or self._remembered_port()
        if not (self.folder / "credentials.json").exists() and not self.made:
            credentials = {"admin": secrets.token_urlsafe(24), ROLE: secrets.token_urlsafe(24)}
            _write_secret(self.folder / "credentials.json", json.dumps(credentials))

    def prepare(self) -> None:
        """Make the cluster if there is none."""
        self.reserve()
        self.owner = binaries.owner_for(self.data)
        self.install = binaries.find(self.owner)
        if not self.made:
            self._initialise()
        made_by = int((self.data / "PG_VERSION").read_text())
        if made_by != self.install.major:
            raise Unavailable(
                "other_version",
                f"{self.folder} was made by PostgreSQL {made_by} but {self.install.programs} is {self.install.major}:"
                " set KEYTURN_PG_BIN to the older one, or start afresh (`keyturn demo --fresh`, `make demo FRESH=1`)",
            )

    def launch(self) -> None:
        """Start the server on a cluster that `prepare` has seen, from the main thread; also after it has died."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            self.process = self._spawn()
            if self._wait_until_ready(deadline):
                break
            self._after_failed_start(deadline)
        if _lines(self.folder / "port") != [str(self.port)]:  # a full disk takes no file anew, and need not
            (self.folder / "port").write_text(str(self.port))
        if self._fresh:  # `initdb` wrote a thousand files: putting them on disk now need not keep anybody waiting
            command: list[str | Path] = [self.install.programs / "initdb", "--sync-only", "-D", self.data]
            self._syncing = self._run(command, sig=signal.SIGKILL)
            self._fresh = False
        self._ensure_role_and_database()

    def wait_until_durable(self) -> None:
        """A new cluster takes requests from the start, but promises nothing before this returns."""
        if self._syncing is not None and self._syncing.wait() != 0:
            raise Unavailable("not_durable", f"the new database could not be put on disk safely (see {self.log})")
        self._syncing = None

    def destroy(self) -> None:
        """Forget everything in it; the next start makes a new one. Refused (NotAllowed) while somebody runs it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        for name in ("data", "making"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for name in ("credentials.json", "port"):
            (self.folder / name).unlink(missing_ok=True)

    def empty(self) -> None:
        """Replace the running server's database `keyturn` by an empty one."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
        self._ensure_role_and_database()

    def alive(self) -> bool:
        """Is the server's main process still there?"""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """A fast shutdown: clients are disconnected, data is flushed. Safe to call twice."""
        if self._syncing is not None:
            self._syncing.wait()
            self._syncing = None
        process, self.process = self.process, None
        if process is not None:
            for sig in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, none left
                if process.poll() is None:
                    process.send_signal(sig)
                try:
                    process.wait(STOP_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    continue
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # How it is made

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        lock = (self.folder / "lock").open("a+")
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    lock.seek(0)
                    holder = lock.read().strip() or "?"
                    lock.close()
                    raise NotAllowed(
                        "already_running", f"process {holder} already runs the database in {self.folder}"
                    ) from None
                time.sleep(0.1)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _initialise(self) -> None:
        nursery = self.folder / "making"  # `data` appears whole or not at all
        shutil.rmtree(nursery, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        nursery.mkdir(mode=0o700)
        secret = nursery / "password"
        _write_secret(secret, self._credentials()["admin"])
        if self.owner:
            os.chown(secret, *self.owner)
            os.chown(nursery, *self.owner)
        modern = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        command: list[str | Path] = [
            self.install.programs / "initdb", f"--pgdata={nursery / 'data'}", "--username=postgres", "--encoding=UTF8",
            "--auth=scram-sha-256", f"--pwfile={secret}", "--no-instructions",
            *(modern if self.install.major >= 17 else ["--locale=C.UTF-8"]),
            "--no-sync",
        ]  # fmt: skip
        if self._run(command, sig=signal.SIGKILL).wait() != 0:
            raise Unavailable(
                "initdb_failed", f"PostgreSQL could not make its data folder: {self._last_complaint()} (see {self.log})"
            )
        (nursery / "data").rename(self.data)
        shutil.rmtree(nursery)
        self._fresh = not self.fast

    # How it starts

    def _spawn(self) -> subprocess.Popen[str]:
        settings = {**COMMON, **(THROW_AWAY if self.fast else {}), "port": str(self.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command: list[str | Path] = [self.install.programs / "postgres", "-D", self.data, *options]
        self.log.write_text("")  # what is read after a failed start is about that start
        return self._run(command, sig=signal.SIGINT)

    def _run(self, command: list[str | Path], *, sig: int) -> subprocess.Popen[str]:
        """Start one of PostgreSQL's programs as the owner, its messages going to the log; `sig` when we end."""
        with self.log.open("a") as log:
            return leash.popen(
                command, sig=sig, owner=self.owner, cwd=Path("/"), env=_environment(), stdout=log, stderr=log
            )

    def _wait_until_ready(self, deadline: float) -> bool:
        """True: it takes connections. False: it ended by itself."""
        assert self.process is not None
        while self.process.poll() is None:
            lines = _lines(self.data / "postmaster.pid")
            if len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready":
                return True
            if time.monotonic() > deadline:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait()
                raise Unavailable(
                    "start_timeout", f"PostgreSQL did not become ready in {START_SECONDS:.0f} s (see {self.log})"
                )
            time.sleep(0.01)
        return False

    def _after_failed_start(self, deadline: float) -> None:
        """Make the next attempt possible, or raise Unavailable with PostgreSQL's own last word."""
        text = self.log.read_text(errors="replace")
        if time.monotonic() < deadline and PORT_TAKEN.search(text):
            self.port = _free_port()
        elif time.monotonic() < deadline and REMAINS.search(text):
            if not self._somebody_in_there():
                (self.data / "postmaster.pid").unlink(missing_ok=True)
            time.sleep(0.1)
        else:
            raise Unavailable("start_failed", f"PostgreSQL did not start: {self._last_complaint()} (see {self.log})")

    def _somebody_in_there(self) -> bool:
        """Does any process still work in our data folder? (The number in the lock file may be somebody else's by now.)"""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "cwd").readlink() == self.data:
                    return True
            except OSError:
                continue
        return False

    def _ensure_role_and_database(self) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
            if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                admin.execute(
                    sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(role, self._credentials()[ROLE])
                )
            if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))

    def _remembered_port(self) -> int:
        """The last start's port, so that addresses people have written down stay true; when it is taken, a free one."""
        remembered = _lines(self.folder / "port")
        if remembered and remembered[0].isdigit() and _free_port(int(remembered[0])):
            return int(remembered[0])
        return _free_port()

    def _credentials(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads((self.folder / "credentials.json").read_text())
        except OSError:
            raise Unavailable(
                "no_credentials", f"{self.folder} has a database but not its credentials.json: start afresh"
            ) from None
        return found

    def _url(self, role: str, database: str) -> str:
        password = self._credentials()["admin" if role == "postgres" else role]
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def _last_complaint(self) -> str:
        said = [line for line in _lines(self.log) if re.search(r"FATAL|PANIC|ERROR|error:", line)] or _lines(self.log)[
            -1:
        ]
        return said[-1].strip() if said else "it said nothing"


def _free_port(wanted: int = 0) -> int:
    """That port if it is free (else 0), or any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    """PostgreSQL's messages in English, and none of our own PG* or locale variables."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").splitlines()
    except OSError:
        return []


def _write_secret(file: Path, text: str) -> None:
    """On disk when this returns: a database whose passwords the power has taken is of no use (T-02)."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(folder)
    os.close(folder)
