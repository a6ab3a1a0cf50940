"""How often does one person's data agree at each level? Asked of Splink's EM, which needs nobody's word on any pair.

Splink (on DuckDB) is given the levels that our own comparisons found, as codes: what it learns is what the online
matcher weighs. What strangers have in common is known from random pairs and stays fixed (Splink's usual way).
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np

from keyturn.linkage.sampling import LEARNT, Seen, Session

MOST_ITERATIONS: Final = 300
CONVERGED_AT: Final = 1e-4
"""EM ends when no probability moves by more than this."""

FEWEST_PAIRS: Final = 100
"""Pairs of one person that a session must hold, as EM counts them."""

_FIRST_GUESS: Final = 0.05  # the share of pairs of one person in a session
_LEAST: Final = 1e-9


@dataclass(frozen=True)
class Trained:
    """What one session came to. `same`: question -> how often each level of `LEARNT[field]` is seen in one person's
    records. `matches`: how many of its pairs are one person, as EM counts. `moved`: the largest change of any
    probability, iteration by iteration. `trouble`: a sentence where its word does not count."""

    session: Session
    pairs: int
    matches: float = 0.0
    same: Mapping[str, tuple[float, ...]] | None = None
    shown: Mapping[str, float] | None = None
    moved: tuple[float, ...] = ()
    trouble: str = ""


def train(session: Session, seen: Seen, strangers: Mapping[str, tuple[float, ...]]) -> Trained:
    """Run one session. `strangers`: how often strangers agree at each level, by field."""
    fields = [field for field in session.learns if _tells(field, seen)]
    if len(fields) < 3 or len(seen) < FEWEST_PAIRS:
        return Trained(session, len(seen), trouble="too few pairs, or too few fields that both sides have")
    history = _run(fields, seen, strangers)
    last = history[-1]
    same = {field: _shares(each) for field, each in zip(fields, last.comparisons, strict=True)}
    found = Trained(
        session=session,
        pairs=len(seen),
        matches=float(last.probability_two_random_records_match) * len(seen),
        same=same,
        shown={field: seen.shown(field) for field in fields},
        moved=tuple(_moved(before, after) for before, after in pairwise(history)),
    )
    return replace(found, trouble=_trouble(found))


def _tells(field: str, seen: Seen) -> bool:
    """Two levels at least, or there is nothing to be learnt."""
    return int(np.count_nonzero(seen.counts(field))) > 1


def _trouble(found: Trained) -> str:
    assert found.same is not None
    if found.moved and found.moved[-1] > CONVERGED_AT * 10:
        return f"EM did not come to rest in {MOST_ITERATIONS} iterations"
    if found.matches < FEWEST_PAIRS:
        return f"about {found.matches:.0f} pairs of one person, {FEWEST_PAIRS} are needed"
    for field in ("given", "family", "birth_date"):
        if field in found.same and found.same[field][0] < 0.3:
            return f"EM found another kind of pairs: only {found.same[field][0]:.0%} of them agree in {field}"
    return ""


def _run(fields: list[str], seen: Seen, strangers: Mapping[str, tuple[float, ...]]) -> list[Any]:
    """Each pair goes in as two records with one number, and the levels of the pair on both."""
    import duckdb
    import pyarrow
    from splink import DuckDBAPI, Linker

    table: dict[str, Any] = {_column(field): np.tile(seen.codes[field], 2) for field in fields}
    table["pair"] = np.tile(np.arange(len(seen)), 2)
    table["unique_id"] = np.arange(2 * len(seen))
    settings = {
        "link_type": "dedupe_only",
        "comparisons": [_comparison(field, strangers[field]) for field in fields],
        "blocking_rules_to_generate_predictions": [],
        "probability_two_random_records_match": _FIRST_GUESS,
        "max_iterations": MOST_ITERATIONS,
        "em_convergence": CONVERGED_AT,
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
    }
    with duckdb.connect(":memory:") as connection, _quietly():
        backend = DuckDBAPI(connection=connection)
        linker = Linker(backend.register(pyarrow.table(table)), settings, log_level=None)
        session = linker.training.estimate_parameters_using_expectation_maximisation(
            "l.pair = r.pair", estimate_without_term_frequencies=True
        )
        return list(session._core_model_settings_history)


def _comparison(field: str, strangers: tuple[float, ...]) -> dict[str, Any]:
    guesses = _guesses(len(LEARNT[field]))
    levels: list[dict[str, Any]] = [
        {"sql_condition": f"{_column(field)}_l = -1", "label_for_charts": "not compared", "is_null_level": True}
    ]
    for code, level in enumerate(LEARNT[field]):
        last = code == len(LEARNT[field]) - 1
        levels.append(
            {
                "sql_condition": "ELSE" if last else f"{_column(field)}_l = {code}",
                "label_for_charts": level,
                "m_probability": guesses[code],
                "u_probability": max(strangers[code], _LEAST),
            }
        )
    return {"output_column_name": _column(field), "comparison_levels": levels}


def _column(question: str) -> str:
    return "at_" + question.replace(" ", "_")


def _guesses(levels: int) -> list[float]:
    """Where EM begins, whatever the model in force says: mostly the first level, seldom the last."""
    between = levels - 2
    return [0.8, *([0.1 / between] * between), 0.1] if between else [0.9, 0.1]


def _shares(comparison: Any) -> tuple[float, ...]:
    """A level that never occurs among the pairs is not in Splink's answer as a number."""
    levels = [each for each in comparison.comparison_levels if not each.is_null_level]
    found = [each._m_probability if isinstance(each._m_probability, float) else 0.0 for each in levels]
    total = sum(found) or 1.0
    return tuple(each / total for each in found)


def _moved(before: Any, after: Any) -> float:
    pairs = zip(before.comparisons, after.comparisons, strict=True)
    changes = [abs(one - other) for old, new in pairs for one, other in zip(_shares(old), _shares(new), strict=True)]
    return max(changes, default=0.0)


@contextmanager
def _quietly() -> Iterator[None]:
    """Splink tells each iteration to the log; we tell them ourselves."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
