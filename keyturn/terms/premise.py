"""Where is service delivered, and who, if anybody, is being served there?"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from keyturn.terms.address import Address


class Service(StrEnum):
    ELECTRIC = "electric"
    GAS = "gas"
    WATER = "water"


class AgreementStatus(StrEnum):
    """B.4: the life of a service agreement, as far as Keyturn needs it."""

    PENDING_START = "pending_start"
    ACTIVE = "active"
    PENDING_STOP = "pending_stop"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Occupancy:
    """What the premise's agreements say about one service there, without saying whose they are (step 3.5, 3.6).

    `free_from` is the first day on which nobody else is served: None where a present agreement has no stop date.
    """

    service: Service
    active: bool = False
    pending_start: bool = False
    free_from: date | None = None
    landlord: bool = False


@dataclass(frozen=True, slots=True)
class PremiseFacts:
    """A premise as the rules see it."""

    premise_id: str
    ref: str
    address: Address
    division: str
    services: tuple[Service, ...]
    occupancy: tuple[Occupancy, ...] = ()
