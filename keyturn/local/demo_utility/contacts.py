"""Which phone number, e-mail address or identifier does an invented person have, so that it can never be a real one's?

E-mail addresses live in the domains that RFC 2606 reserves for examples. Phone numbers live in the exchange 555, which
has no subscribers; those of area codes elsewhere stay in 555-0100 to 555-0199, the part reserved for fiction.
"""

import random
import unicodedata
from collections.abc import Callable
from functools import cache

from keyturn.local.demo_utility.vocabulary import stream

HOME_AREAS = ("541", "458", "971", "503")
OTHER_AREAS = (
    "206", "209", "213", "253", "303", "307", "312", "360", "385", "406", "408", "415", "425", "435", "480", "505",
    "509", "510", "512", "530", "559", "602", "605", "612", "619", "623", "702", "707", "714", "719", "720", "725",
    "760", "775", "801", "805", "808", "818", "907", "909", "916", "925", "949", "951", "970", "986",
)  # fmt: skip
LINES = tuple(range(100, 200)) + tuple(number for number in range(2000, 10000) if number != 4334)
FICTION_LINES = 100  # the first hundred of LINES
HOME_LINES = LINES[FICTION_LINES:]
"""Those before belong to the cast, and to whoever plays a newcomer: a number shared by accident would send them to staff."""
DOMAINS = ("example.com", "example.org", "example.net")
EIN_PREFIXES = ("20", "26", "27", "45", "46", "47", "81", "82", "83", "84", "91", "92", "93")
TO_ASCII = str.maketrans({"đ": "d", "Đ": "d", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "ß": "ss", "æ": "ae", "Æ": "ae"})


class Contacts:
    """Hands out phones, e-mails and identifiers, each once."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self._home = _Shuffled(rng, len(HOME_AREAS) * len(HOME_LINES))
        self._reserved = _Shuffled(rng, len(OTHER_AREAS) * FICTION_LINES)
        self._elsewhere = _Shuffled(rng, len(OTHER_AREAS) * (len(LINES) - FICTION_LINES))
        self._emails: set[str] = set()
        self._identifiers: set[str] = set()
        self._domains = stream(rng, DOMAINS, [0.6, 0.85, 1.0])

    def phone(self) -> str:
        """A number as written on a form, three in four from here. Some three hundred thousand before they repeat."""
        if self.rng.random() < 0.75 and self._home.left:
            line, area = divmod(self._home.draw(), len(HOME_AREAS))
            return self._written(HOME_AREAS[area], HOME_LINES[line])
        pool, first = (self._reserved, 0) if self._reserved.left else (self._elsewhere, FICTION_LINES)
        line, area = divmod(pool.draw(), len(OTHER_AREAS))
        return self._written(OTHER_AREAS[area], LINES[first + line])

    def _written(self, area: str, line: int) -> str:
        shape = self.rng.random()
        if shape < 0.6:
            return f"({area}) 555-{line:04d}"
        return (
            f"{area}-555-{line:04d}"
            if shape < 0.85
            else f"+1{area}555{line:04d}"
            if shape < 0.95
            else f"{area}555{line:04d}"
        )

    def email(self, given: str, family: str, born: str) -> str:
        """An address nobody else in the data set was given."""
        first, last = _plain(given), _plain(family)
        shape = self.rng.random()
        if not last or shape < 0.1:
            local = f"{first or last}{born[2:4]}"
        elif shape < 0.55:
            local = f"{first}.{last}"
        elif shape < 0.8:
            local = f"{first[0]}{last}"
        else:
            local = f"{first}{last[0]}{born[:4]}"
        return self._unused(local, next(self._domains))

    def organisation_email(self, name: str) -> str:
        return self._unused(f"office.{_plain(name)[:24]}", next(self._domains))

    def _unused(self, local: str, domain: str) -> str:
        address = f"{local}@{domain}"
        while address in self._emails:
            address = f"{local}{self.rng.randrange(2, 9999)}@{domain}"
        self._emails.add(address)
        return address

    def identifier(self) -> tuple[str, str]:
        """What a person showed when they became a customer: type and value. Full identifiers are never given twice."""
        draw = self.rng.random()
        if draw < 0.62:
            return "driver_licence", self._once(lambda: f"{self.rng.randrange(1_000_000, 9_999_999)}")
        if draw < 0.86:
            return "ssn_last4", f"{self.rng.randrange(1, 9_999):04d}"
        if draw < 0.94:
            return "state_id", self._once(lambda: f"I{self.rng.randrange(100_000, 999_999)}")
        return "passport", self._once(lambda: f"{self.rng.choice('ABCEX')}{self.rng.randrange(10_000_000, 99_999_999)}")

    def tax_id(self) -> str:
        return self._once(lambda: f"{self.rng.choice(EIN_PREFIXES)}-{self.rng.randrange(1_000_000, 9_999_999)}")

    def _once(self, draw: Callable[[], str]) -> str:
        value = draw()
        while value in self._identifiers:
            value = draw()
        self._identifiers.add(value)
        return value


class _Shuffled:
    """The numbers 0..size-1 in an order that looks random, without keeping a list of them; then the same again."""

    def __init__(self, rng: random.Random, size: int) -> None:
        self.size = size
        self.left = size
        self._next = rng.randrange(size)

    def draw(self) -> int:
        self.left = max(0, self.left - 1)
        self._next = (self._next + 15_485_863) % self.size  # a prime that divides no size used here
        return self._next


@cache
def _plain(name: str) -> str:
    """The letters of a name that can stand in an ordinary e-mail address."""
    folded = unicodedata.normalize("NFD", name.translate(TO_ASCII).lower())
    return "".join(letter for letter in folded if letter.isascii() and letter.isalnum())
