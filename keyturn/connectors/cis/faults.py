"""How does a CIS misbehave, on demand?

Wraps any `Cis` and, call by call, lets a plan say what goes wrong. For tests, and for rehearsing on a running
installation: KEYTURN_CIS_FAULTS names a JSON file that is read again whenever it changes, for example

    {"script": [{"fault": "down", "times": 3}, {"fault": "answer_lost"}],   first three calls, then the fourth;
     "always": "slow", "seconds": 0.5,                                      from then on;
     "rates": {"answer_lost": 0.1}, "seed": 7,                              or, without "always", by chance;
     "calls": ["send", "find"]}                                             the calls that are hit ("send" alone if absent)

Each process counts its own calls. `write_plan` writes such a file in one piece.
"""

import json
import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from django.core.exceptions import ImproperlyConfigured

from keyturn.terms.cis import Answer, Changes, Cis, Command, EstablishService
from keyturn.terms.errors import InDoubt, KeyturnError, Rejected, Unavailable
from keyturn.terms.person import PersonDetails


class Fault(StrEnum):
    NONE = ""
    DOWN = "down"  # cannot be reached
    SLOW = "slow"  # answers after `seconds`
    REFUSES = "refuses"  # says no
    ANSWER_LOST = "answer_lost"  # done, but the answer never arrives
    LOST_BEFORE = "lost_before"  # not done, and nobody knows
    LATE = "late"  # nobody knows, and it is done `seconds` later, when somebody may have sent it again
    DUPLICATE = "duplicate"  # delivered twice
    GARBAGE = "garbage"  # done, and answers nonsense
    PARTIAL = "partial"  # the person is written, the account is not
    FLAPPING = "flapping"  # `flap` calls up, `flap` calls down, and so on


