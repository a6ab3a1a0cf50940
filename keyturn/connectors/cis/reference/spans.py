"""What holds from when to when, after something else has been said for some of those days? Plain Python."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Generic, TypeVar

Value = TypeVar("Value", bound=Hashable)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span(Generic[Value]):
    """`value` holds from `first` to `last`, both included; None: since ever, for ever."""

    first: date | None
    last: date | None
    value: Value

    def covers(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def lay(held: Iterable[Span[Value]], first: date, last: date | None, value: Value | None) -> list[Span[Value]]:
    """`held`, which has no overlaps, with `value` in place of whatever holds from `first` to `last`.

    None: nothing holds there any more. Saying what is so already changes nothing.
    """
    found = [part for span in held for part in _outside(span, first, last)]
    if value is not None:
        found.append(Span(first, last, value))
    joined: list[Span[Value]] = []
    for span in sorted(found, key=lambda each: each.first or date.min):
        before = joined[-1] if joined else None
        if before and before.value == span.value and before.last and before.last + DAY == span.first:
            joined[-1] = replace(before, last=span.last)
        else:
            joined.append(span)
    return joined


def _outside(span: Span[Value], first: date, last: date | None) -> list[Span[Value]]:
    """What is left of `span` before `first` and after `last`."""
    if (span.last is not None and span.last < first) or (last and span.first is not None and span.first > last):
        return [span]
    parts = []
    if span.first is None or span.first < first:
        parts.append(replace(span, last=first - DAY))
    if last and (span.last is None or span.last > last):
        parts.append(replace(span, first=last + DAY))
    return parts
