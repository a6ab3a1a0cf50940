"""Which command tells the CIS that somebody depends on service, and until when (C.20)?"""

from keyturn.records.models import Request
from keyturn.terms.change import DetailChange
from keyturn.terms.cis import UpdateCustomer
from keyturn.terms.days import day_of
from keyturn.terms.policy import Policy


def command_for(request: Request, policy: Policy) -> UpdateCustomer:
    """Yes until the day on which the protection would end; no when it has ended. Nothing of the illness is said."""
    assert request.person and request.account
    return UpdateCustomer(
        request_reference=request.reference,
        person_ref=request.person.ref or "",
        changes=tuple(
            DetailChange("life_support", each["value"], request.account.ref or "", until=day_of(each["until"]))
            for each in request.written
        ),
        origin={"channel": request.channel},
    )
