"""What is done when nobody asks: drafts that nobody came back to, jobs that were lost, a day that has begun?"""

from datetime import datetime, timedelta

import structlog
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import OuterRef, Subquery

from keyturn.connectors import cis
from keyturn.flow import duplicates, gate, moves, taking_back
from keyturn.journeys.link_account import LINK_ACCOUNT
from keyturn.records import dated, person_index
from keyturn.records.bulk import persons
from keyturn.records.models import Delivery, Event, Message, Request
from keyturn.records.queries.deliveries import STATES
from keyturn.steps.confirm.rules import News
from keyturn.steps.maintain.calendar import turn_agreements
from keyturn.terms.days import local_date
from keyturn.terms.policy import Policy
from keyturn.terms.request import MACHINE, Outcome, Standing, Step
from keyturn.work import queue

log = structlog.get_logger("keyturn.upkeep")

LOST_AFTER = timedelta(seconds=30)
BATCH = 500
TURNED_WITHIN = timedelta(days=8)
"""A worker that was away for a week still finds what began meanwhile; to look again does no harm."""


@queue.job("expire")
def expire_job(*, now: datetime) -> None:
    expire(now=now)
    forget_sessions(now=now)


def expire(*, now: datetime) -> int:
    """End what waited for its customer until its time was over, and forget what was typed. Returns how many."""
    due = Request.objects.filter(standing=Standing.CUSTOMER, due_at__lte=now).order_by("due_at", "id")
    return sum(_expire_alone(pk, now=now) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


def _expire_alone(pk: object, *, now: datetime) -> int:
    """One that cannot be ended keeps nobody else's time from being over; it is tried again at the next turn."""
    try:
        return _expire_one(pk, now=now)
    except Exception as error:
        log.error("not expired", request=str(pk), exc_info=error)
        return 0


def forget_sessions(*, now: datetime) -> int:
    """Delete sessions that are over, with what waits in them for somebody who never came back. Returns how many."""
    gone, _by_table = Session.objects.filter(expire_date__lt=now).delete()
    return gone


@transaction.atomic
def _expire_one(pk: object, *, now: datetime) -> int:
    request = (
        Request.objects.select_for_update(skip_locked=True)
        .filter(pk=pk, standing=Standing.CUSTOMER, due_at__lte=now)
        .first()
    )
    if request is None:
        return 0
    moves.end(request, Outcome.EXPIRED, now)
    if request.step in moves.DRAFT:
        moves.forget(request)
    data = taking_back.take_back(request, actor=MACHINE, now=now, policy=moves.policy())
    gate.make_sure(request, now=now, policy=moves.policy())
    if request.submitted_at:
        moves.tell(request, News.EXPIRED, now=now)
    moves.record(request, "expired", actor=MACHINE, now=now, data=data)
    taking_back.list_untold(request, now=now)
    return 1


@queue.job("wake")
def wake_job(*, now: datetime) -> None:
    wake(now=now)


def wake(*, now: datetime) -> int:
    """Let requests whose pause is over go on. Returns how many."""
    due = Request.objects.filter(standing=Standing.CALENDAR, due_at__lte=now).order_by("due_at", "id")
    return sum(_wake_one(pk, now=now) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


@transaction.atomic
def _wake_one(pk: object, *, now: datetime) -> int:
    waiting = Request.objects.select_for_update(skip_locked=True)
    request = waiting.filter(pk=pk, standing=Standing.CALENDAR, due_at__lte=now).first()
    if request is None:
        return 0
    moves.move(request, Step.MATCH, Standing.MACHINE)
    moves.record(request, "woken", actor=MACHINE, now=now)
    queue.later("advance", request_id=str(request.pk))
    return 1


@queue.job("rescue")
def rescue_job(*, now: datetime) -> None:
    rescue(now=now)


def rescue(*, now: datetime) -> int:
    """Put a job in the queue for whatever is the machine's, has rested too long and has none (I8).

    It looks at the queue, so that a long queue is not made longer. Returns how many; doubles would do no harm.
    """
    lost = _rescue_requests(now) + _rescue_messages(now) + _rescue_claims(now) + _rescue_looks(now)
    return lost + gate.rescue(now=now, policy=moves.policy())


def _rescue_claims(now: datetime) -> int:
    """Claims that nobody has looked for yet: they wait for their customer, who would wait for a code in vain."""
    waiting = Request.objects.filter(
        journey=LINK_ACCOUNT.name, standing=Standing.CUSTOMER, step=Step.VERIFY, updated_at__lt=now - LOST_AFTER,
        updated_at__gt=now - timedelta(days=1),
    )  # fmt: skip
    newest = Event.objects.filter(request=OuterRef("pk"), what__in=("claim_sent", "looked_for")).order_by("-number")
    lost = waiting.annotate(last=Subquery(newest.values("what")[:1])).filter(last="claim_sent")
    found = list(lost.exclude(queue.has_job("request_id", OuterRef("pk"))).values_list("pk", flat=True)[:BATCH])
    for pk in found:
        queue.later("find_account", once=f"rescue:{pk}", request_id=str(pk))
    return len(found)


def _rescue_requests(now: datetime) -> int:
    resting = Request.objects.filter(standing=Standing.MACHINE, updated_at__lt=now - LOST_AFTER)
    jobless = resting.exclude(delivery__parked_at__isnull=False)  # it has its turn (`gate.drain`)
    lost = jobless.exclude(queue.has_job("request_id", OuterRef("pk"))).order_by("updated_at", "id")
    found = list(lost.values_list("pk", "step")[:BATCH])
    for pk, step in found:
        name = "tell_cis" if step == Step.SYNC else "advance"
        queue.later(name, once=f"rescue:{pk}", request_id=str(pk))
    return len(found)


def _rescue_looks(now: datetime) -> int:
    """What the CIS may have done after all for a request that is over is looked for again when it is time (S-06, S-17)."""
    due = Delivery.objects.filter(
        state__in=STATES, next_try_at__lt=now - LOST_AFTER, request__standing=Standing.NOBODY
    )  # by its index
    lost = due.exclude(queue.has_job("request_id", OuterRef("request_id"))).order_by("next_try_at", "id")
    found = list(lost.values_list("request_id", flat=True)[:BATCH])
    for pk in found:
        queue.later("undo_in_cis", once=f"rescue:{pk}", request_id=str(pk))
    return len(found)


def _rescue_messages(now: datetime) -> int:
    due = Message.objects.filter(state="due", created_at__lt=now - LOST_AFTER)
    lost = due.exclude(queue.has_job("message_id", OuterRef("pk"))).order_by("created_at", "id")
    found = list(lost.values_list("pk", flat=True)[:BATCH])
    for pk in found:
        queue.later("send_message", once=f"rescue:{pk}", message_id=str(pk))
    return len(found)


@queue.job("turn_day")
def turn_day_job(*, now: datetime) -> None:
    turn_day(now=now, policy=moves.policy())


def turn_day(*, now: datetime, policy: Policy) -> int:
    """Let agreements start and end that do so today, by the utility's own calendar; how many changed in the registry.

    The reference CIS does its nightly run; another CIS has its own.
    """
    today = local_date(now, policy)
    _find_by_what_holds(now)
    cis.activate_due(today)
    return turn_agreements(today)


def _find_by_what_holds(now: datetime) -> None:
    """Names, contacts and addresses that were planned for a day: those persons are found by them from that day on."""
    for person_id in sorted(persons.turned(since=now - TURNED_WITHIN, until=now)):
        with transaction.atomic():
            dated.hold(persons=[person_id])
            before = person_index.of_person(person_id)
            persons.reindex([person_id], now=now)
            if person_index.of_person(person_id) != before:
                duplicates.look_later([person_id])
