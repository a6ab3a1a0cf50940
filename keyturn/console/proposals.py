"""Which applicants said something otherwise than the file, and where is it decided?"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from keyturn.console import vocabulary
from keyturn.console.access import DECIDERS, may_see_protected, only
from keyturn.console.paging import Part
from keyturn.console.queue import page
from keyturn.console.rows import in_words
from keyturn.console.vocabulary import say
from keyturn.records.queries import persons, proposals, shelter


@require_safe
@only(DECIDERS)
def show(request: HttpRequest) -> HttpResponse:
    """One page of them, the oldest first. What was said stands in the file, where it is decided."""
    now, part = timezone.now(), Part.of(request, reverse("console:proposals"), total=proposals.waiting().count())
    found = proposals.listed(start=part.start, most=part.most)
    people = {each.person_id for each in found}
    names = persons.names_of(people, at=now)
    hidden = frozenset() if may_see_protected(request) else shelter.protected(people, at=now)
    return page(request, "console/said.html", part=part, rows=[_row(each, names, hidden, now=now) for each in found])


def _row(each: Any, names: Mapping[Any, str], hidden: Collection[Any], *, now: datetime) -> dict[str, Any]:
    return {
        "name": names.get(each.person_id) or _("(no name)"), "person_id": str(each.person_id),
        "label": say(vocabulary.PROPOSED, each.field), "reference": each.request.reference, "at": each.created_at,
        "age": _("%(time)s ago") % {"time": in_words(now - each.created_at)},
        "hidden": each.field == "address" and each.person_id in hidden,
    }  # fmt: skip
