"""Which cases look like somebody taking over what is not theirs, and what was said about them (BR-60)?"""

from typing import Any

from keyturn.records.models import RedFlag


def open_cases() -> int:
    return RedFlag.objects.filter(state="open").count()


def listed(state: str, *, most: int = 100) -> list[RedFlag]:
    """Open ones, the oldest first; decided ones, the latest first."""
    rows = RedFlag.objects.filter(state="open") if state == "open" else RedFlag.objects.exclude(state="open")
    order = ("opened_at", "id") if state == "open" else ("-decided_at", "id")
    return list(rows.select_related("request", "person", "account", "user").order_by(*order)[:most])


def of_person(person_id: Any) -> int:
    """How many are open about this person."""
    return RedFlag.objects.filter(state="open", person_id=person_id).count()
