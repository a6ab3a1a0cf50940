"""How is the outside world spoken to: the CIS, the identity check, the messages?

Three short parts each: note that we are about to call (commit), call with no transaction open and no row locked, note
what came of it (commit). Whoever dies in between is followed by another, who asks before acting again (I3).
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from keyturn.connectors.cis import cis
from keyturn.connectors.identity_check import identity_check
from keyturn.flow import moves
from keyturn.journeys.applicant import applicant
from keyturn.records.models import Delivery, Message, OutsideCheck, Request
from keyturn.steps.confirm import step as confirm
from keyturn.steps.confirm.rules import News
from keyturn.steps.sync import rules as sync_rules
from keyturn.steps.sync import step as sync
from keyturn.steps.sync.rules import Next
from keyturn.terms.cis import Answer, Command
from keyturn.terms.errors import InDoubt, KeyturnError, Rejected, Unavailable
from keyturn.terms.finding import Effect, Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import MACHINE, Outcome, Standing, Step
from keyturn.work import queue

log = structlog.get_logger("keyturn.outside")
MESSAGE_TRIES = 8


# ---------------------------------------------------------------- the CIS


@queue.job("tell_cis", gave_up=moves.gave_up)
def tell_cis_job(*, request_id: str, now: datetime) -> None:
    tell_cis(request_id=UUID(request_id), now=now, policy=moves.policy())


def tell_cis(*, request_id: UUID, now: datetime, policy: Policy) -> None:
    """Carry one request's delivery a step further. Running it at any time, any number of times, is safe."""
    started = _about_to_call(request_id, now=now, policy=policy)
    if started is None:
        return
    key, command, look_up = started
    try:
        answer = (cis().find(key) if look_up else None) or cis().send(command, key=key)
    except (Unavailable, InDoubt, Rejected) as problem:
        _called_in_vain(request_id, problem, doubted=look_up, now=now, policy=policy)
    else:
        _answered(request_id, answer, now=now)


@transaction.atomic
def _about_to_call(request_id: UUID, *, now: datetime, policy: Policy) -> tuple[str, Command, bool] | None:
    """Note the intent and take the lease. None: there is nothing to do now."""
    request = moves.locked(request_id)
    delivery = Delivery.objects.select_for_update().filter(request=request).first()
    if delivery is None or request.step != Step.SYNC or request.standing != Standing.MACHINE:
        return None
    if sync_rules.is_leased(delivery.leased_until, now):
        queue.later("tell_cis", at=delivery.leased_until, once=f"{delivery.key}:lease", request_id=str(request_id))
        return None
    if sync.must_wait_for_another(request, delivery):
        at = now + sync_rules.wait_for_another(delivery.created_at, now, policy)
        queue.later("tell_cis", at=at, request_id=str(request_id))
        return None
    look_up = sync_rules.must_look_up(delivery.state)
    delivery.state, delivery.tries = "sent", delivery.tries + 1
    delivery.leased_until = sync_rules.lease(now, policy)
    delivery.save()
    return delivery.key, sync.command_for(request, policy), look_up


@transaction.atomic
def _answered(request_id: UUID, answer: Answer, *, now: datetime) -> None:
    """Keep the CIS's references; the request is complete."""
    request = moves.locked(request_id)
    delivery = Delivery.objects.select_for_update().get(request=request)
    if delivery.state == "done":
        return
    sync.keep_answer(request, delivery, answer, now=now)
    moves.move(request, Step.CONFIRM, Standing.NOBODY)
    moves.end(request, Outcome.COMPLETED, now)
    moves.record(
        request, "completed", actor=MACHINE, now=now, data={"tries": delivery.tries, "repeated": answer.repeated}
    )
    moves.tell(request, News.COMPLETED, now=now)


@transaction.atomic
def _called_in_vain(request_id: UUID, problem: KeyturnError, *, doubted: bool, now: datetime, policy: Policy) -> None:
    """Keep what is known of the outcome, and see to it that somebody goes on (I8)."""
    request = moves.locked(request_id)
    delivery = Delivery.objects.select_for_update().get(request=request)
    if delivery.state == "done":
        return
    plan = sync_rules.plan_after(problem, tries=delivery.tries, key=delivery.key, now=now, policy=policy)
    sync.keep_problem(delivery, problem, plan, doubted=doubted)
    match plan.next:
        case Next.STAFF:
            found = Finding("S-03", "", Effect.REFER, {"code": problem.code})
            request.findings = [*(row for row in request.findings if row["rule"] != "S-03"), found.as_json()]
            request.promised_at = request.promised_at or now + timedelta(hours=policy.review_promise_hours)
            moves.move(request, Step.SYNC, Standing.STAFF)
            moves.record(request, "cis_rejected", actor=MACHINE, now=now, data={"code": problem.code})
        case Next.ENGINEER:
            moves.move(request, Step.SYNC, Standing.ENGINEER)
            moves.record(
                request, "gave_up", actor=MACHINE, now=now, data={"code": problem.code, "tries": delivery.tries}
            )
            log.error("gave up", code=problem.code, tries=delivery.tries)
        case _:
            queue.later("tell_cis", at=plan.at, request_id=str(request_id))


# ---------------------------------------------------------------- the identity check


@queue.job("check_identity", gave_up=moves.gave_up)
def check_identity_job(*, request_id: str, now: datetime) -> None:
    check_identity(request_id=UUID(request_id), now=now)


def check_identity(*, request_id: UUID, now: datetime) -> None:
    """Ask the outside check once for these details; whatever it says, the request goes on to `advance`."""
    request = Request.objects.get(pk=request_id)
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


# ---------------------------------------------------------------- messages


@queue.job("send_message")
def send_message_job(*, message_id: str, now: datetime) -> None:
    send_message(message_id=UUID(message_id), now=now, policy=moves.policy())


def send_message(*, message_id: UUID, now: datetime, policy: Policy) -> None:
    """Send one message; its id stays the same, so that a repeated sending can be told from a second message."""
    message = Message.objects.select_related("request__premise").filter(pk=message_id, state="due").first()
    if message is None:  # sent already, or forgotten with its draft
        return
    try:
        confirm.send(message, policy=policy)
    except (Unavailable, InDoubt, Rejected) as problem:
        _not_sent(message, problem, now=now, policy=policy)
    else:
        message.state, message.sent_at = "sent", now
        message.save(update_fields=["state", "sent_at"])


@transaction.atomic
def _not_sent(message: Message, problem: KeyturnError, *, now: datetime, policy: Policy) -> None:
    message.tries += 1
    if isinstance(problem, Rejected) or message.tries >= MESSAGE_TRIES:
        message.state = "failed"
        log.error("message failed", code=problem.code, channel=message.channel)
    else:
        at = now + sync_rules.wait(message.tries, str(message.pk), policy)
        queue.later("send_message", at=at, message_id=str(message.pk))
    message.save(update_fields=["tries", "state"])
