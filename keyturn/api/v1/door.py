"""What stands around every address of the API, so that whatever happens is answered as a problem document?"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern

from keyturn.api.v1 import failures
from keyturn.api.v1.problems import Problem

View = Callable[..., HttpResponse]


def around(pattern: URLPattern) -> URLPattern:
    """The same address with its view behind the door."""
    return URLPattern(pattern.pattern, _answering(pattern.callback), pattern.default_args, pattern.name)


def _answering(view: View) -> View:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **values: Any) -> HttpResponse:
        try:
            response = view(request, *args, **values)
        except Exception as failure:  # the outermost place: nothing may leave as a traceback
            return private(failures.answer(request, failure))
        if isinstance(response, HttpResponseNotAllowed):
            response = Problem("method_not_allowed", headers={"Allow": response["Allow"]}).response(request)
        return private(response)

    answer.csrf_exempt = True  # type: ignore[attr-defined]  # keys, never cookies, let anybody in
    return answer


def private(response: HttpResponse) -> HttpResponse:
    """No cache on the way keeps what may be about a person."""
    if "Cache-Control" not in response:
        response["Cache-Control"] = "no-store"
    return response


def nowhere(request: HttpRequest, **values: Any) -> HttpResponse:
    """Any other address under /api."""
    return Problem("not_found").response(request)
