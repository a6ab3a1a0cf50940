"""Which probabilities do weights deserve? Fits a model file's `calibration`, and tries it on seeds that it has not seen.

    python -m bench.matching.fit_calibration

takes some five minutes of two cores, prints the knots, and changes nothing. On file is the simulated census of 2030, and every
row of that of 2040 is a probe: seeds 0 to 5 to fit, 20 to 22 to try. The goals are measured on others (`pseudo`).

Isotonic regression of the truth on the weight, then its steps are joined until few are left, each time the two that are
most alike (the smallest loss of likelihood), because small steps are chance and not knowledge. A step becomes two knots
of one probability, with a short slope to the next one; a bit is a bit before the first and after the last.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from math import log
from typing import Final

from bench.matching import calibration, pseudo
from bench.matching.calibration import Shown
from keyturn.matching.calibration import from_knots
from keyturn.matching.score import odds

YEAR: Final = 2030
FITTED, TRIED = range(6), range(20, 23)
LEAST: Final = -12.0
"""Bits; of weaker candidates one in some thousands is the person, and what exactly is said of them changes nothing."""

STEPS: Final = 8
SLOPE: Final = 0.2
"""Bits from one step to the next."""

Step = tuple[float, float, int, int]
"""From and to (bits), candidates, and how many of them were the person."""


def fit(candidates: Sequence[Shown]) -> list[list[float]]:
    """The knots, as a model file has them."""
    found = steps(candidates)
    knots = [[LEAST, _share(found[0])]]
    for one, other in pairwise(found):
        middle = (one[1] + other[0]) / 2
        knots += [[round(middle - SLOPE / 2, 3), _share(one)], [round(middle + SLOPE / 2, 3), _share(other)]]
    return knots


def steps(candidates: Sequence[Shown]) -> list[Step]:
    """What isotonic regression finds, joined until no more than `STEPS` are left."""
    from sklearn.isotonic import IsotonicRegression

    ordered = sorted((each.weight, each.is_same) for each in candidates if each.weight >= LEAST)
    weights, truth = [weight for weight, _ in ordered], [same for _, same in ordered]
    levels = IsotonicRegression().fit(weights, truth).predict(weights)
    cuts = [0, *(n for n in range(1, len(levels)) if levels[n] != levels[n - 1]), len(levels)]
    found = [(weights[a], weights[b - 1], b - a, sum(truth[a:b])) for a, b in pairwise(cuts)]
    while len(found) > STEPS:
        at = min(range(len(found) - 1), key=lambda n: _loss(found[n], found[n + 1]))
        found[at : at + 2] = [_joined(found[at], found[at + 1])]
    return found


def _joined(one: Step, other: Step) -> Step:
    return one[0], other[1], one[2] + other[2], one[3] + other[3]


def _loss(one: Step, other: Step) -> float:
    """How much likelier the two are as two steps than as one."""
    return _likelihood(one) + _likelihood(other) - _likelihood(_joined(one, other))


def _likelihood(step: Step) -> float:
    return sum(n * log(n / step[2]) for n in (step[3], step[2] - step[3]) if n)


def _share(step: Step) -> float:
    """Never 0 or 1: half a candidate more on either side."""
    return round((step[3] + 0.5) / (step[2] + 1), 5)


def as_said(candidates: Sequence[Shown], said: Callable[[float], float]) -> list[Shown]:
    """The same candidates, with the probability that `said` gives to their weight."""
    return [replace(each, probability=said(each.weight)) for each in candidates]


def _of(seeds: Sequence[int]) -> list[Shown]:
    return [each for result in pseudo.run_all(seeds, year=YEAR) for each in result.shown]


def main() -> None:
    knots = fit(_of(FITTED))
    tried = _of(TRIED)
    sys.stdout.write(
        f'"calibration": {knots}\n\nSeeds {TRIED[0]} to {TRIED[-1]}, if the odds of the weight were said:\n\n'
    )
    sys.stdout.write(f"{calibration.details(as_said(tried, odds))}\n\nand with these knots:\n\n")
    sys.stdout.write(calibration.details(as_said(tried, from_knots(knots).probability)) + "\n")


if __name__ == "__main__":
    main()
