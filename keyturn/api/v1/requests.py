"""What may a program do with requests?"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from ninja import Body, Query, Router

from keyturn import flow
from keyturn.api.v1 import callers, examples, pages, request_shapes, showing, versions
from keyturn.api.v1.idents import ident
from keyturn.api.v1.operations import operation
from keyturn.api.v1.problems import Problem, errors_from
from keyturn.records.queries import request_pages
from keyturn.records.queries import requests as queries
from keyturn.terms.finding import Finding

router = Router()
TAG = "Requests"
OWN = ("requests:write",)
READ = ("requests:read", "requests:write")


@operation(
    router, "POST", "/requests", tag=TAG, summary="Begin a request", any_of=OWN, status=201, once=True,
    answer=request_shapes.RequestOut, problems=("unknown_journey", "invalid"),
    example=examples.NEW_REQUEST, answered=examples.SENT,
)  # fmt: skip
def begin_request(
    request: HttpRequest, response: HttpResponse, body: Body[request_shapes.NewRequest]
) -> dict[str, Any]:
    """Begin a request with the answers known so far, and send it in at once with `submit`.

    Whatever can be kept is kept: without `submit`, `findings` says what must still be answered or mended. With `submit`
    and something to mend the answer is 422 and **the draft is kept**: the problem document has its `id`, `reference`
    and `version`, so mend it with PATCH and submit it. A request belongs to the key that began it.

    `attested` needs the scope `requests:attest`: you vouch that the e-mail, the phone or the identity in these very
    answers was proved to you, and the request's history says that you did.
    """
    caller, now = callers.of(request), datetime.now(UTC)
    if body.attested and not caller.may("requests:attest"):
        problem = callers.lacks("requests:attest")
        problem.errors = errors_from([Finding("I-01", "attested")])
        raise problem
    found, problems = flow.ask(
        journey=body.journey, answers=body.answers, attested=list(body.attested), may_attest=True, send=body.submit,
        actor=caller.actor, channel="api", language=get_language() or "en", now=now, policy=settings.KEYTURN_POLICY,
    )  # fmt: skip
    shown = showing.brief(found, caller=caller, now=now, problems=problems)
    headers = {"Location": f"/api/v1/requests/{found.pk}", "ETag": versions.etag(found.version)}
    if body.submit and problems:
        kept = {name: shown[name] for name in ("id", "reference", "status", "version", "next")}
        raise Problem("invalid", errors_from(problems), {"request": kept}, headers)
    for name, value in headers.items():
        response[name] = value
    return shown


@operation(
    router, "PATCH", "/requests/{id}", tag=TAG, summary="Add or change answers", any_of=OWN, once=True, versioned=True,
    answer=request_shapes.RequestOut, problems=("not_found", "not_open", "stale_version", "invalid"),
    example=examples.MORE_ANSWERS, answered=examples.DRAFT,
)  # fmt: skip
def change_request(
    request: HttpRequest, response: HttpResponse, id: str, body: Body[request_shapes.MoreAnswers]
) -> dict[str, Any]:
    """Merge answers into a draft, or into a request that waits for the customer (JSON merge patch).

    Each answer replaces the one before as a whole, an address too; null removes it. What can be kept is kept, and
    `findings` says what must still be answered or mended.
    """
    caller, now = callers.of(request), datetime.now(UTC)
    policy, version = settings.KEYTURN_POLICY, versions.asked_for(request)
    found, taken = flow.answer(
        request_id=ident(id), answers=body.answers, actor=caller.actor, now=now, policy=policy, version=version
    )
    problems = [each for each in taken if each.rule in flow.NOT_KEPT]
    problems += flow.lacking(request=found, now=now, policy=policy)
    response["ETag"] = versions.etag(found.version)
    return showing.brief(found, caller=caller, now=now, problems=problems)


@operation(
    router, "POST", "/requests/{id}/submit", tag=TAG, summary="Send a draft in", any_of=OWN, once=True, versioned=True,
    answer=request_shapes.RequestOut, problems=("not_found", "not_open", "stale_version", "invalid"),
    answered=examples.SENT,
)  # fmt: skip
def submit_request(request: HttpRequest, response: HttpResponse, id: str) -> dict[str, Any]:
    """Send it in. Sending it again changes nothing and answers with the same request."""
    caller, now = callers.of(request), datetime.now(UTC)
    found = flow.submit(
        request_id=ident(id), actor=caller.actor, now=now, policy=settings.KEYTURN_POLICY,
        version=versions.asked_for(request),
    )  # fmt: skip
    response["ETag"] = versions.etag(found.version)
    return showing.brief(found, caller=caller, now=now)


@operation(
    router, "POST", "/requests/{id}/withdraw", tag=TAG, summary="Take a request back", any_of=OWN, once=True,
    versioned=True, answer=request_shapes.RequestOut, problems=("not_found", "too_late", "stale_version"),
    answered=examples.WITHDRAWN,
)  # fmt: skip
def withdraw_request(request: HttpRequest, response: HttpResponse, id: str) -> dict[str, Any]:
    """Take it back while nothing has been written in the utility's system. Withdrawing twice is once."""
    caller, now = callers.of(request), datetime.now(UTC)
    version = versions.asked_for(request)
    found = flow.withdraw(request_id=ident(id), actor=caller.actor, now=now, version=version)
    response["ETag"] = versions.etag(found.version)
    return showing.brief(found, caller=caller, now=now)


