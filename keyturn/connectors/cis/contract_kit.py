"""What do the tests that every CIS connector must pass need: a town, commands, and a careful caller?"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Protocol
from uuid import uuid4

from keyturn.connectors.cis.faults import Fault, Plan
from keyturn.terms.address import Address
from keyturn.terms.change import Change
from keyturn.terms.cis import Answer, Cis, Command, EstablishService, UpdateCustomer
from keyturn.terms.errors import InDoubt, Unavailable
from keyturn.terms.person import Identifier, PersonDetails
from keyturn.terms.premise import Service

START = date(2026, 12, 1)

NEWCOMER = PersonDetails(
    given_name="Rosalind",
    family_name="Achterberg",
    date_of_birth=date(1984, 2, 29),
    emails=("rosalind@example.org",),
    phones=("+12025550143",),
    identifiers=(Identifier("driver_licence", "X1234567"),),
)
ONCE = {"persons": 1, "accounts": 1, "agreements": 2}
NOTHING = {"persons": 0, "accounts": 0, "agreements": 0}
MAILING = Address("12 rue de la Paix", "", "Paris", "", "75002", "FR")


class Town(Protocol):
    """What the tests need to find in the CIS. Every call gives a place or a person that no other test has used."""

    def vacant(self) -> str:
        """A premise with electric and gas and nobody served there; its reference."""

    def occupied(self, *, until: date | None = None) -> str:
        """A premise where somebody is served, for good or with a stop on `until`."""

    def landlords(self) -> str:
        """A premise that is served on its landlord's account."""

    def customer(self) -> tuple[str, str]:
        """A person and their account, without service: two references."""

    def totals(self) -> Mapping[str, int]:
        """How many persons, accounts and agreements there are; an increase in any of them is an effect."""


def a_key() -> str:
    return f"contract-{uuid4()}"


def newcomer_at(premise_ref: str, **changes: Any) -> EstablishService:
    """A new person who wants electric and gas at `premise_ref`."""
    command = EstablishService(
        request_reference=f"KT-{uuid4().hex[:8].upper()}",
        premise_ref=premise_ref,
        services=(Service.ELECTRIC, Service.GAS),
        start_date=START,
        customer_class="residential",
        division="NORTH",
        language="en",
        person=NEWCOMER,
    )
    return replace(command, **changes)


def customer_at(premise_ref: str, person_ref: str, **changes: Any) -> EstablishService:
    """Somebody on file who wants the same."""
    return newcomer_at(premise_ref, person_ref=person_ref, person=None, **changes)


def update_of(person_ref: str, *changes: Change) -> UpdateCustomer:
    """Somebody on file changes something about themselves."""
    return UpdateCustomer(f"KT-{uuid4().hex[:8].upper()}", person_ref, changes)


def detail(cis: Cis, noun: str, ref: str, name: str) -> list[tuple[str, date | None]]:
    """What holds now under a name of the data dictionary, and until when."""
    held = cis.read(noun, ref)["details"]  # type: ignore[index]
    return [(each["value"], each["until"]) for each in held if each["name"] == name and each["ended_at"] is None]


PASSING = [fault for fault in Fault if fault not in (Fault.NONE, Fault.REFUSES)]
"""Whatever goes wrong on the way and passes."""


def plan_of(fault: Fault) -> Plan:
    """It happens three times, or again and again where it is one that comes and goes."""
    if fault is Fault.FLAPPING:
        return Plan({"always": "flapping", "flap": 1})
    return Plan({"script": [{"fault": fault, "times": 3}], "seconds": 0.0})


def deliver(cis: Cis, command: Command, *, key: str, tries: int = 20) -> Answer:
    """What a careful caller does: ask what happened before sending again, and never give up early (I3)."""
    doubt = False
    for _ in range(tries):
        try:
            known = cis.find(key) if doubt else None
            return known or cis.send(command, key=key)
        except Unavailable:
            continue
        except InDoubt:
            doubt = True
    raise AssertionError("the command never arrived")
