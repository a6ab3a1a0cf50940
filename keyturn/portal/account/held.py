"""What do we hold about them, why, and for how long? Made from the data map, so that nothing is missing in it."""

from collections.abc import Iterable
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext

from keyturn.portal.account.door import Visit, signed_in
from keyturn.portal.dates import written
from keyturn.portal.way import moment
from keyturn.records.queries import held as queries


@signed_in
def held(visit: Visit) -> HttpResponse:
    """Every table that leads to them: its fields with their purpose, or how much of it there is."""
    found = queries.sections(persons=[each.pk for each in visit.persons], logins=[visit.user.pk])
    sections = [
        {
            "label": gettext(each.label), "count": each.count, "purpose": gettext(each.purpose), "kept": gettext(each.kept),
            "rows": [_groups(row) for row in each.rows],
        }
        for each in found
    ]  # fmt: skip
    return visit.show("held.html", back="/account", sections=sections)


def _groups(row: Iterable[Any]) -> list[dict[str, Any]]:
    """Fields that stand side by side for one purpose say it once."""
    return [
        {
            "purpose": gettext(purpose), "kept": gettext(kept),
            "lines": [{"label": gettext(each.label), "value": _spoken(each.value)} for each in lines],
        }
        for (purpose, kept), lines in groupby(row, key=lambda each: (each.purpose, each.kept))
    ]  # fmt: skip


def _spoken(value: str) -> str:
    """Days and moments as people write them."""
    if not (value[:4].isdecimal() and value[4:5] == "-"):
        return value
    try:
        return written(date.fromisoformat(value)) if len(value) == 10 else moment(datetime.fromisoformat(value))
    except ValueError:
        return value
