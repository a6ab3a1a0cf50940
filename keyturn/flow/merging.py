"""What if somebody else changed the same value meanwhile? What there is to choose, and what the customer chose (ER-25)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.flow import moves
from keyturn.journeys import JOURNEYS
from keyturn.records.models import Request
from keyturn.records.queries import on_file
from keyturn.steps.decide.change import step as decide
from keyturn.steps.gather import step as gather
from keyturn.terms.request import Actor, Outcome
from keyturn.terms.slots import Conflict, Wish


def differences(*, request: Request, now: datetime) -> tuple[Conflict, ...]:
    """What somebody else changed since the customer looked, in the very values that they want changed (ER-25)."""
    return decide.merged(request, now=now).conflicts


def shown(conflict: Conflict) -> str:
    """A digest of what is there now: by it the page says which state its reader decided about."""
    return hashlib.sha256(json.dumps(conflict.now, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Compared:
    """One value that a change is about. `state`: "wanted", "conflict" (changed by somebody else meanwhile), "done"."""

    slot: str
    family: str
    seen: Any = field(repr=False)
    now: Any = field(repr=False)
    wanted: Any = field(repr=False)
    state: str = "wanted"
    from_day: str = ""
    to_day: str = ""


def comparison(*, request: Request, now: datetime) -> tuple[Compared, ...]:
    """For staff: what was there when the customer looked, what is on file now, and what they want, value by value.

    Of a change that was made or has ended, what was asked; its `now` is today's.
    """
    if request.person is None:
        return ()
    wishes = JOURNEYS[request.journey].wishes(request.answers, request.seen)
    there, together = on_file.slots(request.person, at=now), decide.merged(request, now=now)
    states = {each.slot: "conflict" for each in together.conflicts} | dict.fromkeys(together.done, "done")
    return tuple(_compared(each, request.seen, there, states.get(each.slot, "wanted")) for each in wishes)


def _compared(wish: Wish, seen: Mapping[str, Any], there: Mapping[str, Any], state: str) -> Compared:
    return Compared(
        wish.slot, wish.family, seen.get(wish.slot), there.get(wish.slot), wish.value, state, wish.from_day, wish.to_day
    )


@transaction.atomic
def keep_mine(*, request_id: UUID, slots: Mapping[str, str], actor: Actor, now: datetime) -> Request:
    """The customer has seen what somebody else wrote, and wants theirs all the same. `slots`: each with `shown` of it.

    What has changed once more since they looked stays a conflict.
    """
    request = moves.locked(request_id)
    moves.customers_turn(request, actor, now=now)
    seen = dict(request.seen)
    for each in differences(request=request, now=now):
        if slots.get(each.slot) == shown(each):
            seen[each.slot] = each.now
            if each.now is None and each.slot == f"contact.{request.answers.get('contact_id')}":
                gather.take(request, {"contact_id": "new"})  # it was removed: theirs is one more
    request.seen = seen
    moves.record(request, "kept_mine", actor=actor, now=now, data={"count": len(slots)})
    return request


@transaction.atomic
def keep_theirs(*, request_id: UUID, slots: Mapping[str, str], actor: Actor, now: datetime) -> Request:
    """The customer takes what somebody else wrote, and no longer asks for theirs. `slots`: each with `shown` of it.

    A request that then asks for nothing is withdrawn.
    """
    request = moves.locked(request_id)
    moves.customers_turn(request, actor, now=now)
    chosen = [each for each in differences(request=request, now=now) if slots.get(each.slot) == shown(each)]
    # As if it stood there already, a wish is none.
    request.seen = {**request.seen, **{each.slot: each.wish for each in chosen}}
    _leave_out(request, {each.slot for each in chosen})
    wishes = JOURNEYS[request.journey].wishes(request.answers, request.seen)
    moves.record(request, "kept_theirs", actor=actor, now=now, data={"count": len(chosen)})
    if chosen and not {each.slot for each in wishes} - {each.slot for each in chosen}:
        moves.end(request, Outcome.WITHDRAWN, now)
        if not request.submitted_at:
            moves.forget(request)
        moves.record(request, "withdrawn", actor=actor, now=now)
    return request


def _leave_out(request: Request, slots: set[str]) -> None:
    """Accounts whose mailing address is to stay as somebody else wrote it, from a later day too."""
    scopes = {each.split(".")[1] for each in slots if each.startswith(("mailing.", "season."))}
    accounts = request.answers.get("accounts") or []
    if scopes & set(accounts) and set(accounts) - scopes:
        gather.take(request, {"accounts": [each for each in accounts if each not in scopes]})
