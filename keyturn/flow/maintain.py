"""What may a signed-in customer do with what is on file about them?

A change is a request like any other: begun here with what stood on file, answered and submitted by the same verbs, and
then looked at by the machine (`paths.py` says how). Only a login with access to the account or person begins one.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.flow import moves
from keyturn.flow.customer import new_request
from keyturn.journeys import JOURNEYS, Kind
from keyturn.journeys.changes.change_mailing_address import CHANGE_MAILING_ADDRESS
from keyturn.journeys.journey import Journey
from keyturn.records.models import Account, Person, RedFlag, Request, User
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import access, groups, on_file, shelter
from keyturn.steps.confirm.change import step as confirm_change
from keyturn.steps.confirm.rules import News
from keyturn.steps.decide.change import rules
from keyturn.steps.decide.change import step as decide
from keyturn.steps.gather import step as gather
from keyturn.steps.verify import step as verify
from keyturn.steps.verify.change import step as verify_change
from keyturn.terms.errors import NotAllowed
from keyturn.terms.finding import Effect
from keyturn.terms.levels import Level, allows
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Outcome, Role


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
    if asked is None or asked.kind not in (Kind.CHANGE, Kind.DELEGATE, Kind.PRIVACY, Kind.CARE):
        raise NotAllowed("unknown_journey")
    account, person, on_behalf_of = _about(journey, asked.needs, user, account_id, person_id, now)
    if on_behalf_of and asked.about == "person" and asked.needs is Level.OWNER:
        raise NotAllowed("not_yours")  # who somebody is, only they themselves say; nobody else is shown it either
    actor = customer(user.pk, on_behalf_of=on_behalf_of)
    given = {name: value for name, value in (answers or {}).items() if name in {each.name for each in asked.given}}
    if given.get("group_id") and not groups.exists(given["group_id"]):
        raise NotAllowed("not_yours")
    found = _open_draft(asked, user, person, account, given)
    if found is not None:
        return found
    request = new_request(journey, actor=actor, channel="portal", language=language, now=now, policy=policy)
    request.user, request.person, request.account = user, person, account
    request.seen = on_file.slots(person, at=now)
    gather.take(request, {**given, **_prefilled(request, asked.questions, given)})
    moves.begin(request, actor=actor, now=now)
    return request


def _about(
    journey: str, needed: Any, user: User, account_id: UUID | None, person_id: UUID | None, now: datetime
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
    main = Person.objects.get(holds_at(now, "accounts"), accounts__account_id=account_id, accounts__is_main=True)
    if not seen.is_own and journey == CHANGE_MAILING_ADDRESS.name and shelter.is_protected(main.pk, at=now):
        raise NotAllowed("not_yours")  # it would show where they live (C.20)
    return seen.account, main, "" if seen.is_own and seen.person == main else f"person:{main.pk}"


def _open_draft(
    journey: Journey, user: User, person: Person, account: Account | None, given: Mapping[str, Any]
) -> Request | None:
    """One that was given the same: a draft about a group of accounts is not gone on with for one of them alone."""
    drafts = Request.objects.filter(
        journey=journey.name, user=user, person=person, account=account, submitted_at=None, standing="customer"
    )
    names = {each.name for each in journey.given}
    return next(
        (each for each in drafts if all((each.answers.get(k) or "") == (given.get(k) or "") for k in names)), None
    )


def _prefilled(request: Request, questions: Collection[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """What stands on file, as answers: nobody types again what we know (WCAG 3.3.7).

    An e-mail address is left to be typed: the one that is proved next is the new one.
    """
    seen = request.seen
    found: dict[str, Any] = {"kind": request.person.kind} if request.person else {}
    for slot, value in seen.items():
        kind, _, rest = slot.partition(".")
        if kind in ("name", "detail"):
            found[rest] = value
        if slot == f"contact.{given.get('contact_id')}":
            found |= (
                {"phone": value["value"], "contact_type": value["contact_type"]} if value["channel"] == "phone" else {}
            )
        if kind == "paperless" and rest == given.get("account_id"):
            found["paperless"] = value
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


def resting(*, token: str, now: datetime) -> Request | None:
    """The change that a stop link would stop; None where the link holds no more."""
    return verify.resting(token, now=now)


def what_follows(*, request: Request, now: datetime, policy: Policy) -> str:
    """What sending it now would lead to: "apply" at once, "cool_off" a pause, "propose" staff look first."""
    found = {each.effect for each in rules.check(decide.facts_about(request, now=now, policy=policy), policy)}
    return "propose" if Effect.REFER in found else "cool_off" if Effect.WAIT in found else "apply"


def is_sensitive(*, request: Request, policy: Policy) -> bool:
    """Whether the customer must prove once more that it is they before this is changed (Y-10), or given away (Y-12)."""
    if JOURNEYS[request.journey].kind is Kind.DELEGATE:
        return True
    wishes = JOURNEYS[request.journey].wishes(request.answers, request.seen)
    return bool({each.family for each in wishes} & set(policy.sensitive_changes))


def who_is_told(*, request: Request) -> tuple[list[str], bool]:
    """The e-mail addresses that hear of this change, and whether a letter goes to the address on file (C-10, C-11)."""
    return confirm_change.who_is_told(request)
