"""How do tests put premises, persons and accounts on file, in the registry and in the CIS alike?

Each function writes what an import would have written: the same rows, keys and references on both sides.
"""

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from keyturn.connectors import cis
from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.matching.identifiers import normal_identifier
from keyturn.records import person_index, writing
from keyturn.records.crypto import digest
from keyturn.records.models import (
    Account,
    AccountAccess,
    AccountPerson,
    DuplicatePair,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonName,
    Premise,
    ServiceAgreement,
    ServicePoint,
    User,
)
from keyturn.records.queries import premises
from keyturn.terms.address import Address
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy
from keyturn.terms.premise import AgreementStatus

LONG_AGO = datetime(2020, 1, 6, 9, tzinfo=UTC)
DATED: dict[str, Any] = {"valid_from": LONG_AGO, "recorded_at": LONG_AGO, "source": "import"}
_numbers = itertools.count(1)


def a_premise(*, services: str = "electric;gas;water", in_cis: bool = True, **address: str) -> Premise:
    """A place on file, by default a house of its own in Alder Street, Millbrook."""
    number = next(_numbers)
    row = {"line1": f"{number} Alder Street", "city": "Millbrook", "state": "OR", "postal_code": "97901", **address}
    place = Address.from_mapping(row)
    ref = f"PR{number}"
    premise = Premise.objects.create(
        ref=ref, division="north", services=services.split(";"), **place.as_json(), **premises.search_columns(place)
    )
    ServicePoint.objects.bulk_create(ServicePoint(premise=premise, service=each) for each in premise.services)
    if in_cis:
        cis.adopt("premises", [{"ref": ref, "division": "north", "service_types": services, **place.as_json()}])
    return premise


def many_premises(number: int) -> list[Premise]:
    """As many houses in one long street, written at once."""
    first = next(_numbers)
    places = [Address(f"{first + n} Long Road", "", "Millbrook", "OR", "97901") for n in range(number)]
    made = [
        Premise(ref=f"LONG{first}-{n}", division="north", services=["electric", "gas"], **each.as_json(),
                **premises.search_columns(each))
        for n, each in enumerate(places)
    ]  # fmt: skip
    Premise.objects.bulk_create(made)
    cis.adopt(
        "premises",
        [
            {"ref": each.ref, "division": "north", "service_types": "electric;gas", **each.address.as_json()}
            for each in made
        ],
    )
    return made


def a_person(details: PersonDetails, *, flags: tuple[str, ...] = (), in_cis: bool = True) -> Person:
    """Somebody on file, found again by the same keys as everybody."""
    ref = f"C{next(_numbers)}"
    person = Person.objects.create(
        ref=ref if in_cis else None, kind=str(details.kind), date_of_birth=details.date_of_birth, flags=list(flags),
        created_at=LONG_AGO, updated_at=LONG_AGO,
    )  # fmt: skip
    PersonName.objects.create(
        person=person, given_name=details.given_name, middle_name=details.middle_name, suffix=details.suffix,
        family_name=details.family_name, organisation_name=details.organisation_name, **DATED,
    )  # fmt: skip
    _contacts(person, details)
    _identifiers(person, details)
    for address in details.addresses:
        PersonAddress.objects.create(person=person, **DATED, **address.as_json())
    writing.insert(person_index.entries(person.pk, person_index.features(details)))
    if in_cis:
        cis.adopt("persons", [_as_row(ref, details)])
    return person


def _contacts(person: Person, details: PersonDetails) -> None:
    found = [("email", each, normal_email(each)) for each in details.emails]
    found += [("phone", each, normal_phone(each)) for each in details.phones]
    for channel, value, normalised in found:
        PersonContact.objects.create(
            person=person, channel=channel, value=value, normalised=normalised, status="verified",
            verified_at=LONG_AGO, is_primary=True, **DATED,
        )  # fmt: skip


