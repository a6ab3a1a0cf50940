"""How does delivery to the CIS stand: what waits, what is in doubt, what is stuck or left there, and how have calls gone?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from keyturn.records.models import CisBreaker, CisCalls, CisPlace, Delivery, Event, Request
from keyturn.terms.request import Standing

OPEN_STATES = ("intended", "sent", "in_doubt", "rejected")
STATES = (*OPEN_STATES, "done")


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether the CIS is called, and what waits because it is not. `places` are calls under way now."""

    cis: str
    since: datetime | None
    problem: str
    failures: int
    probed_at: datetime | None
    closed_at: datetime | None
    places: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Deliveries that are not over: how many, and since when the oldest."""

    state: str
    number: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Jobs of one kind that are due: how many, and how long the oldest has waited, in seconds."""

    kind: str
    number: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Calls:
    """One operation of one CIS with one outcome: "ok" or a code. `buckets`: upper end in seconds -> calls."""

    cis: str
    operation: str
    outcome: str
    number: int
    seconds: float
    buckets: Mapping[float, int]


def gate(cis: str, *, now: datetime) -> Gate:
    """The breaker of this CIS; one that never failed has no row."""
    row = CisBreaker.objects.filter(cis=cis).first() or CisBreaker(cis=cis)
    places = CisPlace.objects.filter(cis=cis, until__gt=now).count()
    return Gate(cis, row.opened_at, row.problem, row.failures, row.probed_at, row.closed_at, places)


def kept() -> list[Kept]:
    """By state; what is over is nobody's business any more, and what was not sent because staff look first is theirs."""
    live = Delivery.objects.filter(state__in=OPEN_STATES).exclude(request__standing=Standing.NOBODY)
    live = live.exclude(state="intended", request__standing__in=(Standing.STAFF, Standing.CUSTOMER))
    rows = live.values("state").annotate(number=Count("id"), oldest=Min("created_at")).order_by("state")
    found = {row["state"]: Kept(**row) for row in rows}
    return [found.get(state) or Kept(state, 0, None) for state in OPEN_STATES]


def parked() -> int:
    """How many of them wait without a job, because the CIS is not called or has no place."""
    return int(Delivery.objects.filter(parked_at__isnull=False).count())


def in_doubt() -> tuple[int, datetime | None]:
    """How many nobody knows the outcome of, and since when the first."""
    doubtful = Delivery.objects.filter(state="in_doubt").exclude(request__standing=Standing.NOBODY)
    found = doubtful.aggregate(number=Count("id"), since=Min("in_doubt_since"))
    return found["number"], found["since"]


def stuck() -> int:
    """Requests that the machine gave up on."""
    return int(Request.objects.filter(standing=Standing.ENGINEER).count())


def _left() -> Any:
    said = Event.objects.filter(request=OuterRef("pk"))
    return Request.objects.filter(Exists(said.filter(what="left_in_cis")), standing=Standing.NOBODY).exclude(
        Exists(said.filter(what="cleared_in_cis"))
    )


def left_in_cis(*, most: int) -> tuple[list[Request], int]:
    """Requests that are over and left something in the CIS that nobody has put right there; and how many in all."""
    rows = _left().order_by("-ended_at")
    return list(rows[:most]), rows.count()


def to_look_at() -> QuerySet[Delivery]:
    """Deliveries that somebody must look at: stuck, or before staff; the oldest first."""
    somebodys = Q(request__standing__in=(Standing.STAFF, Standing.ENGINEER), request__established_at__isnull=False)
    rows = Delivery.objects.filter(somebodys, state__in=OPEN_STATES).select_related("request")
    return rows.order_by(F("in_doubt_since").asc(nulls_last=True), "created_at", "id")


_WAITING = """
SELECT j.task_name, j.number, greatest(extract(epoch FROM %(now)s - least(j.scheduled, e.at)), 0)
  FROM (SELECT task_name, count(*) AS number, min(scheduled_at) AS scheduled,
               min(id) FILTER (WHERE scheduled_at IS NULL) AS first
          FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, %(now)s) <= %(now)s
         GROUP BY task_name) j
  LEFT JOIN LATERAL (SELECT min(at) AS at FROM procrastinate_events WHERE job_id = j.first AND type = 'deferred') e ON true
 ORDER BY 3 DESC, 1"""


def queue_age(*, now: datetime) -> list[Waiting]:
    """Jobs that are due, by kind, the one that has waited longest first."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"now": now})
        return [
            Waiting(name.removeprefix("keyturn."), number, float(age or 0)) for name, number, age in cursor.fetchall()
        ]


def calls() -> list[Calls]:
    """Everything that was counted since the installation began."""
    found: dict[tuple[str, str, str], list[CisCalls]] = {}
    for row in CisCalls.objects.order_by("cis", "operation", "outcome", "at_most"):
        found.setdefault((row.cis, row.operation, row.outcome), []).append(row)
    return [
        Calls(*key, sum(each.calls for each in rows), sum(each.seconds for each in rows),
              {each.at_most: each.calls for each in rows})
        for key, rows in found.items()
    ]  # fmt: skip


def quantile(counted: Iterable[Calls], share: float) -> float | None:
    """The upper end of the bucket in which `share` of the calls are over; None where there were none."""
    summed: dict[float, int] = {}
    for each in counted:
        for at_most, number in each.buckets.items():
            summed[at_most] = summed.get(at_most, 0) + number
    total, so_far = sum(summed.values()), 0
    for at_most in sorted(summed):
        so_far += summed[at_most]
        if so_far >= share * total:
            return at_most
    return None
