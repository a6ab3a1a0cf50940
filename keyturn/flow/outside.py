"""How is the outside world spoken to: the CIS, the identity check, the messages?

Three short parts each: note that we are about to call (commit), call with no transaction open and no row locked, note
what came of it (commit). Whoever dies in between is followed by another, who asks before acting again (I3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from keyturn.connectors.cis import cis
from keyturn.connectors.identity_check import identity_check
from keyturn.flow import claims, moves
from keyturn.flow.paths import way_of
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
    try:
        known = cis().find(started.key) if started.look_up else None
        if known and not known.names_what(started.command):
            raise InDoubt("unreadable_answer")
        answer = known or cis().send(started.command, key=started.key)
    except (Unavailable, InDoubt, Rejected) as problem:
        _called_in_vain(request_id, problem, started, now=now, policy=policy)
    else:
        _answered(request_id, answer, now=now)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is about to be made. `number` tells it from another worker's, made when this one's lease was over."""

    key: str
    command: Command
    look_up: bool
    number: int


@transaction.atomic
def _about_to_call(request_id: UUID, *, now: datetime, policy: Policy) -> Call | None:
    """Note the intent and take the lease. None: there is nothing to do now."""
    request = moves.locked(request_id)
    delivery = Delivery.objects.select_for_update().filter(request=request).first()
    if delivery is None or request.step != Step.SYNC or request.standing != Standing.MACHINE:
        return None
    if not way_of(request).is_told(request):
        _complete(request, delivery, Answer(), now=now)
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
    delivery.save(update_fields=["state", "tries", "leased_until"])
    return Call(delivery.key, way_of(request).command(request, policy), look_up, delivery.tries)


@transaction.atomic
def _answered(request_id: UUID, answer: Answer, *, now: datetime) -> None:
    """Keep the CIS's references; the request is complete.

    Not where somebody has decided meanwhile: what the CIS did is found again when it is asked next.
    """
    request = moves.locked(request_id)
    delivery = Delivery.objects.select_for_update().get(request=request)
    if delivery.state == "done" or request.standing != Standing.MACHINE:
        return
    _complete(request, delivery, answer, now=now)


def _complete(request: Request, delivery: Delivery, answer: Answer, *, now: datetime) -> None:
    way_of(request).keep(request, delivery, answer, now=now)
    moves.move(request, Step.CONFIRM, Standing.NOBODY)
    moves.end(request, Outcome.COMPLETED, now)
    moves.record(
        request, "completed", actor=MACHINE, now=now, data={"tries": delivery.tries, "repeated": answer.repeated}
    )
    claims.link_follower(request, now=now, policy=moves.policy())
    moves.tell(request, News.COMPLETED, now=now)


@transaction.atomic
def _called_in_vain(request_id: UUID, problem: KeyturnError, call: Call, *, now: datetime, policy: Policy) -> None:
    """Keep what is known of the outcome, and see to it that somebody goes on (I8); whoever was overtaken knows nothing."""
    request = moves.locked(request_id)
    delivery = Delivery.objects.select_for_update().get(request=request)
    if delivery.state != "sent" or delivery.tries != call.number or request.standing != Standing.MACHINE:
        return
    plan = sync_rules.plan_after(problem, tries=delivery.tries, key=delivery.key, now=now, policy=policy)
    sync.keep_problem(delivery, problem, plan, doubted=call.look_up)
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


# ---------------------------------------------------------------- what the CIS did for a request that came to nothing


def make_sure(request: Request, *, now: datetime, policy: Policy) -> None:
    """Have the CIS asked, when the last call must have arrived, whether it served a request that has ended unserved."""
    if Delivery.objects.filter(request=request, tries__gt=0).exists():
        queue.later("undo_in_cis", at=now + sync_rules.arrived_after(policy), request_id=str(request.pk))


def undo_gave_up(*, request_id: str, now: datetime, problem: str, tries: int = 0) -> None:
    """Looking for it failed for a reason that nobody foresaw: somebody must look in the CIS."""
    _after_the_end(UUID(request_id), "left_in_cis", now=now, data={"code": problem})


@queue.job("undo_in_cis", gave_up=undo_gave_up)
def undo_in_cis_job(*, request_id: str, now: datetime, tries: int = 0) -> None:
    undo_in_cis(request_id=UUID(request_id), tries=tries, now=now, policy=moves.policy())


def undo_in_cis(*, request_id: UUID, tries: int = 0, now: datetime, policy: Policy) -> None:
    """Cancel what a call in doubt did after all (S-06). `tries` counts how often the CIS did not answer."""
    request = Request.objects.select_related("delivery").get(pk=request_id)
    if request.standing != Standing.NOBODY or request.outcome == Outcome.COMPLETED:
        return
    try:
        done = cis().find(request.delivery.key)
        if done is None:
            return
        cis().send(way_of(request).undoing(request, done), key=sync_rules.key_to_undo(request.reference))
    except (Unavailable, InDoubt, Rejected) as problem:
        if isinstance(problem, Rejected) or tries >= policy.cis_tries:
            log.error("left in the CIS", code=problem.code, tries=tries)
            _after_the_end(request_id, "left_in_cis", now=now, data={"code": problem.code})
            return
        at = now + sync_rules.wait(tries + 1, request.delivery.key, policy)
        queue.later("undo_in_cis", at=at, request_id=str(request_id), tries=tries + 1)
    else:
        _after_the_end(request_id, "undone_in_cis", now=now, data={})


@transaction.atomic
def _after_the_end(request_id: UUID, what: str, *, now: datetime, data: Mapping[str, Any]) -> None:
    """Write it down, once."""
    request = moves.locked(request_id)
    if not request.events.filter(what=what).exists():
        moves.record(request, what, actor=MACHINE, now=now, data=data)


# ---------------------------------------------------------------- the identity check


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


# ---------------------------------------------------------------- messages


@transaction.atomic
def message_gave_up(*, message_id: str, now: datetime, problem: str) -> None:
    """Writing or sending it failed for a reason that nobody foresaw: it shows as failed, and is not tried again."""
    if Message.objects.filter(pk=message_id, state="due").update(state="failed"):
        log.error("message failed", code=problem)


@queue.job("send_message", gave_up=message_gave_up)
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
        # Not `save`: it may have been forgotten with its draft meanwhile.
        Message.objects.filter(pk=message.pk).update(state="sent", sent_at=now)


@transaction.atomic
def _not_sent(message: Message, problem: KeyturnError, *, now: datetime, policy: Policy) -> None:
    message.tries += 1
    if isinstance(problem, Rejected) or message.tries >= MESSAGE_TRIES:
        message.state = "failed"
        log.error("message failed", code=problem.code, channel=message.channel)
    else:
        at = now + sync_rules.wait(message.tries, str(message.pk), policy)
        queue.later("send_message", at=at, message_id=str(message.pk))
    Message.objects.filter(pk=message.pk, state="due").update(tries=message.tries, state=message.state)
