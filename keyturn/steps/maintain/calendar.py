"""What changes in the registry because a day has begun?"""

from datetime import date

from django.db.models import Exists, OuterRef, Q

from keyturn.records.models import Request, ServiceAgreement
from keyturn.steps.maintain.rules import status_today
from keyturn.terms.premise import AgreementStatus
from keyturn.terms.request import Standing


def turn_agreements(today: date) -> int:
    """Bring agreements that the CIS knows to their status of today; how many changed. Safe to run again.

    One that a request has written waits until the CIS has confirmed it; one that came in with an import is the CIS's own.
    """
    asked_for = Request.objects.filter(account=OuterRef("account"), premise=OuterRef("service_point__premise"))
    unconfirmed = Q(ref=None) & Exists(asked_for.exclude(standing=Standing.NOBODY))
    due = ServiceAgreement.objects.exclude(unconfirmed).filter(
        Q(status=AgreementStatus.PENDING_START, start_date__lte=today)
        | Q(status=AgreementStatus.PENDING_STOP, end_date__lt=today)
    )
    changed = 0
    for agreement in due.iterator(chunk_size=1000):
        status = status_today(agreement.status, agreement.start_date, agreement.end_date, today)
        same = ServiceAgreement.objects.filter(pk=agreement.pk, status=agreement.status)
        changed += same.update(status=status)
    return changed
