"""Which command tells the CIS that somebody else is on an account now, or no longer (BR-20, BR-21)?"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from keyturn.records.models import Account, AccountAccess, Designee, Invitation, Request
from keyturn.records.queries import access
from keyturn.terms.change import RoleChange
from keyturn.terms.cis import UpdateCustomer
from keyturn.terms.policy import Policy


def command_for(request: Request, policy: Policy) -> UpdateCustomer:
    """One row for each account that is meant; never responsible for a bill."""
    assert request.person
    return UpdateCustomer(
        request_reference=request.reference,
        person_ref=request.person.ref or "",
        changes=tuple(RoleChange(account_ref=ref, **role) for role in request.written for ref in _refs(request)),
        origin={"channel": request.channel},
    )


def _refs(request: Request) -> list[str]:
    group, held = request.answers.get("group_id"), request.answers.get("access_id")
    if group and held:
        accounts = _left_by(request, held)
    else:
        accounts = Account.objects.filter(groups=group) if group else Account.objects.filter(pk=request.account_id)
    return [ref for ref in accounts.order_by("pk").values_list("ref", flat=True) if ref]


def _left_by(request: Request, held: str) -> QuerySet[Account]:
    """Accounts of the organisation that somebody may act for no more, those that had left the group before among them."""
    access = AccountAccess.objects.get(pk=held)
    kept = AccountAccess.objects.filter(user=access.user_id, ended_at=None)
    return Account.objects.filter(
        people__person=request.person, people__is_main=True, people__valid_to=None, people__superseded_at=None
    ).exclude(Q(accesses__in=kept) | Q(groups__accesses__in=kept))


def undo(request: Request, *, now: datetime) -> UpdateCustomer | None:
    """The command after which the CIS shows what holds now, where a late effect of this request says otherwise (S-13).

    Asked once the registry was put back: whoever acts there by another request keeps the role, and an end that holds is
    left as it is. None: the two agree.
    """
    assert request.person
    back = [(role, ref, acts) for role, ref, acts in _roles(request, now) if acts is bool(role.get("ends"))]
    if not back:
        return None
    return UpdateCustomer(
        request_reference=request.reference,
        person_ref=request.person.ref or "",
        changes=tuple(RoleChange(account_ref=ref, **{**role, "ends": not acts}) for role, ref, acts in back),
        origin={"channel": request.channel},
    )


def differs(request: Request, *, now: datetime) -> bool:
    """Whether a CIS that was not told shows somebody who may do nothing any more, or not somebody who may."""
    return any(acts is not bool(role.get("ends")) for role, _ref, acts in _roles(request, now))


def _roles(request: Request, now: datetime) -> Iterator[tuple[dict[str, Any], str, bool]]:
    """What was written, for which account of the CIS, and whether somebody of this name and address acts there now."""
    for ref in _refs(request):
        there = list(_who_acts(Account.objects.get(ref=ref), now))
        for role in request.written:
            email, name = _folded(role["email"]), _folded(role.get("name"))
            acts = any(email == theirs and (not name or called in ("", name)) for called, theirs in there)
            yield role, ref, acts


def _who_acts(account: Account, now: datetime) -> Iterator[tuple[str, str]]:
    """Name and address of whoever may do anything for the account, or gets its notices, as the CIS was told of them.

    No name: it was told none, as of whoever the account belongs to.
    """
    for each in access.logins_of(account.pk, at=now):
        yield _folded(_named(each)), _folded(each.user.email)
    for designee in Designee.objects.filter(account=account, ended_at=None):
        yield _folded(designee.contact.get("name")), _folded(designee.contact.get("email"))


def _named(held: AccountAccess) -> str:
    invitation = Invitation.objects.filter(access=held).first()
    if invitation is not None:
        return str(invitation.invitee.get("name") or "")
    return str(held.request.answers.get("delegate_name") or "") if held.request else ""


def _folded(text: Any) -> str:
    return " ".join(str(text or "").casefold().split())
