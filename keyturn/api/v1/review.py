"""How does a program of staff decide a request that was referred to them?"""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Body, Router

from keyturn import flow
from keyturn.api.v1 import callers, examples, request_shapes, showing, versions
from keyturn.api.v1.idents import ident
from keyturn.api.v1.operations import operation

router = Router()


@operation(
    router, "POST", "/requests/{id}/review", tag="Review", summary="Decide a referred request", any_of=("review:write",),
    once=True, versioned=True, answer=request_shapes.RequestOut,
    problems=("own_request", "not_found", "not_in_review", "stale_version", "invalid"),
    example=examples.REVIEW, answered=examples.PROCESSING,
)  # fmt: skip
def review_request(
    request: HttpRequest, response: HttpResponse, id: str, body: Body[request_shapes.Review]
) -> dict[str, Any]:
    """Staff's decision, under the key of a program of theirs. The request moves on at once.

    `same_person` names one of the request's candidates in `person_id`; `refuse` and `ask` need a `reason` that the
    customer will read. Nobody decides a request that they began: use another key for it.
    """
    caller, now = callers.of(request), datetime.now(UTC)
    found = flow.review(
        request_id=ident(id), decision=body.decision, reason=body.reason, person_id=body.person_id, actor=caller.actor,
        now=now, policy=settings.KEYTURN_POLICY, version=versions.asked_for(request),
    )  # fmt: skip
    response["ETag"] = versions.etag(found.version)
    return showing.brief(found, caller=caller, now=now)
