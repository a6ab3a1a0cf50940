"""What does a CIS say, byte for byte? A server on this machine that answers as a test tells it, and keeps what it heard."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Says = bytes | tuple[int, bytes] | tuple[int, bytes, dict[str, str]] | None
"""A body; or status, body and headers; None: the connection is closed without a word."""


@dataclass
class Heard:
    verb: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Stub:
    """`says` is asked for each request; `raw` writes bytes of its own choice instead."""

    says: Callable[[Heard], Says] = lambda heard: b"{}"
    raw: Callable[[Any], None] | None = None
    heard: list[Heard] = field(default_factory=list)
    url: str = ""
    server: Any = None
    context: Any = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # a sixth caller at once would wait a second otherwise


@contextmanager
def stub() -> Iterator[Stub]:
    told = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body go one after the other, without 40 ms between them

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told.heard.append(Heard(self.command, self.path, dict(self.headers), body))
            if told.raw is not None:
                with suppress(OSError):
                    told.raw(self)
                self.close_connection = True
                return
            said = told.says(told.heard[-1])
            if said is None:
                self.close_connection = True
                return
            status, content, headers = (*(said if isinstance(said, tuple) else (200, said)), {})[:3]
            kind = {"Content-Type": "text/xml" if content.lstrip()[:1] == b"<" else "application/json"}
            self.send_response(status)
            for name, value in (kind | headers | {"Content-Length": str(len(content))}).items():
                self.send_header(name, value)
            with suppress(OSError):  # whoever asked has gone
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    told.server = server
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()


def reset(handler: Any) -> None:
    """Break the connection hard, as when a machine goes down."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
