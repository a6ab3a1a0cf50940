"""Which premise is meant by what somebody wrote, and is it free?"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from rapidfuzz import fuzz

from keyturn.matching.addresses import NormalAddress, normalise, search_terms
from keyturn.records.models import Premise, ServiceAgreement
from keyturn.records.prepared import Prepared
from keyturn.terms.address import Address
from keyturn.terms.premise import AgreementStatus, Occupancy, PremiseFacts, Service

LIVE = (AgreementStatus.PENDING_START, AgreementStatus.ACTIVE, AgreementStatus.PENDING_STOP)
NEAR_ENOUGH = 84  # how alike two street names must be (0-100) to be offered for a typing error
MOST_COMPARED = 3000


def search_columns(address: Address) -> dict[str, str]:
    """The derived columns of a premise row (also for bulk loading)."""
    normal = normalise(address)
    return {
        "search_number": normal.number[:20],
        "search_street": normal.street[:120],
        "search_unit": normal.unit[:30],
        "search_postal": normal.postal[:12],
    }


def by_id(ident: str) -> Premise | None:
    """The premise with this id, or None for anything else."""
    try:
        return _by_id.first(pk=UUID(ident))
    except ValueError:
        return None


_by_id = Prepared(lambda pk: Premise.objects.filter(pk=pk))


def resolve(answer: Mapping[str, Any]) -> Premise | None:
    """The one premise that an answered service address means: chosen by id, or written so that only one fits."""
    if answer.get("premise_id"):
        return by_id(str(answer["premise_id"]))
    wanted = normalise(Address.from_mapping(answer))
    if not (wanted.number or wanted.street):
        return None
    same = [
        premise
        for premise in Premise.objects.filter(search_number=wanted.number, search_street=wanted.street)[:200]
        if premise.search_unit == wanted.unit and _same_place(premise, wanted)
    ]
    return same[0] if len(same) == 1 else None


def _same_place(premise: Premise, wanted: NormalAddress) -> bool:
    postal = not wanted.postal or premise.search_postal[:5] == wanted.postal[:5]
    city = not wanted.city or normalise(premise.address).city == wanted.city
    return postal and city and bool(wanted.postal or wanted.city)


def find(text: str, *, most: int = 50) -> list[Premise]:
    """Premises that match what was typed in one box, best first; units of one building stand together (ER-03).

    First the exact number and street, then streets that sound or look alike with the same number, so that a typing
    error still finds the house. Never tells who lives there.
    """
    wanted = search_terms(text)
    if not wanted.street:
        return []
    exact = list(_narrowed(Premise.objects.filter(search_street=wanted.street), wanted)[:MOST_COMPARED])
    found = exact or _alike(wanted)
    if wanted.unit and any(each.search_unit == wanted.unit for each in found):
        found = [each for each in found if each.search_unit == wanted.unit]
    found.sort(
        key=lambda each: (
            -_likeness(each, wanted),
            each.search_number,
            each.search_street,
            _unit_order(each.search_unit),
        )
    )
    return found[:most]


def _narrowed(rows: QuerySet[Premise], wanted: NormalAddress) -> QuerySet[Premise]:
    return rows.filter(search_number=wanted.number) if wanted.number else rows


def _alike(wanted: NormalAddress) -> list[Premise]:
    if wanted.number:
        rows = Premise.objects.filter(search_number=wanted.number)
    elif wanted.postal:
        rows = Premise.objects.filter(search_postal=wanted.postal)
    else:
        rows = Premise.objects.filter(search_street__startswith=wanted.street[:4])
    if wanted.postal and rows.filter(search_postal=wanted.postal).exists():
        rows = rows.filter(search_postal=wanted.postal)
    return [each for each in rows[:MOST_COMPARED] if _likeness(each, wanted) >= NEAR_ENOUGH]


def _likeness(premise: Premise, wanted: NormalAddress) -> float:
    """0-100 for the street, a little more where town or postal code agree; people leave both out."""
    score = fuzz.ratio(premise.search_street, wanted.street)
    if wanted.street_core:
        score = max(score, fuzz.token_set_ratio(premise.search_street, wanted.street_core) - 4)
    if wanted.postal:
        score += 4 if premise.search_postal[:5] == wanted.postal[:5] else -8
    return score


def _unit_order(unit: str) -> tuple[int, str]:
    return (int(unit), "") if unit.isdigit() else (10**6, unit)


def listed(
    *, text: str = "", ref: str = "", vacant: bool | None = None, after: str = "", most: int = 50
) -> list[Premise]:
    """For the API: by text, by the CIS's reference, by occupancy; by id, after a cursor."""
    if text:
        found = find(text, most=500)
        rows = Premise.objects.filter(pk__in=[each.pk for each in found])
    else:
        rows = Premise.objects.all()
    if ref:
        rows = rows.filter(ref=ref)
    if vacant is not None:
        live = ServiceAgreement.objects.filter(service_point__premise=OuterRef("pk"), status__in=LIVE)
        live = live.exclude(account__customer_class="landlord")  # they make room for whoever moves in
        rows = rows.filter(~Exists(live) if vacant else Exists(live))
    if after:
        rows = rows.filter(pk__gt=after)
    return list(rows.order_by("pk")[:most])


def facts(premise: Premise, occupied: Iterable[Any] | None = None) -> PremiseFacts:
    """What the rules may know about a premise. `occupied`: the answer of `live_at`, where it was asked already."""
    rows = live_at(premise=premise.pk) if occupied is None else occupied
    return PremiseFacts(
        premise_id=str(premise.pk),
        ref=premise.ref,
        address=premise.address,
        division=premise.division,
        services=tuple(Service(each) for each in premise.services),
        occupancy=tuple(_as_occupancy(*row[1:]) for row in rows),
    )


def occupancy(premise_ids: Iterable[Any]) -> dict[str, list[Occupancy]]:
    """For each premise and service with a live agreement: what it means for a newcomer (BR-41)."""
    found: dict[str, list[Occupancy]] = {}
    for premise_id, *live in _live(service_point__premise_id__in=list(premise_ids)):
        found.setdefault(str(premise_id), []).append(_as_occupancy(*live))
    return found


def _live(**where: Any) -> Any:
    rows = ServiceAgreement.objects.filter(**where, status__in=LIVE).order_by("service_point__service", "start_date")
    at = "service_point__premise_id", "service_point__service"
    return rows.values_list(*at, "status", "end_date", "account__customer_class")


live_at = Prepared(lambda premise: _live(service_point__premise_id=premise))
"""The live agreements at one premise, for `facts`."""


def _as_occupancy(service: str, status: str, end: date | None, customer_class: str) -> Occupancy:
    return Occupancy(
        service=Service(service),
        active=status != AgreementStatus.PENDING_START,
        pending_start=status == AgreementStatus.PENDING_START,
        free_from=_day_after(end),
        landlord=customer_class == "landlord",
    )


def _day_after(day: date | None) -> date | None:
    return None if day is None else date.fromordinal(day.toordinal() + 1)


def inside(postal_code: str) -> bool:
    """Whether any premise on file lies in this postal code: where it does, we serve it."""
    return bool(postal_code) and bool(one_in(postal=postal_code[:5]))


one_in = Prepared(lambda postal: Premise.objects.filter(search_postal=postal).values_list("pk", flat=True)[:1])
"""A premise in this postal code (`search_postal`), for `inside`."""
