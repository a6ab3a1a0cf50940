"""Who is on file, page by page; what became of a person over time; and whom does a description fit?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.matching.decide import Decision, decide
from keyturn.matching.model import load
from keyturn.records import person_index
from keyturn.records.models import AccountPerson, Person, PersonContact, PersonLink, PersonName
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import persons
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy


def listed(*, at: datetime, text: str = "", ref: str = "", after: UUID | None = None, most: int) -> list[Person]:
    """Persons with their parts, in the order in which they were entered, from the one after `after` on."""
    rows = persons.with_parts(at=at).filter(redirect_to=None)
    if text.strip():
        rows = rows.filter(_fits(text.strip(), at))
    if ref:
        rows = rows.filter(ref=ref)
    if after:
        rows = rows.filter(pk__gt=after)
    return list(rows.order_by("pk")[:most])


def _fits(text: str, at: datetime) -> Q:
    """By the CIS's id, a contact, or names of which the beginnings of words are given."""
    names = Q()
    for word in text.split()[:4]:
        names &= (
            Q(given_name__istartswith=word) | Q(family_name__istartswith=word) | Q(middle_name__istartswith=word)
            | Q(organisation_name__icontains=word)
        )  # fmt: skip
    contacts = [each for each in (normal_email(text), normal_phone(text), text.casefold()) if each]
    by_contact = PersonContact.objects.filter(holds_at(at), normalised__in=contacts).values("person_id")
    by_name = PersonName.objects.filter(holds_at(at), names).values("person_id")
    return Q(ref=text) | Q(pk__in=by_contact) | Q(pk__in=by_name)


def whole(ident: str, *, at: datetime) -> Person | None:
    """One person with their parts; of one who was merged into another, that other one."""
    found = persons.by_id(ident)
    return None if found is None else persons.with_parts(at=at).get(pk=found.pk)


def accounts_of(person_ids: Iterable[Any], *, at: datetime) -> dict[Any, list[AccountPerson]]:
    """Each person's part in accounts, the oldest account first."""
    found: dict[Any, list[AccountPerson]] = {}
    rows = AccountPerson.objects.filter(holds_at(at), person_id__in=list(person_ids)).select_related("account")
    for each in rows.order_by("account__set_up_on", "account_id"):
        found.setdefault(each.person_id, []).append(each)
    return found


@dataclass(frozen=True, slots=True)
class Change:
    """Something that became of a person. `detail` says which kind of name, contact, identifier or address."""

    at: datetime
    what: str
    detail: str = ""
    request_id: UUID | None = None


def history(person: Person) -> list[Change]:
    """Everything that became of a person, oldest first, without what was entered: only that it was."""
    found = [Change(person.created_at, "person_entered")]
    for thing, rows, kind in (
        ("name", person.names.all(), "name_type"),
        ("contact", person.contacts.all(), "channel"),
        ("address", person.addresses.all(), "purpose"),
    ):
        for row in rows:
            found.append(Change(row.valid_from, f"{thing}_entered", getattr(row, kind)))
            found += [Change(row.valid_to, f"{thing}_ended", getattr(row, kind))] if row.valid_to else []
    for row in person.identifiers.all():
        found += [Change(row.verified_at, "identifier_verified", row.id_type)] if row.verified_at else []
        found += [Change(row.valid_to, "identifier_ended", row.id_type)] if row.valid_to else []
    for link in PersonLink.objects.filter(person=person):
        found.append(
            Change(link.made_at, "request_linked", "automatic" if link.automatic else "staff", link.request_id)
        )
        found += [Change(link.undone_at, "link_undone", "", link.request_id)] if link.undone_at else []
    return sorted(found, key=lambda each: (each.at, each.what, each.detail))


def match(details: PersonDetails, *, policy: Policy) -> tuple[Decision, dict[str, str | None]]:
    """The online matcher's word on a description, and the candidates' ids in the CIS. Reads only, under no lock."""
    probe = person_index.features(details)
    decision = decide(
        probe, person_index.candidates(probe), model=load(policy.match_profile), verified=frozenset(), policy=policy
    )
    known = Person.objects.filter(pk__in=[each.person_id for each in decision.ranked]).values_list("pk", "ref")
    return decision, {str(ident): ref for ident, ref in known}
