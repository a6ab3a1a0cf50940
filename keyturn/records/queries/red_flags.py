"""Which cases look like somebody taking over what is not theirs, and what was said about them (BR-60)?"""

from typing import Any

from django.db.models import QuerySet

from keyturn.records.models import RedFlag


def open_cases() -> int:
    return of_state("open").count()


def of_state(state: str) -> QuerySet[RedFlag]:
    """Those that are open, or those that are decided."""
    return RedFlag.objects.filter(state="open") if state == "open" else RedFlag.objects.exclude(state="open")


def listed(state: str, *, start: int, most: int) -> list[RedFlag]:
    """Open ones, the oldest first; decided ones, the latest first."""
    order = ("opened_at", "id") if state == "open" else ("-decided_at", "id")
    return list(_shown(of_state(state)).order_by(*order)[start : start + most])


def only(case_id: Any) -> list[RedFlag]:
    """This one, however many stand before it."""
    return list(_shown(RedFlag.objects.filter(pk=case_id)))


def _shown(rows: QuerySet[RedFlag]) -> QuerySet[RedFlag]:
    return rows.select_related("request", "person", "account", "user")


def of_person(person_id: Any) -> int:
    """How many are open about this person."""
    return RedFlag.objects.filter(state="open", person_id=person_id).count()
