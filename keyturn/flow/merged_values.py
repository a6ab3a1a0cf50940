"""How does the CIS learn which values hold for the one file that two have become, and for the two that one has?

By a request of its own that follows when the CIS has made them one, or two: an update under its own key, after it in order.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keyturn.flow import machine, moves
from keyturn.flow.customer import new_request
from keyturn.journeys.merge_persons import MERGED_VALUES
from keyturn.records.models import PersonMerge
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role
from keyturn.work import queue


@queue.job("tell_merged_values")
def tell_merged_values_job(*, merge_id: str, now: datetime) -> None:
    tell_merged_values(merge_id=UUID(merge_id), now=now, policy=moves.policy())


@transaction.atomic
def tell_merged_values(*, merge_id: UUID, now: datetime, policy: Policy) -> bool:
    """Have the CIS told, once after the merge and once after its undoing; False where there is nothing to tell it."""
    merge = PersonMerge.objects.select_for_update(of=("self",)).select_related("survivor").get(pk=merge_id)
    kept = merge.kept or {}
    fields, told = kept.get("chosen", ()), list(kept.get("told", ()))
    if not (fields and merge.survivor.ref) or (merge.state, told) not in (("done", []), ("undone", ["done"])):
        return False
    by = merge.decided_by if merge.state == "done" else merge.undone_by
    actor = Actor(Role.STAFF, by.partition(":")[2])
    request = new_request(
        MERGED_VALUES.name, actor=actor, channel="console", language=merge.survivor.language, now=now, policy=policy
    )
    request.person = merge.survivor
    request.answers = {"merge": str(merge.pk), "fields": list(fields)}
    moves.begin(request, actor=actor, now=now)
    moves.hand_in(request, actor=actor, now=now)
    merge.kept = {**kept, "told": [*told, merge.state]}
    merge.save(update_fields=["sealed_kept"])
    machine.advance(request_id=request.pk, now=now, policy=policy)
    return True
