"""What are the matcher's comparisons worth with weights learnt on the file itself, as the two baselines learn theirs?

Fellegi and Sunter's model by expectation and maximisation over the pairs that share a key: nobody says which pairs are
one person, and neither the shipped weights nor anything about households, name frequencies or vetoes is used.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from math import exp, log

from keyturn.matching import Features, blocking_keys
from keyturn.matching.compare import levels

Pair = tuple[str, str]
Shares = Mapping[tuple[str, str], float]

ROUNDS = 50
FIELDS = ("given", "family", "birth_date", "address", "identifier")
_AGREES = {
    "exact", "slip", "similar", "swapped", "building", "one_digit", "transposed", "day_month", "nickname", "part", "phonetic",
    "near_number", "equal",
}  # fmt: skip


def candidates(forms: Mapping[str, Features]) -> list[Pair]:
    """All pairs that share a key."""
    index: dict[int, list[str]] = defaultdict(list)
    for name, form in forms.items():
        for key in blocking_keys(form):
            index[key].append(name)
    return sorted({pair for names in index.values() for pair in combinations(sorted(names), 2)})


def likely(forms: Mapping[str, Features], *, least: float) -> list[Pair]:
    """Pairs that reach the probability `least`."""
    pairs = candidates(forms)
    rows = [
        [(field, level) for field, level in levels(forms[one], forms[other]).items() if field in FIELDS]
        for one, other in pairs
    ]
    probable = [min(0.98, max(0.02, (sum(level in _AGREES for _, level in row) - 1) / 2)) for row in rows]
    for _ in range(ROUNDS):
        prior = sum(probable) / len(probable)
        same, other = _shares(rows, probable), _shares(rows, [1 - each for each in probable])
        weights = [log(prior / (1 - prior)) + sum(log(same[cell] / other[cell]) for cell in row) for row in rows]
        probable = [1 / (1 + exp(-max(-50.0, min(50.0, weight)))) for weight in weights]
    return [pair for pair, each in zip(pairs, probable, strict=True) if each >= least]


def _shares(rows: Sequence[Sequence[tuple[str, str]]], weights: Sequence[float]) -> Shares:
    """(field, level) -> its share of the field's comparisons; a hundredth of a pair keeps every level possible."""
    seen: dict[tuple[str, str], float] = defaultdict(lambda: 0.01)
    totals: dict[str, float] = defaultdict(lambda: 0.1)
    for row, weight in zip(rows, weights, strict=True):
        for cell in row:
            seen[cell] += weight
            totals[cell[0]] += weight
    return {cell: count / totals[cell[0]] for cell, count in seen.items()}
