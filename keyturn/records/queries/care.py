"""Which accounts are protected because somebody depends on service, and which need staff?"""

from datetime import date, datetime
from typing import Any

from django.db.models import F, Q

from keyturn.records.models import MedicalCertification

SHOWN = 200


def late(now: datetime, today: date) -> Q:
    """Nobody has sent a certificate in time (K-82)."""
    return Q(state="temporary", temporary_until__lte=now) | Q(state="certified", certified_until__lt=today)


def _to_read(now: datetime) -> Q:
    """A certificate came that nobody has read: the row was certified before it, or never."""
    return Q(document__isnull=False, document__erased_at=None) & (
        Q(state="temporary") | Q(state="certified", document__uploaded_at__date__gt=F("certified_from"))
    )


def listed(which: str, *, now: datetime, today: date) -> list[MedicalCertification]:
    """`which`: late, to_read or all; those that run out first come first."""
    rows = MedicalCertification.objects.filter(ended_at=None)
    if which == "late":
        rows = rows.filter(late(now, today))
    elif which == "to_read":
        rows = rows.filter(_to_read(now))
    found = rows.select_related("account", "person", "document", "request").order_by("temporary_until", "id")
    return list(found[:SHOWN])


def counts(*, now: datetime, today: date) -> dict[str, int]:
    rows = MedicalCertification.objects.filter(ended_at=None)
    return {
        "late": rows.filter(late(now, today)).count(),
        "to_read": rows.filter(_to_read(now)).count(),
        "all": rows.count(),
    }


def of_accounts(account_ids: Any) -> list[MedicalCertification]:
    """Protections that hold for these accounts."""
    return list(MedicalCertification.objects.filter(ended_at=None, account_id__in=account_ids))
