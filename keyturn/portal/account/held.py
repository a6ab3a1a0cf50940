"""What do we hold about them, why, and for how long? Made from the data map, so that nothing is missing in it."""

from django.http import HttpResponse
from django.utils.translation import gettext

from keyturn.portal.account.door import Visit, signed_in
from keyturn.records.queries import held as queries


@signed_in
def held(visit: Visit) -> HttpResponse:
    """Every table that leads to them: its fields with their purpose, or how much of it there is."""
    found = queries.sections(persons=[each.pk for each in visit.persons], logins=[visit.user.pk])
    sections = [
        {
            "label": gettext(each.label), "count": each.count, "purpose": gettext(each.purpose), "kept": gettext(each.kept),
            "rows": [
                [{"label": gettext(e.label), "value": e.value, "purpose": gettext(e.purpose), "kept": gettext(e.kept)} for e in row]
                for row in each.rows
            ],
        }
        for each in found
    ]  # fmt: skip
    return visit.show("held.html", back="/account", sections=sections)
