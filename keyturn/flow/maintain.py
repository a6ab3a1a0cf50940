"""What may a signed-in customer do with what is on file about them?

A change is a request like any other: begun here with what stood on file, answered and submitted by the same verbs, and
then looked at by the machine (`paths.py` says how). Only a login with access to the account or person begins one.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.flow import moves
from keyturn.flow.customer import new_request
from keyturn.journeys import JOURNEYS, Kind
from keyturn.records.models import Account, Person, RedFlag, Request, User
from keyturn.records.queries import access, on_file
from keyturn.steps.confirm.rules import News
from keyturn.steps.decide.change import step as decide
from keyturn.steps.gather import step as gather
from keyturn.steps.verify import step as verify
from keyturn.steps.verify.change import step as verify_change
from keyturn.terms.access import allows
from keyturn.terms.errors import NotAllowed
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Outcome, Role
from keyturn.terms.slots import Conflict


def customer(user_id: Any, *, on_behalf_of: str = "") -> Actor:
    """A signed-in customer, as they are written into every event."""
    return Actor(Role.CUSTOMER, f"login:{user_id}", on_behalf_of)


@transaction.atomic
def begin_change(
    *,
    journey: str,
    user: User,
    account_id: UUID | None = None,
    person_id: UUID | None = None,
    answers: Mapping[str, Any] | None = None,
    language: str,
    now: datetime,
    policy: Policy,
) -> Request:
    """Open a draft about a person the login is, or an account it may manage; what stands on file is kept beside it.

    An open draft of the same kind about the same is taken up again. `answers` are those that the journey is given
    (which contact). NotAllowed("unknown_journey"), ("not_yours").
    """
    asked = JOURNEYS.get(journey)
    if asked is None or asked.kind is not Kind.CHANGE:
        raise NotAllowed("unknown_journey")
    account, person, on_behalf_of = _about(asked.needs, user, account_id, person_id, now)
    actor = customer(user.pk, on_behalf_of=on_behalf_of)
    given = {name: value for name, value in (answers or {}).items() if name in {each.name for each in asked.given}}
    found = _open_draft(journey, user, person, account, given)
    if found is not None:
        return found
    request = new_request(journey, actor=actor, channel="portal", language=language, now=now, policy=policy)
    request.user, request.person, request.account = user, person, account
    request.seen = on_file.slots(person, at=now)
    gather.take(request, {**_prefilled(request, asked.questions), **given})
    request.save(force_insert=True)
    moves.record(request, "begun", actor=actor, now=now)
    return request


def _about(
    needed: Any, user: User, account_id: UUID | None, person_id: UUID | None, now: datetime
) -> tuple[Account | None, Person, str]:
    """The account and person that a change is about, and for whom the login acts where it is not for itself."""
    if account_id is None:
        own = access.own_persons(user.pk, at=now)
        person = next((each for each in own if person_id is None or each.pk == person_id), None)
        if person is None:
            raise NotAllowed("not_yours")
        return None, person, ""
    seen = access.to_account(user.pk, account_id, at=now)
    if seen is None or not allows(seen.level, needed):
        raise NotAllowed("not_yours")
    main = Person.objects.get(
        accounts__account_id=account_id, accounts__is_main=True, accounts__valid_to=None, accounts__superseded_at=None
    )
    return seen.account, main, "" if seen.is_own and seen.person == main else f"person:{main.pk}"


def _open_draft(
    journey: str, user: User, person: Person, account: Account | None, given: Mapping[str, Any]
) -> Request | None:
    drafts = Request.objects.filter(
        journey=journey, user=user, person=person, account=account, submitted_at=None, standing="customer"
    )
    return next((each for each in drafts if all(each.answers.get(k) == v for k, v in given.items())), None)


def _prefilled(request: Request, questions: Collection[str]) -> dict[str, Any]:
    """What stands on file, as answers: nobody types again what we know (WCAG 3.3.7)."""
    seen = request.seen
    found: dict[str, Any] = {"kind": request.person.kind} if request.person else {}
    for slot, value in seen.items():
        kind, _, rest = slot.partition(".")
        if kind in ("name", "detail"):
            found[rest] = value
        if kind == "preference":
            topic, _, channel = rest.partition(".")
            chosen = found.setdefault(f"about_{topic}", [])
            chosen += [channel] if value == "on" else []
    return {name: value for name, value in found.items() if name in questions and value not in ("", None)}


@transaction.atomic
def proved_again(*, request_id: UUID, actor: Actor, now: datetime) -> Request:
    """The door has seen the customer prove once more that it is they (a password, a code, a passkey)."""
    request = moves.locked(request_id)
    moves.customers_turn(request, actor, now=now)
    verify_change.proved_again(request, actor=actor, now=now)
    moves.record(request, "proved_again", actor=actor, now=now)
    return request


def differences(*, request: Request, now: datetime) -> tuple[Conflict, ...]:
    """What somebody else changed since the customer looked, in the very values that they want changed (ER-25)."""
    return decide.merged(request, now=now).conflicts


def shown(conflict: Conflict) -> str:
    """A digest of what is there now: by it the page says which state its reader decided about."""
    return hashlib.sha256(json.dumps(conflict.now, sort_keys=True, default=str).encode()).hexdigest()[:16]


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
    request.seen = seen
    moves.record(request, "kept_mine", actor=actor, now=now, data={"count": len(slots)})
    return request


@transaction.atomic
def stop(*, token: str, now: datetime) -> Request | None:
    """Whoever was told of a coming change says that it was not they: it is not made, and staff look at it (BR-62).

    None where the link holds no more.
    """
    found = verify.resting(token, now=now)
    if found is None:
        return None
    request = moves.locked(found.pk)
    if request.standing != "calendar":
        return None
    moves.end(request, Outcome.REFUSED, now)
    RedFlag.objects.create(
        trigger="stopped",
        request=request,
        person=request.person,
        account=request.account,
        user=request.user,
        opened_at=now,
    )
    moves.tell(request, News.CHANGE_STOPPED, now=now)
    moves.record(request, "stopped", actor=Actor(Role.CUSTOMER, "stop_link"), now=now)
    return request


def would_rest(policy: Policy, families: Collection[str]) -> timedelta | None:
    """How long such a change rests before it is made; None: it does not."""
    rests = any(policy.change_risk.get(each) == "cool_off" for each in families)
    return timedelta(hours=policy.cooling_off_hours) if rests else None
