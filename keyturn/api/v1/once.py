"""How does a repeated write get its first answer again? (Idempotency-Key, I2)

The rule that callers are told: whatever an operation answered under a key, good or bad, it answers again for ever, to
the same call with the same body; another body under that key is a 409. Only what says nothing about the call itself is
not kept, so that it may be tried again: a missing key or scope, an unreadable body, and anything from 429 on.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from keyturn import flow
from keyturn.api.v1 import callers
from keyturn.api.v1.problems import Problem
from keyturn.flow.repeats import Turn
from keyturn.terms.errors import NotAllowed

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_NOT_KEPT = frozenset({400, 401, 403, 411, 413, 415, 429})
_HEADERS = ("ETag", "Location", "Content-Type", "Content-Language")

Run = Callable[..., HttpResponse]


def once(run: Run) -> Run:
    """Wrap an operation that writes; the caller has been let in."""

    def act(request: HttpRequest, **values: Any) -> HttpResponse:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return run(request, **values)
        if not _KEY.fullmatch(key):
            raise Problem("bad_idempotency_key")
        with transaction.atomic():
            turn = _turn(request, key)
            if turn.answer is not None:
                return _again(turn.answer)
            response = run(request, **values)
            if response.status_code >= 500 or response.status_code in _NOT_KEPT:
                transaction.set_rollback(True)
            else:
                flow.keep_answer(turn, status=response.status_code, answer=_kept(response))
        return response

    return act


def _turn(request: HttpRequest, key: str) -> Turn:
    route = request.resolver_match.route if request.resolver_match else ""
    try:
        return flow.take_turn(
            api_key_id=callers.of(request).key_id,
            key=key,
            call=f"{request.method} {route}",
            target=request.path,
            body=request.body,
            now=datetime.now(UTC),
        )
    except NotAllowed as problem:
        raise Problem(problem.code) from None


def _kept(response: HttpResponse) -> dict[str, Any]:
    headers = {name: response[name] for name in _HEADERS if name in response}
    return {"status": response.status_code, "headers": headers, "body": response.content.decode()}


def _again(answer: Any) -> HttpResponse:
    response = HttpResponse(answer["body"], status=answer["status"], headers=answer["headers"])
    response["Idempotency-Replayed"] = "true"
    return response
