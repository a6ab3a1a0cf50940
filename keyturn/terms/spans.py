"""Which rows give way, wholly or in part, when something else holds from one moment to another?

Plain arithmetic over half-open spans [start, end): what `records.dated` writes is planned here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar


class Holding(Protocol):
    """Anything that holds from a moment until just before another (None: until further notice)."""

    valid_from: datetime
    valid_to: datetime | None


R = TypeVar("R", bound=Holding)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` until just before `end`; None: open."""

    start: datetime
    end: datetime | None = None

    @property
    def is_empty(self) -> bool:
        return self.end is not None and self.end <= self.start

    def holds_at(self, moment: datetime) -> bool:
        return self.start <= moment and (self.end is None or moment < self.end)

    def overlaps(self, other: "Span") -> bool:
        if self.is_empty or other.is_empty:
            return False
        return (self.end is None or other.start < self.end) and (other.end is None or self.start < other.end)

    def common(self, other: "Span") -> "Span":
        """What both cover; empty where they do not overlap."""
        ends = [each for each in (self.end, other.end) if each is not None]
        return Span(max(self.start, other.start), min(ends, default=None))

    def without(self, other: "Span") -> tuple["Span", ...]:
        """What is left of this one before and after the other: none, one or two spans."""
        if not self.overlaps(other):
            return () if self.is_empty else (self,)
        left = [Span(self.start, other.start)]
        if other.end is not None:
            left.append(Span(other.end, self.end))
        return tuple(each for each in left if not each.is_empty)


@dataclass(frozen=True, slots=True)
class Piece(Generic[R]):
    """A copy of `row` that holds over `span`. `lost`: the part in which it had to give way."""

    row: R
    span: Span
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Plan(Generic[R]):
    """Rows that we stop believing, and the pieces of them that we believe instead."""

    supersede: tuple[R, ...] = ()
    pieces: tuple[Piece[R], ...] = ()


def span_of(row: Holding) -> Span:
    return Span(row.valid_from, row.valid_to)


def cut(rows: Iterable[R], taken: Span) -> Plan[R]:
    """Make room for something that holds over `taken`: each row that overlaps it keeps what lies before and after.

    The piece inside is planned too, as `lost`: who lets a row go on in another role (a primary contact as a further
    one) writes it, everybody else leaves it out.
    """
    gone: list[R] = []
    pieces: list[Piece[R]] = []
    for row in rows:
        span = span_of(row)
        if not span.overlaps(taken):
            continue
        gone.append(row)
        pieces += [Piece(row, each) for each in span.without(taken)]
        pieces.append(Piece(row, span.common(taken), lost=True))
    return Plan(tuple(gone), tuple(pieces))


def until_the_next(rows: Iterable[Holding], span: Span) -> Span:
    """`span`, ended where a row begins that was planned for later: what somebody asked for before still comes."""
    later = [row.valid_from for row in rows if row.valid_from > span.start]
    first = min(later, default=None)
    if first is None or (span.end is not None and span.end <= first):
        return span
    return Span(span.start, first)
