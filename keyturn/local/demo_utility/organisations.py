"""Which firms, public bodies and landlords are customers of the demo utility?"""

import random
from dataclasses import dataclass

from keyturn.local.demo_utility.contacts import Contacts
from keyturn.local.demo_utility.vocabulary import sections, stream, words

CHAINS = 0.06  # of all firms, those with more than one site


@dataclass(slots=True)
class Organisation:
    """An organisation of the data set before it becomes a row. `sites` is the number of premises it is served at."""

    name: str
    sites: int
    landlord: bool
    tax_id: str
    email: str
    phone: str
    ref: str = ""


class Organisations:
    """Draws organisations. Deterministic for one random source."""

    def __init__(self, rng: random.Random, contacts: Contacts) -> None:
        self.rng = rng
        self.contacts = contacts
        lists = {key: words(lines) for key, lines in sections("organisations").items()}
        self._first, self._second, self._form = (stream(rng, lists[key]) for key in ("first", "second", "form"))
        self._public, self._landlords = lists["public"], lists["landlords"]

    def several(self, count: int) -> list[Organisation]:
        """`count` of them: landlords and public bodies, then firms. Names of firms may come twice (franchises)."""
        landlords = self._landlords[: max(1, count // 12)]
        names = (landlords + self._public)[:count]
        found = [self._one(name, landlord=name in landlords) for name in names]
        while len(found) < count:
            found.append(self._one(f"{next(self._first)} {next(self._second)} {next(self._form)}".strip()))
        return found

    def _one(self, name: str, *, landlord: bool = False) -> Organisation:
        sites = self.rng.randrange(2, 9) if self.rng.random() < CHAINS else 1
        has_email = self.rng.random() < 0.86
        return Organisation(
            name=name,
            sites=1 if landlord else sites,
            landlord=landlord,
            tax_id=self.contacts.tax_id() if self.rng.random() < 0.8 else "",
            email=self.contacts.organisation_email(name) if has_email else "",
            phone=self.contacts.phone() if self.rng.random() < 0.95 else "",
        )
