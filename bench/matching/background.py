"""Whom else does a registry of millions hold, so that finding one is hard? Strangers drawn from FEBRL's own marginals:
its given names, surnames, streets, house numbers and birth years; suburb, post code and state are kept together."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from bench.matching import sources
from bench.matching.sources import text
from keyturn.matching import Features, normalise
from keyturn.terms.address import Address


@dataclass(frozen=True)
class Marginals:
    """What strangers are drawn from, as often as it occurs; addresses in their normal form already."""

    given: list[str]
    family: list[str]
    numbers: list[str]
    streets: list[Features]
    towns: list[Features]
    years: list[str]


def marginals() -> Marginals:
    """Read from FEBRL4's originals."""
    rows = list(sources.febrl4()[0].values())
    forms = [sources.features(sources.of_febrl(row)) for row in rows]
    return Marginals(
        given=[each.given for each in forms],
        family=[each.family for each in forms],
        numbers=[text(row["street_number"]) for row in rows],
        streets=[_place(Address("1 " + text(row["address_1"]), text(row["address_2"]), "", "", "", "AU")) for row in rows],
        towns=[_place(Address("", "", text(row["suburb"]), text(row["state"]), text(row["postcode"]), "AU")) for row in rows],
        years=[text(row["date_of_birth"])[:4] for row in rows if text(row["date_of_birth"])],
    )  # fmt: skip


def _place(address: Address) -> Features:
    return Features(addresses=(normalise(address),))


def strangers(count: int, *, seed: int, source: Marginals | None = None) -> Iterator[Features]:
    """`count` people, the same ones for the same seed."""
    source = source or marginals()
    random = Random(seed)
    draw = random.choice
    for _ in range(count):
        street, town = draw(source.streets).addresses[0], draw(source.towns).addresses[0]
        place = replace(
            street, number=draw(source.numbers), city=town.city, state=town.state, postal=town.postal, country="AU"
        )
        born = f"{draw(source.years)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"
        yield Features(given=draw(source.given), family=draw(source.family), birth_date=born, addresses=(place,))
