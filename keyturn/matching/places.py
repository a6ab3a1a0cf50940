"""Are two normalised addresses the same door, the same house, or at least close?"""

from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from keyturn.matching.address_words import STREET_TYPES
from keyturn.matching.addresses import NormalAddress
from keyturn.matching.street_names import in_full, in_short
from keyturn.matching.text import squeezed

LEVELS: Final = (
    "exact", "building", "similar", "near_number", "number", "neighbour", "street", "locality", "different",
)  # fmt: skip
"""From the strongest: the same door; the same house, one unit unknown; the same house but for slips; the same street, its
number missing on a side or a slip away; the same number in one town, the street missing or illegible; another unit of
the house; the same street or property, another number; the same ZIP code or town; none of these."""

_TYPES: Final = frozenset(STREET_TYPES.values())
_BOX: Final = "po box"
_RANK: Final = {level: rank for rank, level in enumerate(LEVELS)}
_ALIKE: Final = 0.5
"""Streets so much alike, with one house number, are one: 30 of a million strangers in one town agree as much, and six of a
thousand records of one person (the simulated censuses of 2030 and 2040)."""
_ILLEGIBLE: Final = 0.35
"""Less alike than this, they are two streets that anybody can read."""


def compare_addresses(one: tuple[NormalAddress, ...], other: tuple[NormalAddress, ...]) -> str:
    """The best level between any two addresses; "" where one side has none. One level, however many parts agree."""
    if not one or not other:
        return ""
    best = len(LEVELS) - 1
    for mine in one:
        for theirs in other:
            best = min(best, _RANK[_level(mine, theirs)])
            if best == 0:
                return LEVELS[0]
    return LEVELS[best]


def _level(mine: NormalAddress, theirs: NormalAddress) -> str:
    if mine.country != theirs.country or not _is_near(mine, theirs):
        return "different"
    one_number = mine.number != "" and mine.number == theirs.number
    numbers_unknown = not mine.number or not theirs.number
    property_agrees = _same_property(mine.building, theirs.building)
    if same_street(mine, theirs) or (one_number and _is_one_street(mine, theirs)):
        if one_number:
            return _level_in_house(mine, theirs)
        if numbers_unknown:
            return "similar" if property_agrees else "near_number"
        if _is_number_slip(mine.number, theirs.number):
            return "near_number"
        return "locality" if mine.street == _BOX else "street"
    if one_number and _may_be_one_street(mine, theirs):
        return "number"
    if property_agrees or _is_named_after_street(mine, theirs):
        return "near_number" if numbers_unknown else "street"
    return "locality" if _is_one_locality(mine, theirs) else "different"


def _level_in_house(mine: NormalAddress, theirs: NormalAddress) -> str:
    if mine.unit != theirs.unit:
        return "neighbour" if mine.unit and theirs.unit else "building"
    return "exact" if mine.street == theirs.street and mine.postal == theirs.postal else "similar"


def same_street(one: NormalAddress, other: NormalAddress) -> bool:
    """Whether two streets have one name but for a slip of the fingers; "1st" and "2nd" are no slip."""
    mine, theirs = squeezed(one.street_core), squeezed(other.street_core)
    if mine == theirs:
        return bool(mine)
    shorter = min(len(mine), len(theirs))
    return shorter > 3 and OSA.distance(mine, theirs, score_cutoff=2) <= (1 if shorter < 7 else 2)


def _is_one_street(mine: NormalAddress, theirs: NormalAddress) -> bool:
    """Whether two streets may be one where the house number agrees: several slips, a type that is glued to the name or
    misspelled, or the property's name in the street's place."""
    return _likeness(mine, theirs) >= _ALIKE or _is_named_after_street(mine, theirs)


def _may_be_one_street(mine: NormalAddress, theirs: NormalAddress) -> bool:
    return not mine.street or not theirs.street or _likeness(mine, theirs) >= _ILLEGIBLE


def _likeness(mine: NormalAddress, theirs: NormalAddress) -> float:
    """ "ridge hieghts dnve" and "ridge heights dr", 0 to 1. The digits in a name must agree: 38th Ave is not 39th; and a
    short name tells nothing: Oak St is not Elm St."""
    if _has_type(mine) and _has_type(theirs):
        one, other = mine.street_core, theirs.street_core
    else:
        one, other = in_full(mine.street), in_full(theirs.street)
    if min(len(one), len(other)) < 2 or _digits(one) != _digits(other):
        return 0.0
    if one[0].isdigit() and other[0].isdigit():
        return 1.0
    if min(len(one), len(other)) < 4:
        return 0.0
    return float(OSA.normalized_similarity(squeezed(one), squeezed(other)))


