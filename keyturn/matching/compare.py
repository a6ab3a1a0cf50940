"""At which level does each field of two persons agree?"""

from collections.abc import Container
from typing import Final

from keyturn.matching import contacts, identifiers, names
from keyturn.matching.dates import compare_dates
from keyturn.matching.features import Features
from keyturn.matching.organisations import compare_organisations
from keyturn.matching.places import compare_addresses


def levels(one: Features, other: Features) -> dict[str, str]:
    """field -> level for every field that both sides have. Symmetric; fields that cannot be compared are left out."""
    found = _who_levels(one, other)
    found["identifier"] = identifiers.compare_identifiers(one.identifiers, other.identifiers)
    found["email"] = contacts.compare_emails(one.emails, other.emails)
    found["phone"] = contacts.compare_phones(one.phones, other.phones)
    found["address"] = compare_addresses(one.addresses, other.addresses)
    return {field: level for field, level in found.items() if level}


_HELD: Final = {
    "given": "given", "middle": "middle", "family": "family", "birth_date": "birth_date", "organisation": "organisation",
    "identifier": "identifiers", "email": "emails", "phone": "phones", "address": "addresses",
}  # fmt: skip
_OF_ORGANISATIONS: Final = frozenset({"organisation", "identifier", "email", "phone", "address"})
_OF_PERSONS: Final = frozenset(_HELD) - {"organisation"}


def missing(probe: Features, on_file: Features, compared: Container[str]) -> tuple[tuple[str, str], ...]:
    """Of each field that could not be compared, who lacks it: "probe", "on_file", "both", or "other_kind" where each has
    one (identifiers of two types). A suffix that nobody has is not missing."""
    asked = _OF_PERSONS if probe.is_person and on_file.is_person else _OF_ORGANISATIONS
    found = []
    for field, attribute in _HELD.items():
        if field in asked and field not in compared:
            has = bool(getattr(probe, attribute)), bool(getattr(on_file, attribute))
            found.append((field, _WHERE[has]))
    return tuple(found)


_WHERE: Final = {
    (True, True): "other_kind", (False, True): "probe", (True, False): "on_file", (False, False): "both",
}  # fmt: skip


def _who_levels(one: Features, other: Features) -> dict[str, str]:
    if not one.is_person or not other.is_person:
        return {"organisation": compare_organisations(one.organisation, other.organisation)}
    given = names.compare_given(one.given, one.middle, other.given, other.middle)
    family = names.compare_family(one.family, other.family)
    if given in _UNLIKE and family in _UNLIKE:
        crossings = _crossings(one, other)
        if crossings == 2:
            given = family = names.SWAPPED
        elif crossings == 1 and family and given != names.GARBLED != family:
            family = names.CROSSED
    return {
        "given": given,
        "middle": names.compare_middle(one.middle, other.middle),
        "family": family,
        "suffix": names.compare_suffix(one.suffix, other.suffix),
        "birth_date": compare_dates(one.birth_date, other.birth_date),
    }


_UNLIKE: Final = frozenset({"", names.GARBLED, names.DIFFERENT})


def _crossings(one: Features, other: Features) -> int:
    """How many of the two surnames stand in the given name's place on the other side, but for slips; several slips in
    one of them if the other does."""
    if not one.given or not other.given:
        return 0
    halves = [(given, family) for given, family in ((other.given, one.family), (one.given, other.family)) if family]
    found = sum(names.is_crossed(given, family) for given, family in halves)
    return 2 if found == 1 and len(halves) == 2 and all(names.may_be_crossed(*half) for half in halves) else found
