"""How do staff give somebody access to another's account, for a document, and how do they end it (C.13, BR-32)?"""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from keyturn.flow import machine, moves
from keyturn.flow.customer import new_request, withdraw
from keyturn.flow.delegation import tell_of_the_end
from keyturn.flow.documents import upload
from keyturn.flow.handling import not_about_themselves
from keyturn.journeys.grant_access import GRANT_ACCESS
from keyturn.records.models import Person, Request, User
from keyturn.records.queries import asking, on_file
from keyturn.steps.establish.ending import step as ending
from keyturn.steps.gather.rules import clean_text
from keyturn.steps.maintain.care import rules
from keyturn.steps.review import step as review
from keyturn.terms.days import local_date
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role


def grant_by_staff(
    *,
    account_id: UUID,
    email: str,
    capacity: str,
    level: str,
    until: date | None,
    reason: str,
    file_name: str,
    data: bytes,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Request:
    """Access for the login with this proved e-mail, as representative, executor or guardian; the owner is told.

    Invalid (K-85 to K-87, and the rules for documents); NotAllowed("unknown_account"), ("own_request").
    """
    person, user = _who(account_id, email, actor, now)
    today, words = local_date(now, policy), clean_text(reason)[:4000]
    problems: list[Finding] = [
        *rules.grant_is_possible(
            capacity=capacity, level=level, document=bool(data), known=user is not None, until=until,
            needs_end=capacity == "representative", today=today,
        ),
        *rules.protection_has_a_reason(words),
    ]  # fmt: skip
    if problems or user is None:
        raise Invalid(problems)
    if str(user.pk) == actor.ident:
        raise NotAllowed("own_request")
    request = _begin(account_id, person, user, capacity, level, until, actor=actor, now=now, policy=policy)
    try:
        upload(
            request_id=request.pk, purpose="estate" if capacity == "executor" else "authority", file_name=file_name,
            data=data, actor=actor, now=now, policy=policy,
        )  # fmt: skip
    except (Invalid, NotAllowed):
        withdraw(request_id=request.pk, actor=actor, now=now)
        raise
    return _finish(request.pk, words, actor=actor, now=now, policy=policy)


def _who(account_id: UUID, email: str, actor: Actor, now: datetime) -> tuple[Person, User | None]:
    person = asking.main_person(account_id, at=now)
    if person is None or actor.role != Role.STAFF:
        raise NotAllowed("unknown_account")
    not_about_themselves(actor=actor, now=now, person_id=person.pk)
    return person, asking.login_with(email)


@transaction.atomic
def _begin(
    account_id: UUID, person: Person, user: User, capacity: str, level: str, until: date | None, *, actor: Actor,
    now: datetime, policy: Policy,
) -> Request:  # fmt: skip
    request = new_request(
        GRANT_ACCESS.name, actor=actor, channel="console", language=person.language, now=now, policy=policy
    )
    request.person, request.account_id = person, account_id
    request.seen = on_file.slots(person, at=now)
    request.answers = {
        "user_id": str(user.pk), "access_email": user.email, "delegate_name": user.get_full_name() or user.email,
        "capacity": capacity, "level": level, "delegate_until": until.isoformat() if until else "",
    }  # fmt: skip
    moves.begin(request, actor=actor, now=now)
    return request


@transaction.atomic
def _finish(request_id: UUID, words: str, *, actor: Actor, now: datetime, policy: Policy) -> Request:
    request = moves.locked(request_id)
    review.say(request, "internal", words, actor=actor, now=now)
    _send(request, actor=actor, now=now, policy=policy)
    return Request.objects.get(pk=request_id)


def _send(request: Request, *, actor: Actor, now: datetime, policy: Policy) -> None:
    moves.hand_in(request, actor=actor, now=now)
    machine.advance(request_id=request.pk, now=now, policy=policy)


@transaction.atomic
def end_access_by_staff(*, access_id: UUID, reason: str, actor: Actor, now: datetime, policy: Policy) -> Request:
    """End what somebody may do, at once, whoever owns the row; they and the owners are told. Invalid (K-86);
    NotAllowed("unknown_access"), ("own_request")."""
    held = ending.held(now=now, pk=access_id)
    if held is None or actor.role != Role.STAFF:
        raise NotAllowed("unknown_access")
    not_about_themselves(actor=actor, now=now, person_id=held.person_id, account_id=held.account_id)
    words = clean_text(reason)[:4000]
    if problems := list(rules.protection_has_a_reason(words)):
        raise Invalid(problems)
    ending.end(held, actor=actor, now=now)
    given = {"access_id": str(held.pk), "account_id": str(held.account_id or ""), "group_id": str(held.group_id or "")}
    request = tell_of_the_end(held.account_id, held.group_id, given, None, actor, now, policy)
    review.say(request, "internal", words, actor=actor, now=now)
    return request
