"""How do bytes get to the CIS's own address and back, within a time and a size, and was anything sent when it breaks?

httpcore, which httpx stands on, with streams of our own under it: they know the deadline of the whole call, so that a
CIS which sends one byte a second ends it too, and they know whether a byte has left. No redirect is followed, no proxy
of the environment is used, no answer is unpacked (a small one could become a large one), and there is no other host.
"""

import base64
import os
import re
import ssl
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore
from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.cis.mapped.certificates import verifying
from keyturn.connectors.cis.mapped.parts import Auth, Transport
from keyturn.connectors.cis.mapped.wire import Deadline
from keyturn.terms.errors import InDoubt, KeyturnError, Unavailable

MOST_BYTES: Final = 5_000_000
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_IDLE_SECONDS = 20.0
_ADDRESS = re.compile(
    r"https?://(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?)"
    r"(?::(?!0+\b)(?:[0-5]?\d{1,4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]))?(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?"
)
"""Without user, query or fragment: nothing in it may be read in two ways."""


class _Now(threading.local):
    """The exchange of this thread."""

    deadline: Deadline | None = None
    sent = False

    def left(self, error: type[Exception]) -> float | None:
        if self.deadline is None:
            return None
        try:
            return self.deadline.left()
        except Unavailable:
            raise error from None


class _Stream(httpcore.NetworkStream):
    """A stream that is over when the call is over."""

    def __init__(self, inner: httpcore.NetworkStream, now: _Now) -> None:
        self._inner, self._now = inner, now

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._now.left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = self._now.left(httpcore.WriteTimeout)
        self._now.sent = self._now.sent or bool(buffer)
        self._inner.write(buffer, left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._now.left(httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._now)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, now: _Now) -> None:
        self._inner, self._now = httpcore.SyncBackend(), now

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._now.left(httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options), self._now)


class Line:
    """A pool of connections to the one host of `url`."""

    def __init__(self, url: str, settings: Transport, *, named: str = "KEYTURN_CIS_URL") -> None:
        """ImproperlyConfigured where the address is none, or would send customers' details in the clear. `named`: where
        it stands, for that complaint."""
        if not _ADDRESS.fullmatch(url):
            raise ImproperlyConfigured(f"{named} must be like https://cis.utility.example/path, without a user")
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not settings.plain_http:
            or_else = ", or where the mapping says plain_http = true" if named == "KEYTURN_CIS_URL" else ""
            raise ImproperlyConfigured(
                f"{named} must begin with https:// (plain http goes to this machine only{or_else})"
            )
        self.base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._now = _Now()
        self._pool = httpcore.ConnectionPool(
            ssl_context=verifying(settings, os.environ) if parts.scheme == "https" else None,
            max_connections=settings.connections,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=_Backend(self._now),
        )

    def exchange(
        self, verb: str, path: str, *, headers: Mapping[str, str], content: bytes | None, deadline: Deadline
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers (names in lower case) and body. Raises Unavailable or InDoubt as `wire.Transport` says."""
        self._now.deadline, self._now.sent = deadline, False
        try:
            return self._exchanged(verb, path, headers, content, deadline.left())
        except (
            httpcore.TimeoutException,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            OSError,
            UnicodeError,
        ) as broken:
            raise self._broken(broken) from None
        finally:
            self._now.deadline = None

    def close(self) -> None:
        self._pool.close()

    def _exchanged(
        self, verb: str, path: str, headers: Mapping[str, str], content: bytes | None, seconds: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        sent = [("Host", urlsplit(self.base).netloc), ("Accept-Encoding", "identity"), *headers.items()]
        sent += [("Content-Length", str(len(content)))] if content is not None else []
        with self._pool.stream(
            verb, self.base + path, headers=sent, content=content, extensions={"timeout": {"pool": seconds}}
        ) as answer:
            said = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            if int(said.get("content-length", "0") or 0) > MOST_BYTES:
                raise InDoubt("answer_too_large")
            body = bytearray()
            for part in answer.iter_stream():
                body += part
                if len(body) > MOST_BYTES:
                    raise InDoubt("answer_too_large")
            return int(answer.status), said, bytes(body)

    def _broken(self, how: Exception) -> KeyturnError:
        slow = isinstance(how, httpcore.TimeoutException)
        told = type(how).__name__
        within = how.args[0] if how.args else None  # httpcore wraps what went wrong
        if isinstance(within, ssl.SSLCertVerificationError):
            told = f"its certificate: {within.verify_message}"
        if self._now.sent:
            return InDoubt("cis_too_slow" if slow else "no_answer", told)
        return Unavailable("cis_too_slow" if slow else "cis_unreachable", told)


def authorization(auth: Auth, secret: Mapping[str, str]) -> dict[str, str]:
    """The header that says who we are; `secret`: the values of the environment variables that `auth` names."""
    if auth.kind == "bearer":
        return {"Authorization": f"Bearer {secret[auth.secret]}"}
    if auth.kind == "basic":
        pair = f"{secret[auth.user]}:{secret[auth.secret]}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}


def headers_of(settings: Transport, environment: Mapping[str, str]) -> dict[str, str]:
    """What goes along with every call: the mapping's headers, with what they take from the environment, and who we are."""
    found = {}
    for name, value in settings.headers.items():
        is_named = value.startswith("env:")
        found[name] = from_environment(environment, value.removeprefix("env:")) if is_named else value
    found |= authorization(settings.auth, secrets_of(settings.auth, environment))
    for name, value in found.items():
        if not fits_a_header(value):
            raise ImproperlyConfigured(f"What the environment holds for the header {name} cannot stand in one.")
    return found


def fits_a_header(value: str) -> bool:
    """Letters of ASCII, without a blank at either end: what is otherwise is sent by nobody."""
    return value.isascii() and value.isprintable() and value == value.strip()


def secrets_of(auth: Auth, environment: Mapping[str, str]) -> dict[str, str]:
    """The values that `auth` names. ImproperlyConfigured where one is not set, or could not stand in a header."""
    return {name: from_environment(environment, name) for name in filter(None, (auth.user, auth.secret))}


def from_environment(environment: Mapping[str, str], name: str) -> str:
    """The value of a variable that the mapping names. ImproperlyConfigured where it is not set, or holds what nobody can see."""
    value = environment.get(name, "")
    if not value or not value.isprintable():
        raise ImproperlyConfigured(f"Set {name} in the environment: the CIS's mapping file names it.")
    return value
