"""Which command tells the CIS that an account is looked after on the web (BR-39, C.8 web_access)?"""

from keyturn.records.models import AccountPerson, Request
from keyturn.terms.change import DetailChange
from keyturn.terms.cis import UpdateCustomer
from keyturn.terms.policy import Policy


def command_for(request: Request, policy: Policy) -> UpdateCustomer:
    """A customer contact on the main customer: the CIS's own staff see that the account is used on the web."""
    assert request.account
    main = AccountPerson.objects.select_related("person").get(account=request.account, is_main=True, valid_to=None)
    return UpdateCustomer(
        request_reference=request.reference,
        person_ref=main.person.ref or "",
        changes=(DetailChange("web_access", "yes", request.account.ref or ""),),
        origin={"channel": request.channel},
    )
