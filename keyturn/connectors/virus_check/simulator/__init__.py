"""What would ClamAV say? A stand-in for its daemon that knows two "viruses" and speaks clamd's protocol on a socket.

    the EICAR test string anywhere in the file     Eicar-Test-Signature
    the words KEYTURN-TEST-VIRUS                   Keyturn.Test

A file that holds KEYTURN-TEST-SILENCE gets no answer, and one above the size that it was told is refused.

    python -m keyturn.connectors.virus_check.simulator --port 3310
"""

import socketserver
import threading

from keyturn.terms.document import EICAR

LARGEST = 25 * 1024 * 1024  # bytes; clamd's own default
KNOWN = {EICAR: "Eicar-Test-Signature", b"KEYTURN-TEST-VIRUS": "Keyturn.Test"}


class _Line(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        command = self._until_zero()
        if command == b"zPING":
            self._say("PONG")
        elif command == b"zINSTREAM":
            self._look()
        else:
            self._say("UNKNOWN COMMAND")

    def _until_zero(self) -> bytes:
        found = b""
        while len(found) < 100 and (byte := self.rfile.read(1)) not in (b"", b"\0"):
            found += byte
        return found

    def _look(self) -> None:
        data = bytearray()
        while size := int.from_bytes(self.rfile.read(4), "big"):
            data += self.rfile.read(size)
            if len(data) > self.server.largest:  # type: ignore[attr-defined]
                return self._say("INSTREAM size limit exceeded. ERROR")
        self.server.asked += 1  # type: ignore[attr-defined]
        if b"KEYTURN-TEST-SILENCE" in data:
            self.server.over.wait(60)  # type: ignore[attr-defined]
            return None
        name = next((name for pattern, name in KNOWN.items() if pattern in data), "")
        return self._say(f"stream: {name} FOUND" if name else "stream: OK")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\0")


class SimulatorServer(socketserver.ThreadingTCPServer):
    """The simulator on a port of this machine. `asked` counts the files that it saw; `over` ends the calls that hang."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0, *, largest: int = LARGEST) -> None:
        super().__init__(("127.0.0.1", port), _Line)
        self.largest, self.asked, self.over = largest, 0, threading.Event()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def server_close(self) -> None:
        self.over.set()
        super().server_close()
