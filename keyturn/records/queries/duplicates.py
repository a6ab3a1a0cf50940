"""Which two persons on file may be one, and wait for staff?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from keyturn.records.models import DuplicatePair

STATES = ("open", "held", "merged", "not_same", "gone")


@dataclass(frozen=True, slots=True)
class Page:
    """Some pairs, the likeliest first; `next` is the cursor of those behind them, "" at the end."""

    pairs: list[DuplicatePair]
    next: str


def waiting() -> Mapping[str, int]:
    """How many pairs there are of each state."""
    found = dict(DuplicatePair.objects.values_list("state").annotate(Count("pk")))
    return {state: found.get(state, 0) for state in STATES}


def listed(*, state: str = "open", after: str = "", source: str = "", most: int = 25) -> Page:
    """One page of the queue. `after` is the `next` of the page before; a cursor that is none begins at the start."""
    rows = DuplicatePair.objects.filter(state=state).select_related("one", "other")
    if source:
        rows = rows.filter(source=source)
    pairs = list(_behind(rows, after).order_by("-weight", "id")[: most + 1])
    more = len(pairs) > most
    return Page(pairs[:most], f"{pairs[most - 1].weight!r}:{pairs[most - 1].pk}" if more else "")


def _behind(rows: QuerySet[DuplicatePair], after: str) -> QuerySet[DuplicatePair]:
    weight, _, ident = after.partition(":")
    try:
        at, last = float(weight), UUID(ident)
    except ValueError:
        return rows
    return rows.filter(Q(weight__lt=at) | Q(weight=at, pk__gt=last))


def get(pair_id: Any) -> DuplicatePair | None:
    """One pair with both persons; None where there is no such."""
    try:
        key = UUID(str(pair_id))
    except ValueError:
        return None
    return DuplicatePair.objects.select_related("one", "other").filter(pk=key).first()


def between(one: Any, other: Any) -> DuplicatePair | None:
    """The pair of these two persons, in whichever order they are named."""
    first, second = sorted((UUID(str(one)), UUID(str(other))))
    return DuplicatePair.objects.select_related("one", "other").filter(one_id=first, other_id=second).first()


def of_person(person_id: Any) -> list[DuplicatePair]:
    """The undecided pairs that somebody on file is part of, the likeliest first."""
    rows = DuplicatePair.objects.filter(state__in=("open", "held")).select_related("one", "other")
    return list(rows.filter(Q(one_id=person_id) | Q(other_id=person_id)).order_by("-weight", "id"))


def next_for(actor: str, *, besides: Iterable[Any] = ()) -> DuplicatePair | None:
    """The pair that somebody should open next. `actor` is a staff user's id: two who work at once are led to different
    ends of the first few, so that they do not decide the same."""
    rows = DuplicatePair.objects.filter(state="open").select_related("one", "other").order_by("-weight", "id")
    first = list(rows.exclude(pk__in=list(besides))[:5])
    return first[sum(actor.encode()) % len(first)] if first else None
