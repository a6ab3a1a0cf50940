"""Which words of an address line are the house number, the street, the unit, and which belong to something else?"""

import re
from dataclasses import dataclass, field
from typing import Final

from rapidfuzz.distance import OSA

from keyturn.matching import address_words as words
from keyturn.matching.text import word_set

_TOKEN = re.compile(r"\d+[a-z]*(?:[/-]\d+[a-z]*)+|[^\s,/\-]+")
_NUMBER = re.compile(r"\d+[a-z]?|\d+[a-z]?-\d+[a-z]?|[nsew]\d+(?:[nsew]\d+)?")
_UNIT_AND_NUMBER = re.compile(r"(\d+[a-z]?)/(\d+[a-z]?(?:-\d+[a-z]?)?)")  # "3/12 High Street": flat 3 at number 12
_BOX_STREET: Final = ("po", "box")
_FRACTIONS: Final = frozenset({"1/2", "1/3", "2/3", "1/4", "3/4"})
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")
_BOX = re.compile(
    r"\b(?:p ?o ?b(?:ox)?|post office box|postal box|p ?o|(?:gpo|po|pmb) box|apartado(?: postal)?|locked bag|private bag|box)"
    r" (?:num )?(\w*\d\w*)\b"
)
_RURAL = re.compile(r"\b(rr|hc|rural route|r r|highway contract(?: route)?|rfd) (?:num )?(\w+) box (?:num )?(\w+)\b")
_ROADS: Final = {
    "county": ("cr", frozenset({"rd", "hwy", "rte"})),
    "state": ("sr", frozenset({"rd", "hwy", "rte"})),
    "us": ("us", frozenset({"hwy", "rte"})),
    "farm": ("fm", frozenset({"to"})),
}
_STRONG_TYPES: Final = word_set("st ave rd dr ln ct blvd pl way cir ter pkwy hwy cres cct sq trl fwy aly pde cl")
"""Types that hardly ever begin the name of a town; "lake", "park" and "hill" do."""

_LONG_TYPES: Final = (
    "street",
    "avenue",
    "road",
    "drive",
    "court",
    "place",
    "crescent",
    "circuit",
    "terrace",
    "boulevard",
    "circle",
)
"""Types that people write out, common enough to be known again with one letter wrong."""


@dataclass(slots=True)
class Parts:
    """What was recognised in the segments of one address."""

    number: str = ""
    street: tuple[str, ...] = ()
    core: tuple[str, ...] = ()
    units: list[str] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)  # segments that are neither street nor unit: a building, a town

    @property
    def unit(self) -> str:
        return " ".join(sorted(set(self.units), key=lambda unit: (unit[:1].isdigit(), unit)))


def parts_of(segments: list[str], *, with_town: bool = False) -> Parts:
    """Read the folded segments ("12 n main st", "apt 3") of one address. With `with_town` a town may follow the street
    in the same segment, as in a search box."""
    found = Parts()
    boxes = []
    for segment in segments:
        box = _box(segment)
        if box:
            boxes.append(box)
            continue
        tokens = _take_leading_unit(_TOKEN.findall(segment.replace("#", " num ")), found)
        if not tokens:
            continue
        if not found.street and _begins_with_number(tokens):
            _read_street(tokens, found, with_town)
        elif found.street and not found.units and _is_bare_unit(tokens):
            found.units.append(_unit_id(tokens))
        else:
            found.rest.append(" ".join(tokens))
    if not found.street and boxes:
        found.number, found.street = boxes[0]
        found.core = found.street
    elif not found.street and found.rest:
        _read_street(found.rest.pop(0).split(), found, with_town)
    _prefer_typed_street(found)
    if not found.number and found.units and found.units[0].isdigit() and found.street:
        found.number = found.units.pop(0)  # "#12 Main Street": no number elsewhere, so this was it
    return found


