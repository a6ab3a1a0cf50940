"""How does a row say when something held, and when we believed it?

Two times (bitemporal; Snodgrass, "Developing Time-Oriented Database Applications", 1999): `valid_from` and `valid_to`
are about the world, `recorded_at` and `superseded_at` about our knowledge. A row's content is never changed: a
correction supersedes it and writes another (`records/dated.py`), so that what was believed on any day can be read again.
"""

from typing import Any

from django.db import models

from keyturn.records.models.fields import Row


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
