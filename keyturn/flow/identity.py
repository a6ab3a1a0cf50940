"""How is the outside identity check asked? Noted before, asked with no transaction open, noted after; then the request goes on."""

from datetime import datetime
from uuid import UUID

from keyturn.connectors.identity_check import identity_check
from keyturn.flow import moves
from keyturn.journeys.applicant import applicant
from keyturn.records.models import OutsideCheck, Request
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from keyturn.terms.request import Standing
from keyturn.work import queue


@queue.job("check_identity", gave_up=moves.gave_up)
def check_identity_job(*, request_id: str, now: datetime) -> None:
    check_identity(request_id=UUID(request_id), now=now)


def check_identity(*, request_id: UUID, now: datetime) -> None:
    """Ask the outside check once for these details; whatever it says, the request goes on to `advance`."""
    request = Request.objects.get(pk=request_id)
    if request.standing != Standing.MACHINE:  # withdrawn meanwhile: nobody outside need hear of them
        return
    check = request.checks.filter(kind="identity", outcome="").order_by("-asked_at").first()
    if check is not None:
        outcome, reference, reasons = _ask_identity(check, request)
        OutsideCheck.objects.filter(pk=check.pk).update(
            outcome=outcome, reference=reference, reasons=reasons, answered_at=now
        )
    queue.later("advance", request_id=str(request_id))


def _ask_identity(check: OutsideCheck, request: Request) -> tuple[str, str, list[str]]:
    party = identity_check()
    if party is None:
        return "unavailable", "", ["not_configured"]
    try:
        answer = party.check(applicant(request.answers), key=f"{request.reference}:{check.subject[:12]}")
    except (Unavailable, InDoubt, Rejected) as problem:
        return "unavailable", "", [problem.code]
    return str(answer.outcome), answer.reference[:80], list(answer.reasons)
