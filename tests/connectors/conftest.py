"""Which reference CIS do these tests speak to? One in a schema of its own, emptied before each test."""

import itertools
import os
from collections.abc import Iterator, Mapping
from datetime import date

import pytest

from keyturn.connectors.cis.reference import ReferenceCis
from keyturn.terms.change import ContactChange


class ReferenceTown:
    """Fresh places and persons in the reference CIS, put there as an import would."""

    def __init__(self, cis: ReferenceCis) -> None:
        self.cis = cis
        self._next = itertools.count(1)

    def vacant(self, *, services: str = "electric;gas") -> str:
        ref = f"PR{next(self._next)}"
        row = {"ref": ref, "line1": f"{ref} Mill Lane", "city": "Lumen", "state": "CA", "postal_code": "90001"}
        self.cis.adopt("premises", [row | {"country": "US", "division": "NORTH", "service_types": services}])
        return ref

    def occupied(self, *, until: date | None = None, customer_class: str = "residential") -> str:
        premise = self.vacant()
        person, _ = self.customer()
        self.account(
            person,
            premise_ref=premise,
            customer_class=customer_class,
            status="pending_stop" if until else "active",
            start_date="2019-03-01",
            end_date=until or "",
        )
        return premise

    def landlords(self) -> str:
        return self.occupied(customer_class="landlord")

    def customer(self) -> tuple[str, str]:
        person = self.person()
        return person, self.account(person)

    def person(self, **columns: str) -> str:
        ref = columns.pop("ref", "") or f"C{next(self._next)}"
        row = {
            "ref": ref,
            "kind": "person",
            "given_name": "Ada",
            "family_name": f"Lind{ref}",
            "email": f"{ref}@example.org",
        }
        row |= {"line1": "7 Hill Road", "city": "Lumen", "state": "CA", "postal_code": "90002", "country": "US"}
        self.cis.adopt("persons", [row | columns])
        return ref

    def account(self, person_ref: str, **columns: object) -> str:
        ref = str(columns.pop("ref", "")) or f"AC{next(self._next)}"
        row = {"ref": ref, "person_ref": person_ref, "customer_class": "residential", "status": "active"}
        self.cis.adopt("accounts", [row | columns])
        return ref

    def staff_change(self, person_ref: str) -> None:
        self.cis.desk.change(person_ref, ContactChange("email", f"{person_ref.lower()}.new@example.org"))

    def totals(self) -> Mapping[str, int]:
        counts = self.cis.counts()
        return {name: counts[name] for name in ("persons", "accounts", "agreements")}


@pytest.fixture(scope="session")
def installed() -> Iterator[ReferenceCis]:
    cis = ReferenceCis(os.environ["DATABASE_URL"], schema="connector_tests", timeout_seconds=5)
    cis.install()
    yield cis
    cis.close()


@pytest.fixture
def reference(installed: ReferenceCis) -> ReferenceCis:
    installed.empty()
    return installed


@pytest.fixture
def cis(reference: ReferenceCis) -> ReferenceCis:
    return reference


@pytest.fixture
def town(reference: ReferenceCis) -> ReferenceTown:
    return ReferenceTown(reference)
