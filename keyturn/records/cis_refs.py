"""How are the CIS's own references written into the registry, once?"""

from typing import Any

from keyturn.records.models import Request
from keyturn.records.prepared import Asked
from keyturn.terms.cis import Answer
from keyturn.terms.premise import AgreementStatus


def entered(request: Request, answer: Answer) -> list[Asked[list[Any]]]:
    """What enters those of a request's person, account and pending agreements. Who was established meanwhile keeps theirs."""
    about = [_agreement(request, service, ref) for service, ref in answer.agreement_refs.items()]
    return [
        Asked(_PERSON, [answer.person_ref, request.person_id], list),
        Asked(_ACCOUNT, [answer.account_ref, request.account_id], list),
        *about,
    ]


def _agreement(request: Request, service: str, ref: str) -> Asked[list[Any]]:
    status = str(AgreementStatus.PENDING_START)
    return Asked(_AGREEMENT, [ref, request.account_id, status, request.premise_id, service], list)


_PERSON = "UPDATE person SET ref = %s WHERE id = %s AND ref IS NULL"
_ACCOUNT = "UPDATE account SET ref = %s WHERE id = %s AND ref IS NULL"
_AGREEMENT = """
UPDATE service_agreement SET ref = %s WHERE account_id = %s AND status = %s AND ref IS NULL
   AND service_point_id IN (SELECT id FROM service_point WHERE premise_id = %s AND service = %s)"""
