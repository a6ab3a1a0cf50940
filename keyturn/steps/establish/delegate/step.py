"""How does an invitation become access, or a designation (BR-64)?"""

from datetime import datetime, timedelta
from typing import Any

from keyturn.records import acts, ids
from keyturn.records.crypto import digest, fingerprint
from keyturn.records.models import AccountAccess, Designee, Invitation, Request, User
from keyturn.terms.days import day_begins, day_of, local_date
from keyturn.terms.levels import highest
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role, Verdict

DESIGNEE_WORDING = "1"


def invite(request: Request, *, now: datetime, policy: Policy) -> tuple[Invitation, str]:
    """Write the invitation; the token goes into its mail and is kept nowhere."""
    answers, token = request.answers, ids.new_secret()
    until = day_of(answers.get("delegate_until")) if answers.get("delegate_ends") else None
    group = answers.get("group_id") or None
    invitation = Invitation(
        kind="designee" if request.journey == "name_designee" else "delegate",
        account_id=None if group else request.account_id, group_id=group, invited_by=request.user, request=request,
        email_digest=email_digest(answers["delegate_email"]), fingerprint=fingerprint(token),
        level=answers.get("level", ""), language=request.language, sent_at=now,
        until=day_begins(until + timedelta(days=1), policy) if until else None,
        expires_at=now + timedelta(days=policy.invitation_days),
    )  # fmt: skip
    invitation.invitee = {"name": answers["delegate_name"], "email": answers["delegate_email"]}
    invitation.save(force_insert=True)
    return invitation, token


def email_digest(address: str) -> str:
    """By which an invited address and a login's are compared."""
    return digest("email", address.strip().casefold())


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """The access that was accepted, or the designation."""
    invitation = Invitation.objects.select_related("account", "group").get(request=request)
    if invitation.kind == "designee":
        _designate(invitation, now, policy)
    else:
        _give(request, invitation, now)
    request.established_at = now
    relationship = "designee" if invitation.kind == "designee" else "delegate"
    request.written = [{"relationship": relationship, **invitation.invitee}]
    return Verdict(data={"invitation": str(invitation.pk), "kind": invitation.kind, "level": invitation.level})


def _give(request: Request, invitation: Invitation, now: datetime) -> None:
    """A second grant for the same account takes the place of the first (one access for each login and account).

    Whose account it has become meanwhile loses nothing by an old invitation: they stay who they are, with all they may.
    """
    user = User.objects.get(pk=invitation.accepted_by_id)
    scope = {"account": invitation.account} if invitation.account else {"group": invitation.group}
    own = AccountAccess.objects.filter(user=user, ended_at=None, capacity="self", **scope).first()
    AccountAccess.objects.filter(user=user, ended_at=None, **scope).update(ended_at=now, ended_by="replaced")
    access = AccountAccess.objects.create(
        user=user, since=now, granted_by=request.begun_by, request=request, **scope, **_as_whom(invitation, own),
    )  # fmt: skip
    invitation.access = access
    invitation.save(update_fields=["access"])
    acts.note(
        subject=f"account:{invitation.account_id}" if invitation.account else f"group:{invitation.group_id}",
        what="access_given", actor=_owner(request), now=now, data={"access": str(access.pk), "level": access.level},
    )  # fmt: skip


def _as_whom(invitation: Invitation, own: AccountAccess | None) -> dict[str, Any]:
    if own is None:
        capacity = "member" if invitation.group else "delegate"
        return {"level": invitation.level, "capacity": capacity, "proof": "invitation", "until": invitation.until}
    level = highest([own.level, invitation.level])
    return {
        "level": level,
        "capacity": own.capacity,
        "proof": own.proof,
        "until": own.until,
        "person": own.person,
        "nickname": own.nickname,
    }


def _designate(invitation: Invitation, now: datetime, policy: Policy) -> None:
    """Effective within ten business days of the acceptance, by law; we do it at once (BR-64)."""
    designee = Designee(
        account=invitation.account, invitation=invitation, wording_version=DESIGNEE_WORDING, accepted_at=now,
        effective_from=local_date(now, policy),
    )  # fmt: skip
    designee.contact = invitation.invitee
    designee.save(force_insert=True)


def _owner(request: Request) -> Actor:

    return Actor(Role.CUSTOMER, f"login:{request.user_id}")
