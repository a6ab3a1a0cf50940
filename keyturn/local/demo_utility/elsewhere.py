"""Where do customers of the demo utility get their post, when not where they are served?"""

import random

from keyturn.local.demo_utility.places import Town
from keyturn.local.demo_utility.vocabulary import sections, stream, words

PostalAddress = tuple[str, str, str, str, str, str]
NOWHERE: PostalAddress = ("", "", "", "", "", "")


class Elsewhere:
    """Draws mailing addresses: post-office boxes, other cities, other countries, or none on file."""

    def __init__(self, rng: random.Random, towns: list[Town]) -> None:
        self.rng = rng
        self._towns = stream(rng, towns)
        lists = sections("elsewhere")
        places = [tuple(part.strip() for part in line.split(",")) for line in lists["domestic"]]
        self._cities = stream(rng, places)
        self._abroad = stream(rng, [tuple(part.strip() for part in line.split(",")) for line in lists["foreign"]])
        self._streets_abroad = stream(rng, words(lists["foreign streets"]))
        self._streets = stream(rng, words(sections("places")["streets"]))

    def mailing_of_customer(self, service_address: PostalAddress) -> PostalAddress:
        """Nearly nine in ten get their post where they live."""
        draw = self.rng.random()
        if draw < 0.88:
            return service_address
        if draw < 0.955:
            return self.box()
        return self.city() if draw < 0.985 else NOWHERE if draw < 0.993 else self.abroad()

    def mailing_of_former(self, last_address: PostalAddress | None) -> PostalAddress:
        """Most told us where they went; one in five left the old address on file, one in ten nothing."""
        draw = self.rng.random()
        if draw < 0.2 and last_address:
            return last_address
        if draw < 0.82:
            return self.city()
        return self.box() if draw < 0.87 else self.abroad() if draw < 0.9 else NOWHERE

    def box(self) -> PostalAddress:
        town = next(self._towns)
        return (f"PO Box {self.rng.randrange(10, 4000)}", "", town.name, "OR", town.postal_code, "US")

    def city(self) -> PostalAddress:
        city, state, postal_code, country = next(self._cities)
        unit = f"Apt {self.rng.randrange(1, 60)}" if self.rng.random() < 0.3 else ""
        return (f"{self.rng.randrange(100, 9900)} {next(self._streets)} St", unit, city, state, postal_code, country)

    def abroad(self) -> PostalAddress:
        city, state, postal_code, country = next(self._abroad)
        return (next(self._streets_abroad), "", city, state, postal_code, country)
