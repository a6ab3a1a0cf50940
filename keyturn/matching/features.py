"""What of a person's details does the matcher look at, in one spelling?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from keyturn.matching.addresses import NormalAddress, normalise
from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.matching.dates import normal_date
from keyturn.matching.identifiers import Digest, digests_of
from keyturn.matching.names import normal_family, normal_given
from keyturn.matching.organisations import normal_organisation
from keyturn.terms.person import Kind, PersonDetails

MOST = 12
"""Contacts and addresses kept of each kind: nobody has more, and a hostile row may."""


@dataclass(frozen=True, slots=True)
class Features:
    """The normalised form of `PersonDetails`: what is stored beside a person and compared.

    Names are folded words; `birth_date` is ISO 8601 or ""; phones are E.164; an identifier is (type, keyed digest) and
    never plain. `flags` are what is known of a person on file ("deceased", "fraud_flag", "protected_address", ...).
    """

    kind: str = Kind.PERSON.value
    given: str = ""
    middle: str = ""
    family: str = ""
    suffix: str = ""
    organisation: str = ""
    birth_date: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()
    addresses: tuple[NormalAddress, ...] = ()
    flags: frozenset[str] = frozenset()

    @property
    def is_person(self) -> bool:
        return self.kind == "person"

    def as_json(self) -> dict[str, Any]:
        """A small mapping for a JSON column; what is empty is left out."""
        row: dict[str, Any] = {key: getattr(self, name) for key, name in _TEXTS.items() if getattr(self, name)}
        if self.is_person:
            row.pop("k", None)
        row.update({key: list(getattr(self, name)) for key, name in _LISTS.items() if getattr(self, name)})
        if self.identifiers:
            row["i"] = [list(pair) for pair in self.identifiers]
        if self.addresses:
            row["a"] = [address.as_json() for address in self.addresses]
        if self.flags:
            row["x"] = sorted(self.flags)
        return row

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """The features that `as_json` wrote."""
        get = row.get
        return cls(
            get("k", "person"),
            get("g", ""),
            get("m", ""),
            get("f", ""),
            get("s", ""),
            get("o", ""),
            get("b", ""),
            tuple(get("e", ())),
            tuple(get("p", ())),
            tuple((id_type, digest) for id_type, digest in get("i", ())),
            tuple(NormalAddress.from_json(parts) for parts in get("a", ())),
            frozenset(get("x", ())),
        )


_TEXTS = {
    "k": "kind", "g": "given", "m": "middle", "f": "family", "s": "suffix", "o": "organisation", "b": "birth_date",
}  # fmt: skip
_LISTS = {"e": "emails", "p": "phones"}


def features_of(details: PersonDetails, *, digest: Digest, flags: Iterable[str] = ()) -> Features:
    """Normalise what one source says about a person.

    `digest(id_type, normalised_value)` is the keyed blind index of the records layer. `flags` are codes known of a
    person on file. Never fails, whatever the text.
    """
    given, middle = normal_given(details.given_name, details.middle_name)
    family, suffix = normal_family(details.family_name, details.suffix)
    addresses = tuple(dict.fromkeys(filter(None, map(normalise, details.addresses[:MOST]))))
    country = next((each.country for each in details.addresses if each), "US")
    return Features(
        kind=details.kind.value,
        given=given,
        middle=middle,
        family=family,
        suffix=suffix,
        organisation=normal_organisation(details.organisation_name),
        birth_date=normal_date(details.date_of_birth),
        emails=_distinct(map(normal_email, details.emails[:MOST])),
        phones=_distinct(normal_phone(each, country=country) for each in details.phones[:MOST]),
        identifiers=digests_of(details.identifiers[:MOST], digest),
        addresses=addresses,
        flags=frozenset(flags),
    )


def nothing_else_is_known(one: Features, other: Features) -> bool:
    """Neither side has a telephone, a mailbox or a document. Then a human who looks sees no more than the machine did, and
    the odds decide; wherever more is known, it can be asked for, and is (nothing is linked unproved in a request)."""
    return not any(each.emails or each.phones or each.identifiers for each in (one, other))


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({each for each in values if each}))
