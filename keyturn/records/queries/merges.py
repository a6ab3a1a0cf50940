"""Which merges wait for a second pair of eyes, which two files are they about, and what were both called?"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from keyturn.records.models import Person, PersonMerge, PersonName
from keyturn.records.queries import persons


def _proposed() -> QuerySet[PersonMerge]:
    return PersonMerge.objects.filter(state="proposed", request__ended_at=None)


def proposed(*, start: int, most: int) -> list[PersonMerge]:
    """A page of them, the oldest first."""
    rows = _proposed().select_related("survivor", "loser", "request").order_by("proposed_at", "pk")
    return list(rows[start : start + most])


def waiting() -> int:
    return _proposed().count()


def of_request(request_id: Any) -> PersonMerge | None:
    """The merge that a request asks for, or asks to undo."""
    rows = PersonMerge.objects.filter(request_id=request_id) | PersonMerge.objects.filter(undo_request_id=request_id)
    return rows.first()


def both_of(request_id: Any) -> tuple[Any, ...]:
    """The ids of the two persons whom the merge of a request is about; () for any other request."""
    found = of_request(request_id)
    return (found.survivor_id, found.loser_id) if found else ()


def as_it_is(person_id: Any) -> Person | None:
    """The person with this very id, also where they were merged into another."""
    return Person.objects.filter(pk=person_id).first()


def names_of(merge: PersonMerge) -> tuple[str, str]:
    """What the survivor and the loser were called when it was proposed: a merged file has no name of its own any more."""
    both = (merge.survivor_id, merge.loser_id)
    found = names_then(both, merge.proposed_at)
    return found.get(both[0], ""), found.get(both[1], "")


def names_then(person_ids: Iterable[Any], at: Any) -> dict[UUID, str]:
    """Person -> the name that they were believed to go by at a moment."""
    rows = PersonName.ever.filter(person_id__in=list(person_ids), name_type="primary", recorded_at__lte=at)
    held = [each for each in rows if each.superseded_at is None or each.superseded_at >= at]
    held.sort(key=lambda each: each.superseded_at is not None)  # what ended at that very moment held before it
    return {each.person_id: persons.as_one(each) for each in held if each.valid_to is None or each.valid_to > at}


def last_name_of(person_id: Any) -> str:
    """The name that a file had last, also where it has become part of another."""
    row = (
        PersonName.ever.filter(person_id=person_id, name_type="primary").order_by("-recorded_at", "-valid_from").first()
    )
    return persons.as_one(row) if row else ""
