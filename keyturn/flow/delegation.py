"""How does somebody come to act for an account that is not theirs, and how does that end?

An invitation is a request of its owner (`begin_change` with the journey `invite_delegate` or `name_designee`); it rests
until it is answered. Ending takes effect in this very transaction; that the CIS is told follows as for every request.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.flow import moves
from keyturn.flow.customer import new_request
from keyturn.flow.handling import not_about_themselves
from keyturn.flow.maintain import customer
from keyturn.records import acts
from keyturn.records.crypto import fingerprint
from keyturn.records.models import AccountAccess, Designee, Invitation, Person, Request, User
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import access, groups
from keyturn.signin.views import proved_address
from keyturn.steps.establish.delegate.step import email_digest
from keyturn.steps.establish.ending import step as ending
from keyturn.terms.errors import NotAllowed
from keyturn.terms.levels import Level
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role, Standing, Step
from keyturn.work import queue


def invitation(*, token: str, now: datetime) -> Invitation | None:
    """What a link invites to, or None: used, taken back, or over. Opening it changes nothing."""
    found = Invitation.objects.filter(
        fingerprint=fingerprint(token), state="sent", expires_at__gt=now, request__standing="calendar"
    )
    return found.select_related("account", "group", "invited_by").first()


def is_invited(*, found: Invitation, user: User) -> bool:
    """Whether it was sent to the very e-mail address that this login proved."""
    return found.email_digest == email_digest(user.email) == email_digest(proved_address(user))


@transaction.atomic
def accept(*, token: str, user: User, now: datetime) -> Request:
    """The login whose proved e-mail is the invited one takes the invitation up.

    NotAllowed("unknown_invitation") where it is over or was for another address: which of the two is not said.
    """
    found = _answerable(token, now)
    if not is_invited(found=found, user=user):
        raise NotAllowed("unknown_invitation")
    found.accepted_by = user
    return _answered(found, "accepted", customer(user.pk), now)


@transaction.atomic
def accept_designation(*, token: str, now: datetime) -> Request:
    """Agree in writing to get copies of shut-off notices; no login is needed, the link went to that address (BR-64)."""
    found = _answerable(token, now)
    if found.kind != "designee":
        raise NotAllowed("unknown_invitation")
    return _answered(found, "accepted", Actor(Role.CUSTOMER, "invitee"), now)


@transaction.atomic
def decline(*, token: str, now: datetime) -> Request:
    """Whoever holds the link does not want it; the owner hears of it."""
    return _answered(_answerable(token, now), "declined", Actor(Role.CUSTOMER, "invitee"), now)


@transaction.atomic
def revoke_invitation(*, invitation_id: UUID, user: User, now: datetime) -> Request:
    """An owner takes an invitation back that nobody has answered yet."""
    found = Invitation.objects.select_for_update().filter(pk=invitation_id, state="sent").first()
    if found is None or not _owns(user, found, now):
        raise NotAllowed("unknown_invitation")
    return _answered(found, "revoked", customer(user.pk), now)


def _answerable(token: str, now: datetime) -> Invitation:
    found = Invitation.objects.select_for_update().filter(fingerprint=fingerprint(token), state="sent").first()
    if found is None or found.expires_at <= now:
        raise NotAllowed("unknown_invitation")
    return found


def _answered(found: Invitation, state: str, actor: Actor, now: datetime) -> Request:
    request = moves.locked(found.request_id)
    if request.standing != Standing.CALENDAR:
        raise NotAllowed("unknown_invitation")
    found.state, found.answered_at = state, now
    found.save(update_fields=["state", "answered_at", "accepted_by"])
    moves.move(request, Step.MATCH, Standing.MACHINE)
    moves.record(
        request, "accepted" if state == "accepted" else "declined", actor=actor, now=now, data={"state": state}
    )
    queue.later("advance", request_id=str(request.pk))
    return request


def _owns(user: User, found: Invitation | AccountAccess | Designee, now: datetime) -> bool:
    """The account or every account of the group; of a group without any, whoever looks after it."""
    group_id = getattr(found, "group_id", None)
    if group_id and groups.looked_after(user.pk, group_id, at=now):
        return True
    owned = {str(each.account.pk) for each in access.accounts_of(user.pk, at=now) if each.level == Level.OWNER}
    return access.accounts_meant(found.account_id, str(getattr(found, "group_id", None) or "")) <= owned


@transaction.atomic
def end_access(*, access_id: UUID, user: User, now: datetime, policy: Policy) -> Request:
    """End what somebody may do, at once: an owner ends another's, everybody their own.

    NotAllowed("unknown_access"); ("last_owner") where nobody else would own the account; ("not_portal_owned") where
    staff have taken it over for good (BR-21, ER-27).
    """
    held = ending.held(now=now, pk=access_id)
    if held is None or not (held.user_id == user.pk or _owns(user, held, now)):
        raise NotAllowed("unknown_access")
    if held.owned_by != "portal":
        raise NotAllowed("not_portal_owned")
    if access.is_last_owner(held, at=now):
        raise NotAllowed("last_owner")
    actor = customer(user.pk)
    ending.end(held, actor=actor, now=now)
    given = {"access_id": str(held.pk), "account_id": str(held.account_id or ""), "group_id": str(held.group_id or "")}
    return tell_of_the_end(held.account_id, held.group_id, given, user, actor, now, policy)


@transaction.atomic
def end_designee(*, designee_id: UUID, user: User, now: datetime, policy: Policy) -> Request:
    """An owner ends a designation, at once."""
    held = Designee.objects.select_for_update().filter(pk=designee_id, ended_at=None).first()
    if held is None or not _owns(user, held, now):
        raise NotAllowed("unknown_access")
    actor = customer(user.pk)
    ending.end_designee(held, actor=actor, now=now)
    given = {"designee_id": str(held.pk), "account_id": str(held.account_id)}
    return tell_of_the_end(held.account_id, None, given, user, actor, now, policy)


def tell_of_the_end(
    account_id: Any,
    group_id: Any,
    given: dict[str, str],
    user: User | None,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Request:
    """A request that asks nothing: it has happened, and the CIS and the people concerned are told."""
    accounts = access.accounts_meant(account_id, str(group_id or ""))
    person = (
        Person.objects.filter(
            holds_at(now, "accounts"), accounts__account_id__in=accounts - {""}, accounts__is_main=True
        ).first()
        or Person.objects.filter(account_groups=group_id).first()
    )  # of a group that is empty, the organisation
    channel = "portal" if actor.role == Role.CUSTOMER else "console"
    language = user.language if user else policy.languages[0]
    request = new_request("end_access", actor=actor, channel=channel, language=language, now=now, policy=policy)
    request.user, request.person, request.account_id = user, person, account_id
    request.answers = {name: value for name, value in given.items() if value}
    moves.begin(request, actor=actor, now=now)
    moves.hand_in(request, actor=actor, now=now)
    queue.later("advance", request_id=str(request.pk))
    return request


@transaction.atomic
def take_over_access(*, access_id: UUID, actor: Actor, now: datetime) -> AccountAccess:
    """Staff take a portal's row over, one way: from now on the customer cannot remove it (BR-21).
    NotAllowed("unknown_access"), ("own_request")."""
    held = ending.held(now=now, pk=access_id)
    if held is None or actor.role != Role.STAFF:
        raise NotAllowed("unknown_access")
    not_about_themselves(actor=actor, now=now, person_id=held.person_id, account_id=held.account_id)
    if held.owned_by == "portal":
        held.owned_by = "cis"
        held.save(update_fields=["owned_by"])
        acts.note(
            subject=f"account:{held.account_id or held.group_id}", what="access_taken_over", actor=actor, now=now,
            data={"access": str(held.pk)},
        )  # fmt: skip
    return held
