"""On which days of each year does a seasonal address hold, and which two seasons cannot stand together?

A season is two days of the year, both included, written month * 100 + day (1101: 1 November). It may cross New Year.
29 February counts as a day of every year: in a year that has none, nothing falls on it.
"""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

_LEAP = 2024  # a year with all 366 days


@dataclass(frozen=True, slots=True, order=True)
class Season:
    """From `first` to `last`, both included, each as month * 100 + day."""

    first: int
    last: int

    @classmethod
    def between(cls, first: date, last: date) -> "Season":
        return cls(day_of_year(first), day_of_year(last))

    @property
    def is_possible(self) -> bool:
        return is_day_of_year(self.first) and is_day_of_year(self.last)

    def holds_on(self, day: date) -> bool:
        return self._holds(day_of_year(day))

    def overlaps(self, other: "Season") -> bool:
        """Is there a day of the year, 29 February included, on which both hold?"""
        return self._holds(other.first) or other._holds(self.first)

    def _holds(self, day: int) -> bool:
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last


def day_of_year(day: date) -> int:
    return day.month * 100 + day.day


def is_day_of_year(number: int) -> bool:
    """Is this month * 100 + day of some year?"""
    month, day = divmod(number, 100)
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(_LEAP, month)[1]


def overlapping(wanted: Season, others: Iterable[Season]) -> Season | None:
    """The first of these seasons that shares a day with the wanted one (domain.md 10.5: overlaps are refused)."""
    return next((each for each in sorted(others) if each.overlaps(wanted)), None)
