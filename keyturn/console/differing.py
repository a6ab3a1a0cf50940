"""Which characters of two values differ, so that an eye finds the slip at once?"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

LONGEST = 200
ALIKE = 0.6
"""Below this likeness (0-1) two values are simply two values, and marking most of their letters would say nothing."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters in a row; `differs` where the other value has something else, or nothing, there."""

    text: str
    differs: bool = False


Value = tuple[Piece, ...]


def beside(one: str, other: str) -> tuple[Value, Value]:
    """Both values in pieces. Capitals and accents are no difference; values that have little in common are left whole."""
    mine, theirs = _folded(one), _folded(other)
    if not one or not other or mine == theirs or len(one) > LONGEST or len(other) > LONGEST:
        return (Piece(one),), (Piece(other),)
    matcher = SequenceMatcher(None, mine, theirs, autojunk=False)
    if matcher.ratio() < ALIKE:
        return (Piece(one),), (Piece(other),)
    codes = matcher.get_opcodes()
    return (
        _pieces(one, ((tag, a, b) for tag, a, b, _c, _d in codes)),
        _pieces(other, ((tag, c, d) for tag, _a, _b, c, d in codes)),
    )


def lists_beside(ours: Sequence[str], theirs: Sequence[str]) -> tuple[list[Value], list[Value]]:
    """The same for several values on either side: each is held against the one most like it."""
    return (
        [beside(each, nearest(each, theirs))[0] for each in ours],
        [beside(nearest(each, ours), each)[1] for each in theirs],
    )


def nearest(value: str, others: Iterable[str]) -> str:
    """The most similar of the others; "" where there is none."""
    folded = _folded(value[:LONGEST])
    return max(others, key=lambda each: SequenceMatcher(None, folded, _folded(each[:LONGEST])).ratio(), default="")


def _pieces(text: str, codes: Iterable[tuple[str, int, int]]) -> Value:
    return tuple(Piece(text[start:end], tag != "equal") for tag, start, end in codes if end > start)


def _folded(text: str) -> list[str]:
    """One entry for each character of `text`, so that positions stay: without accents, in small letters."""
    return [_plain(char) for char in text]


def _plain(char: str) -> str:
    bare = "".join(each for each in unicodedata.normalize("NFD", char) if not unicodedata.combining(each))
    return (bare or char).casefold()
