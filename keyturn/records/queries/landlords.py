"""Which premises does a landlord look after, and is a tenant served there? Never who (C.11)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from keyturn.records.models import LandlordAgreement, ServiceAgreement

LIVE = ("pending_start", "active", "pending_stop")
LET, OWN, NONE = "let", "own", "none"  # in a tenant's name; in the landlord's; no service


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the agreements, each with `state`; `found` is how many there are in all."""

    rows: tuple[LandlordAgreement, ...]
    found: int


def premises_of(
    account_ids: Collection[Any], *, text: str = "", state: str = "", start: int = 0, most: int = 25
) -> Page:
    """By address. `state` is "served" (in a tenant's name), "vacant" (not), or "" for all."""
    rows = _rows(account_ids)
    for word in text.split()[:10]:
        rows = rows.filter(
            Q(premise__line1__icontains=word) | Q(premise__line2__icontains=word) | Q(premise__city__icontains=word)
            | Q(premise__postal_code__istartswith=word)
        )  # fmt: skip
    if state:
        rows = rows.filter(is_let=state == "served")
    ordered = rows.order_by("premise__search_street", "premise__line1", "premise__line2", "pk")
    return Page(tuple(ordered[start : start + most]), rows.count())


def agreement(account_ids: Collection[Any], ident: Any) -> LandlordAgreement | None:
    """One of them."""
    return _rows(account_ids).filter(pk=ident).first()


def any_for(account_ids: Collection[Any]) -> bool:
    return LandlordAgreement.objects.filter(account_id__in=list(account_ids), ended_on=None).exists()


def _rows(account_ids: Collection[Any]) -> QuerySet[LandlordAgreement]:
    live = ServiceAgreement.objects.filter(service_point__premise=OuterRef("premise"), status__in=LIVE)
    return (
        LandlordAgreement.objects.filter(account_id__in=list(account_ids), ended_on=None)
        .select_related("premise", "account")
        .annotate(
            is_let=Exists(live.exclude(account=OuterRef("account"))),
            is_own=Exists(live.filter(account=OuterRef("account"))),
        )
    )


def state_of(row: Any) -> str:
    """As the landlord may know it: let, own or none."""
    return LET if row.is_let else OWN if row.is_own else NONE
