"""When the matcher says 70 %, is it right in 70 of 100 cases?"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from bench.matching import table
from bench.matching.table import Row
from keyturn.matching import Decision
from keyturn.matching.calibration import forbidding

FEW = 30
"""A decile with fewer candidates than this is shown and not judged: chance alone moves it by many points."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One candidate that the matcher ranked: what it said, and the truth. `best`: the first of its probe. `others`: the
    odds of its probe's other candidates together. `codes`: what forbids a link to it."""

    probability: float
    weight: float
    is_same: bool
    is_best: bool
    zone: str
    kind: str = ""
    others: float = 0.0
    codes: tuple[str, ...] = ()


def shown(decision: Decision, truth: set[str], *, kind: str = "") -> list[Shown]:
    """The candidates of one decision."""
    best = decision.best.person_id if decision.best else ""
    odds = sum(2**each.scored.weight for each in decision.ranked)
    return [
        Shown(
            each.scored.probability, each.scored.weight, each.person_id in truth, each.person_id == best,
            decision.matcher_zone, kind, max(0.0, odds - 2**each.scored.weight),
            forbidding(each.scored.vetoes, each.scored.level),
        )
        for each in decision.ranked
    ]  # fmt: skip


@dataclass(frozen=True)
class Decile:
    """Candidates whose probability lies in one tenth: how many, what was said on average, and what was true (shares)."""

    low: float
    count: int
    said: float
    true: float

    @property
    def points_off(self) -> float:
        return 100 * abs(self.said - self.true)

    @property
    def by_chance(self) -> float:
        """Points off that chance alone makes one time in twenty, if all that is said is right and no two are one person."""
        return 196 * sqrt(self.said * (1 - self.said) / self.count)


def deciles(candidates: Iterable[Shown]) -> list[Decile]:
    """Ten equal parts of the probability's range; the last one includes 1."""
    cells: list[list[Shown]] = [[] for _ in range(10)]
    for each in candidates:
        cells[min(9, int(each.probability * 10))].append(each)
    return [
        Decile(
            n / 10, len(cell), sum(e.probability for e in cell) / len(cell), sum(e.is_same for e in cell) / len(cell)
        )
        for n, cell in enumerate(cells)
        if cell
    ]


def average_off(found: list[Decile]) -> float:
    """Points off, each decile by its number of candidates (the expected calibration error)."""
    return sum(each.points_off * each.count for each in found) / sum(each.count for each in found)


def row(candidates: list[Shown], measure: str) -> Row:
    """The worst decile that has enough candidates."""
    found = deciles(candidates)
    judged = [each for each in found if each.count >= FEW]
    worst = max(judged, key=lambda each: each.points_off)
    return table.held(
        "calibration", measure, worst.points_off, "<= 2 points", as_text=lambda value: f"{value:.1f} points",
        beside=f"mean {average_off(found):.2f}; of {worst.count:,} candidates chance alone makes {worst.by_chance:.1f}",
    )  # fmt: skip


def details(candidates: list[Shown]) -> str:
    return table.markdown(
        ["said", "candidates", "said on average", "were the person", "points off", "chance alone"],
        [
            [f"{each.low:.1f}-{each.low + 0.1:.1f}", f"{each.count:,}", f"{100 * each.said:.1f} %",
             f"{100 * each.true:.1f} %", f"{each.points_off:.1f}" + (" (too few)" if each.count < FEW else ""),
             f"{each.by_chance:.1f}"]
            for each in deciles(candidates)
        ],
    )  # fmt: skip
