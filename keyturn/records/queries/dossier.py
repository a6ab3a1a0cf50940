"""What do staff need to see of one request: whom it may be, where, what was proved, said, sent and delivered?"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q

from keyturn.records.models import (
    Account,
    Candidate,
    Event,
    Evidence,
    Message,
    Note,
    OutsideCheck,
    Person,
    PersonIdentifier,
    Request,
    ServiceAgreement,
)
from keyturn.records.models.dated import holds_at
from keyturn.records.prepared import Prepared, at_once
from keyturn.records.queries import persons, proofs, shelter
from keyturn.records.queries.premises import LIVE
from keyturn.terms.address import Address
from keyturn.terms.person import PersonDetails
from keyturn.terms.request import Standing


@dataclass(frozen=True, slots=True)
class Served:
    """One agreement of a person's account."""

    service: str
    status: str
    address: str
    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class Owned:
    """One account of a person. `balance` on an account without a live agreement is an unpaid final bill."""

    ref: str
    customer_class: str
    balance: Decimal
    live: bool
    main: bool
    served: tuple[Served, ...]


@dataclass(frozen=True, slots=True)
class OnFile:
    """A person as staff see them: identifiers masked, accounts, and what else they have asked for."""

    person_id: UUID
    ref: str
    flags: tuple[str, ...]
    details: PersonDetails
    identifiers: tuple[PersonIdentifier, ...]
    verified: frozenset[str]  # contact values that were verified
    accounts: tuple[Owned, ...] = ()
    requests: tuple[Request, ...] = ()
    candidate: Candidate | None = field(default=None, repr=False)
    protected: bool = False  # where they live is not here (C.20)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written down beside a request, oldest first; `candidates`: whom the applicant may be, best first.

    What was sent stays sealed (a mail may hold a code).
    """

    events: list[Event]
    notes: list[Note]
    candidates: list[Candidate]
    evidence: list[Evidence]
    checks: list[OutsideCheck]
    messages: list[Message]


def written(request: Request) -> Written:
    """All of it in one trip."""
    events, notes, candidates, messages = (each.asked(request=request.pk) for each in _WRITTEN)
    return Written(*at_once(events, notes, candidates, *proofs.asked_for(request.pk), messages))


_WRITTEN: tuple[Prepared[Any], ...] = (
    Prepared(lambda request: Event.objects.filter(request=request).order_by("number")),
    Prepared(lambda request: Note.objects.filter(request=request).order_by("at", "id")),
    Prepared(lambda request: Candidate.objects.filter(request=request).order_by("rank").select_related("person")),
    Prepared(
        lambda request: Message.objects.filter(request=request).defer("sealed_content").order_by("created_at", "id")
    ),
)


def on_file(
    person_id: Any, *, request: Request | None = None, at: datetime, candidate: Candidate | None = None
) -> OnFile | None:
    """Everything about one person that a reviewer weighs; their other requests are those besides `request`."""
    person = persons.with_parts(at=at).filter(pk=person_id).first()
    if person is None:
        return None
    details, hidden = persons.details_of(person, open_identifiers=False), shelter.is_protected(person.pk, at=at)
    return OnFile(
        person_id=person.pk,
        ref=person.ref or "",
        flags=tuple(person.flags),
        details=replace(details, addresses=()) if hidden else details,
        protected=hidden,
        identifiers=tuple(person.identifiers.all()),
        verified=frozenset(each.value for each in person.contacts.all() if each.verified_at),
        accounts=tuple(_accounts(person, at, hidden=hidden)),
        requests=tuple(_other_requests(person, request)),
        candidate=candidate,
    )


def _accounts(person: Person, at: datetime, *, hidden: bool) -> Iterable[Owned]:
    parts = {each.account_id: each.is_main for each in person.accounts.filter(holds_at(at))}
    rows = (
        Account.objects.filter(pk__in=parts)
        .prefetch_related("agreements__service_point__premise")
        .order_by("-set_up_on", "pk")
    )
    for account in rows:
        agreements = sorted(
            account.agreements.all(), key=lambda each: (each.status not in LIVE, -each.start_date.toordinal())
        )
        yield Owned(
            ref=account.ref or "",
            customer_class=account.customer_class,
            balance=account.balance,
            live=any(each.status in LIVE for each in agreements),
            main=parts[account.pk],
            served=tuple(_served(each, hidden=hidden) for each in agreements[:12]),
        )


def _served(agreement: ServiceAgreement, *, hidden: bool) -> Served:
    premise = agreement.service_point.premise
    return Served(
        service=agreement.service_point.service,
        status=agreement.status,
        address="" if hidden else ", ".join(premise.address.lines()[:2]),
        start=agreement.start_date,
        end=agreement.end_date,
    )


def _other_requests(person: Person, request: Request | None) -> list[Request]:
    rows = Request.objects.filter(Q(person=person) | Q(candidates__person=person))
    rows = rows.exclude(pk=request.pk) if request else rows
    open_ones = rows.exclude(standing=Standing.NOBODY).exclude(submitted_at=None).distinct()
    return list(open_ones.order_by("-submitted_at")[:10])


def unpaid(person_id: Any, *, at: datetime) -> list[tuple[Account, date | None]]:
    """The person's unpaid final bills, each with the day its last service ended (D-05)."""
    return [(each, each.ended) for each in persons.unpaid_final_bills(person=person_id, at=at)]


def differences(
    details: PersonDetails, person: Person, *, served: Address | None, at: datetime
) -> list[tuple[str, str, str]]:
    """What the applicant says and the file does not: (field, said, on file). Not where a protected person lives."""
    held = persons.details_of(persons.with_parts(at=at).get(pk=person.pk), open_identifiers=False)
    beside = {
        "email": ", ".join(held.emails), "phone": ", ".join(held.phones),
        "address": " / ".join(", ".join(each.lines()) for each in held.addresses),
        "date_of_birth": held.date_of_birth.isoformat() if held.date_of_birth else "",
    }  # fmt: skip
    return [
        (name, value, beside[name] if name in beside else str(getattr(held, name, "")))
        for name, value in persons.differences(details, person, served=served, at=at)
        if name != "address" or not shelter.is_protected(person.pk, at=at)
    ]


def notes(request: Request) -> list[Note]:
    """What was said between staff and applicant, oldest first."""
    return list(request.notes.order_by("at", "id"))


def agreements_at(premise_id: Any) -> list[ServiceAgreement]:
    """The live agreements at a premise: service and dates, and whether a landlord's. Not whose (step 3.5)."""
    rows = ServiceAgreement.objects.filter(service_point__premise_id=premise_id, status__in=LIVE)
    return list(rows.select_related("service_point", "account").order_by("service_point__service", "start_date"))
