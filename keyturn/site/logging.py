"""What is written about each request and job, and how is personal data kept out of it?

One JSON line on stdout per HTTP request and per job, with a request id that the problem document carries too. A line
holds the route's pattern, never the path or the query: a path may name a request's reference.
"""

import logging
import logging.config
import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from uuid_utils.compat import uuid7

log = structlog.get_logger("keyturn.http")
_ACCEPTED_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


def configure(options: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG hook: structlog renders JSON; the standard library's loggers go the same way."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _only_the_kind_of_exception,
            structlog.processors.JSONRenderer(),
        ],
        "foreign_pre_chain": shared,
    }
    quiet = {"level": "WARNING"}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": formatter},
            "handlers": {
                "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}
            },
            "root": {"handlers": ["stdout"], "level": options.get("level", "INFO")},
            # Their own lines name paths, job arguments or user names; ours say what is needed.
            "loggers": {
                "django.server": quiet,
                "procrastinate": quiet,
                "axes": {"level": "ERROR"},
                "httpx": quiet,
                "django.request": {"level": "CRITICAL"},
                "allauth": quiet,
                "psycopg.pool": {"level": "ERROR"},  # each try to connect; the worker says once that it waits
            },
        }
    )


def _only_the_kind_of_exception(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Replace an exception's text by its type and the places it passed: its text may quote what somebody typed."""
    info = event.pop("exc_info", None)
    if info:
        error = info if isinstance(info, BaseException) else info[1]
        event["error"] = type(error).__name__
        event["at"] = _places(error)
    return event


def _places(error: BaseException) -> list[str]:
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-12:]


class RequestLog:
    """Outermost middleware: gives each request an id and writes one line about it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        ident = ident_of(request)
        request.request_id = ident  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(request_id=ident)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = ident
            note(request.method, _route(request), response.status_code, started)
            return response
        finally:
            structlog.contextvars.clear_contextvars()

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        """A bug is written down with the places it passed; "not found" and "not allowed" are answers, not bugs."""
        if not isinstance(error, (Http404, PermissionDenied, SuspiciousOperation)):
            log.error("failed", route=_route(request), exc_info=error)


def ident_of(request: HttpRequest) -> str:
    """The id that a proxy gave the request, or a new one."""
    asked = request.headers.get("X-Request-Id", "")
    return asked if _ACCEPTED_ID.fullmatch(asked) else str(uuid7())


def note(method: str | None, route: str, status: int, started: float) -> None:
    """The line about one request. `started`: by `time.perf_counter`."""
    milliseconds = round((time.perf_counter() - started) * 1000, 1)
    log.info("request", method=method, route=route, status=status, ms=milliseconds)


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.route if match else "-"
