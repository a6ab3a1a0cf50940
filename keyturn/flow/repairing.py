"""Who may have many differences with the CIS put right at once, and how is it done?

One thing is one person's. Of many, one member of staff proposes it and a supervisor, another, agrees (quality.md section 4);
then a job, or who sits at the terminal, goes through them. Each is looked at again before anything is written.
"""

from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction

from keyturn.flow import counting, gate, moves, reconciling
from keyturn.records import acts
from keyturn.records.models import BulkRepair, Drift
from keyturn.records.queries import reconciliation
from keyturn.steps.maintain.inbound import rules
from keyturn.steps.maintain.inbound.drift import KINDS
from keyturn.terms.errors import KeyturnError, NotAllowed
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role
from keyturn.work import queue

log = structlog.get_logger("keyturn.repairing")

AT_ONCE = 50


@transaction.atomic
def propose_repair(*, run_id: UUID, kind: str, actor: Actor, now: datetime) -> BulkRepair:
    """Say that everything of this kind that a comparison found should be put right.

    NotAllowed("unknown_repair"), ("not_the_newest"), ("nothing_to_repair"), ("proposed_already").
    """
    run = reconciliation.newest()
    if actor.role != Role.STAFF or kind not in KINDS or run is None:
        raise NotAllowed("unknown_repair")
    if run.pk != run_id:
        raise NotAllowed("not_the_newest")
    number = reconciliation.left(run_id, kind)
    if not number:
        raise NotAllowed("nothing_to_repair")
    try:
        with transaction.atomic():
            repair = BulkRepair.objects.create(
                reconciliation=run, kind=kind, number=number, proposed_by=actor.origin, proposed_at=now
            )
    except IntegrityError:
        raise NotAllowed("proposed_already") from None
    _note(repair, "repair_proposed", actor, now)
    return repair


@transaction.atomic
def agree_repair(
    *, repair_id: UUID, is_supervisor: bool, by_job: bool = True, actor: Actor, now: datetime
) -> BulkRepair:
    """The second pair of eyes agrees; with `by_job` the worker puts them right from now on.

    NotAllowed (K-38): ("own_proposal"), ("only_a_supervisor"); ("unknown_repair"), ("decided_already"), ("not_the_newest"),
    ("changed_meanwhile") where more has been found since it was proposed.
    """
    repair = _proposed(repair_id, actor)
    if code := rules.who_agrees(proposed_by=repair.proposed_by, who=actor.origin, is_supervisor=is_supervisor):
        raise NotAllowed(code)
    newest = reconciliation.newest()
    if newest is None or newest.pk != repair.reconciliation_id:
        raise NotAllowed("not_the_newest")
    if reconciliation.left(repair.reconciliation_id, repair.kind) > repair.number:
        raise NotAllowed("changed_meanwhile")
    _decide(repair, "agreed", actor, now)
    if by_job:
        queue.later("repair_drift", repair_id=str(repair.pk))
    return repair


@transaction.atomic
def refuse_repair(*, repair_id: UUID, actor: Actor, now: datetime) -> BulkRepair:
    """It is not to be done so. Who proposed it takes it back in this way, too."""
    repair = _proposed(repair_id, actor)
    _decide(repair, "refused", actor, now)
    return repair


def repair_one(*, drift_id: UUID, actor: Actor, now: datetime, policy: Policy) -> str:
    """Put one thing right; how it stands then (`repair_drift`). NotAllowed("unknown_repair"). Raises what the CIS raises."""
    drift = Drift.objects.filter(pk=drift_id, state="found").first()
    if drift is None or actor.role != Role.STAFF:
        raise NotAllowed("unknown_repair")
    try:
        return reconciling.repair_drift(drift.pk, actor=actor, now=now, policy=policy)
    finally:
        counting.keep_counts()


def repair_agreed(
    *, repair_id: UUID, after: str = "", most: int = AT_ONCE, now: datetime, policy: Policy
) -> tuple[Counter[str], str]:
    """Put the next of these right: how many became what, and behind which the next begin ("": there are none).

    NotAllowed("not_agreed"). Raises what the CIS raises, with nothing lost: what is done is not done again.
    """
    repair = BulkRepair.objects.filter(pk=repair_id).first()
    if repair is None or repair.state != "agreed":
        raise NotAllowed("not_agreed")
    role, _, ident = repair.decided_by.partition(":")
    found = Drift.objects.filter(reconciliation=repair.reconciliation_id, kind=repair.kind, state="found").order_by(
        "pk"
    )
    some = list((found.filter(pk__gt=UUID(after)) if after else found).values_list("pk", flat=True)[:most])
    became = Counter(
        reconciling.repair_drift(each, actor=Actor(Role(role), ident), now=now, policy=policy) for each in some
    )
    return became, str(some[-1]) if len(some) == most else ""


@queue.job("repair_drift")
def repair_drift_job(*, repair_id: str, now: datetime, after: str = "") -> None:
    """Some of them; then a job for the next ones. A CIS that is away is waited for."""
    if gate.is_open():
        queue.later("repair_drift", at=now + reconciling.TRIED_AGAIN, repair_id=repair_id, after=after)
        return
    try:
        _, behind = repair_agreed(repair_id=UUID(repair_id), after=after, now=now, policy=moves.policy())
    except NotAllowed:
        return  # the report is forgotten
    except KeyturnError as problem:
        log.warning("the repairs pause", code=problem.code)
        queue.later("repair_drift", at=now + reconciling.TRIED_AGAIN, repair_id=repair_id, after=after)
        return
    if behind:
        queue.later("repair_drift", repair_id=repair_id, after=behind)


def _proposed(repair_id: UUID, actor: Actor) -> BulkRepair:
    repair = BulkRepair.objects.select_for_update().filter(pk=repair_id).first()
    if repair is None or actor.role != Role.STAFF:
        raise NotAllowed("unknown_repair")
    if repair.state != "proposed":
        raise NotAllowed("decided_already")
    return repair


def _decide(repair: BulkRepair, state: str, actor: Actor, now: datetime) -> None:
    repair.state, repair.decided_by, repair.decided_at = state, actor.origin, now
    repair.save(update_fields=["state", "decided_by", "decided_at"])
    _note(repair, f"repair_{state}", actor, now)


def _note(repair: Any, what: str, actor: Actor, now: datetime) -> None:
    data = {"repair": str(repair.pk), "kind": repair.kind, "number": repair.number}
    acts.note(subject=f"reconciliation:{repair.reconciliation_id}", what=what, actor=actor, now=now, data=data)
