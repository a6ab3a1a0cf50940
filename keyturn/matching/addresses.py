"""Which place does a written address mean?"""

import re
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from keyturn.matching import address_words as words
from keyturn.matching.street_parts import parts_of
from keyturn.matching.text import LONGEST, fold, squeezed
from keyturn.terms.address import Address

_MARKS: Final = "#/-,"
_US_ZIP = re.compile(r"(\d{5})(?:-?\d{4})?")
_TOWN_WORDS: Final = {
    "st": "saint",
    "ste": "sainte",
    "ft": "fort",
    "mt": "mount",
    "n": "north",
    "s": "south",
    "e": "east",
    "w": "west",
}


@dataclass(frozen=True, slots=True)
class NormalAddress:
    """An address in one spelling: folded words, short street types, no unit designators. Derived, never shown.

    `street` has directions and type ("n main st"), `street_core` only the name ("main"). `building` is what stood there
    besides (a property's or building's name). Any part may be empty.
    """

    number: str = ""
    street: str = ""
    street_core: str = ""
    unit: str = ""
    postal: str = ""
    city: str = ""
    state: str = ""
    country: str = "US"
    building: str = ""

    @property
    def key(self) -> str:
        """Equal for equal places, whatever the unit; "" where there is no street. The ZIP code stands for the town."""
        if not self.street:
            return ""
        town = self.postal or f"{self.city},{self.state}"
        return f"{self.country}|{town}|{self.number}|{self.street}"

    @property
    def unit_key(self) -> str:
        """`key` and the unit: equal for one door."""
        return f"{self.key}|{self.unit}" if self.street else ""

    def as_json(self) -> list[str]:
        """The parts in the order of the fields, empty ones at the end left out."""
        parts = list(_PARTS(self))
        while parts and not parts[-1]:
            parts.pop()
        return parts

    @classmethod
    def from_json(cls, parts: list[str]) -> "NormalAddress":
        return cls(*parts)

    def __bool__(self) -> bool:
        return bool(self.street or self.postal or self.city)


_PARTS = attrgetter(*NormalAddress.__slots__)


def normalise(address: Address) -> NormalAddress:
    """The place that `address` means. Never fails; what is not understood stays as folded words (BR-26)."""
    country = _country(address.country)
    parts = parts_of(_segments(address.line1) + _segments(address.line2))
    return NormalAddress(
        number=parts.number,
        street=" ".join(parts.street),
        street_core=" ".join(parts.core),
        unit=parts.unit,
        postal=_postal(address.postal_code, country),
        city=_town(address.city),
        state=_state(address.state, country),
        country=country,
        building=" ".join(parts.rest),
    )


def _segments(line: str) -> list[str]:
    """The folded pieces of a line between commas; care-of lines name a person, not a place, and fall away."""
    line = line[:LONGEST].replace("½", " 1/2").replace("¼", " 1/4").replace("¾", " 3/4")
    if line.strip().lower().startswith(words.CARE_OF):
        return []
    folded = fold(line, keep=_MARKS)
    return [piece for piece in (each.strip(" -/") for each in folded.split(",")) if piece]


def _country(text: str) -> str:
    folded = fold(text)
    return words.COUNTRIES.get(folded) or squeezed(folded).upper()[:3] or "US"


def _postal(text: str, country: str) -> str:
    """Five digits of a US ZIP code, four of an Australian one; elsewhere letters and digits."""
    plain = squeezed(fold(text))
    if country == "US" and plain[:5].isdigit():
        return plain[:5]
    return plain[:10]


def _town(text: str) -> str:
    """ "St. Helens" and "Saint Helens" are one town, and so are "N. Plains" and "North Plains"."""
    tokens = fold(text).split()
    if len(tokens) > 1:
        tokens[0] = _TOWN_WORDS.get(tokens[0], tokens[0])
    return " ".join(tokens)


def _state(text: str, country: str) -> str:
    folded = fold(text)
    return words.STATES.get(country, {}).get(folded, squeezed(folded))


def search_terms(text: str, *, country: str = "US") -> NormalAddress:
    """What somebody typed in one box ("12 n main street apt 3, 97123") as parts to look a premise up by.

    Any part may be missing or in another order. Where no street type shows where the street ends, the town's words stay
    in `street_core`: compare with `places.closeness`, which does not mind.
    """
    segments = _segments(text)
    segments, country = _take_country(segments, country)
    segments, postal = _take_postal(segments, country)
    segments, state = _take_state(segments, country)
    parts = parts_of(segments, with_town=True)
    city = parts.rest.pop(0) if parts.rest else ""
    return NormalAddress(
        parts.number,
        " ".join(parts.street),
        " ".join(parts.core),
        parts.unit,
        postal,
        _town(city),
        state,
        country,
        " ".join(parts.rest),
    )


def _take_country(segments: list[str], country: str) -> tuple[list[str], str]:
    for last in words.COUNTRIES if segments else ():
        if segments[-1] == last or segments[-1].endswith(f" {last}"):
            left = segments[-1].removesuffix(last).strip()
            return segments[:-1] + ([left] if left else []), words.COUNTRIES[last]
    return segments, country


def _take_postal(segments: list[str], country: str) -> tuple[list[str], str]:
    """Find the ZIP code at the end of a piece, or alone at the beginning; a house number keeps its place."""
    shape = _US_ZIP if country == "US" else re.compile(r"(\d{4})")
    leading = segments[0].split() if segments else []
    if len(leading) > 1 and shape.fullmatch(leading[0]) and leading[1][0].isdigit():
        return [" ".join(leading[1:]), *segments[1:]], leading[0][:5]
    for place in range(len(segments) - 1, -1, -1):
        tokens = segments[place].split()
        code = shape.fullmatch(tokens[-1])
        if code and (len(tokens) > 2 or place > 0 or len(segments) == 1 == len(tokens)):
            left = " ".join(tokens[:-1])
            return segments[:place] + ([left] if left else []) + segments[place + 1 :], code[1]
    return segments, ""


def _take_state(segments: list[str], country: str) -> tuple[list[str], str]:
    """Find the state at the end of a piece; "12 Georgia" alone is a street."""
    states = words.STATES.get(country, {})
    codes = {**states, **{code: code for code in states.values()}}
    for place in range(len(segments) - 1, -1, -1):
        tokens = segments[place].split()
        for length in (3, 2, 1):
            code = codes.get(" ".join(tokens[-length:]))
            left = tokens[:-length]
            if code and (place > 0 or len(left) > (1 if len(segments) == 1 else 0)):
                return segments[:place] + ([" ".join(left)] if left else []) + segments[place + 1 :], code
    return segments, ""
