"""Which problem document does each failure become? The one place that knows; what is not here is a bug, and a 500."""

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from ninja.errors import HttpError, Throttled, ValidationError

from keyturn.api.v1 import shape_errors, versions
from keyturn.api.v1.problems import KINDS, Problem, errors_from
from keyturn.terms.errors import Invalid, NotAllowed, StaleVersion

log = structlog.get_logger("keyturn.api")

_CODES = dict.fromkeys(("unknown_request", "unknown_person", "unknown_account"), "not_found")


def answer(request: HttpRequest, failure: Exception) -> HttpResponse:
    """The problem document for a failure. What nobody expected is logged by its kind and place only."""
    found = as_problem(failure)
    if found.code == "internal":
        route = request.resolver_match.route if request.resolver_match else "-"
        log.error("failed", route=route, exc_info=failure)
    return found.response(request)


def as_problem(failure: Exception) -> Problem:
    match failure:
        case Problem():
            return failure
        case Invalid():
            return Problem("invalid", errors_from(failure.findings))
        case StaleVersion():
            return versions.stale(failure.current)
        case NotAllowed():
            code = _CODES.get(failure.code, failure.code)
            return Problem(code if code in KINDS else "not_possible")
        case ValidationError():
            return shape_errors.problem(failure.errors)
        case _:
            return _of_the_framework(failure)


def _of_the_framework(failure: Exception) -> Problem:
    match failure:
        case Throttled():
            return Problem("too_many_calls", headers={"Retry-After": str(failure.wait or 1)})
        case RequestDataTooBig():
            return Problem("too_large")
        case Http404():
            return Problem("not_found")
        case HttpError() if failure.status_code == 400:
            return Problem("bad_json")
        case SuspiciousOperation() | UnreadablePostError():
            return Problem("bad_call")
        case OperationalError() | InterfaceError():
            # The database is away, or somebody held a row for too long: nothing was written.
            log.warning("unavailable", kind=type(failure.__cause__ or failure).__name__)
            return Problem("unavailable", headers={"Retry-After": "1"})
        case _:
            return Problem("internal")
