"""What is an operation of the API? Address, scopes, what it takes and answers, its examples: said once, in one place.

The routes, the checks at run time, the OpenAPI document and the matrix of scopes in the tests all read this.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view

from keyturn.api.v1 import bodies, callers, shape_errors
from keyturn.api.v1.once import once

Run = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `any_of`: one of these scopes is needed; none: any key will do. `once`: takes Idempotency-Key."""

    name: str
    method: str
    path: str
    summary: str
    tag: str
    answer: Any
    any_of: tuple[str, ...] = ()
    status: int = 200
    once: bool = False
    versioned: bool = False  # takes If-Match
    problems: tuple[str, ...] = ()
    asked: frozenset[str] = frozenset()  # names of query parameters
    example: Any = None  # of the body
    answered: Any = None  # example of the answer
    headers: Mapping[str, str] = field(default_factory=dict)


OPERATIONS: dict[str, Operation] = {}
"""Every operation, by its operationId."""


def operation(router: Router, method: str, path: str, *, asked: Any = None, **said: Any) -> Callable[[Any], Any]:
    """Enter a function as an operation. Its docstring is the description that callers read; `asked` its query."""

    def enter(function: Any) -> Any:
        names = frozenset(asked.model_fields) if asked else frozenset()
        entry = Operation(name=function.__name__, method=method, path=path, asked=names, **said)
        OPERATIONS[entry.name] = entry
        router.api_operation(
            [method],
            path,
            response={entry.status: entry.answer},
            operation_id=entry.name,
            summary=entry.summary,
            description=inspect.cleandoc(function.__doc__ or ""),
            tags=[entry.tag],
        )(decorate_view(_around(entry))(function))
        return function

    return enter


def _around(entry: Operation) -> Callable[[Run], Run]:
    """Before the operation reads its parameters: who calls, and is it a call of the kind that it takes?"""

    def decorate(run: Run) -> Run:
        act = once(run) if entry.once else run

        def enter(request: HttpRequest, **values: Any) -> HttpResponse:
            request.auth = callers.let_in(request, *entry.any_of)  # type: ignore[attr-defined]
            unknown = sorted(set(request.GET) - entry.asked)
            if unknown:
                raise shape_errors.problem({"type": "extra_forbidden", "loc": ("query", name)} for name in unknown)
            if entry.method != "GET":
                bodies.can_be_read(request)
            return act(request, **values)

        return enter

    return decorate
