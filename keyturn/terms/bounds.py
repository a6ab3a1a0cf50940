"""Between which bounds does a share lie, when so many of so many were counted?"""

from collections.abc import Callable
from math import exp, lgamma, log

CONFIDENCE = 0.95


def exact(hits: int, of: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The bounds of Clopper and Pearson (Biometrika 26, 1934): exact, so never too narrow. (0, 1) where nothing was counted.

    0 of n has the upper bound of about 3.7/n at 95 %: half of the 5 % lies on either side.
    """
    if not 0 <= hits <= of:
        raise ValueError("there cannot be more hits than were counted, nor fewer than none")
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _where(lambda share: 1 - _at_most(hits - 1, of, share), tail)
    high = 1.0 if hits == of else 1 - _where(lambda share: _at_most(hits, of, 1 - share), tail)
    return low, high


def _where(rising: Callable[[float], float], height: float) -> float:
    """Where between 0 and 1 a curve that rises passes a height."""
    low, high = 0.0, 1.0
    for _halving in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < height else (low, middle)
    return (low + high) / 2


def _at_most(hits: int, of: int, share: float) -> float:
    """The chance of no more than so many hits."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return 1.0 if hits >= of else 0.0
    return min(1.0, sum(exp(_log_chance(each, of, share)) for each in range(hits + 1)))


def _log_chance(hits: int, of: int, share: float) -> float:
    ways = lgamma(of + 1) - lgamma(hits + 1) - lgamma(of - hits + 1)
    return ways + hits * log(share) + (of - hits) * log(1 - share)
