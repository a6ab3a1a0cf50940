"""What is on file about a person?"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Prefetch, prefetch_related_objects

from keyturn.matching.addresses import normalise
from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.matching.identifiers import normal_identifier
from keyturn.records.models import (
    Account,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonName,
    ServiceAgreement,
)
from keyturn.records.models.dated import holds_at, not_over_at
from keyturn.records.queries.premises import LIVE
from keyturn.terms.person import Identifier, Kind, PersonDetails


def by_id(ident: str) -> Person | None:
    """The person with this id or, where they were merged into another, that one."""
    try:
        person = Person.objects.filter(pk=UUID(str(ident))).select_related("redirect_to").first()
    except ValueError:
        return None
    return person.redirect_to if person and person.redirect_to else person


def ends_of(person_ids: Iterable[str]) -> frozenset[str]:
    """These persons (ids) and those whom they have become part of: what was said of the one holds for the other."""
    wanted = set(person_ids)
    if not wanted:
        return frozenset()
    led = Person.objects.filter(pk__in=wanted, redirect_to__isnull=False).values_list("redirect_to", flat=True)
    return frozenset(wanted | {str(each) for each in led})


def with_parts(*, at: datetime) -> Any:
    """Persons with the names, contacts, identifiers and addresses that hold at a moment: five queries for any number."""
    return Person.objects.prefetch_related(*_parts(at))


def _parts(at: datetime) -> list[Any]:
    """The address for all accounts and all the year comes first, what was an address before comes last."""
    holds, first = holds_at(at), ("-is_primary", "id")
    whole_year = (F("account").asc(nulls_first=True), F("season_from").asc(nulls_first=True))
    return [
        Prefetch("names", PersonName.objects.filter(holds).order_by("id")),
        Prefetch("contacts", PersonContact.objects.filter(holds).order_by(*first)),
        Prefetch("identifiers", PersonIdentifier.objects.filter(holds).order_by(*first)),
        Prefetch("addresses", PersonAddress.objects.filter(holds).order_by("purpose", *whole_year, "id")),
    ]


def names_of(person_ids: Iterable[Any], *, at: datetime) -> dict[UUID, str]:
    """Person -> the name that they go by at a moment."""
    rows = PersonName.objects.filter(holds_at(at), person_id__in=list(person_ids), name_type="primary")
    return {row.person_id: as_one(row) for row in rows}


def name_of(person_id: Any, *, at: datetime) -> str:
    """The name that somebody goes by at a moment; "" where there is none."""
    return next(iter(names_of([person_id], at=at).values()), "")


def as_one(name: Any) -> str:
    """A name as it would be read out."""
    parts = (name.given_name, name.middle_name, name.family_name, name.suffix)
    return name.organisation_name or " ".join(each for each in parts if each)


def details_of(person: Person, *, open_identifiers: bool = True) -> PersonDetails:
    """The person as the process speaks of one. `open_identifiers=False` leaves identifiers sealed."""
    name = next((each for each in person.names.all() if each.name_type == "primary"), None) or PersonName()
    contacts = list(person.contacts.all())
    return PersonDetails(
        kind=Kind(person.kind),
        given_name=name.given_name,
        middle_name=name.middle_name,
        family_name=name.family_name,
        suffix=name.suffix,
        organisation_name=name.organisation_name,
        date_of_birth=person.date_of_birth,
        emails=tuple(each.value for each in contacts if each.channel == "email"),
        phones=tuple(each.value for each in contacts if each.channel == "phone"),
        identifiers=tuple(Identifier(each.id_type, each.value) for each in person.identifiers.all())
        if open_identifiers
        else (),
        addresses=tuple(each.address for each in person.addresses.all()),
    )


def holders_of(digests: Iterable[str], *, at: datetime) -> list[str]:
    """Ids of the persons on whose file a unique identifier with one of these digests stands, or will stand."""
    wanted = list(digests)
    if not wanted:
        return []
    rows = PersonIdentifier.objects.filter(not_over_at(at), digest__in=wanted, unique_by_nature=True)
    return [str(ident) for ident in rows.values_list("person_id", flat=True).distinct()]


def sharing_contact(normalised: Iterable[str], *, at: datetime) -> list[str]:
    """Ids of the persons who use one of these e-mails or phones (BR-61)."""
    rows = PersonContact.objects.filter(holds_at(at), normalised__in=[each for each in normalised if each])
    return [str(ident) for ident in rows.values_list("person_id", flat=True).distinct()[:50]]


def unpaid_final_bills(person_id: Any, *, at: datetime) -> list[tuple[Account, Any]]:
    """The person's own accounts with a balance and no live agreement, each with the day its last service ended."""
    own = {"people__person_id": person_id, "people__is_responsible": True, "people__is_guarantor": False}
    accounts = (
        Account.objects.filter(holds_at(at, "people"), **own, balance__gt=0)
        .exclude(agreements__status__in=LIVE)
        .prefetch_related("agreements")
        .distinct()
    )
    return [(each, max((a.end_date for a in each.agreements.all() if a.end_date), default=None)) for each in accounts]


