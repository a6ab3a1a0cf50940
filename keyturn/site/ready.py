"""Which pages are the same for everybody who is new here, and are given at once?

Who has begun nothing and is not signed in sees what everybody sees. These pages are made once for each language when the process
starts; each visitor gets one with a form token of their own, without a place inside, however many come.
"""

import gzip
import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.utils.translation import get_language_from_request

from keyturn.portal import seat
from keyturn.site import logging
from keyturn.site.beforehand import Application, Environ, Headers, asked

PATHS = ("/", "/start", "/requests", "/resume", "/privacy", "/accessibility", "/terms")
KNOWN_BY = (seat.COOKIE, settings.SESSION_COOKIE_NAME, "messages")
"""Cookies of somebody to whom a page may say more."""
PACKED = 4
"""How hard it is tried to make a page small: 6 takes half as long again, for 1 % less."""
_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="(\w+)"')


class Pages:
    """The ready pages of every language."""

    def __init__(self, application: Application) -> None:
        self._csrf = CsrfViewMiddleware(lambda _request: HttpResponse())
        self._ready = {
            (path, language): _made(application, path, language)
            for path in PATHS
            for language in settings.KEYTURN_POLICY.languages
        }

    def answer(self, environ: Environ, start_response: Callable[..., Any]) -> list[bytes] | None:
        """The page, where it is one of these and for somebody new; None: the application is to be asked."""
        if (
            environ["PATH_INFO"] not in PATHS
            or environ["REQUEST_METHOD"] not in ("GET", "HEAD")
            or environ["QUERY_STRING"]
        ):
            return None
        started, request = time.perf_counter(), WSGIRequest(environ)
        found = self._ready.get((environ["PATH_INFO"], get_language_from_request(request)))
        if found is None or not _is_new_and_well_come(request):
            return None
        return self._given(request, *found, started=started, start_response=start_response)

    def _given(
        self, request: WSGIRequest, headers: Headers, parts: list[bytes], *, started: float,
        start_response: Callable[..., Any],
    ) -> list[bytes]:  # fmt: skip
        self._csrf.process_request(request)
        body = get_token(request).encode().join(parts) if len(parts) > 1 else parts[0]
        cookies = self._csrf.process_response(request, HttpResponse()).cookies.values()
        ident = logging.ident_of(request)
        head = [*headers, ("X-Request-Id", ident), *(("Set-Cookie", each.OutputString()) for each in cookies)]
        if "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
            body, head = gzip.compress(body, PACKED, mtime=0), [*head, ("Content-Encoding", "gzip")]
        start_response("200 OK", [*head, ("Content-Length", str(len(body)))])
        with structlog.contextvars.bound_contextvars(request_id=ident):
            logging.note(request.method, request.path.removeprefix("/"), 200, started)
        return [body] if request.method == "GET" else [b""]


def _is_new_and_well_come(request: WSGIRequest) -> bool:
    """Nobody knows them here, and they came by a name and a way that the application would have taken."""
    if any(each in request.COOKIES for each in KNOWN_BY):
        return False
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return not settings.SECURE_SSL_REDIRECT or request.is_secure()


def _made(application: Application, path: str, language: str) -> tuple[Headers, list[bytes]]:
    """Headers, and the body cut where the form token stands."""
    status, headers, body = asked(application, path, language)
    if not status.startswith("200"):
        raise RuntimeError(f"the page {path} became {status}")
    token = _TOKEN.search(body)
    return headers, body.split(token[1]) if token else [body]
