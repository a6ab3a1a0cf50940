"""What does somebody who is signed in see of their accounts: the place, the services, whose it is, what is under way?"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from keyturn.records.models import AccountPerson, Request, ServiceAgreement
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import persons, shelter
from keyturn.records.queries.access import Seen
from keyturn.terms.address import Address
from keyturn.terms.levels import Level, allows


@dataclass(frozen=True, slots=True)
class Service:
    service: str
    status: str
    start_date: date
    end_date: date | None


@dataclass(frozen=True, slots=True)
class Place:
    """One premise of an account, with what is served there."""

    address: Address
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One account. `owed` is None where the login may not see it; `holder` is whose account it is."""

    seen: Seen
    holder: str
    places: tuple[Place, ...]
    owed: Decimal | None
    under_way: tuple[Request, ...] = field(default=())


def found(seen: Sequence[Seen], text: str, *, at: datetime) -> list[Seen]:
    """Those whose nickname, number, holder or address has every word of `text`."""
    words = text.casefold().split()
    if not words:
        return list(seen)
    ids = [each.account.pk for each in seen]
    holders = holders_of(ids, at=at)
    places = _addresses(_may_be_placed(seen, holders, at))

    def says(each: Seen) -> str:
        key = each.account.pk
        parts = (each.nickname, each.account.ref or "", holders.get(key, ("", None))[0], *places.get(key, ()))
        return " ".join(parts).casefold()

    return [each for each in seen if all(word in says(each) for word in words)]


def cards(seen: Sequence[Seen], *, at: datetime) -> list[Card]:
    """These accounts as they are shown, read in a few trips however many there are."""
    ids = [each.account.pk for each in seen]
    holders, open_requests = holders_of(ids, at=at), _under_way(ids)
    places = _places(_may_be_placed(seen, holders, at))
    return [
        Card(
            each,
            holders.get(each.account.pk, ("", None))[0],
            tuple(places.get(each.account.pk, ())),
            each.account.balance if allows(each.level, Level.PAY) else None,
            tuple(open_requests.get(each.account.pk, ())),
        )
        for each in seen
    ]


def _may_be_placed(seen: Sequence[Seen], holders: Mapping[UUID, tuple[str, UUID | None]], at: datetime) -> list[UUID]:
    """The accounts whose address may be shown: where a protected person lives is for themselves only (C.20)."""
    theirs = {each.account.pk: holders.get(each.account.pk, ("", None))[1] for each in seen if not each.is_own}
    hidden = shelter.protected(theirs.values(), at=at)
    return [each.account.pk for each in seen if theirs.get(each.account.pk) not in hidden]


def holders_of(account_ids: Collection[UUID], *, at: datetime) -> dict[UUID, tuple[str, UUID | None]]:
    """Account -> the main customer's name, and who it is."""
    mains = dict(
        AccountPerson.objects.filter(holds_at(at), account_id__in=account_ids, is_main=True).values_list(
            "account_id", "person_id"
        )
    )
    names = persons.names_of(mains.values(), at=at)
    return {account: (names.get(person, ""), person) for account, person in mains.items()}


def _agreements(account_ids: Collection[UUID]) -> Any:
    rows = ServiceAgreement.objects.filter(account_id__in=account_ids).exclude(status="cancelled")
    return rows.select_related("service_point__premise").order_by("end_date", "-start_date", "service_point__service")


def _places(account_ids: Collection[UUID]) -> dict[UUID, list[Place]]:
    """The newest premise first; services that never began are left out."""
    by_place: dict[tuple[UUID, UUID], tuple[Address, list[Service]]] = {}
    for row in _agreements(account_ids):
        premise = row.service_point.premise
        _address, services = by_place.setdefault((row.account_id, premise.pk), (premise.address, []))
        services.append(Service(row.service_point.service, row.status, row.start_date, row.end_date))
    places: dict[UUID, list[Place]] = {}
    for (account, _premise), (address, services) in by_place.items():
        places.setdefault(account, []).append(Place(address, tuple(services)))
    for each in places.values():
        each.sort(key=lambda place: max(s.start_date for s in place.services), reverse=True)
        each.sort(key=lambda place: all(s.status == "stopped" for s in place.services))
    return places


def _addresses(account_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    rows = ServiceAgreement.objects.filter(account_id__in=account_ids).select_related("service_point__premise")
    lines: dict[UUID, list[str]] = {}
    for row in rows:
        lines.setdefault(row.account_id, []).extend(row.service_point.premise.address.lines())
    return lines


def _under_way(account_ids: Collection[UUID]) -> dict[UUID, list[Request]]:
    rows = Request.objects.filter(account_id__in=account_ids, submitted_at__isnull=False, ended_at=None)
    by_account: dict[UUID, list[Request]] = {}
    for each in rows.defer("sealed_answers").order_by("submitted_at"):
        by_account.setdefault(each.account_id, []).append(each)  # type: ignore[arg-type]
    return by_account
