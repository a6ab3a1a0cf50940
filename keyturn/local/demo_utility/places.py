"""What does the demo utility serve: towns, streets, houses, flats and shops, and with which services?"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from keyturn.local.demo_utility.vocabulary import sections, stream, words

BUILDINGS = 0.026  # of a hundred steps along a street, those that come to an apartment building
STREETS_PER_TOWN = 0.62  # of all street names, those that a town uses
UNIT_STYLES = ("Apt {n}", "Apt {n}", "Apt {f}{l}", "Unit {n}", "# {n}", "Apt {f}0{n}")


@dataclass(slots=True)
class Place:
    """A premise of the data set before it becomes a row. `taken_from` is the first day, in days from today, of what is
    known about who lives there; earlier days are free for former customers."""

    line1: str
    line2: str
    town: "Town"
    services: str
    building: int = 0  # apartment buildings are numbered from 1
    taken_from: int = 0
    ref: str = ""

    @property
    def address(self) -> tuple[str, str, str, str, str, str]:
        return (self.line1, self.line2, self.town.name, "OR", self.town.postal_code, "US")


@dataclass(slots=True)
class Town:
    """A town of the territory; whether there are gas mains, and whether the water is ours."""

    name: str
    postal_code: str
    division: str
    share: float
    gas: bool
    water: bool
    streets: list[str] = field(default_factory=list)


class Places:
    """Lays out towns, street by street. Deterministic for one random source."""

    def __init__(self, rng: random.Random, taken: Iterable[tuple[str, str]] = ()) -> None:
        """`taken` are (line 1, town) that are in the books already."""
        self.rng = rng
        self.towns = towns()
        self._taken = set(taken)
        lines = sections("places")
        names, types, directions = (words(lines[key]) for key in ("streets", "street types", "directions"))
        for town in self.towns:
            town.streets = self._streets(names, types, directions)
        self._buildings = 0

    def residential(self, count: int) -> list[Place]:
        """`count` houses and flats over all towns, shuffled."""
        found: list[Place] = []
        for town, wanted in zip(self.towns, _parts(count, [town.share for town in self.towns]), strict=True):
            found.extend(self._along(town, wanted))
        self.rng.shuffle(found)
        return found

    def commercial(self, count: int) -> list[Place]:
        """`count` shops and workshops in the towns' middles, some of them suites of one house."""
        found: list[Place] = []
        for town, wanted in zip(self.towns, _parts(count, [town.share for town in self.towns]), strict=True):
            number, left = 0, wanted
            while left:
                number += 2
                line1 = f"{number} {town.streets[number // 2 % 12]}"
                if self._is_taken(line1, town):
                    continue
                suites = min(left, self.rng.choice((1, 1, 1, 1, 3, 6)))
                services = self._services(town, gas=0.7)
                found.extend(
                    Place(line1, f"Ste {n}" if suites > 1 else "", town, services) for n in range(1, suites + 1)
                )
                left -= suites
        self.rng.shuffle(found)
        return found

    def _along(self, town: Town, wanted: int) -> Iterator[Place]:
        """Walk the town's streets, house after house, until `wanted` homes are found. No address comes twice."""
        given, numbers = 0, {street: self.rng.randrange(1, 19) * 100 for street in town.streets}
        steps = stream(self.rng, (4, 7, 9, 12, 16, 21, 33, 58))
        streets = stream(self.rng, town.streets)
        while given < wanted:
            street = next(streets)
            number = numbers[street] = numbers[street] + next(steps)
            line1 = f"{number} {street}"
            if self._is_taken(line1, town):
                continue
            if self.rng.random() < BUILDINGS:
                units = min(wanted - given, self.rng.choice((4, 6, 8, 8, 12, 16, 24, 36)))
                yield from self._building(town, line1, units)
                given += units
            else:
                lot = "" if self.rng.random() > 0.02 else f"Lot {self.rng.randrange(1, 60)}"
                yield Place(line1, lot, town, self._services(town, gas=0.72))
                given += 1

    def _is_taken(self, line1: str, town: Town) -> bool:
        """Whether a house of that number stands there already; from now on one does."""
        key = (line1, town.name)
        if key in self._taken:
            return True
        self._taken.add(key)
        return False

    def _building(self, town: Town, line1: str, units: int) -> Iterator[Place]:
        """An apartment building: one premise for each unit, water mostly on the house."""
        self._buildings += 1
        style = self.rng.choice(UNIT_STYLES)
        services = self._services(town, gas=0.15, water=0.35)
        for n in range(1, units + 1):
            on_floor = (n - 1) % 8
            unit = n if "{f}" not in style else on_floor + 1
            line2 = style.format(n=unit, f=1 + (n - 1) // 8, l="ABCDEFGH"[on_floor])
            yield Place(line1, line2, town, services, self._buildings)

    def _services(self, town: Town, *, gas: float, water: float = 0.93) -> str:
        """Electricity everywhere; gas and water where the town has mains, and not in every house."""
        has = ["electric"]
        if town.gas and self.rng.random() < gas:
            has.append("gas")
        if town.water and self.rng.random() < water:
            has.append("water")
        return ";".join(has)

    def _streets(self, names: list[str], types: list[str], directions: list[str]) -> list[str]:
        chosen = self.rng.sample(names, int(len(names) * STREETS_PER_TOWN))
        named = [f"{name} {self.rng.choice(types)}" for name in chosen]
        numbered = [f"{_ordinal(n)} {'Ave' if n % 2 else 'St'}" for n in range(1, self.rng.randrange(8, 22))]
        return [
            f"{self.rng.choice(directions)} {street}" if self.rng.random() < 0.18 else street
            for street in named + numbered
        ]


def towns() -> list[Town]:
    """The towns of both divisions, as `words/places.txt` lists them."""
    found = []
    for division in ("north", "river"):
        for line in sections("places")[division]:
            name, postal_code, share, gas, water = (part.strip() for part in line.split(","))
            found.append(Town(name, postal_code, division, float(share), bool(gas), bool(water)))
    return found


def _parts(count: int, shares: list[float]) -> list[int]:
    """Split `count` in proportion to `shares`, without loss."""
    total, done, taken, parts = sum(shares), 0.0, 0, []
    for share in shares:
        done += share
        parts.append(round(count * done / total) - taken)
        taken += parts[-1]
    return parts


def _ordinal(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
