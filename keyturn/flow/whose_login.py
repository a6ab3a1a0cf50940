"""Whose is a login that was given accounts of two persons while they were one file, and that nobody could tell at the undoing?"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.records.merge import locks
from keyturn.records.models import PersonMerge
from keyturn.steps.maintain.merge import rules, step
from keyturn.terms.errors import NotAllowed
from keyturn.terms.merging import Side
from keyturn.terms.request import Actor, Role


@transaction.atomic
def give_login(*, merge_id: UUID, user_id: str, side: str, is_supervisor: bool, actor: Actor, now: datetime) -> None:
    """The login is that of one of the two: it has the accounts again that it was given of theirs, and none of the other.

    NotAllowed("only_a_supervisor") (K-99), ("unknown_merge"), ("decided_already") where nothing of that login waits.
    """
    if actor.role != Role.STAFF or side not in list(Side):
        raise NotAllowed("unknown_merge")
    if not rules.is_undone_by(is_supervisor=is_supervisor):
        raise NotAllowed("only_a_supervisor")
    merge: Any = PersonMerge.objects.select_for_update().filter(pk=merge_id, state="undone").first()
    if merge is None:
        raise NotAllowed("unknown_merge")
    locks.hold_both(merge.survivor_id, merge.loser_id)
    if user_id not in (merge.kept or {}).get("left", {}).get("held", {}):
        raise NotAllowed("decided_already")
    if actor.ident == user_id:
        raise NotAllowed("own_request")
    step.give_login(merge, user_id, Side(side), actor=actor, now=now)
