"""What do we say to a customer information system, and what may it answer?

A connector (`keyturn/connectors/cis`) implements `Cis`. Every `send` carries a key that the CIS or the connector
remembers: the same key never has a second effect (I3). A connector raises `Unavailable` (nothing happened), `InDoubt`
(perhaps something did: call `find` before sending again) or `Rejected` (a person must look).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Protocol

from keyturn.terms.address import Address
from keyturn.terms.person import PersonDetails
from keyturn.terms.premise import Service


@dataclass(frozen=True, slots=True)
class EstablishService:
    """Write what one approved request amounts to: person (new or known), account, link, agreements, contact note.

    Exactly one of `person_ref` (known in the CIS) and `person` (to be created) is set. `account_ref` names an existing
    account of that person to add the service to, or is empty: a new one. `premise_ref` is the CIS's own. The customer
    contact (BR-39) is written with the rest, so that the CIS's own staff see what happened.
    """

    request_reference: str
    premise_ref: str
    services: tuple[Service, ...]
    start_date: date
    customer_class: str
    division: str
    language: str
    person_ref: str = ""
    person: PersonDetails | None = None
    mailing_address: Address | None = None
    account_ref: str = ""
    origin: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class CancelService:
    """Undo pending agreements that a request made (compensation of a withdrawn request)."""

    request_reference: str
    account_ref: str


Command = EstablishService | CancelService


@dataclass(frozen=True, slots=True)
class Answer:
    """What the CIS did: its own references for what was established.

    `agreement_refs` maps a service to the pending agreement. `repeated` says that the key was known and nothing new
    happened.
    """

    person_ref: str = ""
    account_ref: str = ""
    agreement_refs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    repeated: bool = False


class Cis(Protocol):
    """The CIS in our words (P27). All calls may raise `Unavailable`."""

    name: str

    def send(self, command: Command, *, key: str) -> Answer:
        """Carry out `command` once under `key`. Raises Unavailable, InDoubt or Rejected."""
        ...

    def find(self, key: str) -> Answer | None:
        """What happened to `key`? None: the CIS never saw it, sending is safe."""
        ...

    def read(self, noun: str, ref: str) -> Mapping[str, Any] | None:
        """One "person", "account" or "premise" as the CIS holds it, by its own reference; None where there is none."""
        ...

    def ping(self) -> None:
        """Reach the CIS and do nothing (`keyturn doctor`)."""
        ...
