"""Which accounts are protected because somebody depends on service, and which need staff?"""

from datetime import date, datetime
from typing import Any

from django.db.models import CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat

from keyturn.records.models import Act, MedicalCertification

SHOWN = 200


def late(now: datetime, today: date) -> Q:
    """Nobody has sent a certificate in time (K-82)."""
    return Q(state="temporary", temporary_until__lte=now) | Q(state="certified", certified_until__lt=today)


def _to_read() -> Q:
    """A certificate came that nobody has read: none was entered since it was handed in.

    Not since the certificate's first day: that is written by its doctor, days before it comes. Nor since it was uploaded:
    that may have been to a draft, which nobody saw until it was sent.
    """
    entered = Act.objects.filter(
        subject=Concat(Value("account:"), Cast(OuterRef("account_id"), CharField())), what="care_certified",
        at__gte=Coalesce(OuterRef("document__request__established_at"), OuterRef("document__uploaded_at")),
    )  # fmt: skip
    return Q(document__isnull=False, document__erased_at=None) & ~Exists(entered)


def listed(which: str, *, now: datetime, today: date, **only: Any) -> list[MedicalCertification]:
    """`which`: late, to_read or all; those that run out first come first. `only`: `account_id`, or `pk`."""
    rows = MedicalCertification.objects.filter(ended_at=None, **only)
    if which == "late":
        rows = rows.filter(late(now, today))
    elif which == "to_read":
        rows = rows.filter(_to_read())
    found = rows.select_related("account", "person", "document", "request").order_by("temporary_until", "id")
    return list(found[:SHOWN])


def counts(*, now: datetime, today: date) -> dict[str, int]:
    rows = MedicalCertification.objects.filter(ended_at=None)
    return {
        "late": rows.filter(late(now, today)).count(),
        "to_read": rows.filter(_to_read()).count(),
        "all": rows.count(),
    }


def of_accounts(account_ids: Any) -> list[MedicalCertification]:
    """Protections that hold for these accounts."""
    return list(MedicalCertification.objects.filter(ended_at=None, account_id__in=account_ids))
