"""How does the simulator answer over HTTP?"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from keyturn.connectors.identity_check import wire
from keyturn.connectors.identity_check.simulator import Simulator
from keyturn.terms.errors import InDoubt, Unavailable

HANG_SECONDS = 60.0
_LARGEST_BODY = 100_000


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length", "")
        if not size.isdigit() or int(size) > _LARGEST_BODY:
            self.close_connection = True
            return self._answer(413, {"code": "too_large"})
        body = self.rfile.read(int(size))
        try:
            details, key = wire.read_question(body)
        except ValueError:
            return self._answer(400, {"code": "unreadable"})
        try:
            return self._answer(200, wire.write_answer(Simulator().check(details, key=key)))
        except Unavailable:
            return self._answer(503, {"code": "unavailable"})
        except InDoubt:
            self.server.over.wait(HANG_SECONDS)  # type: ignore[attr-defined]
            self.close_connection = True
            return None

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what is asked here is personal."""


class SimulatorServer(ThreadingHTTPServer):
    """The simulator over HTTP, on this machine only. `over` ends the calls that hang."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def server_close(self) -> None:
        self.over.set()
        super().server_close()
