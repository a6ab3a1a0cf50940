"""Which CIS do the tests of the mapped connector speak to? A stub over a real socket, described by `small.toml`."""

from pathlib import Path

from tests.connectors.stub import Heard, Says, Stub

SMALL = Path(__file__).parents[1] / "small.toml"
NONE = b'{"count": 0}'
BOTH = {"person": "7", "account": "8", "agreements": [{"type": "E2", "id": "9"}, {"type": "G", "id": "10"}]}


def writes(server: Stub) -> list[tuple[str, str]]:
    return [(each.verb, each.path) for each in server.heard if each.verb != "GET"]


def on_write(says: Says, path: str = "/persons"):
    """A POST to `path` is answered as told; a person that was made is there, and of anything else there is none."""
    made: list[str] = []

    def answer(heard: Heard) -> Says:
        if heard.verb == "GET":
            return b'{"count": 1, "items": [{"id": "7"}]}' if "/persons?key=k" in heard.path and made else NONE
        if heard.path == path:
            return says
        made.append(heard.path)
        return b'{"id": "7"}'

    return answer


def on_write_raw(raw, path: str = "/persons"):
    def answer(handler) -> None:
        if handler.command == "GET":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\n" + NONE)
        else:
            raw(handler)

    return answer
