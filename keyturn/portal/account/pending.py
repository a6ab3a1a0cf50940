"""Which values are about to change, and where does each of these changes stand?"""

from typing import Any

from django.utils.translation import gettext as _

from keyturn.journeys import JOURNEYS, Kind
from keyturn.portal.account.door import Visit
from keyturn.portal.dates import written
from keyturn.records.queries import my_information, my_requests
from keyturn.records.queries.access import Seen
from keyturn.terms.days import local_date
from keyturn.terms.request import Standing
from keyturn.terms.slots import Wish


def wishes_of(request: Any) -> tuple[Wish, ...]:
    """What a change asks for, over what was on file when it was begun. Anything else is told by its answers."""
    if JOURNEYS[request.journey].kind is not Kind.CHANGE:
        return ()
    return JOURNEYS[request.journey].wishes(request.answers, request.seen)


def where(request: Any, policy: Any) -> str:
    """In a few words, where a change stands."""
    match request.standing:
        case Standing.CALENDAR if JOURNEYS[request.journey].kind is Kind.DELEGATE:
            return _("Waits for %(name)s to answer") % {"name": request.answers.get("delegate_name", "")}
        case Standing.CALENDAR if request.due_at:
            return _("We make this change on %(day)s") % {"day": written(local_date(request.due_at, policy))}
        case Standing.STAFF:
            return _("We are looking at this change")
        case Standing.CUSTOMER:
            return _("We need your answer")
        case _:
            return _("We are making this change")


def of_persons(visit: Visit) -> list[dict[str, Any]]:
    """Changes under way about who they are."""
    return [_row(visit, each) for person in visit.persons for each in _changes(my_information.under_way(person))]


def of_account(visit: Visit, seen: Seen) -> list[dict[str, Any]]:
    """Requests under way about one account that this login may see."""
    rows: list[Any] = my_requests.listed(visit.user.pk, at=visit.now, most=100)
    scope = str(seen.account.pk)
    return [
        _row(visit, each)
        for each in rows
        if each.submitted_at and not each.ended_at and (str(each.account_id) == scope or _touches(each, scope))
    ]


def _touches(request: Any, scope: str) -> bool:
    if JOURNEYS[request.journey].kind is not Kind.CHANGE:
        return False
    return any(scope in each.slot.split(".") for each in wishes_of(request))


def by_slot(visit: Visit, person: Any) -> dict[str, dict[str, Any]]:
    """Slot -> the change that is under way for it."""
    found: dict[str, dict[str, Any]] = {}
    for each in _changes(my_information.under_way(person)):
        for wish in wishes_of(each):
            found.setdefault(wish.slot, _row(visit, each) | {"value": wish.value})
    return found


def _changes(requests: list[Any]) -> list[Any]:
    return [each for each in requests if JOURNEYS[each.journey].kind is Kind.CHANGE]


def _row(visit: Visit, request: Any) -> dict[str, Any]:
    title = str(JOURNEYS[request.journey].title)
    return {"reference": request.reference, "title": _(title), "where": where(request, visit.policy)}
