"""What is in the demo utility's books? Rows of persons, premises and accounts, as `keyturn import` takes them.

The same seed, size and day give the same rows. Everything is invented (see `contacts.py`); `cast.py` adds the people
whose stories the documentation tells.
"""

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from pathlib import Path

from keyturn.local.demo_utility import cast
from keyturn.local.demo_utility.elsewhere import Elsewhere, PostalAddress
from keyturn.local.demo_utility.organisations import Organisation, Organisations
from keyturn.local.demo_utility.people import People, Someone
from keyturn.local.demo_utility.places import Place, Places
from keyturn.local.demo_utility.tenancies import STOPPED, Tenancies, Tenancy
from keyturn.terms.rows import ACCOUNT_COLUMNS, PERSON_COLUMNS, PREMISE_COLUMNS

Row = Mapping[str, str]

ORGANISATIONS = 0.034  # of all persons
FORMER_CUSTOMERS = 0.21  # of all persons
VACANT = 0.17  # of all premises: nobody at all is served there
HELD_BY_LANDLORD = 0.03  # of all premises: empty flats that fell back to their landlord
UNPAID = 0.13  # of the final bills of those who left


@dataclass(frozen=True, slots=True)
class Dataset:
    """The rows of one generated utility, each with exactly the columns of the public row formats, as text."""

    persons: Sequence[Row]
    premises: Sequence[Row]
    accounts: Sequence[Row]


def generate(*, today: date, persons: int = 20_000, seed: int = 1) -> Dataset:
    """Invent a utility with `persons` persons and organisations, seen on `today`.

    At least 15 % of the premises are vacant. Raises ValueError where `persons` is less than the cast of named people.
    """
    if persons < len(cast.PERSONS):
        raise ValueError(f"the demo utility has at least {len(cast.PERSONS)} persons, its cast")
    return _Book(today, persons - len(cast.PERSONS), seed).dataset()


