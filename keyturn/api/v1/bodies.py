"""How is a JSON body read from somebody who may send anything?"""

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from keyturn.api.v1.problems import Problem

DEEPEST = 12


class CarefulParser(Parser):
    """JSON in UTF-8 only, no NaN, not nested more deeply than any schema of ours."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            value = json.loads(request.body.decode(), parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise Problem("bad_json") from None
        if not _is_shallow(value):
            raise Problem("bad_json")
        return value


def can_be_read(request: HttpRequest) -> None:
    """The body came whole and, if there is one, says that it is JSON; a Problem says which is not so."""
    if "Transfer-Encoding" in request.headers:  # WSGI gives no body of unknown length: it would seem to be empty
        raise Problem("length_required")
    kind = request.content_type or "application/json"
    is_json = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    if request.body and not is_json:
        raise Problem("not_json")


def _refuse(name: str) -> None:
    raise ValueError(name)


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _depth in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return True
    return not any(isinstance(each, (dict, list)) for each in level)