def _identifiers(person: Person, details: PersonDetails) -> None:
    for each in details.identifiers:
        row = PersonIdentifier(
            person=person, id_type=each.id_type, digest=digest(each.id_type, normal_identifier(each.value)),
            last_four=each.value[-4:], unique_by_nature=each.id_type in Policy().unique_identifiers, is_primary=True,
            **DATED,
        )  # fmt: skip
        row.value = each.value
        row.save(force_insert=True)


def _as_row(ref: str, details: PersonDetails) -> dict[str, Any]:
    """The row of a person import (surface.md)."""
    identifier = details.identifiers[0] if details.identifiers else None
    return {
        "ref": ref, "kind": str(details.kind), "given_name": details.given_name, "middle_name": details.middle_name,
        "family_name": details.family_name, "suffix": details.suffix, "organisation_name": details.organisation_name,
        "date_of_birth": details.date_of_birth.isoformat() if details.date_of_birth else "",
        "email": next(iter(details.emails), ""), "phone": next(iter(details.phones), ""),
        "id_type": identifier.id_type if identifier else "", "id_value": identifier.value if identifier else "",
        **(details.addresses[0] if details.addresses else Address()).as_json(),
    }  # fmt: skip


def an_account(
    person: Person,
    premise: Premise,
    *,
    status: AgreementStatus = AgreementStatus.ACTIVE,
    since: date = date(2021, 5, 1),
    until: date | None = None,
    balance: str = "0",
    customer_class: str = "residential",
) -> Account:
    """`person` is served at `premise`, with every service that it has."""
    ref = f"AC{next(_numbers)}"
    account = Account.objects.create(
        ref=ref, division=premise.division, customer_class=customer_class, balance=Decimal(balance), set_up_on=since
    )
    AccountPerson.objects.create(account=account, person=person, **DATED)
    for point in ServicePoint.objects.filter(premise=premise):
        ServiceAgreement.objects.create(
            account=account, service_point=point, status=status, start_date=since, end_date=until
        )
    cis.adopt("accounts", [{
        "ref": ref, "person_ref": person.ref, "premise_ref": premise.ref, "customer_class": customer_class,
        "status": str(status), "start_date": since.isoformat(), "balance": balance,
        "end_date": until.isoformat() if until else "",
    }])  # fmt: skip
    return account


def a_pair(one: Person, other: Person, *, state: str = "open", **changes: Any) -> DuplicatePair:
    """Two on file who may be one, as a search would keep them."""
    first, second = sorted((one, other), key=lambda each: each.pk)
    given: dict[str, Any] = {
        "source": "dedupe", "weight": 11.5, "probability": 0.9997, "zone": "review", "model_version": "1",
        "fields": [
            {"field": "family", "level": "exact", "weight": 9.0},
            {"field": "birth_date", "level": "one_digit", "weight": 4.0},
            {"field": "email", "level": "different", "weight": -1.5},
        ],
        "missing": ["phone"], "vetoes": [], "why": ["nothing_verified", "household"],
        "found_at": timezone.now() - timedelta(days=3),
    }  # fmt: skip
    return DuplicatePair.objects.create(one=first, other=second, state=state, **{**given, **changes})


def a_member_of_staff(name: str = "rita", *, role: str = "reviewer", email: str = "") -> User:
    """Somebody with a login to the console."""
    return User.objects.create_user(name, email=email or f"{name}@utility.example", staff_role=role)


def a_login(
    email: str,
    *,
    account: Account | None = None,
    person: Person | None = None,
    level: str = "owner",
    proof: str = "staff",
    since: datetime = LONG_AGO,
    **more: Any,
) -> User:
    """Somebody who can sign in to the portal, with access to an account; `person`: who they are on it."""
    user = User.objects.create_user(f"login{next(_numbers)}", email=email)
    if account is not None:
        AccountAccess.objects.create(
            user=user, account=account, person=person, level=level, capacity="self" if person else "delegate", proof=proof,
            since=since, granted_by="staff:1", **more,
        )  # fmt: skip
    return user
