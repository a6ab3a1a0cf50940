"""How long do calls of the CIS take, and what comes of them? Counted in this process until somebody takes the counts."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from keyturn.terms.cis import Answer, Changes, Cis, Command, EstablishService
from keyturn.terms.errors import KeyturnError
from keyturn.terms.person import PersonDetails

T = TypeVar("T")

Counts = dict[tuple[str, str, str, float], tuple[int, float]]
"""(CIS, operation, outcome, upper end of the bucket in seconds) -> how many calls, and their seconds in all."""

BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 1e9)
OK: Final = "ok"

_lock = threading.Lock()
_counts: Counts = {}


def note(cis: str, operation: str, outcome: str, seconds: float) -> None:
    """One call more."""
    at_most = next(end for end in BUCKETS if seconds <= end)
    with _lock:
        calls, before = _counts.get((cis, operation, outcome, at_most), (0, 0.0))
        _counts[cis, operation, outcome, at_most] = (calls + 1, before + seconds)


def take() -> Counts:
    """What was counted since it was taken last; it is the caller's to keep."""
    with _lock:
        taken = dict(_counts)
        _counts.clear()
    return taken


def put_back(counts: Counts) -> None:
    """It could not be kept: count it with what comes."""
    with _lock:
        for key, (calls, seconds) in counts.items():
            there, before = _counts.get(key, (0, 0.0))
            _counts[key] = (there + calls, before + seconds)


class CountedCis:
    """`inner`, every call of it counted under `known_as` with its time and what it came to (a code, never a text)."""

    def __init__(self, inner: Cis, *, known_as: str) -> None:
        self._inner = inner
        self._known_as = known_as
        self.name = inner.name
        self.offers = inner.offers

    def send(self, command: Command, *, key: str) -> Answer:
        return self._counted("send", lambda: self._inner.send(command, key=key))

    def find(self, key: str) -> Answer | None:
        return self._counted("find", lambda: self._inner.find(key))

    def read(self, noun: str, ref: str) -> Mapping[str, Any] | None:
        return self._counted("read", lambda: self._inner.read(noun, ref))

    def search(self, wanted: PersonDetails) -> tuple[str, ...]:
        return self._counted("search", lambda: self._inner.search(wanted))

    def check(self, command: EstablishService) -> tuple[str, ...]:
        return self._counted("check", lambda: self._inner.check(command))

    def changes(self, since: str, *, limit: int) -> Changes:
        return self._counted("changes", lambda: self._inner.changes(since, limit=limit))

    def ping(self) -> None:
        self._counted("ping", self._inner.ping)

    def _counted(self, operation: str, call: Callable[[], T]) -> T:
        began, outcome = time.perf_counter(), "failed"
        try:
            answer = call()
            outcome = OK
            return answer
        except KeyturnError as problem:
            outcome = problem.code
            raise
        finally:
            note(self._known_as, operation, outcome, time.perf_counter() - began)
