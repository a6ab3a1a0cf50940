"""Who is on file, page by page, and whom does a description fit?"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Coalesce

from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.matching.decide import Decision, decide
from keyturn.records import person_index
from keyturn.records.models import AccountPerson, Person, PersonContact, PersonName
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import persons
from keyturn.records.queries.as_of import protection
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy


def listed(*, at: datetime, text: str = "", ref: str = "", after: UUID | None = None, most: int) -> list[Person]:
    """Persons with their parts, in the order in which they were entered, from the one after `after` on."""
    rows = persons.with_parts(at=at).annotate(protected=protection(at)).filter(redirect_to=None)
    if text.strip():
        rows = rows.filter(pk__in=_whom(text.strip(), at))
    if ref:
        rows = rows.filter(pk__in=_by_ref(ref))
    if after:
        rows = rows.filter(pk__gt=after)
    return list(rows.order_by("pk")[:most])


def _whom(text: str, at: datetime) -> Any:
    """By a number of the CIS, a contact, or names of which the beginnings of words are given. One search each, joined: an
    OR over all of them would read every person on file."""
    refs = {text, text.upper()}  # as it is in the CIS, or typed without capitals; an index finds both
    by_account = AccountPerson.objects.filter(holds_at(at), account__ref__in=refs).values("person_id")
    return _by_ref(*refs).union(by_account, _by_contact(text, at), _by_name(text, at))


def _by_ref(*refs: str) -> Any:
    """Whoever has one of these numbers in the CIS; of a file that was merged, where it leads."""
    return Person.objects.filter(ref__in=refs).values(person_id=Coalesce("redirect_to_id", "pk"))


def _by_contact(text: str, at: datetime) -> Any:
    contacts = [each for each in (normal_email(text), normal_phone(text), text.casefold()) if each]
    return PersonContact.objects.filter(holds_at(at), normalised__in=contacts).values("person_id")


def _by_name(text: str, at: datetime) -> Any:
    names = Q()
    for word in text.split()[:4]:
        names &= (
            Q(given_name__istartswith=word) | Q(family_name__istartswith=word) | Q(middle_name__istartswith=word)
            | Q(organisation_name__icontains=word)
        )  # fmt: skip
    return PersonName.objects.filter(holds_at(at), names).values("person_id")


def whole(ident: str, *, at: datetime) -> Person | None:
    """One person with their parts; of one who was merged into another, that other one."""
    found = persons.by_id(ident)
    return None if found is None else persons.with_parts(at=at).annotate(protected=protection(at)).get(pk=found.pk)


def accounts_of(person_ids: Iterable[Any], *, at: datetime) -> dict[Any, list[AccountPerson]]:
    """Each person's part in accounts, the oldest account first."""
    found: dict[Any, list[AccountPerson]] = {}
    rows = AccountPerson.objects.filter(holds_at(at), person_id__in=list(person_ids)).select_related("account")
    for each in rows.order_by("account__set_up_on", "account_id"):
        found.setdefault(each.person_id, []).append(each)
    return found


def match(details: PersonDetails, *, policy: Policy) -> tuple[Decision, dict[str, str | None]]:
    """The online matcher's word on a description, and the candidates' ids in the CIS. Reads only, under no lock."""
    probe = person_index.features(details)
    decision = decide(
        probe, person_index.candidates(probe), model=person_index.model(policy), verified=frozenset(), policy=policy
    )
    known = Person.objects.filter(pk__in=[each.person_id for each in decision.ranked]).values_list("pk", "ref")
    return decision, {str(ident): ref for ident, ref in known}
