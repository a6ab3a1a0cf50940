"""What did applicants say otherwise than the file that nobody has decided about yet (I4)?"""

from django.db.models import QuerySet

from keyturn.records.models import Proposal


def waiting() -> QuerySet[Proposal]:
    return Proposal.objects.filter(state="open")


def listed(*, start: int, most: int) -> list[Proposal]:
    """One page of them, the oldest first; what was said stays sealed."""
    rows = waiting().select_related("request").defer("sealed_value").order_by("created_at", "id")
    return list(rows[start : start + most])