def live_account(person_id: Any, *, division: str, customer_class: str, at: datetime) -> Account | None:
    """The person's own account with live service in this division and class, the oldest first."""
    return (
        Account.objects.filter(
            holds_at(at, "people"), people__person_id=person_id, people__is_main=True, division=division, customer_class=customer_class,
            agreements__status__in=LIVE,
        )
        .order_by("set_up_on", "pk")
        .distinct()
        .first()
    )  # fmt: skip


def served_at(person_id: Any, premise_id: Any, *, at: datetime) -> list[str]:
    """The services that this person has, or is about to have, at this premise (BR-43)."""
    rows = ServiceAgreement.objects.filter(
        holds_at(at, "account__people"),
        account__people__person_id=person_id,
        service_point__premise_id=premise_id,
        status__in=LIVE,
    )
    return list(rows.values_list("service_point__service", flat=True).distinct())


def differences(details: PersonDetails, person: Person, *, at: datetime) -> list[tuple[str, str]]:
    """What the applicant says that the file does not: (field, their value). Silence is no difference.

    Reads the parts that hold at that moment, once for each time that the person is read.
    """
    prefetch_related_objects([person], *_parts(at))
    on_file = details_of(person)
    said = [
        (name, getattr(details, name))
        for name in ("given_name", "middle_name", "family_name", "suffix", "organisation_name")
        if getattr(details, name).casefold() not in ("", getattr(on_file, name).casefold())
    ]
    if details.date_of_birth not in (None, on_file.date_of_birth):
        said.append(("date_of_birth", details.date_of_birth.isoformat()))  # type: ignore[union-attr]
    said += [("email", each) for each in details.emails if normal_email(each) not in map(normal_email, on_file.emails)]
    said += [("phone", each) for each in details.phones if normal_phone(each) not in map(normal_phone, on_file.phones)]
    known = {pair for each in on_file.identifiers for pair in _shown_by(each)}
    said += [
        (each.id_type, each.value)
        for each in details.identifiers
        if (each.id_type, normal_identifier(each.value)) not in known
    ]
    places = {normalise(each) for each in on_file.addresses}
    said += [("address", "\n".join(each.lines())) for each in details.addresses if normalise(each) not in places]
    return said


def _shown_by(identifier: Identifier) -> list[tuple[str, str]]:
    """What a document on file says, in normal form; a whole SSN says its last four digits, too."""
    value = normal_identifier(identifier.value)
    ending = [("ssn_last4", value[-4:])] if identifier.id_type == "ssn" else []
    return [(identifier.id_type, value), *ending]


def refs_of(person_ids: Iterable[Any]) -> dict[str, str]:
    """Person's id -> the CIS's reference, or the id again while the CIS has not given one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, ref FROM person WHERE id = ANY(%s::uuid[])", [[str(each) for each in person_ids]])
        return {str(ident): ref or str(ident) for ident, ref in cursor.fetchall()}
