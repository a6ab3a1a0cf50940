"""Do two people show the same document, or two different ones of the same kind?"""

from collections.abc import Callable, Iterable
from typing import Final

from keyturn.matching.text import fold, squeezed
from keyturn.terms.person import Identifier

EQUAL: Final = "equal"
LAST4: Final = "last4"
DIFFERENT: Final = "different"
DIFFERENT_LAST4: Final = "different_last4"

PARTIAL_TYPES: Final = frozenset({"ssn_last4"})
"""Types that thousands of people share a value of: they support, and never single anybody out."""

Digest = Callable[[str, str], str]
"""(type, normalised value) -> keyed blind index. The key stays with the records layer; no plain value enters Features."""


def normal_identifier(text: str) -> str:
    """Upper case letters and digits only, so that "123-45-6789" and "123 45 6789" have one digest."""
    return squeezed(fold(text)).upper()


def digests_of(identifiers: Iterable[Identifier], digest: Digest) -> tuple[tuple[str, str], ...]:
    """(type, digest) of each identifier, sorted. A full SSN also gives the pair of its last four digits."""
    pairs = set()
    for each in identifiers:
        value = normal_identifier(each.value)
        if not value:
            continue
        pairs.add((each.id_type, digest(each.id_type, value)))
        if each.id_type == "ssn" and len(value) >= 4:
            pairs.add(("ssn_last4", digest("ssn_last4", value[-4:])))
    return tuple(sorted(pairs))


def compare_identifiers(one: tuple[tuple[str, str], ...], other: tuple[tuple[str, str], ...]) -> str:
    """The level at which two sets agree; "" where they share no type. A contradiction outweighs an agreement. Symmetric."""
    if not one or not other:
        return ""
    full: set[bool] = set()
    partial: set[bool] = set()
    mine, theirs = _by_type(one), _by_type(other)
    for id_type in mine.keys() & theirs.keys():
        agrees = not mine[id_type].isdisjoint(theirs[id_type])
        (partial if id_type in PARTIAL_TYPES else full).add(agrees)
    if full:
        return EQUAL if False not in full else DIFFERENT
    if partial:
        return LAST4 if False not in partial else DIFFERENT_LAST4
    return ""


def _by_type(pairs: tuple[tuple[str, str], ...]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for id_type, digest in pairs:
        found.setdefault(id_type, set()).add(digest)
    return found
