"""How does a message go out: a mail, a text, a letter? It was committed with what caused it; here a job sends it."""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from keyturn.flow import moves
from keyturn.records.models import Message
from keyturn.records.prepared import Asked, Prepared, at_once
from keyturn.steps.confirm import step as confirm
from keyturn.steps.sync import rules as sync_rules
from keyturn.terms.errors import InDoubt, KeyturnError, Rejected, Unavailable
from keyturn.terms.policy import Policy
from keyturn.work import queue

log = structlog.get_logger("keyturn.messages")

TRIES = 8


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
    message = _due.first(pk=message_id)
    if message is None:  # sent already, or forgotten with its draft
        return
    if confirm.is_stopped(message):
        Message.objects.filter(pk=message.pk, state="due").update(state="stopped")
        return
    try:
        confirm.send(message, policy=policy)
    except (Unavailable, InDoubt, Rejected) as problem:
        _not_sent(message, problem, now=now, policy=policy)
    else:
        at_once(
            Asked(_SENT, [now, message.pk], list)
        )  # not `save`: it may have been forgotten with its draft meanwhile


_due = Prepared(lambda pk: Message.objects.select_related("request__premise").filter(pk=pk, state="due"))
_SENT = "UPDATE message SET state = 'sent', sent_at = %s WHERE id = %s"


@transaction.atomic
def _not_sent(message: Message, problem: KeyturnError, *, now: datetime, policy: Policy) -> None:
    message.tries += 1
    if isinstance(problem, Rejected) or message.tries >= TRIES:
        message.state = "failed"
        log.error("message failed", code=problem.code, channel=message.channel)
    else:
        at = now + sync_rules.wait(message.tries, str(message.pk), policy)
        queue.later("send_message", at=at, message_id=str(message.pk))
    Message.objects.filter(pk=message.pk, state="due").update(tries=message.tries, state=message.state)
