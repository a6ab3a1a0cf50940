"""Which words of an address line are the house number, the street, the unit, and which belong to something else?"""

import re
from dataclasses import dataclass, field
from typing import Final

from keyturn.matching import address_words as words
from keyturn.matching.street_names import plain_ordinals, plain_words, street_of
from keyturn.matching.text import word_set

_TOKEN = re.compile(r"\d+[a-z]*(?:[/-]\d+[a-z]*)+|[^\s,/\-]+")
_NUMBER = re.compile(r"\d+[a-z]?|\d+[a-z]?-\d+[a-z]?|[nsew]\d+(?:[nsew]\d+)?")
_UNIT_AND_NUMBER = re.compile(r"(\d+[a-z]?)/(\d+[a-z]?(?:-\d+[a-z]?)?)")  # "3/12 High Street": flat 3 at number 12
_BOX_STREET: Final = ("po", "box")
_FRACTIONS: Final = frozenset({"1/2", "1/3", "2/3", "1/4", "3/4"})
_BOX = re.compile(
    r"\b(?:p ?o ?b(?:ox)?|post office box|postal box|p ?o|(?:gpo|po|pmb) box|apartado(?: postal)?|locked bag|private bag|box)"
    r" (?:num )?(\w*\d\w*)\b"
)
_RURAL = re.compile(r"\b(rr|hc|rural route|r r|highway contract(?: route)?|rfd) (?:num )?(\w+) box (?:num )?(\w+)\b")
_ROAD_WORDS: Final = word_set("hwy highway route rte road rd cr sr us i fm county state interstate farm box")
_STRONG_TYPES: Final = word_set("st ave rd dr ln ct blvd pl way cir ter pkwy hwy cres cct sq trl fwy aly pde cl")
"""Types that hardly ever begin the name of a town; "lake", "park" and "hill" do."""


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
    rural = _rural(" ".join(segments))
    if rural:
        found.number, found.street = rural
        found.core = found.street
        return found
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
        street, core = street_of(plain_words(line.split()))
        if len(street) > 1 and _STRONG_TYPES.intersection(street[-2:]):
            found.rest[place] = " ".join(found.street)
            found.rest = [each for each in found.rest if each]
            found.street, found.core = street, core
            return


def _rural(text: str) -> tuple[str, tuple[str, ...]] | None:
    """ "Rural Route 2, Box 15": the route is the street, the box the number."""
    route = _RURAL.search(_spaced(text))
    if not route:
        return None
    return _plain_number(route[3]), ("hc" if route[1].startswith("h") else "rr", _plain_number(route[2]))


def _box(segment: str) -> tuple[str, tuple[str, ...]] | None:
    box = None if segment[:1].isdigit() else _BOX.search(_spaced(segment.replace("-", "")))
    return (_plain_number(box[1]), _BOX_STREET) if box else None


def _spaced(text: str) -> str:
    return " ".join(text.replace("#", " num ").split())


def _plain_number(text: str) -> str:
    return text.lstrip("0") or "0"


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
    return _plain_number("".join(tokens).replace("-", "").replace("/", ""))


def _read_street(tokens: list[str], found: Parts, with_town: bool) -> None:
    tokens = _take_number(tokens, found)
    tokens = _take_units(tokens, found)
    if with_town:
        tokens = _take_town(tokens, found)
    tokens = _take_last_number(plain_words(tokens), found)
    tokens, after = _take_trailing_unit(tokens)
    found.units.extend(after)
    found.street, found.core = street_of(tokens)


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
    number = _plain_number(str(words.NUMBER_WORDS.get(first, first)))
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
        elif len(kept) > 1 and words.UNITS.get(token) == "fl" and not after and plain_ordinals(kept[-1:])[0].isdigit():
            found.units.append("fl" + plain_ordinals([kept.pop()])[0])  # "3rd floor"
            place += 1
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
    strong = [
        place
        for place in types
        if _is_strong(tokens[place : place + 1]) and not _is_strong(tokens[place + 1 : place + 2])
    ]
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


def _is_strong(token: list[str]) -> bool:
    return bool(token) and words.STREET_TYPES.get(token[0]) in _STRONG_TYPES


def _take_trailing_unit(tokens: list[str]) -> tuple[list[str], list[str]]:
    """ "main st 3b": what follows a street's type and has a digit is a unit, unless it numbers the road."""
    kind = words.STREET_TYPES.get(tokens[-2]) if len(tokens) > 2 else None
    if kind and kind not in ("hwy", "rte") and tokens[-1][:1].isdigit():
        return tokens[:-1], [_unit_id(tokens[-1:])]
    return tokens, []


def _take_last_number(tokens: list[str], found: Parts) -> list[str]:
    """ "Calle Luna 15", "Hauptstrasse 15": elsewhere the number follows. "Highway 26" is a road's name."""
    if found.number or len(tokens) < 2 or not tokens[-1].isdigit() or not _ROAD_WORDS.isdisjoint(tokens[:-1]):
        return tokens
    found.number = _plain_number(tokens[-1])
    return tokens[:-1]
