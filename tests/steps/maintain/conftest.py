"""What do tests of the import start from? Empty tables, an empty reference CIS, and the demo utility's policy."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from keyturn import flow
from keyturn.connectors import cis
from keyturn.steps.maintain.intake import Intake
from keyturn.terms.policy import Policy, load

NOW = datetime(2026, 1, 15, 18, tzinfo=UTC)
POLICY = load(Path(__file__).parents[3] / "profiles" / "lumen-valley" / "policy.toml")


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture
def utility(db: None) -> Iterator[None]:
    """An installation with nobody on file, on either side."""
    cis.install()
    cis.connector().empty()
    yield
    cis.connector().empty()


@pytest.fixture
def take_in(utility: None) -> Callable[..., Intake]:
    """Import rows that are given as mappings; the first is row 1."""

    def call(kind: str, *rows: dict[str, Any], now: datetime = NOW, **options: Any) -> Intake:
        return flow.take_in(kind, enumerate(rows, start=1), now=now, policy=POLICY, **options)

    return call


@pytest.fixture
def ada() -> dict[str, str]:
    """A whole row of persons."""
    return {
        "ref": "P1", "kind": "person", "given_name": "Ada", "middle_name": "B.", "family_name": "Lindqvist-Moreno",
        "suffix": "", "organisation_name": "", "date_of_birth": "1985-03-27", "email": "Ada@example.com",
        "phone": "(541) 555-0101", "id_type": "driver_licence", "id_value": "7654-321", "line1": "12 Lantern St",
        "line2": "Apt 3", "city": "Lumen", "state": "OR", "postal_code": "97890", "country": "US",
    }  # fmt: skip


@pytest.fixture
def house() -> dict[str, str]:
    """A whole row of premises."""
    return {
        "ref": "L1", "line1": "12 Lantern St", "line2": "Apt 3", "city": "Lumen", "state": "OR", "postal_code": "97890",
        "country": "US", "division": "north", "service_types": "electric;water",
    }  # fmt: skip


@pytest.fixture
def account() -> dict[str, str]:
    """A whole row of accounts: Ada is served at the house."""
    return {
        "ref": "A1", "person_ref": "P1", "premise_ref": "L1", "customer_class": "residential", "status": "active",
        "start_date": "2020-05-01", "end_date": "", "balance": "12.50",
    }  # fmt: skip
