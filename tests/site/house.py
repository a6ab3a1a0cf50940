"""How does somebody come to the door in these tests, and how is a house filled behind it?"""

import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from keyturn.site import admission, ready, turned_away
from keyturn.site.admission import Door
from keyturn.site.wsgi import application as keyturn

Answer = tuple[int, dict[str, str], str]


def environ(path: str = "/", method: str = "GET", body: bytes = b"", **more: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "", "SERVER_NAME": "testserver",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": "testserver",
        "CONTENT_LENGTH": str(len(body)), "wsgi.url_scheme": "http", "wsgi.input": BytesIO(body), **more,
    }  # fmt: skip


def call(door: Callable[..., Any], asked: dict[str, Any]) -> Answer:
    head: list[Any] = []
    body = b"".join(door(asked, lambda status, headers, *_: head.extend((status, headers))))
    headers = dict(head[1])
    assert int(headers["Content-Length"]) == len(body) or asked["REQUEST_METHOD"] == "HEAD"
    return int(head[0][:3]), headers, "" if "Content-Encoding" in headers else body.decode()


def made_beforehand(what: Callable[[Any], Any]) -> Any:
    """As a process makes them when it starts: with no connection to a database yet, which another test may have opened here."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        return what(keyturn)
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


class House:
    """A door before an application whose visitors stay until they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, places: int, waiting: int) -> None:
        self.inside: list[str] = []
        self.go, self.changed = threading.Event(), threading.Condition()
        self.threads: list[threading.Thread] = []
        self.answers: dict[str, Answer] = {}
        for each in (ready.Pages, turned_away.Refusals):
            monkeypatch.setattr(admission, each.__name__, lambda _application, each=each: made_beforehand(each))
        self.door = Door(self._stay, places=places, waiting=waiting, patience=30.0)

    def _stay(self, asked: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        with self.changed:
            self.inside.append(asked["PATH_INFO"])
            self.changed.notify_all()
        if asked["PATH_INFO"] == "/breaks":
            raise RuntimeError("a bug")
        if asked["PATH_INFO"] not in ("/healthz", "/readyz"):
            assert self.go.wait(30)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    def comes(self, path: str, **more: Any) -> None:
        """Somebody comes and stays: the first one inside, the others in a line."""
        before, first = self.waiting + len(self.inside), not self.inside
        thread = threading.Thread(target=lambda: self.answers.update({path: call(self.door, environ(path, **more))}))
        thread.start()
        self.threads.append(thread)
        until = time.monotonic() + 10
        there = lambda: self.inside if first else self.waiting + len(self.inside) > before  # noqa: E731
        while not there() and path not in self.answers:
            assert time.monotonic() < until
            time.sleep(0.001)

    @property
    def waiting(self) -> int:
        return len(self.door._lines._first) + len(self.door._lines._looking)

    def empties(self) -> None:
        self.go.set()
        for each in self.threads:
            each.join(30)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """One place, and room for four who wait, two of whom may be only looking."""
    made = House(monkeypatch, places=1, waiting=4)
    yield made
    made.empties()
