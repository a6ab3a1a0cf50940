"""How does the protection of somebody who depends on service go on: certified, reminded of, renewed, ended (BR-63)?

The claim is a request of its customer (`begin_change` with the journey `claim_life_support`). Nothing here ends a
protection by itself: when a paper is late staff see it, and decide (ER-33).
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from keyturn.flow import machine, moves
from keyturn.flow.customer import new_request
from keyturn.flow.handling import not_about_themselves
from keyturn.journeys.claim_life_support import CLAIM_LIFE_SUPPORT
from keyturn.records.models import MedicalCertification, Request
from keyturn.records.queries import access, asking, on_file
from keyturn.steps.confirm.rules import News
from keyturn.steps.gather.rules import clean_text
from keyturn.steps.maintain.care import rules
from keyturn.steps.review import step as review
from keyturn.terms.days import day_ends, local_date
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.levels import Level, allows
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role
from keyturn.work import queue

log = structlog.get_logger("keyturn.care")


@transaction.atomic
def certify_care(
    *,
    care_id: UUID,
    first: date | None,
    last: date | None,
    certified_by: str,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Request:
    """Staff have read the certificate: protected from `first` to `last`. A later one renews. Invalid (K-81)."""
    row = _held(care_id, actor, now)
    problems = list(rules.validity_is_possible(first=first, last=last, today=local_date(now, policy), policy=policy))
    if problems or first is None or last is None:
        raise Invalid(problems)
    answers = {
        "act": "certify", "first": first.isoformat(), "last": last.isoformat(),
        "certified_by": clean_text(certified_by)[:200],
    }  # fmt: skip
    return _asked_by_staff(row, answers, "", actor=actor, now=now, policy=policy)


@transaction.atomic
def end_care(*, care_id: UUID, why: str, reason: str, actor: Actor, now: datetime, policy: Policy) -> Request:
    """Staff end a protection: `why` "withdrawn" (nobody depends on it any more) or "expired" (no certificate came)."""
    row = _held(care_id, actor, now)
    words = clean_text(reason)[:4000]
    if problems := list(rules.protection_has_a_reason(words)):
        raise Invalid(problems)
    given = {"act": "end", "why": "expired" if why == "expired" else "withdrawn"}
    return _asked_by_staff(row, given, words, actor=actor, now=now, policy=policy)


@transaction.atomic
def claim_care_at_desk(
    *, account_id: UUID, answers: Mapping[str, str], reason: str, actor: Actor, now: datetime, policy: Policy
) -> Request:
    """Somebody has called: protected at once, on their word (BR-63)."""
    seen = asking.main_person(account_id, at=now)
    if seen is None or actor.role != Role.STAFF:
        raise NotAllowed("unknown_account")
    not_about_themselves(actor=actor, now=now, person_id=seen.pk, account_id=account_id)
    words = clean_text(reason)[:4000]
    if problems := list(rules.protection_has_a_reason(words)):
        raise Invalid(problems)
    given = {name: clean_text(str(answers.get(name) or ""))[:200] for name in ("patient", "device", "phone")}
    kind = "serious_illness" if answers.get("medical_kind") == "serious_illness" else "life_support"
    request = _new(account_id, seen, {**given, "medical_kind": kind}, actor=actor, now=now, policy=policy)
    review.say(request, "internal", words, actor=actor, now=now)
    return _send(request, actor=actor, now=now, policy=policy)


@transaction.atomic
def withdraw_care(*, care_id: UUID, user: Any, now: datetime, policy: Policy) -> Request:
    """A customer says that nobody depends on it any more. NotAllowed("unknown_care") to who may not manage it."""
    row = MedicalCertification.objects.select_for_update(of=("self",)).filter(pk=care_id, ended_at=None).first()
    seen = access.to_account(user.pk, row.account_id, at=now) if row else None
    if row is None or seen is None or not allows(seen.level, Level.MANAGE):
        raise NotAllowed("unknown_care")
    actor = Actor(Role.CUSTOMER, f"login:{user.pk}")
    request = _new(row.account_id, row.person, {"act": "end"}, actor=actor, now=now, policy=policy, user=user)
    return _send(request, actor=actor, now=now, policy=policy)


def _held(care_id: UUID, actor: Actor, now: datetime) -> MedicalCertification:
    row = MedicalCertification.objects.select_for_update(of=("self",)).filter(pk=care_id, ended_at=None).first()
    if row is None or actor.role != Role.STAFF:
        raise NotAllowed("unknown_care")
    not_about_themselves(actor=actor, now=now, person_id=row.person_id, account_id=row.account_id)
    return row


def _asked_by_staff(
    row: MedicalCertification, answers: Mapping[str, str], words: str, *, actor: Actor, now: datetime, policy: Policy
) -> Request:
    request = _new(row.account_id, row.person, answers, actor=actor, now=now, policy=policy)
    if words:
        review.say(request, "internal", words, actor=actor, now=now)
    return _send(request, actor=actor, now=now, policy=policy)


def _new(
    account_id: Any,
    person: Any,
    answers: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
    user: Any = None,
) -> Request:
    channel = "console" if actor.role == Role.STAFF else "portal"
    request = new_request(
        CLAIM_LIFE_SUPPORT.name, actor=actor, channel=channel, language=person.language, now=now, policy=policy
    )
    request.user, request.person, request.account_id = user, person, account_id
    request.seen = on_file.slots(person, at=now)
    request.answers = {"account_id": str(account_id), **answers}
    moves.begin(request, actor=actor, now=now)
    return request


def _send(request: Request, *, actor: Actor, now: datetime, policy: Policy) -> Request:
    """The machine does its part in this very transaction: what was decided holds at once."""
    moves.hand_in(request, actor=actor, now=now)
    machine.advance(request_id=request.pk, now=now, policy=policy)
    return Request.objects.get(pk=request.pk)


# ---------------------------------------------------------------- what the clock does


@queue.job("remind_care")
def remind_care_job(*, now: datetime) -> None:
    remind_care(now=now, policy=moves.policy())


def remind_care(*, now: datetime, policy: Policy) -> int:
    """Remind of certificates that are due, and say once that one is late (K-80, K-82). Returns how many were told."""
    near = list(_near(now, policy).values_list("pk", flat=True))
    return sum(_remind_alone(pk, now=now, policy=policy) for pk in near)


def _near(now: datetime, policy: Policy) -> QuerySet[MedicalCertification]:
    """Those whose time is over or soon will be; whoever is protected for long is not opened at each turn. All of them:
    nothing ends a protection by itself, so those that are late grow more, and none may stand before the newer ones.
    """
    soon = now + timedelta(hours=policy.medical_reminder_hours)
    soon_on = local_date(now, policy) + timedelta(days=policy.medical_reminder_days)
    near = Q(state="temporary", temporary_until__lte=soon) | Q(state="certified", certified_until__lte=soon_on)
    return MedicalCertification.objects.filter(near, ended_at=None).order_by("temporary_until", "id")


def _remind_alone(pk: Any, *, now: datetime, policy: Policy) -> int:
    """One that cannot be told keeps nobody else from being reminded; it is tried again at the next turn."""
    try:
        return _remind(pk, now=now, policy=policy)
    except Exception as error:
        log.error("not reminded", care=str(pk), exc_info=error)
        return 0


@transaction.atomic
def _remind(pk: Any, *, now: datetime, policy: Policy) -> int:
    rows = MedicalCertification.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=pk, ended_at=None)
    row = rows.first()
    if row is None or row.request_id is None:
        return 0
    today = local_date(now, policy)
    held = rules.Held(row.state, row.temporary_until, row.certified_until, row.reminded_at)
    late = bool(list(rules.certificate_is_there(held, now=now, today=today)))
    told_late = late and row.reminded_at is not None and row.reminded_at >= _ran_out(row, policy)
    if not rules.reminder_is_due(held, now=now, today=today, policy=policy) and (not late or told_late):
        return 0
    until = (
        row.certified_until
        if row.state == "certified"
        else local_date(row.temporary_until - timedelta(seconds=1), policy)
    )
    values = {"late": late, "until": until.isoformat() if until else ""}
    moves.tell(row.request, News.CARE_REMINDER, now=now, values=values)
    row.reminded_at = now
    row.save(update_fields=["reminded_at"])
    return 1


def _ran_out(row: MedicalCertification, policy: Policy) -> datetime:
    """The moment at which the protection would have been over."""
    if row.state == "certified" and row.certified_until:
        return day_ends(row.certified_until, policy)
    return row.temporary_until