def _prefer_typed_street(found: Parts) -> None:
    """ "3 Rosewood Park" over "Elm Street" is a property's name over its street."""
    if not found.number or found.street == _BOX_STREET or (found.street[:1] and found.street[0] in words.LEADING_TYPES):
        return
    if len(found.street) > 1 and _STRONG_TYPES.intersection(found.street[-2:]):
        return
    for place, line in enumerate(found.rest):
        street, core = _street(_numbered_road(_plain_ordinals(_mended_type(line.split()))))
        if len(street) > 1 and _STRONG_TYPES.intersection(street[-2:]):
            found.rest[place] = " ".join(found.street)
            found.rest = [each for each in found.rest if each]
            found.street, found.core = street, core
            return


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


def _box(segment: str) -> tuple[str, tuple[str, ...]] | None:
    rural = _RURAL.search(segment)
    if rural:
        return rural[3].lstrip("0"), ("hc" if rural[1].startswith("h") else "rr", rural[2].lstrip("0"))
    box = _BOX.search(segment.replace("#", " num ").replace("-", ""))
    if box and not segment[:1].isdigit():
        return box[1].lstrip("0"), _BOX_STREET
    return None


def _begins_with_number(tokens: list[str]) -> bool:
    if len(tokens) < 2:
        return bool(tokens) and tokens[0].isdigit()
    first = tokens[0]
    if first in ("no", "num", "nr") and tokens[1][:1].isdigit():
        return True
    if first in words.NUMBER_WORDS:
        return len(tokens) > 2 and tokens[-1] in words.STREET_TYPES
    return bool(_NUMBER.fullmatch(first) or _UNIT_AND_NUMBER.fullmatch(first))


def _take_leading_unit(tokens: list[str], found: Parts) -> list[str]:
    """Cut units off the front: "apt 3 12 main st" and a line that is nothing but "bldg 4 apt 3"."""
    while tokens and tokens[0] in words.UNITS:
        designator = words.UNITS[tokens[0]]
        if len(tokens) == 1 or (tokens[1] in words.STREET_TYPES and not tokens[1].isdigit() and len(tokens) > 2):
            break
        if not _looks_like_unit_id(tokens[1]):
            break
        end = 2
        if (
            len(tokens) > 2
            and len(tokens[2]) == 1
            and tokens[2].isalpha()
            and (len(tokens) == 3 or tokens[2] not in "nsew")
        ):
            end = 3
        found.units.append(_unit(designator, tokens[1:end]))
        tokens = tokens[end:]
    if len(tokens) == 1 and tokens[0] in words.BARE_UNITS:
        found.units.append(words.BARE_UNITS[tokens[0]])
        return []
    return tokens


def _looks_like_unit_id(token: str) -> bool:
    return any(each.isdigit() for each in token) or len(token) <= 2


def _is_bare_unit(tokens: list[str]) -> bool:
    """A second line that is only "3B" or "12"."""
    return (
        len(tokens) <= 2
        and len("".join(tokens)) <= 5
        and (any(each[0].isdigit() for each in tokens) or len(tokens[0]) == 1)
    )


def _unit(designator: str, tokens: list[str]) -> str:
    ident = _unit_id(tokens)
    return ident if designator in words.PLAIN_UNITS else f"{designator}{ident}"


def _unit_id(tokens: list[str]) -> str:
    return "".join(tokens).replace("-", "").replace("/", "").lstrip("0") or "0"


def _read_street(tokens: list[str], found: Parts, with_town: bool) -> None:
    tokens = _take_number(tokens, found)
    tokens = _take_units(tokens, found)
    if with_town:
        tokens = _take_town(tokens, found)
    tokens = _numbered_road(_plain_ordinals(_mended_type(tokens)))
    tokens, after = _take_trailing_unit(tokens)
    found.units.extend(after)
    found.street, found.core = _street(tokens)


