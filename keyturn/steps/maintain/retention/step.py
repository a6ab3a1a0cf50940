"""How is what is old enough forgotten? Each function may run at any time, any number of times; each says how many."""

from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from keyturn.records.models import (
    Attempt,
    Candidate,
    ClaimCode,
    Decision,
    EmailCode,
    Evidence,
    IdempotentCall,
    Message,
    Note,
    OutsideCheck,
    PrivacyCase,
    Proposal,
    RedFlag,
    Request,
    ResumeLink,
)
from keyturn.steps.maintain.retention import rules
from keyturn.terms.policy import Policy

BATCH = 500
NOTHING_CAME_OF_IT = ("refused", "withdrawn", "expired")


def forget_denied(*, now: datetime, policy: Policy) -> int:
    """Answers, notes, proofs and comparisons of requests that came to nothing long ago (K-70, K-74)."""
    old = Request.objects.filter(outcome__in=NOTHING_CAME_OF_IT, ended_at__lt=rules.denied_before(now, policy))
    return _forget_each(old.filter(sealed_answers__isnull=False))


def forget_of_the_erased(*, now: datetime, policy: Policy) -> int:
    """What somebody typed to be erased, and the messages that told them of it, once they are sent (K-75)."""
    over = Request.objects.filter(person__flags__contains=["erased"], ended_at__lte=now)
    sent = Message.objects.filter(person__flags__contains=["erased"], sealed_content__isnull=False).exclude(state="due")
    return _forget_each(over.filter(sealed_answers__isnull=False)) + sent.update(sealed_content=None)


def _forget_each(requests: "QuerySet[Request]") -> int:
    """One after the other, so that one that cannot be forgotten keeps nobody else's."""
    needed = Q(red_flags__state="open") | Q(delivery__state__in=("sent", "in_doubt"))
    due = requests.exclude(needed).exclude(privacy__ended_at=None, privacy__isnull=False)
    return sum(_forget(pk) for pk in list(due.order_by("ended_at").values_list("pk", flat=True)[:BATCH]))


@transaction.atomic
def _forget(pk: UUID) -> int:
    request = Request.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
    if request is None or _is_needed(request):
        return 0
    waiting = Message.objects.filter(request=request, state="due")
    if waiting.exists():
        return 0  # the news of its end is still to be written out from it
    empty: dict[str, Any] = {
        "sealed_answers": None, "sealed_seen": None, "sealed_written": None, "email_digest": "", "person_decision": {},
    }  # fmt: skip
    Request.objects.filter(pk=pk).update(**empty)
    for table in (Note, Evidence, OutsideCheck, EmailCode, ClaimCode, ResumeLink, Candidate, Proposal):
        table._default_manager.filter(request=request).delete()
    Decision.objects.filter(request=request).update(findings=[])
    IdempotentCall.objects.filter(about=pk).update(sealed_answer=None)
    Message.objects.filter(request=request).update(sealed_content=None)
    return 1


def _is_needed(request: Request) -> bool:
    delivery = getattr(request, "delivery", None)
    return rules.is_needed(
        open_flags=RedFlag.objects.filter(request=request, state="open").count(),
        open_privacy=PrivacyCase.objects.filter(request=request, ended_at=None).exists(),
        in_doubt=delivery is not None and delivery.state in ("sent", "in_doubt"),
    )


def forget_messages(*, now: datetime, policy: Policy) -> int:
    """What long-sent messages said, and to which address (K-71)."""
    old = Message.objects.filter(created_at__lt=rules.messages_before(now, policy), sealed_content__isnull=False)
    return old.exclude(state="due").update(sealed_content=None)


def forget_tries(*, now: datetime, policy: Policy) -> int:
    """Tries at something that must not be guessed; codes and links that ended long ago (K-72)."""
    before = rules.tries_before(now, policy)
    gone = Attempt.objects.filter(at__lt=before).delete()[0]
    for table in (EmailCode, ClaimCode, ResumeLink):
        gone += table._default_manager.filter(expires_at__lt=before).delete()[0]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM signin_limit WHERE expires < %s", [now])
        return gone + int(cursor.rowcount)


def forget_sign_ins(*, now: datetime, policy: Policy) -> int:
    """Who tried to sign in, and did, from where; sign-ins whose session is over (K-73)."""
    before = rules.sign_ins_before(now, policy)
    gone = sum(
        table._default_manager.filter(attempt_time__lt=before).delete()[0]
        for table in (AccessAttempt, AccessFailureLog, AccessLog)
    )
    return gone + UserSession.objects.filter(last_seen_at__lt=before).delete()[0]
