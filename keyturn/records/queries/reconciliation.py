"""How did the last comparison with the CIS end, and what waits for staff to say who is right?"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Min

from keyturn.records.models import (
    Account,
    BulkRepair,
    CisCursor,
    CisDifference,
    CisNews,
    Delivery,
    Drift,
    Person,
    Reconciliation,
)

AT_ONCE = 50


def newest(*, ended: bool = False) -> Reconciliation | None:
    """The last comparison; `ended`: the last that came to its end."""
    rows = Reconciliation.objects.order_by("-started_at", "-id")
    return (rows.exclude(ended_at=None) if ended else rows).first()


def sizes() -> Mapping[str, int]:
    """About how many of each there are to compare; what cannot be counted is not named."""
    return {
        "persons": Person.objects.filter(redirect_to=None, ref__isnull=False).count(),
        "accounts": Account.objects.filter(ref__isnull=False).count(),
        "deliveries": Delivery.objects.filter(state="done").count(),
    }


def by_state(run: Reconciliation) -> dict[str, dict[str, int]]:
    """Kind of drift -> how it stands -> how many."""
    found: dict[str, dict[str, int]] = {}
    for kind, state, count in (
        Drift.objects.filter(reconciliation=run).values_list("kind", "state").annotate(Count("pk"))
    ):
        found.setdefault(kind, {})[state] = count
    return found


def drift(run: Reconciliation, *, kind: str = "", state: str = "") -> Iterator[Drift]:
    """What a comparison found, in the order in which it did."""
    rows = Drift.objects.filter(reconciliation=run)
    rows = rows.filter(kind=kind) if kind else rows
    rows = rows.filter(state=state) if state else rows
    yield from rows.order_by("id").iterator(chunk_size=1000)


def left(run_id: Any, kind: str) -> int:
    """How many of a kind have not been put right, or before staff, since a comparison found them."""
    return Drift.objects.filter(reconciliation=run_id, kind=kind, state="found").count()


def repairs(run: Reconciliation) -> dict[str, BulkRepair]:
    """Kind -> what a member of staff has proposed to put right at once, or two have agreed on."""
    rows = BulkRepair.objects.filter(reconciliation=run, state__in=["proposed", "agreed"])
    return {each.kind: each for each in rows}


def open_differences(*, start: int = 0, most: int = AT_ONCE) -> list[CisDifference]:
    """What waits for staff, the longest first; a page of it, from the one at `start` on."""
    return list(CisDifference.objects.filter(state="open").order_by("opened_at", "id")[start : start + most])


def difference(difference_id: Any) -> CisDifference | None:
    """One case; None where there is no such."""
    try:
        key = UUID(str(difference_id))
    except ValueError:
        return None
    return CisDifference.objects.filter(pk=key).first()


def whose(noun: str, ref: str) -> Person | Account | None:
    """The person or account on file that the CIS knows by this reference."""
    model: Any = {"person": Person, "account": Account}.get(noun)
    return model.objects.filter(ref=ref).first() if model else None


def waiting() -> Mapping[str, int]:
    """How many cases wait for staff, and how many things that the CIS named have not been looked at."""
    return {"differences": open_count(), "news": CisNews.objects.count()}


def since() -> Mapping[str, datetime | None]:
    """Since when the oldest of each waits: "differences", "news"."""
    return {
        "differences": CisDifference.objects.filter(state="open").aggregate(first=Min("opened_at"))["first"],
        "news": CisNews.objects.aggregate(first=Min("told_at"))["first"],
    }


def open_count() -> int:
    """How many cases wait for staff."""
    return CisDifference.objects.filter(state="open").count()


def heard() -> tuple[datetime | None, str]:
    """When the CIS was last heard, and why it could not be since (a code)."""
    row = CisCursor.objects.first()
    return (row.asked_at, row.problem) if row else (None, "")