class Plan:
    """What goes wrong on which call. Safe to share between threads."""

    kinds: ClassVar[type[StrEnum]] = Fault
    usual_calls: ClassVar[tuple[str, ...] | None] = ("send",)
    """The calls that are hit where a plan names none; None: every call."""

    def __init__(self, spec: Mapping[str, Any] | None = None) -> None:
        self._lock = threading.Lock()
        self._take(spec or {})

    def strike(self, call: str) -> Any:
        """The fault, one of `kinds`, that hits this `call`: an operation of `terms.cis.Cis`, by name."""
        with self._lock:
            if self._calls is not None and call not in self._calls:
                return self.kinds("")
            self._count += 1
            if self._script:
                return self._script.pop(0)
            if self._always == "flapping":
                return self.kinds("down" if self._count // self._flap % 2 else "")
            return self._always or self._drawn()

    def _take(self, spec: Mapping[str, Any]) -> None:
        """Start over with `spec`. ValueError where it names no known fault."""
        self.seconds = float(spec.get("seconds", 1.0))
        calls = spec.get("calls", self.usual_calls)
        self._calls = None if calls is None else frozenset(calls)
        self._script = [
            self.kinds(item["fault"]) for item in spec.get("script", ()) for _ in range(item.get("times", 1))
        ]
        self._always = self.kinds(spec.get("always", ""))
        self._rates = [(self.kinds(name), float(rate)) for name, rate in spec.get("rates", {}).items()]
        self._flap = max(1, int(spec.get("flap", 2)))
        self._chance = random.Random(spec.get("seed", 0))  # noqa: S311  seeded, so that a run can be repeated
        self._count = -1

    def _drawn(self) -> StrEnum:
        draw = self._chance.random()
        for fault, rate in self._rates:
            if draw < rate:
                return fault
            draw -= rate
        return self.kinds("")


class FilePlan(Plan):
    """A plan in a JSON file, read again when the file changes. No file: nothing goes wrong."""

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self._path = Path(path)
        self._seen: tuple[int, int, int] | None = None

    def strike(self, call: str) -> Any:
        self._read_again()
        return super().strike(call)

    def _read_again(self) -> None:
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except OSError:
            seen = None
        with self._lock:
            if seen == self._seen:
                return
            try:
                self._take(json.loads(self._path.read_text() or "{}") if seen else {})
            except (ValueError, KeyError, TypeError) as problem:  # half written, or a slip
                raise ImproperlyConfigured(f"KEYTURN_CIS_FAULTS: {self._path} cannot be used: {problem}") from None
            self._seen = seen


def write_plan(path: str | Path, **spec: Any) -> None:
    """Tell every process that reads `path` to misbehave from its next call on; no `spec`: to behave again."""
    path = Path(path)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    fresh.write_text(json.dumps(spec))
    os.replace(fresh, path)


@runtime_checkable
class PartlySending(Protocol):
    """A connector that can be made to stop half-way, as `ReferenceCis` can."""

    def send_partly(self, command: Any, *, key: str) -> None: ...


class FaultyCis:
    """`inner`, with the faults of `plan`. `sleep` and `clock` (seconds) are for tests that do not want to wait."""

    def __init__(
        self,
        inner: Cis,
        plan: Plan,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._plan = plan
        self._sleep = sleep
        self._clock = clock
        self._late: list[tuple[float, Command, str]] = []
        self._lock = threading.Lock()
        self.name = inner.name
        self.offers = frozenset(getattr(inner, "offers", ()))

    def send(self, command: Command, *, key: str) -> Answer:
        fault = self._strike("send")
        match fault:
            case Fault.REFUSES:
                raise Rejected("refused")
            case Fault.LOST_BEFORE:
                raise InDoubt("no_answer")
            case Fault.LATE:
                with self._lock:
                    self._late.append((self._clock() + self._plan.seconds, command, key))
                raise InDoubt("no_answer")
            case Fault.PARTIAL:
                self._send_partly(command, key)
        answer = self._inner.send(command, key=key)
        match fault:
            case Fault.DUPLICATE:
                self._inner.send(command, key=key)
            case Fault.ANSWER_LOST:
                raise InDoubt("no_answer")
            case Fault.GARBAGE:
                return Answer(person_ref="", account_ref="\ufffd\ufffd")
        return answer

    def find(self, key: str) -> Answer | None:
        if self._ask("find") is Fault.GARBAGE:
            return Answer(person_ref="", account_ref="\ufffd\ufffd")
        return self._inner.find(key)

    def read(self, noun: str, ref: str) -> Mapping[str, Any] | None:
        self._ask("read")
        return self._inner.read(noun, ref)

    def search(self, wanted: PersonDetails) -> tuple[str, ...]:
        self._ask("search")
        return self._inner.search(wanted)

    def check(self, command: EstablishService) -> tuple[str, ...]:
        self._ask("check")
        return self._inner.check(command)

    def changes(self, since: str, *, limit: int) -> Changes:
        self._ask("changes")
        return self._inner.changes(since, limit=limit)

    def ping(self) -> None:
        self._ask("ping")
        self._inner.ping()

    def deliver_late(self) -> None:
        """Let everything that is still on its way arrive now; nobody waits for the answers."""
        self._arrive(float("inf"))

    def _strike(self, call: str) -> Fault:
        """What hits this call, when the faults that are alike for every call have been dealt with."""
        self._arrive(self._clock())
        fault: Fault = self._plan.strike(call)
        if fault is Fault.DOWN:
            raise Unavailable("cis_unreachable")
        if fault is Fault.SLOW:
            self._sleep(self._plan.seconds)
        return fault

    def _ask(self, call: str) -> Fault:
        """A call that changes nothing: whatever loses its answer only makes the CIS unavailable."""
        fault = self._strike(call)
        if fault in (Fault.NONE, Fault.SLOW, Fault.DUPLICATE) or (fault is Fault.GARBAGE and call == "find"):
            return fault
        raise Unavailable("no_answer")

    def _send_partly(self, command: Command, key: str) -> None:
        if isinstance(self._inner, PartlySending):
            self._inner.send_partly(command, key=key)
        raise InDoubt("answered_in_part")

    def _arrive(self, until: float) -> None:
        with self._lock:
            due = [each for each in self._late if each[0] <= until]
            self._late = [each for each in self._late if each[0] > until]
        for _, command, key in due:
            try:
                self._inner.send(command, key=key)
            except KeyturnError:
                continue  # nobody hears it
