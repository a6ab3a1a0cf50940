"""How do web and worker start, stay up, and end together?

A `Watch` is a process that is started again when it ends by itself, later each time. The `Crew` looks after all of them
and after PostgreSQL until somebody asks it to stop (Ctrl-C, SIGTERM, a closed terminal).
"""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

from keyturn.local import leash
from keyturn.local.postgres import Cluster
from keyturn.terms.errors import KeyturnError

LOOK_SECONDS = 0.2
LONGEST_PAUSE = 30.0
HEALTHY_SECONDS = 30.0  # up for so long: the next end counts as the first one again
STOP_SECONDS = 10.0


class Watch:
    """One process that should always run."""

    def __init__(self, name: str, command: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self.ends = 0  # in a row, each soon after its start
        self._command = command
        self._env = env
        self._process: subprocess.Popen[str] | None = None
        self._started = 0.0
        self._again_at: float | None = None

    def start(self) -> None:
        with self.log.open("a") as log:
            self._process = leash.popen(self._command, env=self._env, stdout=log, stderr=log)
        self._started = time.monotonic()
        self._again_at = None

    def look(self) -> str | None:
        """Start it again when that is due. Answers with a sentence when there is something to tell."""
        if self._again_at is not None:
            if time.monotonic() >= self._again_at:
                self.start()
                return f"{self.name} started again"
            return None
        if self._process is None or (code := self._process.poll()) is None:
            return None
        up = time.monotonic() - self._started
        self.ends = self.ends + 1 if up < HEALTHY_SECONDS else 1
        pause = min(LONGEST_PAUSE, 0.5 * 2 ** (self.ends - 1))
        self._again_at = time.monotonic() + pause
        return f"{self.name} ended ({_ending(code)}); starting it again in {pause:g} s; its log: {self.log}"

    def last_words(self, lines: int = 15) -> str:
        """The end of its log, for the person who must find out why."""
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""

    def ask_to_stop(self) -> None:
        self._again_at = None
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def finish(self, deadline: float) -> None:
        """Wait for its end; after the deadline kill it (its own children are on a leash too)."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Crew:
    """The processes of one installation on one machine. `stop_asked` is set by the signals that `listen` takes.

    Their handler does nothing else. An exception from there would come anywhere, and has come inside an import, whose
    lock then was never given back to the other threads; and an event, set there, waits for itself when it comes while
    the same thread begins to wait for that event.
    """

    def __init__(self, *, say: Callable[[str], None]) -> None:
        self.stop_asked = False
        self.watches: list[Watch] = []
        self._cluster: Cluster | None = None
        self._say = say
        self._cluster_ends = 0

    def listen(self, *, make: leash.Make | None = None) -> None:
        """From now on Ctrl-C, SIGTERM, SIGHUP, and an interrupt of the `make` that started us ask us to stop.

        Under `nohup` a closed terminal changes nothing.
        """

        def ask(_number: int, _frame: FrameType | None) -> None:
            self.stop_asked = True

        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if not (sig == signal.SIGHUP and signal.getsignal(sig) == signal.SIG_IGN):
                signal.signal(sig, ask)
        if make:
            threading.Thread(target=self._listen_to, args=[make], daemon=True).start()

    def heed(self) -> None:
        """Raises KeyboardInterrupt when we are asked to stop: for whoever does something long."""
        if self.stop_asked:
            raise KeyboardInterrupt

    def take_over(self, cluster: Cluster) -> None:
        """Look after a cluster that has been started."""
        self._cluster = cluster

    def add(self, watch: Watch) -> Watch:
        self.watches.append(watch)
        watch.start()
        return watch

    def look(self) -> None:
        """One look at everybody."""
        if self._cluster and not self._cluster.alive():
            self._say(f"PostgreSQL ended; starting it again; its log: {self._cluster.log}")
            self._start_cluster_again(self._cluster)
        for watch in self.watches:
            if told := watch.look():
                self._say(told)

    def keep_up(self) -> None:
        """Look after everybody until we are asked to stop."""
        while not self.stop_asked:
            self.look()
            self._pause(LOOK_SECONDS)

    def stop(self) -> None:
        """First those who use the database, then the database. A second Ctrl-C changes nothing: it takes seconds."""
        for watch in self.watches:
            watch.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for watch in self.watches:
            watch.finish(deadline)
        self.watches.clear()
        if self._cluster:
            self._cluster.stop()

    def _start_cluster_again(self, cluster: Cluster) -> None:
        try:
            cluster.launch()
            self._cluster_ends = 0
        except KeyturnError as problem:
            self._cluster_ends += 1
            pause = min(LONGEST_PAUSE, 0.5 * 2**self._cluster_ends)
            self._say(f"{problem.detail}; trying again in {pause:g} s")
            self._pause(pause)

    def _pause(self, seconds: float) -> None:
        """So long, or until we are asked to stop."""
        end = time.monotonic() + seconds
        while not self.stop_asked and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))

    def _listen_to(self, make: leash.Make) -> None:
        """In a thread of its own, for the start keeps the main one busy."""
        while not self.stop_asked:
            self.stop_asked = make.interrupted()
            time.sleep(LOOK_SECONDS)


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
