"""How is a street's name written in one way, whatever its abbreviations, ordinals and slips?"""

import re
from typing import Final

from rapidfuzz.distance import OSA

from keyturn.matching import address_words as words
from keyturn.matching.text import word_set

_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")
_KING = re.compile(r"\b(?:dr )?(?:m l k|martin luther king)(?: jr| junior)?\b")
_ROADS: Final = {
    "county": ("cr", frozenset({"rd", "hwy", "rte"})),
    "state": ("sr", frozenset({"rd", "hwy", "rte"})),
    "us": ("us", frozenset({"hwy", "rte"})),
    "farm": ("fm", frozenset({"to"})),
}
_LONG_TYPES: Final = sorted(word_set("street avenue road drive court place crescent circuit terrace boulevard circle"))
"""Types that people write out, common enough to be known again with one letter wrong."""
_IN_FULL: Final = {words.STREET_TYPES[name]: name for name in _LONG_TYPES}


def plain_words(tokens: list[str]) -> list[str]:
    """A street's words with its type mended, ordinals as numbers and numbered roads in their short form."""
    return _numbered_road(plain_ordinals(_mended_type(tokens)))


def street_of(tokens: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(all words in their short forms, the words that name the street) of "north main street"."""
    if len(tokens) > 1 and tokens[0] in words.LEADING_TYPES and tokens[-1] not in words.STREET_TYPES:
        street = (words.LEADING_TYPES[tokens[0]], *_short_names(tokens[1:]))
        return street, street
    before, tokens = _cut_direction(tokens, 0)
    tokens, after = (tokens, ()) if len(tokens) < 2 else _cut_last_direction(tokens)
    kind: tuple[str, ...] = ()
    if len(tokens) > 1 and tokens[-1] in words.STREET_TYPES:
        tokens, kind = tokens[:-1], (words.STREET_TYPES[tokens[-1]],)
    core = _short_names(tokens)
    return (*before, *core, *kind, *after), core


def in_short(line: str) -> str:
    """A folded line as `street_of` writes a street: "ashburton circuit" is "ashburton cct"."""
    return " ".join(street_of(plain_words(line.split()))[0])


def in_full(street: str) -> str:
    """A street with its common types written out, as they stand where the space before them was lost."""
    return " ".join(_IN_FULL.get(token, token) for token in street.split())


def _cut_direction(tokens: list[str], place: int) -> tuple[tuple[str, ...], list[str]]:
    """A leading direction, unless it is the street's own name ("North Ave")."""
    if len(tokens) > 1 and tokens[0] in words.DIRECTIONS and not (len(tokens) == 2 and tokens[1] in words.STREET_TYPES):
        if len(tokens) > 2 and tokens[0] + tokens[1] in words.DIRECTIONS and len(tokens) > 3:  # "n w main st"
            return (words.DIRECTIONS[tokens[0] + tokens[1]],), tokens[2:]
        return (words.DIRECTIONS[tokens[0]],), tokens[1:]
    return (), tokens


def _cut_last_direction(tokens: list[str]) -> tuple[list[str], tuple[str, ...]]:
    if tokens[-1] in words.DIRECTIONS and tokens[-2] not in words.LEADING_TYPES:
        return tokens[:-1], (words.DIRECTIONS[tokens[-1]],)
    if tokens[-1] in words.DIRECTIONS and tokens[-2] in words.STREET_TYPES and len(tokens) > 2:
        return tokens[:-1], (words.DIRECTIONS[tokens[-1]],)
    return tokens, ()


def _short_names(tokens: list[str]) -> tuple[str, ...]:
    """ "st helens" is "saint helens", "mount hood" is "mt hood"; a lone direction takes its short form."""
    if len(tokens) == 1:
        return (words.DIRECTIONS.get(tokens[0], tokens[0]),)
    names = {"st": "saint", "mount": "mt", "fort": "ft", "doctor": "dr"}
    plain = " ".join(names.get(token, token) for token in tokens)
    return tuple(_KING.sub("mlk", plain).split())


def _mended_type(tokens: list[str]) -> list[str]:
    """ "sreet", "cresxent" and "s treet" at the end are types with a slip in them."""
    if len(tokens) == 1:
        return _parted_type(tokens[0])
    if not tokens or tokens[-1] in words.STREET_TYPES or tokens[-1] in words.DIRECTIONS or len(tokens[-1]) < 4:
        return tokens
    last, joined = tokens[-1], "".join(tokens[-2:])
    if len(tokens) > 2 and joined in words.STREET_TYPES:
        return [*tokens[:-2], joined]
    for name in _LONG_TYPES:
        if OSA.distance(last, name, score_cutoff=1) <= 1:
            return [*tokens[:-1], name]
    return tokens


def _parted_type(word: str) -> list[str]:
    """ "muellerstreet" is two words."""
    for name in _LONG_TYPES:
        if len(name) > 4 and word.endswith(name) and len(word) > len(name) + 3:
            return [word.removesuffix(name), name]
    return [word]


def plain_ordinals(tokens: list[str]) -> list[str]:
    """ "5th", "fifth" and "5" are one street; "twenty first" is 21."""
    plain: list[str] = []
    for token in tokens:
        ordinal = _ORDINAL.fullmatch(token)
        number = int(ordinal[1]) if ordinal and len(token) < 8 else words.ORDINALS.get(token)
        if number is None:
            plain.append(token)
        elif plain and plain[-1] in words.TENS and number < 10:
            plain[-1] = str(words.TENS[plain[-1]] + number)
        else:
            plain.append(str(number))
    return plain


def _numbered_road(tokens: list[str]) -> list[str]:
    """ "county road 12" is "cr 12", "us highway 26" is "us 26"."""
    if len(tokens) > 2 and tokens[0] in _ROADS:
        short, nouns = _ROADS[tokens[0]]
        if words.STREET_TYPES.get(tokens[1], tokens[1]) in nouns:
            rest = tokens[2:]
            return [short, *(rest[2:] if short == "fm" and len(rest) > 2 else rest)]
    return tokens