def write(dataset: Dataset, folder: Path) -> list[Path]:
    """Write `persons.csv`, `premises.csv` and `accounts.csv` into `folder`, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, columns, rows in (
        ("persons", PERSON_COLUMNS, dataset.persons),
        ("premises", PREMISE_COLUMNS, dataset.premises),
        ("accounts", ACCOUNT_COLUMNS, dataset.accounts),
    ):
        path = folder / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        written.append(path)
    return written


class _Book:
    """One run of the generator: who lives where is drawn in one order, so that the seed decides everything."""

    def __init__(self, today: date, persons: int, seed: int) -> None:
        self.today = today
        self.count = persons
        self.rng = random.Random(seed)  # noqa: S311 (nothing here is secret)
        self.people = People(self.rng, today)
        self.places = Places(self.rng, ((row["line1"], row["city"]) for row in cast.PREMISES.values()))
        self.tenancies = Tenancies(self.rng)
        self.elsewhere = Elsewhere(self.rng, self.places.towns)
        self.person_rows: list[Row] = list(cast.PERSONS.values())
        self.everywhere: list[Place] = []

    def dataset(self) -> Dataset:
        organisations = int(self.count * ORGANISATIONS)
        former = int(self.count * FORMER_CUSTOMERS)
        households = self._households(self.count - organisations - former)
        firms = Organisations(self.rng, self.people.contacts).several(organisations)
        homes, shops = self._lay_out(len(households), firms)
        begun = self._move_in(households, homes)
        self._open_shops(firms, shops)
        self._landlords(firms)
        self._lived_elsewhere(households, begun, homes)  # only now is it known since when each home was taken
        for _ in range(former):
            self._former(self.people.household_of_one())
        return Dataset(self.person_rows, self._premise_rows(), self._account_rows())

    def _households(self, persons: int) -> list[list[Someone]]:
        found: list[list[Someone]] = []
        left = persons
        while left > 0:
            members = self.people.household()[:left]
            found.append(members)
            left -= len(members)
        return found

    def _lay_out(self, households: int, firms: list[Organisation]) -> tuple[list[Place], list[Place]]:
        """Enough premises for everybody, for the empty flats of landlords and for the vacant ones."""
        sites = sum(firm.sites for firm in firms)
        total = (households + sites) / (1 - VACANT - HELD_BY_LANDLORD)
        shops = self.places.commercial(sites + ceil(total * VACANT * 0.08))
        homes = self.places.residential(max(households, ceil(total) - len(shops)))
        self.everywhere = homes + shops
        for number, place in enumerate(self.everywhere, start=len(cast.PREMISES) + 1):
            place.ref = f"L-{number:06d}"
        for place in self.everywhere:
            self.tenancies.vacant_since(place)
        return homes, shops

    def _move_in(self, households: list[list[Someone]], homes: list[Place]) -> list[Tenancy]:
        """One account for each household."""
        begun = []
        for members, home in zip(households, homes, strict=False):
            ref = self._next_ref(len(self.person_rows))
            tenancy = self.tenancies.present(ref, home, adult_days=members[0].age_days - 18 * 365)
            mailing = self.elsewhere.mailing_of_customer(home.address)
            for someone in members:
                self._add_person(someone, mailing, since=tenancy.start)
            begun.append(tenancy)
        return begun

    def _lived_elsewhere(self, households: list[list[Someone]], begun: list[Tenancy], homes: list[Place]) -> None:
        """One household in four has an ended account from where it lived before."""
        for members, tenancy in zip(households, begun, strict=True):
            if self.rng.random() < 0.26 and tenancy.start < 0:
                ended = min(-1, tenancy.start + self.rng.randrange(-20, 8))
                adult = members[0].age_days - 18 * 365
                self.tenancies.earlier(tenancy.person, homes, ended=ended, adult_days=adult, unpaid=0.02)

    def _open_shops(self, firms: list[Organisation], shops: list[Place]) -> None:
        free = iter(shops)
        for firm in firms:
            firm.ref = self._next_ref(len(self.person_rows))
            sites = [next(free) for _ in range(firm.sites)]
            for site in sites:
                self.tenancies.present(firm.ref, site, adult_days=9000, customer_class="commercial")
            mailing = sites[0].address if sites else self.elsewhere.box()
            self.person_rows.append(_organisation_row(firm, mailing))

    def _landlords(self, firms: list[Organisation]) -> None:
        """Empty flats in apartment buildings fall back to whoever owns the building."""
        owners = [firm.ref for firm in firms if firm.landlord]
        if not owners:
            return
        occupied = {tenancy.place.ref for tenancy in self.tenancies.all if tenancy.status != STOPPED}
        empty = [place for place in self.everywhere if place.building and place.ref not in occupied]
        for place in empty[: int(len(self.everywhere) * HELD_BY_LANDLORD)]:
            self.tenancies.landlord(owners[place.building % len(owners)], place)

    def _former(self, someone: Someone) -> None:
        """Somebody who left the valley, with one or two ended accounts. Where no home was free then, none is left."""
        ref = self._next_ref(len(self.person_rows))
        adult = someone.age_days - 18 * 365
        ended = -min(max(adult, 60), 20 + int(self.rng.expovariate(1 / 1900)))
        last = self.tenancies.earlier(ref, self.everywhere, ended=ended, adult_days=adult, unpaid=UNPAID)
        if last is not None and self.rng.random() < 0.18:
            self.tenancies.earlier(ref, self.everywhere, ended=last.start, adult_days=adult, unpaid=0.01)
        self._add_person(
            someone, self.elsewhere.mailing_of_former(last.place.address if last else None), since=ended - 400
        )

    def _next_ref(self, index: int) -> str:
        return f"P-{index + 1:06d}"

    def _add_person(self, someone: Someone, mailing: PostalAddress, *, since: int) -> None:
        """Those who have been customers for long often have no identifier on file, a few no birthday."""
        old = since < -12 * 365
        id_type = id_value = ""
        if self.rng.random() > (0.62 if old else 0.2):
            id_type, id_value = self.people.contacts.identifier()
        born = "" if self.rng.random() < (0.14 if old else 0.01) else someone.born
        values = (
            self._next_ref(len(self.person_rows)), "person", someone.given, someone.middle, someone.family,
            someone.suffix, "", born, someone.email, someone.phone, id_type, id_value, *mailing,
        )  # fmt: skip
        self.person_rows.append(dict(zip(PERSON_COLUMNS, values, strict=True)))

    def _premise_rows(self) -> list[Row]:
        rows: list[Row] = list(cast.PREMISES.values())
        for place in self.everywhere:
            values = (place.ref, *place.address, place.town.division, place.services)
            rows.append(dict(zip(PREMISE_COLUMNS, values, strict=True)))
        return rows

    def _account_rows(self) -> list[Row]:
        rows = cast.accounts(self.today)
        first = self.today.toordinal()
        for number, tenancy in enumerate(self.tenancies.all, start=len(rows) + 1):
            values = (
                cast.account_ref(number), tenancy.person, tenancy.place.ref, tenancy.customer_class, tenancy.status,
                date.fromordinal(first + tenancy.start).isoformat(),
                "" if tenancy.end is None else date.fromordinal(first + tenancy.end).isoformat(),
                f"{tenancy.balance:.2f}",
            )  # fmt: skip
            rows.append(dict(zip(ACCOUNT_COLUMNS, values, strict=True)))
        return rows


def _organisation_row(firm: Organisation, mailing: PostalAddress) -> Row:
    id_type = "tax_id" if firm.tax_id else ""
    values = (
        firm.ref, "organisation", "", "", "", "", firm.name, "", firm.email, firm.phone, id_type, firm.tax_id, *mailing,
    )  # fmt: skip
    return dict(zip(PERSON_COLUMNS, values, strict=True))
