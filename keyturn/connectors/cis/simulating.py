"""How does a simulated CIS answer over a socket, and how does it go wrong there, on demand?

A simulator is a function from `Asked` to `Told`. `SimulatedServer` puts it behind real HTTP on this machine and lets a
plan say, request by request, what becomes of each: the plan is that of `faults.py` with the faults of a wire, and hits
every call unless "calls" names some.
"""

import re
import signal
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from keyturn.connectors.cis.faults import FilePlan, Plan

LARGEST_BODY = 5_000_000
_NUMBER = re.compile(rb"(?<![0-9A-Za-z])\d{10,}(?![0-9A-Za-z])")
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing sends RST


class WireFault(StrEnum):
    NONE = ""
    DOWN = "down"  # 503, nothing done
    ERROR = "500"  # nothing done
    BUSY = "429"  # nothing done
    REFUSED = "refused"  # this connection is reset, nothing done, and for `seconds` nobody can connect
    RESET = "reset"  # nothing done
    MID_ANSWER = "mid_answer"  # done; half of the answer, then a reset
    ANSWER_LOST = "answer_lost"  # done; the connection ends without a word
    LATE = "late"  # the connection ends without a word, and `seconds` later it is done
    DUPLICATE = "duplicate"  # done twice, as by a line that repeats; the second answer arrives
    GARBAGE = "garbage"  # done; 200 and nonsense
    WRONG_ID = "wrong_id"  # done; the answer names somebody else
    SLOW = "slow"  # done, after `seconds`
    PARTIAL = "partial"  # done, and says 500: what would have followed is not done
    FLAPPING = "flapping"  # `flap` requests up, `flap` down


class WirePlan(Plan):
    kinds = WireFault
    usual_calls = None


class WireFilePlan(FilePlan):
    kinds = WireFault
    usual_calls = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the simulator sees it. Names of headers are in small letters; of a query's values the first counts."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Told:
    """What it answers."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def plan_of(path: str) -> Plan:
    """The plan in a JSON file, or one by which nothing goes wrong."""
    return WireFilePlan(path) if path else WirePlan()


class SimulatedServer(ThreadingHTTPServer):
    """`answer` behind HTTP on this machine only. `call` names a request, for plans that hit some calls only."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(
        self,
        answer: Callable[[Asked], Told],
        *,
        plan: Plan | None = None,
        port: int = 0,
        call: Callable[[Asked], str] = lambda asked: f"{asked.method} {asked.path}",
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answer = answer
        self.call = call
        self.plan = plan or WirePlan()
        self.over = threading.Event()
        self._closed_for = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def run(self) -> None:
        """Serve until `stop`; while the plan says "refused" the port is closed."""
        while True:
            self.serve_forever(poll_interval=0.05)
            if self.over.is_set():
                return
            self.socket.close()
            self.over.wait(self._closed_for)
            self.socket = socket.socket(self.address_family, self.socket_type)
            self.server_bind()
            self.server_activate()

    def stop(self) -> None:
        self.over.set()
        self.shutdown()

    def refuse(self, seconds: float) -> None:
        """Close the port for a while."""
        self._closed_for = seconds
        threading.Thread(target=self.shutdown, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body go one after the other, without waiting for each other
    server: SimulatedServer

    def _serve(self) -> None:
        size = self.headers.get("Content-Length", "0")
        if not size.isdigit() or int(size) > LARGEST_BODY:
            self.close_connection = True
            return self._tell(Told(413))
        place = urlsplit(self.path)
        asked = Asked(
            self.command,
            place.path,
            {name: values[0] for name, values in parse_qs(place.query).items()},
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(int(size)),
        )
        return self._strike(asked, WireFault(str(self.server.plan.strike(self.server.call(asked)))))

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve

    def _strike(self, asked: Asked, fault: WireFault) -> None:
        seconds = self.server.plan.seconds
        match fault:
            case WireFault.DOWN | WireFault.ERROR | WireFault.BUSY:
                status = 503 if fault is WireFault.DOWN else int(fault)
                return self._tell(Told(status, b"not now", "text/plain", {"Retry-After": "1"}))
            case WireFault.RESET | WireFault.REFUSED:
                if fault is WireFault.REFUSED:
                    self.server.refuse(seconds)
                return self._hang_up(reset=True)
            case WireFault.LATE:
                late = threading.Timer(seconds, self.server.answer, (asked,))
                late.daemon = True
                late.start()
                return self._hang_up()
            case WireFault.SLOW:
                self.server.over.wait(seconds)
            case WireFault.DUPLICATE:
                self.server.answer(asked)
        told = self.server.answer(asked)
        match fault:
            case WireFault.ANSWER_LOST:
                return self._hang_up()
            case WireFault.MID_ANSWER:
                return self._tell(told, half=True)
            case WireFault.GARBAGE:
                return self._tell(Told(200, b"\xff\xfe<{[ not what you asked", told.content_type))
            case WireFault.WRONG_ID:
                return self._tell(replace(told, body=_NUMBER.sub(lambda found: found.group()[::-1], told.body)))
            case WireFault.PARTIAL:
                return self._tell(Told(500, b"went wrong", "text/plain"))
        return self._tell(told)

    def _tell(self, told: Told, *, half: bool = False) -> None:
        with suppress(OSError):  # whoever asked has gone
            self.send_response(told.status)
            for name, value in {"Content-Type": told.content_type, **told.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body[: len(told.body) // 2] if half else told.body)
            self.wfile.flush()
            if half:
                self._hang_up(reset=True)

    def _hang_up(self, *, reset: bool = False) -> None:
        self.close_connection = True
        with suppress(OSError):
            if reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                self.connection.close()
            else:
                self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what is asked here is personal."""


def serve(server: SimulatedServer) -> None:
    """Run as a program: say where it is, and end by SIGTERM or SIGINT."""

    def end(*_: Any) -> None:
        threading.Thread(target=server.stop, daemon=True).start()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, end)
    print(f"ready {server.url}", flush=True)  # noqa: T201  whoever starts it waits for this line
    server.run()
    server.server_close()
