"""Which probabilities do weights deserve? Fits a model file's `calibration`, and tries it on seeds that it has not seen.

    python -m bench.matching.fit_calibration

takes some five minutes of two cores, prints `on_file_twice` and `curve`, and changes nothing. On file is the simulated
census of 2030, and every row of that of 2040 is a probe: seeds 0 to 7 to fit, 20 and 21 to try. The goals are measured on
others (`pseudo`).

1. `on_file_twice` is the power of two beside which the best curve fits best (the likelihood says it).
2. The curve: isotonic regression of the truth on the bits that the others leave (`Calibration.beside`), then its steps are
   joined, each time the two that are most alike, until any two neighbours differ by more than chance would make them
   (`LEAST_LOSS`) and the share of each is known well enough (`MOST_ERROR`). A step becomes two knots of one probability, with a slope from its last candidate to the first of the next
   one; a bit is a bit before the first and after the last.

`at_most` is not fitted here, and whom it speaks of is left out. Documents and suffixes are in no census: two documents of one
kind leave what the priors leave of a namesake (2 bits) after what they say themselves (-3.8, -3.9 for suffixes); a Jr with
another birth date what they leave of a relative (-1.5). A twin's given name, and another surname with another birth date: as seen here (3 of 24, and 1 of 700), and among the tests' own
generated people, where as many twins come as customers return (24 of 224). Whoever gives neither given name nor birth date is one of two or three
who live there.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil, floor, log, sqrt
from typing import Any, Final

from bench.matching import calibration, pseudo
from bench.matching.calibration import Shown
from keyturn.matching import load
from keyturn.matching.calibration import Calibration, from_values
from keyturn.matching.model import read, shipped
from keyturn.matching.score import odds

YEAR: Final = 2030
FITTED, TRIED = range(8), range(20, 22)
LEAST: Final = -16.0
"""Bits; of weaker candidates hardly one in ten thousand is the person, and what exactly is said of them changes nothing."""

LEAST_LOSS: Final = 3.0
"""How many times likelier (a natural logarithm) two neighbouring steps must be than one: Schwarz's criterion for one number more
among some hundreds of candidates that are neither clear nor hopeless."""

MOST_ERROR: Final = 0.01
"""A step of which less is known than this, as a standard error of its share, is none of its own: the goal is two points, and two
standard errors are what is known in nineteen cases of twenty. Finer steps fitted better where they were fitted, and were
eight points off among other people; few and coarse ones hold elsewhere."""

DISTINCT: Final = 0.5
"""Other seeds are the same people with other slips: of all candidates in the middle so many count as new ones."""

Point = tuple[float, bool]
"""Bits, and the truth."""

Step = tuple[float, float, float, float]
"""From and to (bits), candidates, and how many of them were the person; of both the share that is `DISTINCT`."""


def fit(candidates: Sequence[Shown]) -> dict[str, Any]:
    """`on_file_twice` and `curve`, as a model file has them, from the candidates of whom `at_most` says nothing."""
    twice = max((2.0**-bits for bits in range(4, 17)), key=lambda share: _fits(_points(candidates, share)))
    found = steps(_points(candidates, twice))
    knots = [[LEAST, _share(found[0])]]
    for one, other in pairwise(found):
        end = ceil(one[1] * 1000) / 1000
        knots += [[end, _share(one)], [max(end + 0.001, floor(other[0] * 1000) / 1000), _share(other)]]
    knots.append([max(found[-1][1], knots[-1][0] + 0.001), _share(found[-1])])
    return {"on_file_twice": round(twice, 6), "curve": [[round(bits, 3), share] for bits, share in knots]}


def steps(points: Sequence[Point]) -> list[Step]:
    """What isotonic regression finds, joined while two neighbours are alike."""
    levels, truth = _isotonic(points), [same for _, same in points]
    cuts = [0, *(n for n in range(1, len(levels)) if levels[n] != levels[n - 1]), len(levels)]
    found = [
        (points[a][0], points[b - 1][0], DISTINCT * (b - a), DISTINCT * sum(truth[a:b])) for a, b in pairwise(cuts)
    ]
    while len(found) > 2:
        losses = [_loss(one, other) for one, other in pairwise(found)]
        at = min(range(len(losses)), key=losses.__getitem__)
        if losses[at] > LEAST_LOSS:
            few = [n for n in range(len(losses)) if max(_error(found[n]), _error(found[n + 1])) > MOST_ERROR]
            if not few:
                break
            at = min(few, key=losses.__getitem__)
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


def _error(step: Step) -> float:
    """The standard error of its share."""
    share = _share(step)
    return sqrt(share * (1 - share) / step[2])


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
    values = fit(_of(FITTED))
    tried = _of(TRIED)
    for name, value in values.items():
        sys.stdout.write(f'"{name}": {value}\n')
    sys.stdout.write(f"\nSeeds {TRIED[0]} to {TRIED[-1]}, if the odds of the weight were said:\n\n")
    sys.stdout.write(f"{calibration.details(as_said(tried, lambda each: odds(each.weight)))}\n\nand with these:\n\n")
    sys.stdout.write(calibration.details(as_said(tried, by(values))) + "\n")


if __name__ == "__main__":
    main()
