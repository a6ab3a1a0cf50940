"""Who is let in when more come than can be served, and who is told at once to come back later?

The web server gives each request a thread of its own at once; what is done with it is done by a few threads (`places`, each
with its connection to the database). Who finds no place waits, but never in a long line and never for long: beyond that the answer is
503 with Retry-After, at once, so that whoever is inside is served as ever. A page that is the same for everybody needs no place. Who is in the middle of something (a form that was
begun, a sign-in, staff, the API, whatever is sent) goes before who only looks.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from keyturn.site import door_metrics
from keyturn.site.beforehand import Application, Environ
from keyturn.site.ready import KNOWN_BY, Pages
from keyturn.site.turned_away import BODY_READ, Refusals

StartResponse = Callable[..., Any]

AT_ONCE = frozenset({"/healthz"})
"""Answered by the thread that has it: it touches no table."""
PROBES = frozenset({"/readyz", "/metrics"})
"""Have a place of their own, so that they tell the truth while all others are taken."""
TURNS = 5
"""So often one who only looks goes first, so that the others never keep them out for good."""
LOOKING = 0.5
"""So much of the room, and of the patience, is for those who only look."""
EXPECTED = 0.5
"""So much of the patience may a line be expected to take: whoever is let in is then hardly ever turned away after all."""
SMOOTH = 0.1
"""How much one turn counts in the pace that is expected of the next."""


@dataclass(slots=True, eq=False)
class Visit:
    """One request on its way in."""

    environ: Environ
    came: float
    lock: threading.Lock = field(default_factory=threading.Lock)  # taken until it is over
    begun: bool = False
    given_up: bool = False
    answer: tuple[str, list[tuple[str, str]], bytes] | None = None
    failure: BaseException | None = None


class Lines:
    """Two lines before the places: who goes first, how many may wait, and whether it is worth their while."""

    def __init__(self, *, waiting: int, patience: float) -> None:
        self._most, self._patience = waiting, patience
        self._first: deque[Visit] = deque()
        self._looking: deque[Visit] = deque()
        self._turns = 0
        self._last = 0.0  # when the last one was given a place while others waited; 0: nobody did
        self._pace = 0.0  # seconds from one such turn to the next
        self._free = 0  # places that nobody has
        self._changed = threading.Condition(threading.Lock())

    def join(self, visit: Visit, *, looks: bool) -> bool:
        """Stand in a line; False where it is full, or would take too long."""
        share = LOOKING if looks else 1.0
        with self._changed:
            waiting = len(self._first) + len(self._looking)
            ahead = min(waiting, TURNS * (len(self._looking) + 1)) if looks else len(self._first) * TURNS / (TURNS - 1)
            if waiting - self._free >= self._most * share or ahead * self._pace > self._patience * share * EXPECTED:
                return False
            (self._looking if looks else self._first).append(visit)
            self._changed.notify()
        return True

    def leave(self, visit: Visit) -> bool:
        """Give up waiting; False where it has begun meanwhile."""
        with self._changed:
            visit.given_up = not visit.begun
            return visit.given_up

    def next(self) -> Visit:
        """The one whose turn it is; waits for somebody to come."""
        with self._changed:
            self._free += 1
            while True:
                while self._first or self._looking:
                    visit = self._turn()
                    if not visit.given_up:
                        visit.begun = True
                        self._free -= 1
                        self._keep_pace(time.monotonic())
                        return visit
                self._last = self._pace = 0.0
                self._changed.wait()

    def _turn(self) -> Visit:
        self._turns += 1
        if self._looking and (not self._first or self._turns % TURNS == 0):
            return self._looking.popleft()
        return self._first.popleft()

    def _keep_pace(self, now: float) -> None:
        if self._last:
            self._pace += (now - self._last - self._pace) * (SMOOTH if self._pace else 1)
        self._last = now if self._first or self._looking else 0.0


class Door:
    """A WSGI application before the application. `patience`: the longest wait for a place, in seconds."""

    def __init__(self, application: Application, *, places: int, waiting: int, patience: float) -> None:
        self._application = application
        self._patience = patience
        self._lines = Lines(waiting=waiting, patience=patience)
        self._probes = Lines(waiting=8, patience=patience)
        self._pages = Pages(application)
        self._refusals = Refusals(application)
        for number in range(places):
            self._open(self._lines, f"place-{number}")
        self._open(self._probes, "place-of-probes")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path in AT_ONCE:
            return self._application(environ, start_response)
        if (page := self._pages.answer(environ, start_response)) is not None:
            return page
        read_body(environ)
        probe = path in PROBES
        visit = Visit(environ, time.monotonic())
        visit.lock.acquire()
        lines = self._probes if probe else self._lines
        if not lines.join(visit, looks=not probe and only_looks(environ)):
            return self._refusals.answer(environ, start_response)
        if not visit.lock.acquire(timeout=self._patience):
            if lines.leave(visit):
                return self._refusals.answer(environ, start_response)
            visit.lock.acquire()  # it has begun: now it is waited for to the end
        if visit.failure is not None or visit.answer is None:
            raise visit.failure or RuntimeError("a place ended without an answer")
        status, headers, body = visit.answer
        start_response(status, headers)
        return [body]

    def _open(self, lines: Lines, name: str) -> None:
        threading.Thread(target=self._serve, args=(lines,), name=name, daemon=True).start()

    def _serve(self, lines: Lines) -> None:
        while True:
            visit = lines.next()
            door_metrics.waited(time.monotonic() - visit.came)
            try:
                visit.answer = answered(self._application, visit.environ)
            except BaseException as failure:
                visit.failure = failure
            visit.lock.release()


def answered(application: Application, environ: Environ) -> tuple[str, list[tuple[str, str]], bytes]:
    """The whole answer, its body too, so that the thread that has the connection to the database also closes it."""
    head: list[Any] = []
    parts = application(environ, lambda status, headers, *_: head.extend((status, headers)))
    try:
        body = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    return head[0], head[1], body


def only_looks(environ: Environ) -> bool:
    """Whether nothing is lost when this one comes back later: a page is looked at by somebody who has begun nothing."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return False
    path, cookies = environ["PATH_INFO"], environ.get("HTTP_COOKIE", "")
    if path.startswith(("/console", "/api/", "/static/", "/look/")):
        return False
    return not any(f"{each}=" in cookies for each in KNOWN_BY)


def read_body(environ: Environ) -> None:
    """What is small is taken in before a place is asked for: a slow sender keeps nobody else out."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdecimal() and 0 < int(length) <= BODY_READ:
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(length)))
