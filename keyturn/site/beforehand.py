"""How is an answer made before anybody asks for it?

By the whole application, when the process starts, with every header of a page.
"""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Application = Callable[..., Iterable[bytes]]
IDENT = "00000000-beforehand"
"""Stands for the request's id in what is made beforehand."""
OF_ONE_ANSWER = frozenset(
    {"content-length", "content-encoding", "retry-after", "x-request-id", "set-cookie", "vary", "expires"}
)
"""Headers that belong to one answer, not to all."""


def asked(application: Application, path: str, language: str, **more: Any) -> tuple[str, Headers, bytes]:
    """Status, headers that every such answer has, and body of the page at `path`, for a browser that has never been here."""
    base = urlsplit(settings.KEYTURN_BASE_URL)
    head: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "", "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": base.hostname or "localhost", "SERVER_PORT": str(base.port or 443), "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": (settings.ALLOWED_HOSTS or [base.netloc])[0].lstrip(".*") or base.netloc,
        "HTTP_ACCEPT_LANGUAGE": language, "HTTP_X_REQUEST_ID": IDENT, "HTTP_X_FORWARDED_PROTO": "https",
        "wsgi.url_scheme": "https", "wsgi.input": BytesIO(), **more,
    }  # fmt: skip
    parts = application(environ, lambda status, headers, *_: head.extend((status, headers)))
    body = b"".join(parts)
    headers = [(name, value) for name, value in head[1] if name.lower() not in OF_ONE_ANSWER]
    return str(head[0]), [*headers, ("Vary", "Accept-Language, Cookie, Accept-Encoding")], body
