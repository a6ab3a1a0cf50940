"""At which level does each field of two persons agree?"""

from keyturn.matching import contacts, identifiers, names
from keyturn.matching.addresses import NormalAddress, same_street
from keyturn.matching.dates import compare_dates
from keyturn.matching.features import Features
from keyturn.matching.organisations import compare_organisations

ADDRESS_LEVELS = (
    "exact",
    "building",
    "similar",
    "neighbour",
    "street",
    "locality",
    "different",
)
"""From the strongest: the same door; the same house, one unit unknown; a slip or a moved ZIP code; another unit of the
house; another house of the street; the same ZIP code; none of these."""


def levels(one: Features, other: Features) -> dict[str, str]:
    """field -> level for every field that both sides have. Symmetric; fields that cannot be compared are left out."""
    found = _name_levels(one, other)
    if one.birth_date and other.birth_date:
        found["birth_date"] = compare_dates(one.birth_date, other.birth_date)
    found["identifier"] = identifiers.compare_identifiers(one.identifiers, other.identifiers)
    found["email"] = contacts.compare_emails(one.emails, other.emails)
    found["phone"] = contacts.compare_phones(one.phones, other.phones)
    found["address"] = compare_addresses(one.addresses, other.addresses)
    return {field: level for field, level in found.items() if level}


def _name_levels(one: Features, other: Features) -> dict[str, str]:
    if not one.is_person or not other.is_person:
        return {"organisation": compare_organisations(one.organisation, other.organisation)}
    given = names.compare_given(one.given, one.middle, other.given, other.middle)
    family = names.compare_family(one.family, other.family)
    if given in ("", names.DIFFERENT) and family in ("", names.DIFFERENT) and _swapped(one, other):
        given = family = names.SWAPPED
    return {
        "given": given,
        "middle": names.compare_middle(one.middle, other.middle),
        "family": family,
        "suffix": names.compare_suffix(one.suffix, other.suffix),
    }


def _swapped(one: Features, other: Features) -> bool:
    """Given name and surname stand in each other's place, but for slips."""
    crossed = (
        names.compare_family(one.given, other.family),
        names.compare_family(one.family, other.given),
    )
    good = (names.EXACT, names.SIMILAR)
    return crossed[0] in good and crossed[1] in good


def compare_addresses(one: tuple[NormalAddress, ...], other: tuple[NormalAddress, ...]) -> str:
    """The best level between any two addresses; "" where one side has none. One level, however many parts agree."""
    best = len(ADDRESS_LEVELS)
    for mine in one:
        for theirs in other:
            best = min(best, _address_rank(mine, theirs))
            if best == 0:
                return ADDRESS_LEVELS[0]
    return ADDRESS_LEVELS[best] if best < len(ADDRESS_LEVELS) else ""


def _address_rank(mine: NormalAddress, theirs: NormalAddress) -> int:
    if mine.country != theirs.country:
        return 6
    near = _is_near(mine, theirs)
    if mine.street and theirs.street and near and same_street(mine, theirs):
        if mine.number != theirs.number:
            return 4
        if mine.unit != theirs.unit:
            return 3 if mine.unit and theirs.unit else 1
        return 0 if mine.street == theirs.street and mine.number else 2
    if (
        mine.number
        and mine.number == theirs.number
        and mine.street_core == theirs.street_core
        and len(mine.street_core) > 3
    ):
        return 2 if mine.state == theirs.state and (near or not mine.postal or not theirs.postal) else 5
    return 5 if mine.postal and mine.postal == theirs.postal else 6


def _is_near(mine: NormalAddress, theirs: NormalAddress) -> bool:
    """The same ZIP code, one digit of it off, or the same town where a ZIP code is missing or does not fit."""
    if mine.postal and mine.postal == theirs.postal:
        return True
    if mine.city and mine.city == theirs.city and (mine.state == theirs.state or not mine.state or not theirs.state):
        return True
    return (
        bool(mine.postal)
        and len(mine.postal) == len(theirs.postal)
        and sum(map(str.__ne__, mine.postal, theirs.postal)) == 1
    )
