"""What did the CIS and we last agree on, and where do staff have to say who is right?"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from keyturn.records.models import CisAgreed, CisDifference
from keyturn.records.prepared import Asked, Prepared
from keyturn.steps.maintain.inbound.rules import NOT_AGREED

Values = Mapping[str, Any]
MOMENT = timedelta(microseconds=1)

_agreed = Prepared(lambda noun, ref: CisAgreed.objects.filter(noun=noun, ref=ref))
_open = Prepared(lambda noun, ref: CisDifference.objects.filter(noun=noun, ref=ref, state="open"))


def asked(noun: str, ref: str) -> Asked[list[CisAgreed]]:
    """To be asked together with other things; `compared_by` reads the answer."""
    return _agreed.asked(noun=noun, ref=ref)


def compared_by(rows: list[CisAgreed]) -> datetime | None:
    """When the two were last compared: what was read before that may be older than what has been merged since."""
    return rows[0].agreed_at if rows else None


def agreed(noun: str, ref: str) -> dict[str, Any]:
    """Field to value, of those that were ever held alike on both sides."""
    row = _agreed.first(noun=noun, ref=ref)
    return dict(row.values) if row else {}


def agreed_on(held: Values, field: str) -> Any:
    return held.get(field, NOT_AGREED)


def keep_agreed(noun: str, ref: str, values: Values, *, now: datetime) -> None:
    """The two have just been compared, and both hold these. Later than the time before, whatever the clocks say. Within the
    transaction that saw to it, under the lock of whom they are about."""
    row = _agreed.first(noun=noun, ref=ref)
    if row is None:
        row = CisAgreed(noun=noun, ref=ref, agreed_at=now)
        row.values = dict(values)
        row.save(force_insert=True)
        return
    before = row.values
    row.agreed_at = max(now, row.agreed_at + MOMENT)
    if {**before, **values} != before:
        row.values = {**before, **values}
    row.save(update_fields=["sealed_values", "agreed_at"])


def differs(noun: str, ref: str, *, field: str = "", why: str, values: Values | None = None, now: datetime) -> bool:
    """Open a case, or bring the open one up to date; True where it is new."""
    shown = dict(values or {})
    case = CisDifference.objects.select_for_update().filter(
        noun=noun, ref=ref, field=field, why=why, state="open"
    ).first()  # fmt: skip
    if case is not None:
        if case.values != shown:
            case.values, case.version = shown, case.version + 1
            case.save(update_fields=["sealed_values", "version"])
        return False
    case = CisDifference(noun=noun, ref=ref, field=field, why=why, opened_at=now)
    case.values = shown
    case.save(force_insert=True)
    return True


def no_longer_differ(noun: str, ref: str, *, fields: Iterable[str] = (), why: Iterable[str] = (), now: datetime) -> int:
    """The question has vanished: what was open about these fields, and for these reasons, is closed; how many."""
    fields, why = set(fields), set(why)
    gone = [each.pk for each in _open(noun=noun, ref=ref) if each.field in fields or each.why in why]
    if not gone:
        return 0
    rows = CisDifference.objects.filter(pk__in=gone, state="open")
    return rows.update(state="gone", decided_at=now, decided_by="machine:", version=F("version") + 1)


def is_open(noun: str, ref: str, field: str) -> bool:
    return CisDifference.objects.filter(noun=noun, ref=ref, field=field, state="open").exists()
