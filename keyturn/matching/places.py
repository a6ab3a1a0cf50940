"""Are two normalised addresses the same door, the same house, or at least close?"""

from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from keyturn.matching.addresses import NormalAddress
from keyturn.matching.text import squeezed

LEVELS: Final = ("exact", "building", "similar", "neighbour", "street", "locality", "different")
"""From the strongest: the same door; the same house, one unit unknown; the same house but for slips; another unit of
the house; the same street or property, another or no number; the same ZIP code or town; none of these."""

_DIFFERENT: Final = len(LEVELS) - 1


def compare_addresses(one: tuple[NormalAddress, ...], other: tuple[NormalAddress, ...]) -> str:
    """The best level between any two addresses; "" where one side has none. One level, however many parts agree."""
    if not one or not other:
        return ""
    best = _DIFFERENT
    for mine in one:
        for theirs in other:
            best = min(best, _rank(mine, theirs))
            if best == 0:
                return LEVELS[0]
    return LEVELS[best]


def _rank(mine: NormalAddress, theirs: NormalAddress) -> int:
    """The place in `LEVELS` of one pair."""
    if mine.country != theirs.country or not _is_near(mine, theirs):
        return _DIFFERENT
    property_agrees = _same_property(mine.building, theirs.building)
    if mine.street and theirs.street and same_street(mine, theirs):
        if not mine.number or mine.number != theirs.number:
            return 2 if property_agrees and not (mine.number and theirs.number) else 4
        if mine.unit != theirs.unit:
            return 3 if mine.unit and theirs.unit else 1
        return 0 if mine.street == theirs.street and mine.postal == theirs.postal else 2
    if property_agrees:
        return 4
    return 5 if mine.postal == theirs.postal and (mine.postal or mine.city == theirs.city) else _DIFFERENT


def same_street(one: NormalAddress, other: NormalAddress) -> bool:
    """Whether two streets have one name but for a slip of the fingers; "1st" and "2nd" are no slip."""
    mine, theirs = squeezed(one.street_core), squeezed(other.street_core)
    if mine == theirs:
        return bool(mine)
    shorter = min(len(mine), len(theirs))
    return shorter > 3 and OSA.distance(mine, theirs, score_cutoff=2) <= (1 if shorter < 7 else 2)


def _same_property(one: str, other: str) -> bool:
    return bool(one and other) and (one == other or (min(len(one), len(other)) > 5 and fuzz.ratio(one, other) >= 85))


def _is_near(mine: NormalAddress, theirs: NormalAddress) -> bool:
    """One ZIP code (but for one digit or two exchanged), or one town in one state where the code is missing or wrong."""
    one, other = mine.postal, theirs.postal
    if mine == theirs:
        return True
    if one and other and OSA.distance(one, other, score_cutoff=1) <= 1:
        return True
    if not mine.city or not theirs.city or (mine.state and theirs.state and mine.state != theirs.state):
        return False
    return mine.city == theirs.city or (
        len(mine.city) > 5 and OSA.distance(mine.city, theirs.city, score_cutoff=2) <= 2
    )


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
