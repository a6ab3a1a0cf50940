"""Whom did somebody say to be another person, who said so, and how do the two belong together?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from keyturn.records.models import NotSamePerson
from keyturn.records.queries import persons


@dataclass(frozen=True, slots=True)
class Apart:
    """One word that holds. `other` is the other of the two, seen from the person whom was asked about."""

    id: UUID
    other: UUID
    name: str
    relation: str  # household, twin, parent_child, namesake, ...; "" where only that they are two was said
    said_by: str  # role:ident
    said_at: datetime


def of_person(person_id: Any, *, at: datetime, among: Iterable[Any] | None = None) -> list[Apart]:
    """The latest word first; `among`: only about these others."""
    rows = NotSamePerson.objects.filter(Q(one_id=person_id) | Q(other_id=person_id), withdrawn_at=None)
    if among is not None:
        others = list(among)
        rows = rows.filter(Q(one_id__in=others) | Q(other_id__in=others))
    found = list(rows.order_by("-said_at", "id")[:50])
    others = {each.pk: each.other_id if str(each.one_id) == str(person_id) else each.one_id for each in found}
    names = persons.names_of(others.values(), at=at)
    return [
        Apart(each.pk, others[each.pk], names.get(others[each.pk], ""), each.relation, each.said_by, each.said_at)
        for each in found
    ]
