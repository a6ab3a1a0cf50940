"""What happens between `keyturn demo` and `ready`, in which order, and what may overlap?

PostgreSQL first; then web starts while the tables are made, and the staff get their passwords and web warms up while
the demo utility is loaded: on two cores that is what makes ten seconds possible. A second start finds everything in
place. Everything lies in one folder.
"""

import gc
import http.client
import importlib
import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from keyturn.local import demo_access as access
from keyturn.local.demo_utility.dataset import Dataset, generate
from keyturn.local.homes import home_for
from keyturn.local.postgres import Cluster
from keyturn.local.processes import Crew, Watch
from keyturn.terms.errors import NotAllowed, Unavailable

HOST = "127.0.0.1"
READY_SECONDS = 60.0
GIVE_UP_AFTER = 3  # ends of web or worker before it was ever ready

Result = TypeVar("Result")


@dataclass
class Demo:
    """One demo: where it lies, and what it has started. `say` gets each sentence for the person in front of it."""

    folder: Path
    port: int
    persons: int
    say: Callable[[str], None]
    crew: Crew
    progress: Callable[[str, int, int], None] | None = None  # told kind, done and all while the utility is loaded
    seconds: dict[str, float] = field(default_factory=dict)  # phase -> seconds, for --timings
    cluster: Cluster | None = None
    given_up: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self, *, fresh: bool) -> access.Access:
        """Everything until the portal answers. Raises KeyturnError with one sentence; `crew.stop` cleans up."""
        check_port(self.port)
        self.folder.mkdir(parents=True, exist_ok=True)
        gc.disable()  # it would look through millions of living objects again and again: a sixth of the time
        with ThreadPoolExecutor() as beside:
            try:
                return self._start(beside, fresh=fresh)
            except BaseException:
                self.given_up.set()
                raise
            finally:
                gc.enable()

    def _start(self, beside: ThreadPoolExecutor, *, fresh: bool) -> access.Access:
        """`beside` does what need not wait for the database, or for the demo utility to be in it."""
        self.say("Starting ...")
        with self._phase("PostgreSQL"):
            database_url = self._reserve_database(fresh=fresh)
            access.forget_announcement(self.folder)  # not before we hold the database's lock: it may be another one's
            access.set_environment(self.folder, database_url=database_url, base_url=self.url)
            set_up = beside.submit(_set_up)
            invented = None if self._marker.exists() else beside.submit(_invent, self.persons)
            if self.cluster:
                self._start_cluster(self.cluster, database_url)
            self._result(set_up)
        self._start_process("web", ["serve", "--host", HOST, "--port", str(self.port)])
        with self._phase("tables"):
            loaded = self._migrate()
        granted = beside.submit(_grant, self.folder)
        answering = beside.submit(self._wait_until_it_answers)
        if not loaded:
            with self._phase("demo utility"):
                self._load(self._result(invented) if invented else _invent(self.persons))
        self._start_process("worker", ["worker"])  # not before: the import needs both cores
        with self._phase("until it answers"):
            given = access.with_customers(self.folder, self._result(granted))
            self._look_until(answering)
            if self.cluster:
                self.cluster.wait_until_durable()
        access.announce(self.folder, given, url=self.url, database_url=database_url)
        return given

    # The database

    def _reserve_database(self, *, fresh: bool) -> str:
        """Its address, before anybody answers there."""
        if url := os.environ.get("DATABASE_URL"):
            if fresh:
                raise NotAllowed(
                    "not_ours", "--fresh would empty the database that DATABASE_URL names: do that yourself"
                )
            return url
        self.cluster = Cluster(home_for(self.folder / "postgres"))
        if fresh:
            self.cluster.destroy()
            forget(self.folder)
        elif self.cluster.made and not (self.folder / access.SECRETS).exists():
            self.say(f"{access.SECRETS} is gone, and without its keys the data cannot be read: starting afresh.")
            self.cluster.destroy()
            forget(self.folder)
        self.cluster.reserve()
        return self.cluster.url

    def _start_cluster(self, cluster: Cluster, database_url: str) -> None:
        self.crew.take_over(cluster)  # before it starts: whoever interrupts that must find it stopped too
        cluster.start()
        if cluster.url != database_url:  # what the settings have read by now
            raise Unavailable("port_lost", "another program took PostgreSQL's port just now: start again")

    def _migrate(self) -> bool:
        """Bring the tables up to date. True when the demo utility is in them already, whole."""
        from django.db import connection

        from keyturn.connectors import cis
        from keyturn.records.migrate import migrate
        from keyturn.records.models import Person

        migrate()
        loaded = self._marker.exists()
        if not loaded and Person.objects.exists():
            if self.cluster is None:
                return True  # a server of the user's with persons in it: theirs
            self.say("The last start was interrupted while it loaded the demo utility: loading it again.")
            connection.close()
            self.cluster.empty()
            migrate()
        cis.install()
        return loaded and Person.objects.exists()

    def _load(self, dataset: Dataset) -> None:
        from keyturn.local.demo_utility.load import load

        self.say(f"Loading the demo utility: {self.persons:,} persons with their premises and accounts ...")
        load(dataset=dataset, today=_today(), progress=self._progress)
        self._marker.write_text(f"{self.persons} persons\n")

    @property
    def _marker(self) -> Path:
        """Appears when the demo utility is loaded, whole."""
        return self.folder / "loaded"

    # Web and worker

    def _start_process(self, name: str, arguments: list[str]) -> None:
        log = self.folder / "log" / f"{name}.log"
        log.parent.mkdir(exist_ok=True)
        log.write_text("")
        self.crew.add(Watch(name, [sys.executable, "-m", "keyturn.cli", *arguments], env=dict(os.environ), log=log))

    def _wait_until_it_answers(self) -> None:
        while not _answers(self.port) and not self.given_up.wait(0.1):
            pass

    def _look_until(self, answering: Future[None]) -> None:
        """Look after the processes until the portal answers. Unavailable when one does not start at all."""
        deadline = time.monotonic() + READY_SECONDS
        while not answering.done():
            self.crew.heed()
            self.crew.look()
            for watch in self.crew.watches:
                if watch.ends >= GIVE_UP_AFTER:
                    raise Unavailable(
                        "did_not_start", f"{watch.name} does not start; the end of {watch.log}:\n{watch.last_words()}"
                    )
            if time.monotonic() > deadline:
                raise Unavailable(
                    "not_ready", f"the portal did not become ready in {READY_SECONDS:.0f} s; see {self.folder / 'log'}"
                )
            time.sleep(0.05)
        answering.result()

    def _progress(self, kind: str, done: int, total: int) -> None:
        self.crew.heed()
        if self.progress:
            self.progress(kind, done, total)

    def _result(self, future: Future[Result]) -> Result:
        """What a thread beside us makes; KeyboardInterrupt when we are asked to stop meanwhile."""
        while not future.done():
            self.crew.heed()
            wait([future], timeout=0.1)
        return future.result()

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        self.crew.heed()
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started


