"""Which probabilities do weights deserve? Fits a model file's `calibration`, and tries it on seeds that it has not seen.

    python -m bench.matching.fit_calibration

takes some five minutes of two cores, prints `on_file_twice` and `curve`, and changes nothing. On file is the simulated
census of 2030, and every row of that of 2040 is a probe: seeds 0 to 5 to fit, 20 to 22 to try. The goals are measured on
others (`pseudo`).

1. `on_file_twice` is the power of two beside which the best curve fits best (the likelihood says it).
2. The curve: isotonic regression of the truth on the bits that the others leave (`Calibration.beside`), then its steps are
   joined, each time the two that are most alike, until any two neighbours differ by more than chance would make them
   (`LEAST_LOSS`). A step becomes two knots of one probability, with a slope from its last
   candidate to the first of the next one; a bit is a bit
   before the first and after the last.

The people of all seeds are the same, with other slips, so that six seeds know hardly more than one: each counts for a sixth.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil, floor, log
from typing import Any, Final

from bench.matching import calibration, pseudo
from bench.matching.calibration import Shown
from keyturn.matching import load
from keyturn.matching.calibration import Calibration, from_values
from keyturn.matching.model import read, shipped
from keyturn.matching.score import odds

YEAR: Final = 2030
FITTED, TRIED = range(6), range(20, 23)
LEAST: Final = -12.0
"""Bits; of weaker candidates one in some thousands is the person, and what exactly is said of them changes nothing."""

LEAST_LOSS: Final = 3.0
"""How many times likelier (a natural logarithm) two neighbouring steps must be than one: Schwarz's criterion for one number more
among some four hundred candidates that are neither clear nor hopeless."""

Point = tuple[float, bool]
"""Bits, and the truth."""

Step = tuple[float, float, float, float]
"""From and to (bits), candidates of one seed, and how many of them were the person."""


def fit(candidates: Sequence[Shown], *, seeds: int = 1) -> dict[str, Any]:
    """`on_file_twice` and `curve`, as a model file has them, from the candidates of whom `at_most` says nothing."""
    twice = max((2.0**-bits for bits in range(4, 17)), key=lambda share: _fits(_points(candidates, share)))
    found = steps(_points(candidates, twice), seeds=seeds)
    knots = [[LEAST, _share(found[0])]]
    for one, other in pairwise(found):
        end = ceil(one[1] * 1000) / 1000
        knots += [[end, _share(one)], [max(end + 0.001, floor(other[0] * 1000) / 1000), _share(other)]]
    return {"on_file_twice": round(twice, 6), "curve": [[round(bits, 3), share] for bits, share in knots]}


def steps(points: Sequence[Point], *, seeds: int = 1) -> list[Step]:
    """What isotonic regression finds, joined while two neighbours are alike."""
    levels, truth = _isotonic(points), [same for _, same in points]
    cuts = [0, *(n for n in range(1, len(levels)) if levels[n] != levels[n - 1]), len(levels)]
    found = [(points[a][0], points[b - 1][0], (b - a) / seeds, sum(truth[a:b]) / seeds) for a, b in pairwise(cuts)]
    while len(found) > 2:
        at = min(range(len(found) - 1), key=lambda n: _loss(found[n], found[n + 1]))
        if _loss(found[at], found[at + 1]) > LEAST_LOSS:
            break
        found[at : at + 2] = [_joined(found[at], found[at + 1])]
    return found


def _points(candidates: Sequence[Shown], twice: float) -> list[Point]:
    """The bits that the others leave, in order."""
    curve = Calibration((), twice, {})
    bounded = load().calibration.at_most
    found = (
        (curve.beside(each.weight, each.others), each.is_same)
        for each in candidates
        if bounded.keys().isdisjoint(each.codes)
    )
    return sorted(point for point in found if point[0] >= LEAST)


def _isotonic(points: Sequence[Point]) -> list[float]:
    from sklearn.isotonic import IsotonicRegression

    bits, truth = [bits for bits, _ in points], [same for _, same in points]
    return [float(each) for each in IsotonicRegression().fit(bits, truth).predict(bits)]


def _fits(points: Sequence[Point]) -> float:
    """The logarithm of the likelihood of the truth under the best rising curve."""
    levels = zip(_isotonic(points), points, strict=True)
    return sum(log(max(share if same else 1 - share, 1e-9)) for share, (_, same) in levels)


def _joined(one: Step, other: Step) -> Step:
    return one[0], other[1], one[2] + other[2], one[3] + other[3]


def _loss(one: Step, other: Step) -> float:
    """How much likelier the two are as two steps than as one."""
    return _likelihood(one) + _likelihood(other) - _likelihood(_joined(one, other))


def _likelihood(step: Step) -> float:
    return sum(n * log(n / step[2]) for n in (step[3], step[2] - step[3]) if n > 0)


def _share(step: Step) -> float:
    """Never 0 or 1: half a candidate more on either side."""
    return round((step[3] + 0.5) / (step[2] + 1), 5)


def as_said(candidates: Sequence[Shown], said: Callable[[Shown], float]) -> list[Shown]:
    """The same candidates, with the probability that `said` gives them."""
    return [replace(each, probability=said(each)) for each in candidates]


def by(values: dict[str, Any]) -> Callable[[Shown], float]:
    """What the model that ships would say with these values in its `calibration`."""
    found = from_values({**read(shipped("default"))["calibration"], **values})
    return lambda each: found.probability(each.weight, others=each.others, codes=each.codes)


def _of(seeds: Sequence[int]) -> list[Shown]:
    return [each for result in pseudo.run_all(seeds, year=YEAR) for each in result.shown]


def main() -> None:
    values = fit(_of(FITTED), seeds=len(FITTED))
    tried = _of(TRIED)
    for name, value in values.items():
        sys.stdout.write(f'"{name}": {value}\n')
    sys.stdout.write(f"\nSeeds {TRIED[0]} to {TRIED[-1]}, if the odds of the weight were said:\n\n")
    sys.stdout.write(f"{calibration.details(as_said(tried, lambda each: odds(each.weight)))}\n\nand with these:\n\n")
    sys.stdout.write(calibration.details(as_said(tried, by(values))) + "\n")


if __name__ == "__main__":
    main()
