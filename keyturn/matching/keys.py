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
    phonetic,
)
from keyturn.matching.organisations import names_of

KEYS_VERSION = 1
"""Goes up whenever the same features give other keys: then all persons must be keyed again."""

RARE = 2e-5
"""A whole name alone is a key where fewer than this share of people are expected to have it."""


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


def _sounds(family: str) -> tuple[str, ...]:
    """How the surname's words sound; at most three of them."""
    return tuple(dict.fromkeys(phonetic(word) for word in core_family(family)[:3]))


def _person_texts(features: Features) -> Iterator[str]:
    given = first_given(features.given)
    families = _sounds(features.family)
    if features.birth_date:
        yield from _birth_texts(features.birth_date, given, families)
    for sound in families:
        for address in features.addresses:
            yield from _family_place_texts(sound, given, address)
    if given:
        for address in features.addresses:
            yield from _given_place_texts(phonetic(given), address)
    if given and features.family:
        yield from _whole_name_texts(features, given)


def _birth_texts(born: str, given: str, families: tuple[str, ...]) -> Iterator[str]:
    """Names with the whole date, with its digits in any order (a transposition), and with two of its three parts."""
    year, month, day = born[:4], born[5:7], born[8:]
    digits = "".join(sorted(year + month + day))
    words = {*families, *([phonetic(given)] if given else [])}
    for word in words:  # given name or surname alike, so that swapped names meet
        yield f"nd {word} {born}"
        yield f"ns {word} {digits}"
    initials = "".join(sorted({word[:1] for word in (*families, given) if word}))
    if len(words) > 1:
        for family in families:
            pair = " ".join(sorted((family, phonetic(given))))
            yield f"ny {pair} {year}"
            yield f"np {pair} {month}{day}"
    for family in families:
        if given:
            yield f"fy {family} {given[0]} {year}{month}"
    yield f"di {born} {initials}"


def _family_place_texts(
    sound: str, given: str, address: NormalAddress
) -> Iterator[str]:
    if address.street_core:
        yield f"fs {sound} {address.number} {address.street_core}"
    if address.postal and given:
        yield f"fp {sound} {given[0]} {address.postal}"


def _given_place_texts(sound: str, address: NormalAddress) -> Iterator[str]:
    if address.street_core and address.number:
        yield f"gs {sound} {address.number} {address.street_core}"


def _whole_name_texts(features: Features, given: str) -> Iterator[str]:
    share = (frequency_of_given(given) or 1e-4) * (
        frequency_of_family(features.family) or 3e-5
    )
    if share <= RARE:
        yield "name " + " ".join(sorted((given, *core_family(features.family))))


def _organisation_texts(features: Features) -> Iterator[str]:
    for name in names_of(features.organisation):
        words = name.split()
        yield f"org {''.join(words)}"
        yield f"orgs {' '.join(sorted(words))}"
        for address in features.addresses:
            if address.postal:
                yield f"orgp {phonetic(words[0])} {address.postal}"
            if address.street_core:
                yield f"orgs {words[0][:1]} {address.number} {address.street_core} {address.postal}"
