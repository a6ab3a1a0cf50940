"""What is somebody told for whom there is no place now? A calm page that keeps what was typed, or a problem document.

Made once for each door and language when the process starts: under load an answer is put together of bytes.
"""

import gzip
import random
import time
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import structlog
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language_from_request
from uuid_utils.compat import uuid7

from keyturn.api.v1.problems import Problem
from keyturn.portal import errors
from keyturn.site import door_metrics
from keyturn.site.beforehand import IDENT, Application, Environ, Headers, asked

log = structlog.get_logger("keyturn.http")
BODY_READ = 1_000_000  # bytes of a post that are read before anything else
TYPED_MOST = 100_000  # bytes of a form that are sent back
MARK = "keyturn.turned_away"  # in the environ: nobody outside can set it
TYPED = "<!--typed-->"
WAIT = {"portal": (10, 40), "console": (3, 10), "api": (1, 10)}
"""Seconds until the next try, by chance between the two, so that they do not all come back together."""


class Middleware:
    """Innermost: gives the page about a full house where the environ asks for it, before any view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        match request.META.get(MARK):
            case None:
                return None
            case "api":
                return Problem("unavailable").response(request)
            case kind:
                return errors.full_house(request, kind)


class Refusals:
    """Ready answers of every door in every language."""

    def __init__(self, application: Application) -> None:
        self._ready = {
            (kind, language): _made(application, kind, language)
            for kind in ("look", "typed", "lost", "api")
            for language in settings.KEYTURN_POLICY.languages
        }
        self._unsaid, self._said_at = 0, 0.0

    def answer(self, environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
        door = door_of(environ["PATH_INFO"])
        door_metrics.turned_away[door]()
        self._say(time.monotonic())
        typed = _typed(environ) if door != "api" and environ["REQUEST_METHOD"] == "POST" else None
        kind = "api" if door == "api" else "look" if typed is None else "typed" if typed else "lost"
        language = get_language_from_request(WSGIRequest(environ))
        found = self._ready.get((kind, language)) or self._ready[kind, settings.KEYTURN_POLICY.languages[0]]
        headers, body, packed = found
        ident = str(uuid7())
        head = [*headers, ("Retry-After", str(random.randint(*WAIT[door]))), ("X-Request-Id", ident)]  # noqa: S311
        if kind == "typed":
            body = body.replace(TYPED.encode(), typed.encode() if typed else b"")
        elif kind == "api":
            body = body.replace(IDENT.encode(), ident.encode())
        elif "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
            body, head = packed, [*head, ("Content-Encoding", "gzip")]
        start_response("503 Service Unavailable", [*head, ("Content-Length", str(len(body)))])
        return [body] if environ["REQUEST_METHOD"] != "HEAD" else [b""]

    def _say(self, now: float) -> None:
        """One line of the log a second at most: who writes one for each has no time for anybody else."""
        self._unsaid += 1
        if now - self._said_at >= 1:
            number, self._unsaid, self._said_at = self._unsaid, 0, now
            log.warning("turned away", number=number)


def door_of(path: str) -> str:
    if path.startswith("/api/"):
        return "api"
    return "console" if path == "/console" or path.startswith("/console/") else "portal"


def _made(application: Application, kind: str, language: str) -> tuple[Headers, bytes, bytes]:
    """Headers and body of one answer, and the body packed."""
    status, headers, body = asked(application, "/", language, **{MARK: kind})
    if not status.startswith("503"):
        raise RuntimeError(f"the page for a full house became {status}")
    return headers, body, gzip.compress(body)


def _typed(environ: Environ) -> str:
    """The fields of a posted form as hidden ones; "" where they cannot be sent back: files, a password, another site's form."""
    if not environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded") or not _ours(environ):
        return ""
    body = environ["wsgi.input"].read(TYPED_MOST + 1)
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return ""
    if len(body) > TYPED_MOST or any("password" in name for name, _value in fields):
        return ""
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields
    )  # fmt: skip


def _ours(environ: Environ) -> bool:
    """Whether the browser says that a page of ours sent it, as `trouble.came_from_here` asks."""
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return bool(site == "same-origin")
    return bool(urlsplit(environ.get("HTTP_ORIGIN", "")).netloc == environ.get("HTTP_HOST", ""))
