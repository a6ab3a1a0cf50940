"""Which command tells the CIS that somebody else is on an account now, or no longer (BR-20, BR-21)?"""

from keyturn.records.models import Account, Request
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
    group = request.answers.get("group_id")
    accounts = Account.objects.filter(groups=group) if group else Account.objects.filter(pk=request.account_id)
    return [ref for ref in accounts.order_by("pk").values_list("ref", flat=True) if ref]
