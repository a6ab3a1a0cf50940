"""What did the CIS and we last agree on, and where do staff have to say who is right?"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from keyturn.records.models import CisAgreed, CisDifference
from keyturn.steps.maintain.inbound.rules import NOT_AGREED

Values = Mapping[str, Any]
MOMENT = timedelta(microseconds=1)


def agreed(noun: str, ref: str) -> dict[str, Any]:
    """Field to value, of those that were ever held alike on both sides."""
    row = CisAgreed.objects.filter(noun=noun, ref=ref).first()
    return dict(row.values) if row else {}


def agreed_on(held: Values, field: str) -> Any:
    return held.get(field, NOT_AGREED)


def keep_agreed(noun: str, ref: str, values: Values, *, now: datetime) -> None:
    """Both hold these now. Within the transaction that saw to it, under the lock of whom they are about."""
    row = CisAgreed.objects.filter(noun=noun, ref=ref).first()
    before = dict(row.values) if row else {}
    after = {**before, **values}
    if row is not None and after == before:
        return
    if row is None:
        row = CisAgreed(noun=noun, ref=ref, agreed_at=now - MOMENT)
    row.values, row.agreed_at = after, max(now, row.agreed_at + MOMENT)
    row.save()


def compared_at(noun: str, ref: str) -> datetime | None:
    """When the two were last compared: what was read before that may be older than what has been merged since."""
    return CisAgreed.objects.filter(noun=noun, ref=ref).values_list("agreed_at", flat=True).first()


def keep_compared(noun: str, ref: str, *, now: datetime) -> None:
    """They have just been compared; later than the time before, whatever the clocks say. Under the lock, as `keep_agreed`."""
    row = CisAgreed.objects.filter(noun=noun, ref=ref).first()
    if row is None:
        keep_agreed(noun, ref, {}, now=now)
    else:
        CisAgreed.objects.filter(pk=row.pk).update(agreed_at=max(now, row.agreed_at + MOMENT))


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


def no_longer_differ(
    noun: str, ref: str, *, fields: Iterable[str] | None = None, why: Iterable[str] = (), now: datetime
) -> int:
    """The question has vanished: what was open about these fields, or for these reasons, is closed; how many."""
    rows = CisDifference.objects.filter(noun=noun, ref=ref, state="open")
    rows = rows.filter(why__in=list(why)) if fields is None else rows.filter(field__in=list(fields))
    return rows.update(state="gone", decided_at=now, decided_by="machine:", version=F("version") + 1)


def is_open(noun: str, ref: str, field: str) -> bool:
    return CisDifference.objects.filter(noun=noun, ref=ref, field=field, state="open").exists()
