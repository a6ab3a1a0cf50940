"""Which words are the people, places and organisations of the demo utility made from, and how often does each occur?"""

import random
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")

LIKE_A_NAME_LIST = 6.0
"""Rank r of a name list weighs 1 / (r + this): the first of 240 family names is 40 times as frequent as the last."""


@cache
def sections(name: str) -> dict[str, tuple[str, ...]]:
    """The lines of one word list by section: `[section]`, then text; `#` starts a comment."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    text = resources.files(__package__).joinpath("words", f"{name}.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            current.append(line)
    return {section: tuple(lines) for section, lines in found.items()}


def words(lines: Sequence[str]) -> list[str]:
    """The comma-separated entries of a section, in their order; an empty entry is kept ("no legal form")."""
    return [each.strip() for each in " ".join(line.rstrip(",") + "," for line in lines)[:-1].split(",")]


def by_rank(count: int) -> list[float]:
    """Cumulative weights of a list that has its most frequent entry first (Zipf, flattened at the top)."""
    return list(accumulate(1.0 / (rank + LIKE_A_NAME_LIST) for rank in range(count)))


def stream(rng: random.Random, values: Sequence[T], cumulative: Sequence[float] | None = None) -> Iterator[T]:
    """Draw from `values` for ever. In batches, because one `choices` call costs as much as forty of its draws."""
    while True:
        yield from rng.choices(values, cum_weights=cumulative, k=256)