def _take_number(tokens: list[str], found: Parts) -> list[str]:
    if len(tokens) > 1 and tokens[0] in ("no", "num", "nr") and tokens[1][:1].isdigit():
        tokens = tokens[1:]
    if not _begins_with_number(tokens):
        return tokens
    first, tokens = tokens[0], tokens[1:]
    flat = _UNIT_AND_NUMBER.fullmatch(first)
    if flat:
        found.units.append(_unit_id([flat[1]]))
        first = flat[2]
    number = str(words.NUMBER_WORDS.get(first, first)).lstrip("0") or "0"
    if tokens and tokens[0] in _FRACTIONS and len(tokens) > 1:
        number, tokens = f"{number} {tokens[0]}", tokens[1:]
    elif _is_letter_of_number(tokens) and number.isdigit():
        number, tokens = number + tokens[0], tokens[1:]
    found.number = number
    return tokens


def _is_letter_of_number(tokens: list[str]) -> bool:
    """ "12 B Main St" is number 12b; "12 E Main St" goes east and "12 B Street" is in B Street."""
    if len(tokens) < 2 or len(tokens[0]) != 1 or not tokens[0].isalpha() or tokens[0] in "nsew":
        return False
    return tokens[1] not in words.STREET_TYPES


def _take_units(tokens: list[str], found: Parts) -> list[str]:
    """Cut "apt 3", "bldg 4 apt 3", "rear" out of the words behind the number; at least one word stays as the street."""
    kept: list[str] = []
    place = 0
    while place < len(tokens):
        token, after = tokens[place], tokens[place + 1 : place + 2]
        if (
            kept
            and token in words.UNITS
            and after
            and _looks_like_unit_id(after[0])
            and after[0] not in words.STREET_TYPES
        ):
            end = place + 2
            if end < len(tokens) and len(tokens[end]) == 1 and tokens[end].isalpha():
                end += 1
            found.units.append(_unit(words.UNITS[token], tokens[place + 1 : end]))
            place = end
            if place < len(tokens) and tokens[place] not in words.UNITS:
                found.rest.append(" ".join(tokens[place:]))
                break
        elif kept and not after and token in words.BARE_UNITS:
            found.units.append(words.BARE_UNITS[token])
            place += 1
        else:
            kept.append(token)
            place += 1
    return kept


def _take_town(tokens: list[str], found: Parts) -> list[str]:
    """Part "main st hillsboro" behind the street's type. Without a type nobody can tell street from town."""
    types = [place for place in range(1, len(tokens)) if tokens[place] in words.STREET_TYPES]
    strong = [place for place in types if words.STREET_TYPES[tokens[place]] in _STRONG_TYPES and place + 1 not in types]
    if not types:
        return tokens
    end = (strong[0] if strong else types[-1]) + 1
    if end < len(tokens) and tokens[end] in words.DIRECTIONS and (end + 1 == len(tokens) or len(tokens[end]) <= 2):
        end += 1
    if end < len(tokens):
        town = tokens[end:]
        if len(town) == 1 and any(each.isdigit() for each in town[0]):
            return tokens  # "12 main st 3": a unit
        found.rest.append(" ".join(town))
    return tokens[:end]


def _plain_ordinals(tokens: list[str]) -> list[str]:
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


def _take_trailing_unit(tokens: list[str]) -> tuple[list[str], list[str]]:
    """ "main st 3b": what follows a street's type and has a digit is a unit."""
    if (
        len(tokens) > 2
        and tokens[-2] in words.STREET_TYPES
        and tokens[-1][:1].isdigit()
        and tokens[-3] not in words.STREET_TYPES
    ):
        return tokens[:-1], [_unit_id(tokens[-1:])]
    return tokens, []


def _street(tokens: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
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
    names = {"st": "saint", "mount": "mt", "fort": "ft", "doctor": "dr", "martin luther king jr": "mlk"}
    return tuple(names.get(token, token) for token in tokens)
