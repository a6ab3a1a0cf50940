"""Where on a drawing does a share of right ones stand, week by week, with its bounds and the floor it must not fall under?

The scale is one of nines: 0, 90, 99, 99.9, 99.99 % have the same distance, since between 99 % and 99.9 % lies all that
matters. What was never wrong stands on the upper edge.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log10
from typing import Any

from django.utils.formats import number_format

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 18, 30
NINES = 4
"""Nines at the upper edge: 99.99 %."""


@dataclass(frozen=True, slots=True)
class Point:
    """One week. `y`, `high` and `low` are None where nobody has said anything; `never_wrong` stands on the edge."""

    x: float
    label: str
    labelled: bool
    y: float | None = None
    high: float | None = None
    low: float | None = None
    never_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    points: tuple[Point, ...]
    ticks: tuple[tuple[float, str], ...]
    floor: float
    floor_label: str
    line: str  # the points that can be joined, for a polyline
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def height_of(share: float) -> float:
    """Down from the top, in the drawing's units."""
    nines = min(max(-log10(max(1 - share, 10**-NINES)), 0.0), NINES)
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - nines / NINES), 1)


def drawn(weeks: Iterable[Any], *, floor: float, labels: Iterable[str]) -> Chart:
    """`weeks` each with `counted` (estimate, bounds); `labels` what to write under each."""
    rows = list(zip(weeks, labels, strict=True))
    step = (WIDTH - LEFT - RIGHT) / max(len(rows), 1)
    every = max(1, -(-len(rows) // 7))
    points = tuple(_point(week.counted, LEFT + step * (at + 0.5), label, (len(rows) - 1 - at) % every == 0)
                   for at, (week, label) in enumerate(rows))  # the newest week always has its label  # fmt: skip
    ticks = [(height_of(share), f"{number_format(share * 100, places)} %")
             for share, places in ((0.0, 0), (0.9, 0), (0.99, 0), (0.999, 1), (0.9999, 2))]  # fmt: skip
    line = " ".join(f"{each.x:.1f},{each.y:.1f}" for each in points if each.y is not None)
    return Chart(points, tuple(ticks), height_of(floor), f"{number_format(floor * 100, 1)} %", line)


def _point(counted: Any, x: float, label: str, labelled: bool) -> Point:
    if counted.estimate is None:
        return Point(round(x, 1), label, labelled)
    low, high = counted.bounds
    return Point(
        round(x, 1),
        label,
        labelled,
        height_of(counted.estimate),
        height_of(high),
        height_of(low),
        counted.estimate == 1,
    )
