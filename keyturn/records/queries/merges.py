"""Which merges wait for a second pair of eyes, and which two files are they about, redirected or not?"""

from typing import Any

from django.db.models import QuerySet

from keyturn.records.models import Person, PersonMerge


def _proposed() -> QuerySet[PersonMerge]:
    return PersonMerge.objects.filter(state="proposed", request__ended_at=None)


def proposed(*, most: int = 100) -> list[PersonMerge]:
    """The oldest first."""
    return list(_proposed().select_related("survivor", "loser", "request").order_by("proposed_at", "pk")[:most])


def waiting() -> int:
    return _proposed().count()


def of_request(request_id: Any) -> PersonMerge | None:
    """The merge that a request asks for, or asks to undo."""
    rows = PersonMerge.objects.filter(request_id=request_id) | PersonMerge.objects.filter(undo_request_id=request_id)
    return rows.first()


def as_it_is(person_id: Any) -> Person | None:
    """The person with this very id, also where they were merged into another."""
    return Person.objects.filter(pk=person_id).first()
