"""Where can service be had, and is anybody served there?"""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from keyturn.api.v1 import examples, pages
from keyturn.api.v1 import person_shapes as shapes
from keyturn.api.v1.operations import operation
from keyturn.records.queries import premises

router = Router()


@operation(
    router, "GET", "/premises", tag="Premises", summary="Look up premises", any_of=("premises:read", "requests:write"),
    asked=shapes.PremiseQuery, answer=shapes.PremisePage, problems=("invalid",), answered=examples.PREMISES,
)  # fmt: skip
def list_premises(request: HttpRequest, asked: Query[shapes.PremiseQuery]) -> dict[str, Any]:
    """By address as people type it, by the CIS's id, or all of them, page by page. Never tells who lives there."""
    rows = premises.listed(
        text=asked.q,
        ref=asked.ref,
        vacant=None if asked.occupancy is None else asked.occupancy == "vacant",
        after=str(pages.position(asked.after) or ""),
        most=asked.limit + 1,
    )
    served = premises.occupancy(row.pk for row in rows)
    return pages.page(rows, asked.limit, lambda row: _shown(row, served.get(str(row.pk), [])))


def _shown(premise: Any, served: list[Any]) -> dict[str, Any]:
    return {
        "id": str(premise.pk),
        "ref": premise.ref,
        "address": premise.address.as_json(),
        "services": premise.services,
        "occupancy": "vacant" if all(each.landlord for each in served) else "occupied",
    }
