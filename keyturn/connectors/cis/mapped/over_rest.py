"""How is a mapped CIS spoken to in JSON over HTTP?"""

import json
import os
import re
from typing import Any
from urllib.parse import quote

from keyturn.connectors.cis.mapped.line import headers_of
from keyturn.connectors.cis.mapped.parts import Transport
from keyturn.connectors.cis.mapped.tokens import way_to
from keyturn.connectors.cis.mapped.wire import Deadline, Reply
from keyturn.terms.errors import InDoubt

_KINDS = {"Accept": "application/json", "Content-Type": "application/json"}
"""Unless the mapping's headers name others."""
_WRITING = ("POST", "PUT", "PATCH")
_PLACE = re.compile(r"\{([^{}]*)\}")


class RestTransport:
    """JSON by GET, POST, PUT, PATCH and DELETE under the address `url`."""

    def __init__(self, url: str, settings: Transport) -> None:
        self.line = way_to(url, settings, os.environ)
        named = headers_of(settings, os.environ)
        said = {name.lower() for name in named}
        self._with_body = {**{name: kind for name, kind in _KINDS.items() if name.lower() not in said}, **named}
        self._bare = {name: value for name, value in self._with_body.items() if name.lower() != "content-type"}

    def exchange(self, target: str, body: Any, *, deadline: Deadline) -> Reply:
        """`target`: "GET /persons/1", filled in already."""
        verb, _, path = target.partition(" ")
        content = json.dumps(body).encode() if body is not None else b"" if verb in _WRITING else None
        headers = self._with_body if content else self._bare
        status, _, said = self.line.exchange(verb, path, headers=headers, content=content, deadline=deadline)
        return Reply(status, _read(said, needed=200 <= status < 300))

    def close(self) -> None:
        self.line.close()


def filled(target: str, values: Any) -> str | None:
    """`target` with `values(expression)` in its places, each one part of a path or a query and nothing more.

    None where a part of the path would be empty, "." or "..": there is nothing under such a reference.
    """
    path, mark, query = target.partition("?")
    missing = False

    def part(place: re.Match[str]) -> str:
        nonlocal missing
        value = values(place[1])
        value = "" if value is None else str(value)
        missing = missing or value in ("", ".", "..")
        return quote(value, safe="")

    path = _PLACE.sub(part, path)
    if missing:
        return None
    query = _PLACE.sub(part, query)
    return f"{path}{mark}{query}"


def _read(said: bytes, *, needed: bool) -> Any:
    """JSON; None for nothing at all. InDoubt where a success cannot be read; a failure may be any page of a proxy."""
    if not said.strip():
        return None
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        if needed:
            raise InDoubt("unreadable_answer") from None
        return None
