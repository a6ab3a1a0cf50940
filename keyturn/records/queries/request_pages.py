"""Which requests are there, by their public status, and what belongs to one when it is shown whole?"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q

from keyturn.records.models import Candidate, Delivery, Note, Request
from keyturn.records.queries.requests import normal_reference
from keyturn.terms.request import Outcome, Standing, Status, Step

_DRAFT = Q(standing=Standing.CUSTOMER, step__in=[Step.IDENTIFY, Step.GATHER])
_BY_STATUS: Mapping[str, Q] = {
    Status.DRAFT: _DRAFT,
    Status.NEEDS_CUSTOMER: Q(standing=Standing.CUSTOMER) & ~_DRAFT,
    Status.PROCESSING: Q(standing=Standing.MACHINE),
    Status.IN_REVIEW: Q(standing=Standing.STAFF),
    Status.WAITING: Q(standing=Standing.CALENDAR),
    Status.STUCK: Q(standing=Standing.ENGINEER),
    Status.COMPLETED: Q(standing=Standing.NOBODY, outcome=Outcome.COMPLETED),
    Status.REFUSED: Q(standing=Standing.NOBODY, outcome=Outcome.REFUSED),
    Status.WITHDRAWN: Q(standing=Standing.NOBODY, outcome__in=[Outcome.WITHDRAWN, Outcome.EXPIRED]),
}
"""`terms.request.public_status`, read backwards."""


def listed(
    *,
    status: str | None = None,
    reference: str | None = None,
    begun_by: str | None = None,
    after: UUID | None,
    most: int,
) -> list[Request]:
    """Requests in the order in which they were begun, from the one after `after` on."""
    rows = Request.objects.defer("sealed_answers", "findings", "approved", "person_decision")
    if status:
        rows = rows.filter(_BY_STATUS[status])
    if reference:
        rows = rows.filter(reference=normal_reference(reference))
    if begun_by is not None:
        rows = rows.filter(begun_by=begun_by)
    if after:
        rows = rows.filter(pk__gt=after)
    return list(rows.order_by("pk")[:most])


def cis_answer(request: Request) -> Mapping[str, Any] | None:
    """The CIS's own references, once it has answered."""
    found = Delivery.objects.filter(request=request, state="done").values_list("answer", flat=True).first()
    return found or None


def messages(request: Request) -> list[Note]:
    """What passed between staff and customer, oldest first; staff's own notes are not in it."""
    return list(request.notes.exclude(kind="internal").order_by("at", "pk"))


def candidates(request: Request) -> list[tuple[Candidate, str | None]]:
    """Who comes into question, best first, each with the CIS's own id."""
    return [(each, each.person.ref) for each in request.candidates.select_related("person").order_by("rank")]
