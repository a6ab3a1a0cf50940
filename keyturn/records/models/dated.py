"""How does a row say when something held, and when we believed it?

Two times (bitemporal; Snodgrass, "Developing Time-Oriented Database Applications", 1999): `valid_from` and `valid_to`
are about the world, `recorded_at` and `superseded_at` about our knowledge. A row's content is never changed: a
correction supersedes it and writes another (`records/dated.py`), so that what was believed on any day can be read again.
"""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q

from keyturn.records.models.fields import Row


def holds_at(at: datetime, of: str = "") -> Q:
    """Rows that hold now, `at` by the clock of who asks. `of`: the relation in whose name they are asked for ("people").

    It names `superseded_at` too, because a relation inside a filter knows nothing of managers. What had begun, or was
    over, when it was recorded has begun, or is over: the machine that wrote it may have a clock that goes before ours, by
    minutes or days, and it was there first all the same (T-05). For another time than now: `held_at`, or `queries.as_of`.
    """
    name = f"{of}__" if of else ""
    has_begun = Q(**{f"{name}valid_from__lte": at}) | Q(**{f"{name}valid_from__lte": F(f"{name}recorded_at")})
    return not_over_at(at, of) & has_begun


def sql_now(rows: str, at: str) -> str:
    """In SQL, what `holds_at` compares a row's times with; `at` is the placeholder of the moment."""
    return f"greatest({rows}.recorded_at, {at})"


def sql_holds(rows: str, at: str) -> str:
    """`holds_at` in SQL, for statements that the ORM has no words for."""
    now = sql_now(rows, at)
    return f"{rows}.superseded_at IS NULL AND {rows}.valid_from <= {now} AND ({rows}.valid_to IS NULL OR {rows}.valid_to > {now})"


def not_over_at(at: datetime, of: str = "") -> Q:
    """Rows that hold now or are planned for later."""
    name = f"{of}__" if of else ""
    ends_later = Q(**{f"{name}valid_to__gt": at}) & Q(**{f"{name}valid_to__gt": F(f"{name}recorded_at")})
    return Q(**{f"{name}superseded_at": None}) & (Q(**{f"{name}valid_to": None}) | ends_later)


def held_at(at: datetime) -> Q:
    """Rows that held at another time than now, as far as we know today."""
    return Q(superseded_at=None, valid_from__lte=at) & (Q(valid_to=None) | Q(valid_to__gt=at))


NOT_CONTENT = frozenset({"id", "valid_from", "valid_to", "recorded_at", "superseded_at", "source", "sealed_value"})


class Believed(models.Manager["Dated"]):
    """What we hold to be true now: rows that no correction has superseded. Every relation leads here."""

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(superseded_at=None)


class Dated(Row):
    """A row that holds from `valid_from` until just before `valid_to` (null: open), as believed from `recorded_at` on."""

    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    source = models.CharField(max_length=60, blank=True)  # request:<id>, import, cis, staff:<id>: who brought it

    objects = Believed()
    ever = models.Manager()

    class Meta:
        abstract = True

    def says_the_same(self, other: "Dated") -> bool:
        """Word for word, whenever it holds. Of identifiers the digest speaks: one value is sealed differently each time."""
        names = [each.attname for each in self._meta.concrete_fields if each.attname not in NOT_CONTENT]
        return all(getattr(self, name) == getattr(other, name) for name in names)
