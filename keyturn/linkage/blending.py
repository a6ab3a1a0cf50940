"""How do the model in force, what EM found and what staff said become one model?

The model in force counts as pseudo-observations, so that little evidence moves it little and cannot wreck it: a level's
share is (seen + n) / (pairs + n / share before), n being `OWN_COUNT`; a level that is hardly ever seen keeps what it had.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import Any, Final

from keyturn.linkage.labels import Label
from keyturn.linkage.sampling import HIDDEN, LEARNT, QUESTION_OF, QUESTIONS, Seen
from keyturn.linkage.sessions import Trained
from keyturn.matching.model import ALTERNATIVES, LEVELS, Model

OWN_COUNT: Final = 10.0
"""For one person's records. EM's own error is larger than that of counting."""

OWN_COUNT_OF_STRANGERS: Final = 5.0
OWN_COUNT_OF_RELATIVES: Final = 20.0

EM_COUNTS_AT_MOST: Final = 2000.0
"""Pairs of one person for which EM's word counts, by field: it is sure of more than it knows, and people must be heard."""

HIDDEN_AT_MOST: Final = 0.06
"""The share of one person's records that levels keep behind which relatives hide, whatever the model in force says."""

_LEAST: Final = 1e-7
_SAME, _STRANGER = 0, 1

CHAINS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "given": (("exact", "slip", "garbled", "different"), ("nickname", "different"), ("similar", "different"), ("initial", "different")),
    "middle": (("exact", "different"), ("initial", "other_initial")),
    "family": (("exact", "slip", "phonetic", "different"), ("slip", "garbled", "different"), ("part", "different")),
    "suffix": (("exact", "one_sided", "conflict"),),
    "birth_date": (
        ("exact", "transposed", "year_month", "year", "different"), ("exact", "day_month", "different"),
        ("exact", "one_digit", "different"), ("exact", "day_off", "different"), ("month_day", "different"),
    ),
    "email": (("exact", "same_mailbox", "different"), ("exact", "similar", "different")),
    "phone": (("exact", "one_digit", "different"),),
    "address": (
        ("exact", "building", "street", "locality", "different"), ("exact", "similar", "near_number", "street"),
        ("exact", "similar", "number", "locality"),
    ),
    "identifier": (("last4", "different_last4"), ("equal", "different")),
    "organisation": (("exact", "similar", "part", "different"),),
}  # fmt: skip
"""Levels of which an earlier one never speaks less for one person than a later one."""


def section_of(field: str) -> str:
    """The part of a model file in which `field` stands."""
    return next(section for section, fields in LEVELS.items() if field in fields)


def blend(
    base: Mapping[str, Any],
    *,
    strangers: Seen | None,
    sessions: Iterable[Trained],
    labels: Sequence[Label],
    model: Model,
) -> dict[str, Any]:
    """The values of a new model file. `model` is `base`, weighed; labels of two people are shared out by it."""
    values = deepcopy(dict(base))
    counted = _em_counts(values, [each for each in sessions if not each.trouble])
    same, others = _label_counts(labels, model)
    for name, (field, known) in QUESTIONS.items():
        rows = values[section_of(field)][field]
        before = {level: list(rows[level]) for level in known}
        seen = [counted.get(name, {}).get(level, 0.0) + same.get((field, level), 0.0) for level in known]
        _write(rows, known, _SAME, _updated(_column(before, known, _SAME), seen, OWN_COUNT))
        if strangers is not None and name in LEARNT:
            counts = [float(each) for each in strangers.counts(name)]
            _write(rows, known, _STRANGER, _updated(_column(before, known, _STRANGER), counts, OWN_COUNT_OF_STRANGERS))
        for column, who in enumerate(ALTERNATIVES[1:], start=2):
            told = [others.get((who, field, level), 0.0) for level in known]
            _write(rows, known, column, _alternative(before, rows, known, column, told))
        _keep_order(rows, field, known)
    return values


def _column(rows: Mapping[str, Sequence[float]], known: Sequence[str], column: int) -> list[float]:
    return [rows[level][column] for level in known]


def _write(rows: Mapping[str, list[float]], known: Sequence[str], column: int, shares: Sequence[float]) -> None:
    if list(shares) == _column(rows, known, column):
        return  # nothing was learnt: not even rounded
    total = sum(max(each, _LEAST) for each in shares)
    for level, share in zip(known, shares, strict=True):
        rows[level][column] = float(f"{max(share, _LEAST) / total:.6g}")


def _updated(shares: Sequence[float], seen: Sequence[float], own: float) -> list[float]:
    """Shares after so many observations of each level."""
    pairs = sum(seen)
    return (
        [(count + own) / (pairs + own / share) for share, count in zip(shares, seen, strict=True)]
        if pairs
        else list(shares)
    )


