"""Which command tells the CIS that somebody depends on service, and until when (C.20)?"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from keyturn.records.models import MedicalCertification, Request
from keyturn.terms.change import DetailChange
from keyturn.terms.cis import UpdateCustomer
from keyturn.terms.days import day_of, local_date
from keyturn.terms.policy import Policy


def command_for(request: Request, policy: Policy) -> UpdateCustomer:
    """Yes until the day on which the protection would end; no when it has ended. Nothing of the illness is said.

    It says what holds when it is sent: a claim may go out after its own end, where staff had to look at it.
    """
    return _says(request, [holding(request.account_id, policy)] if request.written else [])


def undo(request: Request, *, now: datetime, policy: Policy) -> UpdateCustomer | None:
    """The command after which the CIS says what holds now (S-13). None where it says so already."""
    holds = holding(request.account_id, policy)
    return None if request.written in ([], [holds]) else _says(request, [holds])


def holding(account_id: Any, policy: Policy) -> dict[str, str]:
    """What the CIS is to say of an account: yes until a day, or no."""
    row = MedicalCertification.objects.filter(account_id=account_id, ended_at=None).order_by("-claimed_at").first()
    if row is None:
        return {"value": "no", "until": ""}
    until = row.certified_until or local_date(row.temporary_until - timedelta(seconds=1), policy)
    return {"value": "yes", "until": until.isoformat()}


def _says(request: Request, said: Iterable[Mapping[str, Any]]) -> UpdateCustomer:
    assert request.person and request.account
    return UpdateCustomer(
        request_reference=request.reference,
        person_ref=request.person.ref or "",
        changes=tuple(
            DetailChange("life_support", each["value"], request.account.ref or "", until=day_of(each["until"]))
            for each in said
        ),
        origin={"channel": request.channel},
    )
