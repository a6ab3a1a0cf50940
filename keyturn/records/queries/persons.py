"""What is on file about a person?"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Max, Prefetch

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
from keyturn.records.prepared import Asked, Prepared, at_once
from keyturn.records.queries.premises import LIVE
from keyturn.terms.address import Address
from keyturn.terms.person import Identifier, Kind, PersonDetails


def by_id(ident: str) -> Person | None:
    """The person with this id or, where they were merged into another, that one."""
    try:
        person = _by_id.first(pk=UUID(str(ident)))
    except ValueError:
        return None
    return person.redirect_to if person and person.redirect_to else person


_by_id = Prepared(lambda pk: Person.objects.filter(pk=pk).select_related("redirect_to"))


def ends_of(person_ids: Iterable[str]) -> frozenset[str]:
    """These persons (ids) and those whom they have become part of: what was said of the one holds for the other."""
    wanted = set(person_ids)
    if not wanted:
        return frozenset()
    led = Person.objects.filter(pk__in=wanted, redirect_to__isnull=False).values_list("redirect_to", flat=True)
    return frozenset(wanted | {str(each) for each in led})


def with_parts(*, at: datetime) -> Any:
    """Persons with the names, contacts, identifiers and addresses that hold at a moment: five queries for any number."""
    return Person.objects.prefetch_related(*(Prefetch(name, rows) for name, rows in _parts(at).items()))


def _parts(at: Any) -> dict[str, Any]:
    """The address for all accounts and all the year comes first, what was an address before comes last."""
    holds, first = holds_at(at), ("-is_primary", "id")
    whole_year = (F("account").asc(nulls_first=True), F("season_from").asc(nulls_first=True))
    return {
        "names": PersonName.objects.filter(holds).order_by("id"),
        "contacts": PersonContact.objects.filter(holds).order_by(*first),
        "identifiers": PersonIdentifier.objects.filter(holds).order_by(*first),
        "addresses": PersonAddress.objects.filter(holds).order_by("purpose", *whole_year, "id"),
    }


_parts_of_one = (
    Prepared(lambda person, at: _parts(at)["names"].filter(person=person)),
    Prepared(lambda person, at: _parts(at)["contacts"].filter(person=person)),
    Prepared(lambda person, at: _parts(at)["identifiers"].filter(person=person)),
    Prepared(lambda person, at: _parts(at)["addresses"].filter(person=person)),
)


def parts_of(person_id: Any, *, at: datetime) -> list[Asked[list[Any]]]:
    """Names, contacts, identifiers and addresses of one person that hold at a moment, to be asked together with other
    things; the answers are what `differences` takes."""
    return [each.asked(person=person_id, at=at) for each in _parts_of_one]


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
    parts = (person.names.all(), person.contacts.all(), person.identifiers.all(), person.addresses.all())
    return _details(person, *parts, open_identifiers=open_identifiers)


def _details(
    person: Person,
    names: Iterable[PersonName],
    contacts: Iterable[PersonContact],
    identifiers: Iterable[PersonIdentifier],
    addresses: Iterable[PersonAddress],
    *,
    open_identifiers: bool = True,
) -> PersonDetails:
    name = next((each for each in names if each.name_type == "primary"), None) or PersonName()
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
        identifiers=tuple(Identifier(each.id_type, each.value) for each in identifiers) if open_identifiers else (),
        addresses=tuple(each.address for each in addresses),
    )


holders_of = Prepared(
    lambda digests, at: (
        PersonIdentifier.objects.filter(not_over_at(at), digest__in=digests, unique_by_nature=True)
        .values_list("person_id", flat=True)
        .distinct()
    )
)
"""Ids of the persons on whose file a unique identifier with one of these digests stands, or will stand."""

digests_held = Prepared(
    lambda digests, at: PersonIdentifier.objects.filter(
        not_over_at(at), digest__in=digests, unique_by_nature=True
    ).values_list("digest", flat=True)
)
"""Which of these digests of unique identifiers stand, or will stand, on somebody's file."""

sharing_contact = Prepared(
    lambda normalised, at: (
        PersonContact.objects.filter(holds_at(at), normalised__in=normalised)
        .values_list("person_id", flat=True)
        .distinct()[:50]
    )
)
"""Ids of the persons who use one of these e-mails or phones (BR-61)."""

unpaid_final_bills = Prepared(
    lambda person, at: Account.objects.filter(
        holds_at(at, "people"),
        people__person_id=person, people__is_responsible=True, people__is_guarantor=False, balance__gt=0,
    )
    .exclude(agreements__status__in=LIVE)
    .annotate(ended=Max("agreements__end_date"))
)  # fmt: skip
"""The person's own accounts with a balance and no live agreement, each with the day its last service `ended`."""

live_accounts = Prepared(
    lambda person, division, customer_class, at: Account.objects.filter(
        holds_at(at, "people"), people__person_id=person, people__is_main=True, division=division, customer_class=customer_class,
        agreements__status__in=LIVE,
    )
    .order_by("set_up_on", "pk")
    .distinct()[:1]
)  # fmt: skip


def live_account(person_id: Any, *, division: str, customer_class: str, at: datetime) -> Account | None:
    """The person's own account with live service in this division and class, the oldest first."""
    return live_accounts.first(person=person_id, division=division, customer_class=customer_class, at=at)


served_at = Prepared(
    lambda person, premise, at: (
        ServiceAgreement.objects.filter(
            holds_at(at, "account__people"),
            account__people__person_id=person,
            service_point__premise_id=premise,
            status__in=LIVE,
        )
        .values_list("service_point__service", flat=True)
        .distinct()
    )
)
"""The services that this person has, or is about to have, at this premise (BR-43)."""


def differences(
    details: PersonDetails, person: Person, *, served: Address | None, at: datetime
) -> list[tuple[str, str]]:
    """What the applicant says that the file does not: (field, their value). Silence is no difference. `served` is where
    service is to begin: letters go there by themselves where the file has no address for them.

    Reads the parts that hold at that moment, once for each time that the person is read.
    """
    if person.parts is None:
        person.parts = at_once(*parts_of(person.pk, at=at))
    on_file = _details(person, *person.parts)
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
    places = {normalise(each) for each in on_file.addresses or filter(None, [served])}
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
