"""How is ClamAV's daemon asked about a file, and what does its silence mean? Its command INSTREAM."""

import socket
import time

from keyturn.terms.errors import Unavailable

CHUNK = 64 * 1024
LONGEST_ANSWER = 4096


class Clamd:
    """clamd at the path of a unix socket, or at `host:port`. `timeout_seconds` is for the whole question."""

    name = "clamd"

    def __init__(self, place: str, *, timeout_seconds: float) -> None:
        self._place = place
        self._timeout_seconds = timeout_seconds

    def finds(self, data: bytes) -> str:
        """The signature's name, "" where the file is clean.

        Raises Unavailable where the daemon is away, does not answer in time, or refuses to look (a limit of its own).
        """
        chunks = (data[at : at + CHUNK] for at in range(0, len(data), CHUNK))
        framed = b"".join(len(each).to_bytes(4, "big") + each for each in chunks)
        return _read(self._ask(b"zINSTREAM\0" + framed + bytes(4)))

    def is_there(self) -> None:
        """Raises Unavailable where the daemon does not answer."""
        if self._ask(b"zPING\0") != "PONG":
            raise Unavailable("virus_check_unreadable")

    def _ask(self, question: bytes) -> str:
        until = time.monotonic() + self._timeout_seconds
        try:
            with self._connected() as line:
                line.sendall(question)
                answer = b""
                while b"\0" not in answer and len(answer) < LONGEST_ANSWER:
                    line.settimeout(max(0.01, until - time.monotonic()))
                    piece = line.recv(LONGEST_ANSWER)
                    if not piece:
                        break
                    answer += piece
        except OSError:  # no such socket, refused, broken off, too slow
            raise Unavailable("virus_check_unreachable") from None
        return answer.partition(b"\0")[0].decode("ascii", "replace").strip()

    def _connected(self) -> socket.socket:
        if self._place.startswith("/"):
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            line.settimeout(self._timeout_seconds)
            try:
                line.connect(self._place)
            except OSError:
                line.close()
                raise
            return line
        host, _colon, port = self._place.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), timeout=self._timeout_seconds)


def _read(answer: str) -> str:
    """ "stream: OK", "stream: Eicar-Test-Signature FOUND", or what went wrong."""
    said = answer.partition(": ")[2]
    if said == "OK":
        return ""
    if said.endswith(" FOUND"):
        return said.removesuffix(" FOUND") or "unnamed"
    raise Unavailable("virus_check_refused")
