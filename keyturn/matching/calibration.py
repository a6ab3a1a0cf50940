"""Of a hundred pairs with this weight, how many are one person?

The odds of a weight (`score.Scored.odds`) are what the model's shares add up to; they would be right if fields were
independent, and registries like the model's. A calibration is a curve from bits to the share that was seen where the truth
was known: knots of (bits, probability), between which the odds change evenly on a logarithmic scale, and outside which
a bit is a bit. It never falls, so that it changes no order, and nothing is decided by it (`model`: `thresholds`).
"""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from math import log2
from typing import Any, Final

_SUREST: Final = 50.0
"""Bits, either way, so that nothing is ever said to be certain: a float beside 1 knows no more than 53."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A curve through (bits, log2 odds) pairs: at least two, bits strictly rising, odds never falling."""

    knots: tuple[tuple[float, float], ...]

    def probability(self, weight: float) -> float:
        """The share of pairs of this weight (bits) that are one person; more than 0 and less than 1."""
        return 1 / (1 + 2 ** -max(-_SUREST, min(_SUREST, self._log_odds(weight))))

    def _log_odds(self, weight: float) -> float:
        (first, least), (last, most) = self.knots[0], self.knots[-1]
        if weight <= first:
            return least + (weight - first)
        if weight >= last:
            return most + (weight - last)
        after = bisect_right(self.knots, (weight, float("inf")))
        (left, low), (right, high) = self.knots[after - 1], self.knots[after]
        return min(high, low + (high - low) * (weight - left) / (right - left))


def from_knots(knots: Any) -> Calibration:
    """Read a model file's `calibration`, [[bits, probability], ...]; ValueError says in a sentence what is wrong."""
    if not isinstance(knots, list) or len(knots) < 2:
        raise ValueError("calibration must be a list of at least two knots, [bits, probability]")
    for knot in knots:
        if not isinstance(knot, list) or len(knot) != 2 or not all(map(_is_number, knot)):
            raise ValueError(f"calibration: a knot must be [bits, probability], two numbers, not {knot!r}")
        bits, share = knot
        if not -200 <= bits <= 200:
            raise ValueError(f"calibration: bits must be from -200 to 200, not {bits!r}")
        if not 1e-12 <= share <= 1 - 1e-12:
            raise ValueError(f"calibration: a probability must be more than 0 and less than 1, not {share!r}")
    for (bits, share), (next_bits, next_share) in pairwise(knots):
        if next_bits <= bits:
            raise ValueError(f"calibration: the bits must rise from knot to knot, and {next_bits!r} follows {bits!r}")
        if next_share < share:
            raise ValueError(f"calibration: the probabilities must never fall, and {next_share!r} follows {share!r}")
    return Calibration(tuple((float(bits), log2(share / (1 - share))) for bits, share in knots))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
