"""How does a program of staff say that two persons on file are two, or take that back?"""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Body, Router

from keyturn import flow
from keyturn.api.v1 import callers, examples
from keyturn.api.v1 import match_shapes as shapes
from keyturn.api.v1.idents import ident
from keyturn.api.v1.operations import operation

router = Router()
PROBLEMS = ("not_found", "not_possible", "said_already", "invalid")


@operation(
    router, "POST", "/persons/not-same", tag="Review", summary="Say that two persons are two", any_of=("review:write",),
    status=201, once=True, answer=shapes.ToldApartOut, problems=PROBLEMS,
    example=examples.NOT_SAME, answered=examples.TOLD_APART,
)  # fmt: skip
def tell_apart(request: HttpRequest, body: Body[shapes.NotSame]) -> dict[str, Any]:
    """Somebody looked: these two are not the same. Every door remembers it: neither is proposed for the other again.

    `relation` says how they belong together, where that is known. Not possible while a colleague proposes to make them
    one, or where they have been made one already: that is undone in the console.
    """
    found = flow.not_same(
        one_id=ident(body.one), other_id=ident(body.other), relation=body.relation, reason=body.reason,
        actor=callers.of(request).actor, now=datetime.now(UTC),
    )  # fmt: skip
    return _shown(found)


@operation(
    router, "POST", "/persons/not-same/withdraw", tag="Review", summary="Take back that two persons are two",
    any_of=("review:write",), once=True, answer=shapes.ToldApartOut, problems=("not_found", "not_possible", "invalid"),
    example=examples.NOT_SAME_WITHDRAWN, answered=examples.TOLD_APART,
)  # fmt: skip
def take_back_told_apart(request: HttpRequest, body: Body[shapes.Pair]) -> dict[str, Any]:
    """It was a mistake: they may be one person after all, and are proposed again."""
    found = flow.take_back_not_same(
        one_id=ident(body.one), other_id=ident(body.other), reason=body.reason,
        actor=callers.of(request).actor, now=datetime.now(UTC),
    )  # fmt: skip
    return _shown(found)


def _shown(row: Any) -> dict[str, Any]:
    return {"one": str(row.one_id), "other": str(row.other_id), "relation": row.relation, "said_at": row.said_at}
