"""Under which keys is a person filed, so that another record of the same person is found again?"""

import json
from collections.abc import Iterator
from hashlib import blake2b

from keyturn.matching.addresses import NormalAddress
from keyturn.matching.contacts import mailbox
from keyturn.matching.features import Features
from keyturn.matching.identifiers import PARTIAL_TYPES
from keyturn.matching.names import (
    core_family,
    first_given,
    frequency_of_family,
    frequency_of_given,
    full_form,
    phonetic,
)
from keyturn.matching.organisations import names_of
from keyturn.matching.text import squeezed

KEYS_VERSION = 3
"""Goes up whenever the same features give other keys: then all persons must be keyed again."""

RARE = 2e-5
"""A whole name alone is a key where fewer than this share of people are expected to have it."""

RARE_SURNAME = 2e-4
"""The same for a surname with the middle initial."""

RARE_GIVEN = 3e-5
"""The same for a given name with the middle initial: it tells less, and more people share it than any table shows."""

MOST_PLACES = 4
"""Addresses that are keyed; the first are the current ones."""


def blocking_keys(features: Features) -> frozenset[int]:
    """Signed 64-bit numbers; two records of one person share at least one. Never empty for somebody with any detail."""
    found = frozenset(_hashed(text) for text in key_texts(features))
    if found:
        return found
    row = features.as_json()
    return frozenset({_hashed(json.dumps(row, sort_keys=True))}) if row else frozenset()


def identity_lock_keys(features: Features) -> tuple[int, ...]:
    """What to take `pg_advisory_xact_lock` on, in this order (ascending, so that two transactions never deadlock).

    All blocking keys: whoever could find the other must wait for the other.
    """
    return tuple(sorted(blocking_keys(features)))


def _hashed(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def key_texts(features: Features) -> Iterator[str]:
    """The texts that are hashed into keys; the first word says which combination it is."""
    yield from _contact_texts(features)
    if features.is_person:
        yield from _person_texts(features)
    else:
        yield from _organisation_texts(features)


def _contact_texts(features: Features) -> Iterator[str]:
    for phone in features.phones:
        yield f"phone {phone}"
    for email in features.emails:
        yield f"email {mailbox(email)}"
    year = features.birth_date[:4]
    for id_type, digest in features.identifiers:
        if id_type not in PARTIAL_TYPES:
            yield f"id {id_type} {digest}"
        else:
            if year:
                yield f"id4y {digest} {year}"
            for sound in _sounds(features.family):
                yield f"id4f {digest} {sound}"


def _person_texts(features: Features) -> Iterator[str]:
    """Of each combination at least two parts differ between strangers, and no two combinations lean on the same parts."""
    first, family, places = first_given(features.given), _words(features.family), features.addresses[:MOST_PLACES]
    words, sounds = [*family, first] if first else family, _sounds(features.family)
    given = full_form(first)
    if features.birth_date:
        yield from _birth_texts(features.birth_date, words, places)
        if given:
            yield from _birth_and_names_texts(features.birth_date, given, sounds)
    for address in places:
        yield from _place_texts(words, family, address)
        if given and address.postal:
            for word, sound in zip(family, sounds, strict=True):
                yield f"np {_pair(word[:3], given[:3])} {_blurred(address.postal)}"
                yield f"fp {sound} {given[0]} {_blurred(address.postal)}"
    if given and family and _is_rare(given, features.family):
        for sound in sounds:
            yield f"nn {_pair(sound, phonetic(given))}"
    if features.middle:
        yield from _rare_part_texts(given, features.family, features.middle[0])
        if given and features.birth_date:
            yield from _without_surname_texts(given, features.middle[0], features.birth_date)


def _rare_part_texts(given: str, family: str, initial: str) -> Iterator[str]:
    """A rare half of the name with the middle initial: the other half is missing, or was changed."""
    if family and (frequency_of_family(family) or 0.0) <= RARE_SURNAME:
        yield f"fi {phonetic(squeezed(family))} {initial}"
    if given and (frequency_of_given(given) or 0.0) <= RARE_GIVEN:
        yield f"gi {phonetic(given)} {initial}"


def _without_surname_texts(given: str, initial: str, born: str) -> Iterator[str]:
    """Given name and middle initial with half of the date: the surname is missing or another, and the date has a slip in it."""
    sound = phonetic(given)
    yield f"gy {sound} {initial} {born[:4]}"
    yield f"gd {sound} {initial} {born[5:]}"


def _words(family: str) -> list[str]:
    """The surname's telling words, and all of it in one: "Vanderberg" is found under "van der Berg"."""
    words = dict.fromkeys(core_family(family)[:2])
    return list(words | dict.fromkeys([squeezed(family)])) if " " in family else list(words)


def _sounds(family: str) -> list[str]:
    return [phonetic(word) for word in _words(family)]


def _pair(one: str, other: str) -> str:
    """In alphabetical order, so that a given name in the surname's place is found."""
    return f"{one} {other}" if one <= other else f"{other} {one}"


def _blurred(digits: str) -> str:
    """In any order: people exchange the digits of ZIP codes and dates."""
    return "".join(sorted(digits))


def _is_rare(given: str, family: str) -> bool:
    return (frequency_of_given(given) or 1e-4) * (frequency_of_family(family) or 3e-5) <= RARE


def _birth_texts(born: str, words: list[str], places: tuple[NormalAddress, ...]) -> Iterator[str]:
    """The whole date with a little of a name or a place. A first of January is often made up: then with more."""
    digits = _blurred(born.replace("-", ""))
    made_up = born.endswith("-01-01")
    for word in words:
        yield f"d1 {phonetic(word) if made_up else word[0]} {born}"
        yield f"dw {phonetic(word)} {digits}"
    for place in places:
        if place.postal:
            yield f"dp {born} {_blurred(place.postal)}"
        if place.number:
            yield f"dn {born} {place.number}"
        if place.street_core:
            yield f"ds {born} {squeezed(place.street_core)[:3]}"


def _birth_and_names_texts(born: str, given: str, sounds: list[str]) -> Iterator[str]:
    """Both names with a part of the date, for a date with a slip in it."""
    for sound in sounds:
        pair = _pair(sound, phonetic(given))
        yield f"ny {pair} {born[:4]}"
        yield f"nm {pair} {born[5:]}"
        yield f"fm {sound} {given[0]} {born[:7]}"


def _place_texts(words: list[str], family: list[str], address: NormalAddress) -> Iterator[str]:
    """A little of a name with a place, and the door alone: a household is found together."""
    core, number, postal = squeezed(address.street_core), address.number, _blurred(address.postal)
    if core and number and postal:
        yield f"an {number} {core[:3]} {postal} {address.unit}"
    for word in words:
        if core and number:
            yield f"wn {word[0]} {number} {core[:4]}"
        if postal and number:
            yield f"wp {word[0]} {number} {postal}"
        if core and postal:
            yield f"ws {word[:3]} {core[:4]} {postal}"
    for word in family if core and address.city else ():
        yield f"wc {word[:3]} {core[:4]} {address.city[:4]}"


def _organisation_texts(features: Features) -> Iterator[str]:
    for name in names_of(features.organisation):
        words = name.split()
        yield f"org {''.join(words)}"
        yield f"orgs {' '.join(sorted(words))}"
        for address in features.addresses:
            if address.postal:
                yield f"orgp {phonetic(words[0])} {address.postal}"
            if address.street_core:
                yield f"orga {words[0][0]} {address.number} {address.street_core} {address.postal}"
