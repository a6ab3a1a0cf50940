"""What was on file about a person or an account on some day, as far as we knew at some moment?

Two times (docs/decisions on "two times"): `valid_at` is about the world, `known_at` about what we believed. The columns
of the person and the account themselves (kind, date of birth, language, balance) are not dated: they are today's.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, Q

from keyturn.records.models import (
    Account,
    AccountPerson,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonName,
    Protection,
)
from keyturn.records.queries import persons
from keyturn.records.queries.accounts import uuid_of

PROTECTED = "protected_address"


@dataclass(frozen=True, slots=True)
class Moments:
    """When something held (`valid_at`), as far as we knew at another moment (`known_at`)."""

    valid_at: datetime
    known_at: datetime


def held(when: Moments) -> Q:
    """Rows of a dated table, asked of `ever`: believed at the one moment to hold at the other."""
    believed = Q(recorded_at__lte=when.known_at) & (Q(superseded_at=None) | Q(superseded_at__gt=when.known_at))
    return believed & Q(valid_from__lte=when.valid_at) & (Q(valid_to=None) | Q(valid_to__gt=when.valid_at))


def planned(when: Moments) -> Q:
    """Rows that were believed to begin later."""
    believed = Q(recorded_at__lte=when.known_at) & (Q(superseded_at=None) | Q(superseded_at__gt=when.known_at))
    return believed & Q(valid_from__gt=when.valid_at)


def person(ident: str, when: Moments) -> Person | None:
    """The person with the parts that held then; of one who was merged into another, that other one."""
    found = persons.by_id(ident)
    if found is None:
        return None
    rows, first = held(when), ("-is_primary", "id")
    whole_year = (F("account").asc(nulls_first=True), F("season_from").asc(nulls_first=True))
    parts = (
        Prefetch("names", PersonName.ever.filter(rows).order_by("id")),
        Prefetch("contacts", PersonContact.ever.filter(rows).order_by(*first)),
        Prefetch("identifiers", PersonIdentifier.ever.filter(rows).order_by(*first)),
        Prefetch("addresses", PersonAddress.ever.filter(rows).order_by("purpose", *whole_year, "id")),
    )
    rows_of = Person.objects.annotate(protected=protection(max(when.valid_at, when.known_at)))
    return rows_of.prefetch_related(*parts).get(pk=found.pk)


def accounts_of(person_id: Any, when: Moments) -> list[AccountPerson]:
    """The person's part in accounts then, the oldest account first."""
    rows = AccountPerson.ever.filter(held(when), person_id=person_id).select_related("account")
    return list(rows.order_by("account__set_up_on", "account_id"))


def addresses_to_come(person_id: Any, when: Moments) -> list[PersonAddress]:
    """Addresses that were planned then for later, the next first."""
    return list(PersonAddress.ever.filter(planned(when), person_id=person_id).order_by("valid_from", "id"))


def account(ident: Any, when: Moments) -> Account | None:
    """The account with the people on it then."""
    wanted = uuid_of(ident)
    if wanted is None:
        return None
    people = Prefetch("people", AccountPerson.ever.filter(held(when)).order_by("-is_main", "id"))
    return Account.objects.prefetch_related(people, "agreements__service_point").filter(pk=wanted).first()


def runs_on(agreement: Any, day: date) -> bool:
    """Whether a service agreement covers a day."""
    return bool(agreement.start_date <= day and (agreement.end_date is None or day <= agreement.end_date))


def protection(at: datetime) -> Exists:
    """To be annotated as `protected` to a person: a programme keeps their address secret at that moment."""
    still = Q(ended_at=None) | Q(ended_at__gt=at)
    return Exists(Protection.objects.filter(still, person_id=OuterRef("pk"), since__lte=at))


def is_protected(person: Person) -> bool:
    """Whether nobody without the right may see where this person (read with `protection`) lives (domain.md: address
    confidentiality)."""
    return PROTECTED in person.flags or bool(getattr(person, "protected", True))