@operation(
    router, "POST", "/requests/{id}/reply", tag=TAG, summary="Reply to a question", any_of=OWN, once=True,
    answer=request_shapes.RequestOut, problems=("not_found", "not_asked", "invalid"),
    example=examples.REPLY, answered=examples.IN_REVIEW,
)  # fmt: skip
def reply_to_request(
    request: HttpRequest, response: HttpResponse, id: str, body: Body[request_shapes.Reply]
) -> dict[str, Any]:
    """Pass on what the customer says to the question in `messages`; the request goes back to staff."""
    caller, now = callers.of(request), datetime.now(UTC)
    _known_to(caller, ident(id), own=True)
    found = flow.reply(
        request_id=ident(id), text=body.text, actor=caller.actor, now=now, policy=settings.KEYTURN_POLICY
    )
    response["ETag"] = versions.etag(found.version)
    return showing.brief(found, caller=caller, now=now)


@operation(
    router, "GET", "/requests/{id}", tag=TAG, summary="Read one request", any_of=READ,
    answer=request_shapes.WholeRequestOut, problems=("not_found",), answered=examples.COMPLETED,
)  # fmt: skip
def read_request(request: HttpRequest, response: HttpResponse, id: str) -> dict[str, Any]:
    """Where it stands and what happened to it. With requests:write alone: only requests that the key began, and of
    the findings only what the customer can mend."""
    caller = callers.of(request)
    found = _known_to(caller, ident(id))
    response["ETag"] = versions.etag(found.version)
    return showing.whole(found, caller=caller, now=datetime.now(UTC))


@operation(
    router, "GET", "/requests", tag=TAG, summary="List requests", any_of=READ, asked=request_shapes.RequestQuery,
    answer=request_shapes.RequestPage, problems=("invalid",), answered=examples.REQUESTS,
)  # fmt: skip
def list_requests(request: HttpRequest, asked: Query[request_shapes.RequestQuery]) -> dict[str, Any]:
    """Requests in the order in which they were begun. With requests:write alone: those that the key began."""
    caller = callers.of(request)
    rows = request_pages.listed(
        status=asked.status,
        reference=asked.reference,
        begun_by=None if caller.may("requests:read") else _origin(caller),
        after=pages.position(asked.after),
        most=asked.limit + 1,
    )
    return pages.page(rows, asked.limit, showing.row)


def _origin(caller: callers.Caller) -> str:
    return f"{caller.actor.role}:{caller.actor.ident}"


def _known_to(caller: callers.Caller, request_id: UUID, *, own: bool = False) -> Any:
    """The request, if the caller may know of it; with `own`, if they began it (I-04)."""
    found = queries.by_id(request_id)
    allowed = found is not None and (found.begun_by == _origin(caller) or (caller.may("requests:read") and not own))
    if not allowed:
        raise Problem("not_found")
    return found
