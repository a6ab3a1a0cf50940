"""What do all workers know together about a CIS: does it answer, which of its places are taken, how have calls gone?"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, Sum

from keyturn.records import ids
from keyturn.records.models import CisBreaker, CisPlace, CisTurn
from keyturn.records.prepared import Asked

Counted = Mapping[tuple[str, str, str, float], tuple[int, float]]
"""(CIS, operation, outcome, upper end of the bucket in seconds) -> how many calls, and their seconds in all."""


def is_open(cis: str) -> bool:
    """Whether nobody calls this CIS now."""
    return CisBreaker.objects.filter(cis=cis, opened_at__isnull=False).exists()


def open_ones() -> list[CisBreaker]:
    return list(CisBreaker.objects.filter(opened_at__isnull=False))


def answered(cis: str) -> None:
    """It answered. Writes only where it had not before, so that good calls wait for no row."""
    CisBreaker.objects.filter(cis=cis, failures__gt=0, opened_at=None).update(failures=0)


def failed(cis: str, problem: str, *, now: datetime, opens: Callable[[int], bool]) -> bool:
    """It did not answer. True where that made `opens` (failures in a row) so, and nobody calls it from now on."""
    CisBreaker.objects.get_or_create(cis=cis)
    row = CisBreaker.objects.select_for_update().get(cis=cis)
    row.failures, row.problem = row.failures + 1, problem[:80]
    opened = row.opened_at is None and opens(row.failures)
    if opened:
        row.opened_at = now
    row.save(update_fields=["failures", "problem", "opened_at"])
    return opened


def begin_probe(cis: str, *, now: datetime, until: datetime) -> bool:
    """Take the one probe of an open breaker, for as long as a call may take."""
    free = Q(probing_until=None) | Q(probing_until__lte=now)
    return bool(CisBreaker.objects.filter(free, cis=cis, opened_at__isnull=False).update(probing_until=until))


def still_away(cis: str, problem: str, *, now: datetime) -> None:
    """The probe was not answered."""
    CisBreaker.objects.filter(cis=cis).update(probing_until=None, probed_at=now, problem=problem[:80])


def is_back(cis: str, *, now: datetime, failures: int) -> None:
    """The probe was answered; `failures` are counted against it from the start."""
    CisBreaker.objects.filter(cis=cis).update(
        probing_until=None, probed_at=now, opened_at=None, closed_at=now, failures=failures
    )


PARKING = (7104, 2)
"""The advisory lock between who lets a delivery wait and who lets go what waits: two numbers of our own."""


def hold_parking(*, alone: bool = False) -> None:
    """Until the transaction ends. Many hold it who let something wait; `alone`, after them, who lets go what waits."""
    with connection.cursor() as cursor:
        which = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
        cursor.execute(f"SELECT {which}(%s, %s)", PARKING)


_TAKE = """
UPDATE cis_place SET until = %(until)s, calls = calls + 1 WHERE id = (
    SELECT id FROM cis_place WHERE cis = %(cis)s AND number < %(places)s AND (until IS NULL OR until <= %(now)s)
    AND NOT EXISTS (SELECT 1 FROM cis_breaker WHERE cis = %(cis)s AND opened_at IS NOT NULL)
    ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING number"""


def take_place(cis: str, *, places: int, now: datetime, until: datetime) -> int | None:
    """One of the calls that may be under way at once, until it is given back or `until` is over. None: all are taken, or
    nobody calls this CIS now.

    Nobody waits for anybody: a place that another is just taking or giving back counts as taken.
    """
    number = _take(cis, places=places, now=now, until=until)
    if number is None and CisPlace.objects.filter(cis=cis, number__lt=places).count() < places:
        rows = [CisPlace(cis=cis, number=each) for each in range(places)]
        CisPlace.objects.bulk_create(rows, ignore_conflicts=True)
        number = _take(cis, places=places, now=now, until=until)
    return number


def _take(cis: str, *, places: int, now: datetime, until: datetime) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"until": until, "cis": cis, "places": places, "now": now})
        row = cursor.fetchone()
    return row[0] if row else None


def last_turn(cis: str) -> tuple[int, int]:
    """How many of those who waited were let go the last time, and how many calls have been given a place since, failed ones
    included."""
    last = CisTurn.objects.filter(cis=cis).first()
    return (last.let_go, _calls(cis) - last.calls) if last else (0, 0)


def note_turn(cis: str, *, let_go: int) -> None:
    """So many are let go now."""
    CisTurn.objects.update_or_create(cis=cis, defaults={"let_go": let_go, "calls": _calls(cis)})


def _calls(cis: str) -> int:
    return CisPlace.objects.filter(cis=cis).aggregate(calls=Sum("calls"))["calls"] or 0


def give_back(cis: str, number: int, *, until: datetime) -> None:
    """The call is over. A place that was taken again after `until` is not ours to give."""
    CisPlace.objects.filter(cis=cis, number=number, until=until).update(until=None)


_ANSWERED = """
WITH back AS (UPDATE cis_place SET until = NULL WHERE cis = %s AND number = %s AND until = %s)
UPDATE cis_breaker SET failures = 0 WHERE cis = %s AND failures > 0 AND opened_at IS NULL"""


def giving_back_answered(cis: str, number: int, *, until: datetime) -> Asked[list[Any]]:
    """`give_back` and `answered` in one statement: each good call makes it."""
    return Asked(_ANSWERED, [cis, number, until, cis], list)


_ADD = """
INSERT INTO cis_calls (id, cis, operation, outcome, at_most, calls, seconds) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (cis, operation, outcome, at_most)
DO UPDATE SET calls = cis_calls.calls + excluded.calls, seconds = cis_calls.seconds + excluded.seconds"""


@transaction.atomic
def add_calls(counted: Counted) -> None:
    """Add what this process has counted; in one order in every process, so that two wait and never lock each other."""
    rows = [
        [ids.new_id(), cis[:40], operation[:12], outcome[:80], at_most, calls, seconds]
        for (cis, operation, outcome, at_most), (calls, seconds) in sorted(counted.items())
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, rows)