def default_folder(project: Path) -> Path:
    """`var/demo` of the project when we may write there, else in the user's state folder."""
    if (project / "pyproject.toml").exists():
        for each in (project / "var" / "demo", project / "var", project):
            if each.exists():
                if os.access(each, os.W_OK) and (os.geteuid() == 0 or each.stat().st_uid == os.geteuid()):
                    return project / "var" / "demo"
                break
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "keyturn" / "demo"


def check_port(port: int) -> None:
    """Refuse a port that somebody listens on, before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise NotAllowed(
                "port_refused",
                f"you may not listen on port {port}: choose one above 1023 with --port (make demo PORT=8080)",
            ) from None
        except OSError:
            raise NotAllowed(
                "port_taken", f"port {port} is taken: choose another one with --port (make demo PORT={port + 1})"
            ) from None


def forget(folder: Path) -> None:
    """Remove what a demo has left in its folder: only what we know, for the folder may be anybody's."""
    for name in ("loaded", access.SECRETS, access.ANNOUNCEMENT):
        (folder / name).unlink(missing_ok=True)
    for name in ("mailbox", "static", "log"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _today() -> date:
    return datetime.now(UTC).date()


def _set_up() -> None:
    """In a thread of its own while PostgreSQL starts, for it takes as long: settings, models, and what loading needs."""
    import django

    django.setup()
    importlib.import_module("keyturn.flow")


def _invent(persons: int) -> Dataset:
    """In a thread of its own, for it needs no database."""
    return generate(persons=persons, seed=1, today=_today())


def _grant(folder: Path) -> access.Access:
    """In a thread of its own, for the passwords' hashes take long: so with a database connection of its own."""
    from django.db import connections

    try:
        return access.grant(folder)
    finally:
        connections.close_all()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    connection.close()
    return False