def _has_type(place: NormalAddress) -> bool:
    return place.street != place.street_core and not _TYPES.isdisjoint(place.street.split())


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isdigit())


def _is_number_slip(one: str, other: str) -> bool:
    """Whether one house number may be the other mistyped. 12 and 14 are neighbours, 12 and 21 a slip."""
    if OSA.distance(one, other, score_cutoff=1) > 1:
        return False
    return max(len(one), len(other)) > 2 or sorted(one) == sorted(other)


def _same_property(one: str, other: str) -> bool:
    return bool(one and other) and (one == other or (min(len(one), len(other)) > 5 and fuzz.ratio(one, other) >= 85))


def _is_named_after_street(mine: NormalAddress, theirs: NormalAddress) -> bool:
    """Whether one side writes as the street what stands beside the street on the other: a property's name, as a rule."""
    return _is_property_of(mine, theirs.street) or _is_property_of(theirs, mine.street)


def _is_property_of(place: NormalAddress, street: str) -> bool:
    if not place.building or len(street) < 4 or _digits(place.building) != _digits(street):
        return False
    return place.building == street or _same_property(_as_street(place.building), street)


@lru_cache(maxsize=1 << 12)
def _as_street(building: str) -> str:
    return in_short(building)


def _is_near(mine: NormalAddress, theirs: NormalAddress) -> bool:
    """One ZIP code (but for one digit or two exchanged), or one town in one state where the code is missing or wrong."""
    if mine == theirs or _are_near_codes(mine.postal, theirs.postal):
        return True
    if mine.state and theirs.state and mine.state != theirs.state:
        return False
    return _is_one_town(mine.city, theirs.city)


def _are_near_codes(one: str, other: str) -> bool:
    return bool(one and other) and (one == other or OSA.distance(one, other, score_cutoff=1) <= 1)


def _is_one_town(one: str, other: str) -> bool:
    """One name but for slips."""
    if one == other or not one or not other:
        return bool(one) and one == other
    return len(one) > 5 and OSA.distance(squeezed(one), squeezed(other), score_cutoff=2) <= 2


def _is_one_locality(mine: NormalAddress, theirs: NormalAddress) -> bool:
    """One ZIP code; or one town, and the code is a slip away or missing on a side."""
    if mine.postal and mine.postal == theirs.postal:
        return True
    known_otherwise = mine.postal and theirs.postal and not _are_near_codes(mine.postal, theirs.postal)
    return not known_otherwise and _is_one_town(mine.city, theirs.city)


def closeness(query: NormalAddress, place: NormalAddress) -> float:
    """How well a place answers what was typed, 0 to 1: for ranking what the premise search found.

    Only parts that were typed count; a street's name may have slips in it, and a town's words behind it.
    """
    scores: list[tuple[float, float]] = []
    if query.number:
        scores.append(
            (
                3.0,
                1.0
                if query.number == place.number
                else 0.5
                if query.number.split(" ")[0] == place.number.split(" ")[0]
                else 0.0,
            )
        )
    if query.street_core:
        scores.append((4.0, _street_closeness(query, place)))
    if query.postal:
        scores.append(
            (2.0, 1.0 if query.postal == place.postal else 0.5 if query.postal[:3] == place.postal[:3] else 0.0)
        )
    if query.city:
        scores.append((1.0, fuzz.ratio(query.city, place.city) / 100))
    if query.unit:
        scores.append((2.0, 1.0 if query.unit == place.unit else 0.0))
    total = sum(weight for weight, _ in scores)
    return sum(weight * score for weight, score in scores) / total if total else 0.0


def _street_closeness(query: NormalAddress, place: NormalAddress) -> float:
    if query.street == place.street:
        return 1.0
    if query.street_core == place.street_core:
        return 0.9
    whole = fuzz.ratio(query.street_core, place.street_core) / 100
    with_town = fuzz.ratio(query.street_core, f"{place.street_core} {place.city}") / 100
    return 0.85 * max(whole, with_town)
