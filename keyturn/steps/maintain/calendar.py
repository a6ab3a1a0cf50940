"""What changes in the registry because a day has begun?"""

from datetime import date

from django.db.models import Q

from keyturn.records.models import ServiceAgreement
from keyturn.steps.maintain.rules import status_today
from keyturn.terms.premise import AgreementStatus


def turn_agreements(today: date) -> int:
    """Bring agreements that the CIS has confirmed to their status of today; how many changed. Safe to run again."""
    due = ServiceAgreement.objects.exclude(ref=None).filter(
        Q(status=AgreementStatus.PENDING_START, start_date__lte=today)
        | Q(status=AgreementStatus.PENDING_STOP, end_date__lt=today)
    )
    changed = 0
    for agreement in due.iterator(chunk_size=1000):
        status = status_today(agreement.status, agreement.start_date, agreement.end_date, today)
        same = ServiceAgreement.objects.filter(pk=agreement.pk, status=agreement.status)
        changed += same.update(status=status)
    return changed
