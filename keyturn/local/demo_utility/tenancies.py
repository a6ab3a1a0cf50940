"""Who was, is and will be the customer at which place of the demo utility, and what do they owe?

Days are counted from today: -400 is 400 days ago. At one place tenancies never overlap.
"""

import random
from dataclasses import dataclass

from keyturn.local.demo_utility.places import Place

STOPPED, ACTIVE, PENDING_START, PENDING_STOP = "stopped", "active", "pending_start", "pending_stop"
LONGEST = 45 * 365
OLD_DEBT_DAYS = 7 * 366


@dataclass(slots=True)
class Tenancy:
    """An account of the data set before it becomes a row."""

    person: str
    place: Place
    customer_class: str
    status: str
    start: int
    end: int | None
    balance: float


class Tenancies:
    """Draws accounts. Deterministic for one random source."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.all: list[Tenancy] = []

    def present(self, person: str, place: Place, *, adult_days: int, customer_class: str = "residential") -> Tenancy:
        """Who is the customer now: mostly active; a few are about to leave, a few have not begun."""
        draw = self.rng.random()
        if draw < 0.011:
            start = self.rng.randrange(1, 46)
            tenancy = Tenancy(person, place, customer_class, PENDING_START, start, None, 0.0)
        else:
            longest = max(30, min(LONGEST, adult_days))
            start = -min(longest, 3 + int(self.rng.expovariate(1 / 2300)))
            leaving = draw > 0.986
            end = self.rng.randrange(1, 31) if leaving else None
            status = PENDING_STOP if leaving else ACTIVE
            tenancy = Tenancy(person, place, customer_class, status, start, end, self._running_balance(customer_class))
        place.taken_from = min(0, tenancy.start)
        self.all.append(tenancy)
        return tenancy

    def vacant_since(self, place: Place) -> None:
        """Nobody is served at `place` from some day in the last year and a half on."""
        place.taken_from = -self.rng.randrange(1, 540)

    def landlord(self, person: str, place: Place) -> None:
        """An empty flat that fell back to its landlord, who pays until the next tenant comes (BR-42)."""
        self.all.append(Tenancy(person, place, "landlord", ACTIVE, place.taken_from, None, 0.0))

    def earlier(
        self, person: str, places: list[Place], *, ended: int, adult_days: int, unpaid: float
    ) -> Tenancy | None:
        """An ended account that was closed about `ended` days from today, at a place that was free then; or none.

        `unpaid` is the probability that its final bill was never paid. A very old one was written off more often than
        not, yet some still stand in the books (BR-54).
        """
        for _ in range(6):
            place = places[int(self.rng.random() * len(places))]
            if place.taken_from >= ended:
                break
        else:
            return None
        start = ended - 40 - int(self.rng.expovariate(1 / 900))
        start = max(start, -adult_days)
        if start >= ended:
            return None
        owes = self.rng.random() < unpaid * (0.4 if ended < -OLD_DEBT_DAYS else 1.0)
        balance = round(self.rng.triangular(12, 900, 90), 2) if owes else 0.0
        tenancy = Tenancy(person, place, "residential", STOPPED, start, ended, balance)
        place.taken_from = start
        self.all.append(tenancy)
        return tenancy

    def _running_balance(self, customer_class: str) -> float:
        """What the last bill asked for and is not yet paid; one in twenty is behind."""
        draw, size = self.rng.random(), 4.0 if customer_class == "commercial" else 1.0
        if draw < 0.56:
            return 0.0
        return round(size * (self.rng.uniform(18, 260) if draw < 0.95 else self.rng.uniform(200, 950)), 2)
