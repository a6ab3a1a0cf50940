"""Which command tells the CIS that somebody else is on an account now, or no longer (BR-20, BR-21)?"""

from django.db.models import Q, QuerySet

from keyturn.records.models import Account, AccountAccess, Request
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
