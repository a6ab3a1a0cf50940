"""Which command tells the CIS that an account is looked after on the web (BR-39, C.8 web_access)?"""

from datetime import datetime

from keyturn.records.models import AccountPerson, Request
from keyturn.records.queries import access
from keyturn.terms.change import DetailChange
from keyturn.terms.cis import UpdateCustomer
from keyturn.terms.policy import Policy


def command_for(request: Request, policy: Policy) -> UpdateCustomer:
    """A customer contact on the main customer: the CIS's own staff see that the account is used on the web."""
    return _says(request, "yes")


def undo(request: Request, *, now: datetime) -> UpdateCustomer | None:
    """The account is not used on the web after all (S-13). None where another login has it: then it is."""
    used = any(each.capacity == "self" for each in access.logins_of(request.account_id, at=now))
    return None if used else _says(request, "no")


def _says(request: Request, value: str) -> UpdateCustomer:
    assert request.account
    main = AccountPerson.objects.select_related("person").get(account=request.account, is_main=True, valid_to=None)
    return UpdateCustomer(
        request_reference=request.reference,
        person_ref=main.person.ref or "",
        changes=(DetailChange("web_access", value, request.account.ref or ""),),
        origin={"channel": request.channel},
    )
