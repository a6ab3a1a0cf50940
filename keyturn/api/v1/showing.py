"""How is a request shown to a caller, and how much of it may this caller know?"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings

from keyturn import flow
from keyturn.api.v1 import candidates
from keyturn.api.v1.callers import Caller
from keyturn.api.v1.problems import errors_from
from keyturn.records.queries import request_pages, requests
from keyturn.terms.finding import Effect, Finding
from keyturn.terms.request import Outcome, Standing, Status, Step, public_status

OVER = frozenset({Status.COMPLETED, Status.REFUSED, Status.WITHDRAWN})
WITH_THE_CUSTOMER = frozenset({Status.DRAFT, Status.NEEDS_CUSTOMER})


def status_of(row: Any) -> Status:
    """The public status of a request, or of an event of one."""
    return public_status(Step(row.step), Standing(row.standing), Outcome(row.outcome))


def brief(request: Any, *, caller: Caller, now: datetime, problems: Iterable[Finding] | None = None) -> dict[str, Any]:
    """`{id, reference, journey, status, version, findings, next}`. `problems` is what must be mended, where known."""
    status = status_of(request)
    found: list[Finding] = []
    if status in WITH_THE_CUSTOMER and problems is not None:
        found += problems
    elif status in WITH_THE_CUSTOMER:
        found += flow.lacking(request=request, now=now, policy=settings.KEYTURN_POLICY)
    elif caller.may("requests:read", "review:write"):
        found += map(Finding.from_json, request.findings)
    # To others a finding made by the machine could tell that somebody is on file, owes, or lives there (I7, F.2).
    return {
        "id": str(request.pk),
        "reference": request.reference,
        "journey": request.journey,
        "status": str(status),
        "version": request.version,
        "findings": errors_from(found),
        "next": _next(request, status, found),
    }


def _next(request: Any, status: Status, found: list[Finding]) -> dict[str, Any]:
    """What the caller should do now."""
    missing = list(dict.fromkeys(each.field for each in found if each.effect is Effect.FIX))
    if status in OVER:
        action = "none"
    elif status not in WITH_THE_CUSTOMER:
        action = "wait"
    elif Step(request.step) is Step.REVIEW:
        return {"action": "reply", "missing": []}
    elif missing:
        action = "answer"
    else:
        action = "prove_email" if any(each.effect is Effect.ASK for each in found) else "submit"
    return {"action": action, "missing": missing if action == "answer" else []}


def whole(request: Any, *, caller: Caller, now: datetime) -> dict[str, Any]:
    """Everything about one request that this caller may know."""
    shown = brief(request, caller=caller, now=now)
    completed = shown["status"] == Status.COMPLETED
    return {
        **shown,
        **_dates(request),
        "expires_at": request.due_at if shown["status"] in WITH_THE_CUSTOMER else None,
        "ended_at": request.ended_at,
        "timeline": [
            {"at": each.at, "what": each.what, "by": each.role, "status": str(status_of(each))}
            for each in requests.events(request)
        ],
        "messages": [{"at": each.at, "kind": each.kind, "text": each.text} for each in request_pages.messages(request)],
        "person_id": str(request.person_id) if completed else None,
        "account_id": str(request.account_id) if completed else None,
        "cis": _cis(request) if completed else None,
        "review": _review(request, caller) if shown["status"] == Status.IN_REVIEW else None,
    }


def row(request: Any) -> dict[str, Any]:
    """A request in a list."""
    return {
        "id": str(request.pk),
        "reference": request.reference,
        "journey": request.journey,
        "status": str(status_of(request)),
        "version": request.version,
        **_dates(request),
    }


def _dates(request: Any) -> dict[str, Any]:
    return {"channel": request.channel, "created_at": request.created_at, "submitted_at": request.submitted_at}


def _cis(request: Any) -> dict[str, Any] | None:
    answer = request_pages.cis_answer(request)
    if answer is None:
        return None
    return {
        "person_ref": answer.get("person_ref"),
        "account_ref": answer.get("account_ref"),
        "agreement_refs": answer.get("agreement_refs", {}),
    }


def _review(request: Any, caller: Caller) -> dict[str, Any] | None:
    """What a decision needs: who comes into question, with what speaks for and against."""
    if not caller.may("review:write"):
        return None
    return {
        "promised_at": request.promised_at,
        "zone": request.match_zone,
        "candidates": candidates.kept(request_pages.candidates(request)),
        "model": request.model_version,
    }