def _alternative(
    before: Mapping[str, Sequence[float]],
    now: Mapping[str, Sequence[float]],
    known: Sequence[str],
    column: int,
    told: Sequence[float],
) -> list[float]:
    """A column that EM cannot see. Where it was one person's (a twin's birth date) or strangers' it goes with them."""
    own = _column(before, known, column)
    for seen in (_SAME, _STRANGER):
        if own == _column(before, known, seen):
            return _column(now, known, seen)
    return _updated(own, told, OWN_COUNT_OF_RELATIVES)


def _em_counts(base: Mapping[str, Any], sessions: Sequence[Trained]) -> dict[str, dict[str, float]]:
    """Question -> level -> pairs of one person, as all sessions together count them."""
    found: dict[str, dict[str, float]] = {}
    for each in sessions:
        assert each.same is not None and each.shown is not None
        for name, shares in each.same.items():
            levels = found.setdefault(name, dict.fromkeys(LEARNT[name], 0.0))
            for level, share in zip(LEARNT[name], shares, strict=True):
                levels[level] += each.matches * each.shown[name] * share
    for name, levels in found.items():
        field = QUESTIONS[name][0]
        _restore_hidden(levels, base[section_of(field)][field], HIDDEN.get(field, frozenset()))
        total = sum(levels.values())
        if total > EM_COUNTS_AT_MOST:
            levels.update({level: count * EM_COUNTS_AT_MOST / total for level, count in levels.items()})
    return found


def _restore_hidden(levels: dict[str, float], rows: Mapping[str, Sequence[float]], hidden: frozenset[str]) -> None:
    """Behind some levels relatives hide, so that those pairs were left out: they keep the share that they had."""
    if hidden:
        before = sum(rows[level][_SAME] for level in hidden)
        kept = min(before, HIDDEN_AT_MOST)
        shown = sum(count for level, count in levels.items() if level not in hidden)
        levels.update({level: rows[level][_SAME] / before * shown * kept / (1 - kept) for level in hidden})


def _label_counts(
    labels: Sequence[Label], model: Model
) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str, str], float]]:
    """Weights of labels by level: of one person, and of two, shared out among who the two may be."""
    same: dict[tuple[str, str], float] = {}
    others: dict[tuple[str, str, str], float] = {}
    for label in labels:
        shares = None if label.same else who_if_two(label, model)
        for field, level in label.levels.items():
            if (field, level) not in QUESTION_OF:
                continue
            if shares is None:
                same[field, level] = same.get((field, level), 0.0) + label.weight
                continue
            for who, share in shares.items():
                others[who, field, level] = others.get((who, field, level), 0.0) + share * label.weight
    return same, others


def who_if_two(label: Label, model: Model) -> dict[str, float]:
    """How likely each alternative is, given that the two are two."""
    kind = "organisation" if "organisation" in label.levels else "person"
    sums = list(model.priors)
    for field, level in label.levels.items():
        sums = [before + bits for before, bits in zip(sums, model.weights(field, level, kind=kind), strict=True)]
    lowest = min(sums)
    odds = [2 ** (lowest - each) for each in sums]
    return dict(zip(ALTERNATIVES, (each / sum(odds) for each in odds), strict=True))


def _keep_order(rows: Mapping[str, list[float]], field: str, known: Sequence[str]) -> None:
    """Where a better level came to speak less for one person than a worse one, both get what they say together. A slip
    of a name is held to be commoner by chance instead: how often people slip is known better than that."""
    for _ in range(10):
        settled = True
        for chain in CHAINS.get(field, ()):
            for better, worse in pairwise(chain):
                if better in known and _ratio(rows[better]) < _ratio(rows[worse]) * (1 - 1e-4):
                    settled = False
                    if field in ("given", "family") and worse == "slip" and rows[better][_SAME] >= rows[worse][_SAME]:
                        _commoner(rows[better], rows[worse], rows["different"])
                    else:
                        _pool(rows[better], rows[worse])
        if settled:
            return


def _ratio(row: Sequence[float]) -> float:
    return row[_SAME] / row[_STRANGER]


def _pool(better: list[float], worse: list[float]) -> None:
    same, strangers = better[_SAME] + worse[_SAME], better[_STRANGER] + worse[_STRANGER]
    for row in (better, worse):
        row[_SAME] = float(f"{same * row[_STRANGER] / strangers:.6g}")


def _commoner(better: list[float], worse: list[float], rest: list[float]) -> None:
    before, worse[_STRANGER] = worse[_STRANGER], float(f"{worse[_SAME] / _ratio(better):.6g}")
    rest[_STRANGER] = float(f"{rest[_STRANGER] + before - worse[_STRANGER]:.6g}")
