"""Is the CIS called now, or does what it must be told wait until it answers again, or until there is a place?

What waits has no job and costs nothing (`Delivery.parked_at`). One probe at a time asks a CIS that was left alone; once it
answers, what waits is let go at a bounded rate, the oldest first.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q

from keyturn.connectors.cis import known_as
from keyturn.records import cis_state
from keyturn.records.models import Delivery, Request
from keyturn.records.prepared import Asked, at_once
from keyturn.steps.sync import rules as sync_rules
from keyturn.steps.sync import step as sync
from keyturn.steps.sync.gate import rules
from keyturn.terms.cis import Cis
from keyturn.terms.errors import InDoubt, KeyturnError, Rejected, Unavailable
from keyturn.terms.policy import Policy
from keyturn.work import queue

log = structlog.get_logger("keyturn.gate")

PROBE, DRAIN = "probe_cis", "drain_cis"
SLOT = timedelta(milliseconds=100)
"""Jobs of one slot are put in the queue together."""


@dataclass(frozen=True, slots=True)
class Place:
    """One of the calls that may be under way at once (S-09), ours until `until`."""

    number: int
    until: datetime


def which() -> str:
    """The CIS of this installation, by the name under which its state and its calls are kept; for the doors."""
    return known_as()


def is_open() -> bool:
    """Whether nobody calls the CIS now (S-07)."""
    return cis_state.is_open(known_as())


def take_place(*, now: datetime, policy: Policy) -> Place | None:
    """Until the lease of the call is over, or it is given back by `called`. None: there is no place, or nobody calls now."""
    until = sync_rules.lease(now, policy)
    number = cis_state.take_place(known_as(), places=rules.places(policy), now=now, until=until)
    return None if number is None else Place(number, until)


def not_called(place: Place) -> None:
    """There was nothing to call for after all."""
    cis_state.give_back(known_as(), place.number, until=place.until)


def giving_back(place: Place) -> Asked[Any]:
    """`called` with an answer, as a statement to go with others; the last of its transaction, too."""
    return cis_state.giving_back_answered(known_as(), place.number, until=place.until)


def called(
    place: Place, problem: KeyturnError | None = None, *, now: datetime | None = None, policy: Policy | None = None
) -> None:
    """A call is over. The last thing in its transaction: the row of a failing CIS is one for all workers."""
    if problem is None or now is None or policy is None:
        at_once(giving_back(place))
        return
    cis_state.give_back(known_as(), place.number, until=place.until)
    heard(problem, now=now, policy=policy)


@transaction.atomic
def heard(problem: KeyturnError, *, now: datetime, policy: Policy) -> None:
    """Count a silence; where it is one too many, nobody calls any more until a probe is answered."""
    if not rules.is_silence(problem):
        cis_state.answered(known_as())
        return
    opened = cis_state.failed(
        known_as(), problem.code, now=now, opens=lambda failures: rules.leaves_alone(failures, policy)
    )
    if opened:
        log.error("the CIS does not answer and is left alone", code=problem.code)
        _probe_later(now=now, policy=policy)


def _probe_later(*, now: datetime, policy: Policy) -> None:
    queue.later(PROBE, at=rules.next_probe(known_as(), now, policy), once=PROBE)


def probe(asked: Cis, *, now: datetime, policy: Policy) -> bool:
    """Ask a CIS that was left alone whether it is back. False where it is not, or where nothing was to be asked."""
    if not cis_state.begin_probe(known_as(), now=now, until=sync_rules.lease(now, policy)):
        return False
    try:
        asked.ping()
    except (Unavailable, InDoubt, Rejected) as problem:
        _is_away(problem, now=now, policy=policy)
        return False
    _is_back(now=now, policy=policy)
    return True


@transaction.atomic
def _is_away(problem: KeyturnError, *, now: datetime, policy: Policy) -> None:
    cis_state.still_away(known_as(), problem.code, now=now)
    _probe_later(now=now, policy=policy)


@transaction.atomic
def _is_back(*, now: datetime, policy: Policy) -> None:
    """It is called again, on trial: the first call that it fails is one too many."""
    cis_state.is_back(known_as(), now=now, failures=rules.on_trial(policy))
    log.warning("the CIS answers again")
    queue.later(DRAIN, once=DRAIN)


def park(delivery: Delivery, *, now: datetime) -> None:
    """Let it wait without a job, and see to it that it is let go in its turn.

    Under the lock a drain has not begun to look for what waits, or is at its end: one whose job we see here, or that the
    probe which we do not see yet puts in the queue, sees this delivery.
    """
    cis_state.hold_parking()
    sync.park(delivery, now=now)
    if not is_open() and not queue.waits(DRAIN):
        queue.later(DRAIN, at=now + rules.DRAINED_EVERY, once=DRAIN)


@transaction.atomic
def drain(*, now: datetime, policy: Policy) -> int:
    """Let go some of what waits, and come back soon for the rest (S-08). How many."""
    cis_state.hold_parking(alone=True)
    if is_open():
        return 0
    before, taken = cis_state.last_turn(known_as())
    most = rules.at_a_time(policy, let_go=before, taken=taken)
    found = sync.waiting(most=most)
    slots: dict[timedelta, list[dict[str, str]]] = {}
    for each, wait in zip(found, rules.let_go([each.key for each in found], most), strict=True):
        slots.setdefault(wait // SLOT * SLOT, []).append({"request_id": str(each.request_id)})
    for wait, jobs in slots.items():
        queue.later_all("tell_cis", at=now + wait, each=jobs)
    Delivery.objects.filter(pk__in=[each.pk for each in found]).update(parked_at=None)
    if found or Delivery.objects.filter(parked_at__isnull=False).exists():  # what somebody holds is for the next turn
        queue.later(DRAIN, at=now + rules.DRAINED_EVERY, once=DRAIN)
    cis_state.note_turn(known_as(), let_go=len(found))
    return len(found)


def rescue(*, now: datetime, policy: Policy) -> int:
    """A probe or a drain whose job was lost is put in the queue again (I8). How many."""
    if is_open():
        if not queue.waits(PROBE):
            _probe_later(now=now, policy=policy)
            return 1
    elif Delivery.objects.filter(parked_at__isnull=False).exists() and not queue.waits(DRAIN):
        queue.later(DRAIN, once=DRAIN)
        return 1
    return 0


def make_sure(request: Request, *, now: datetime, policy: Policy) -> None:
    """Have the CIS asked, when the last call must have arrived, what it did for a request that ended without its answer."""
    # Where staff had it sent anew, its tries are counted from none again: those before may arrive yet.
    anew = Q(request__events__what__in=("retried", "sent_anew"))
    if Delivery.objects.filter(Q(tries__gt=0) | anew, request=request).exists():
        look_later(request.pk, looks=0, now=now, policy=policy)


def look_later(request_id: UUID, *, looks: int, now: datetime, policy: Policy) -> None:
    """Look for it again after `looks` looks, until the policy's window is over (S-06). When, stands on the delivery, too: a
    job can be lost."""
    wait = sync_rules.look_after(looks, policy)
    if wait is None:
        looked(request_id)
        return
    Delivery.objects.filter(request=request_id).update(next_try_at=now + wait)
    queue.later("undo_in_cis", at=now + wait, request_id=str(request_id), looks=looks)


def looked(request_id: UUID) -> None:
    """It need not be looked for again."""
    Delivery.objects.filter(request=request_id).update(next_try_at=None)
