"""Which simulated CC&B do these tests speak to? A process of its own, on a schema that is emptied before each test."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import pytest

from keyturn.connectors.cis.ccb import REST, CcbOverRest, CcbOverSoap
from keyturn.connectors.cis.ccb.simulator import rest, soap
from keyturn.connectors.cis.ccb.simulator.store import Store

USER, PASSWORD = "KEYTURN", "only for tests"
SCHEMA = "ccb_tests"
SHIPPED = 'auth = { kind = "basic", user = "env:CCB_USER", secret = "env:CCB_PASSWORD" }'
BY_TOKEN = (
    'auth = { kind = "client_credentials", token_url = "/oauth2/v1/token", client = "env:CCB_CLIENT_ID",'
    ' secret = "env:CCB_CLIENT_SECRET", scope = "urn:opc:resource:consumer::all" }'
)


def by_token() -> str:
    """The mapping that ships for REST, with the line that an identity provider needs."""
    text = REST.read_text(encoding="utf-8")
    assert SHIPPED in text
    return text.replace(SHIPPED, BY_TOKEN)


def started(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    """The simulator as a program that is ready, and its address."""
    running = subprocess.Popen(
        [sys.executable, "-m", "keyturn.connectors.cis.ccb.simulator", "--schema", SCHEMA, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "CCB_PASSWORD": PASSWORD, "CCB_CLIENT_SECRET": PASSWORD},
    )
    assert running.stdout
    word, _, url = running.stdout.readline().strip().partition(" ")
    assert word == "ready"
    return running, url


@contextmanager
def process(*arguments: str) -> Iterator[str]:
    """Its address. It ends by SIGTERM."""
    running, url = started("--port", "0", *arguments)
    try:
        yield url
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=10) == 0


class CcbTown:
    """Fresh places and persons in it."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def vacant(self) -> str:
        return self.store.premise("E", "G")

    def occupied(self, *, until: date | None = None) -> str:
        return self._served("RES", until)

    def landlords(self) -> str:
        return self._served("LANDLORD", None)

    def customer(self) -> tuple[str, str]:
        return self.store.customer()

    def staff_change(self, person: str) -> None:
        self.store.staff_change(person)

    def totals(self) -> Mapping[str, int]:
        counts = self.store.counts()
        return {name: counts[name] for name in ("persons", "accounts", "agreements")}

    def _served(self, customer_class: str, until: date | None) -> str:
        premise = self.vacant()
        self.store.serve(self.store.customer(customer_class=customer_class)[1], premise, until=until)
        return premise


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    store = Store(os.environ["DATABASE_URL"], schema=SCHEMA)
    store.install()
    yield store
    store.close()


@pytest.fixture(scope="module")
def simulator(store: Store) -> Iterator[str]:
    with process("--token-seconds", "1") as url:
        yield url


@pytest.fixture(scope="module")
def secrets() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CCB_USER", USER)
        patch.setenv("CCB_PASSWORD", PASSWORD)
        patch.setenv("CCB_CLIENT_ID", "keyturn")
        patch.setenv("CCB_CLIENT_SECRET", PASSWORD)
        yield


@pytest.fixture
def town(store: Store) -> Iterator[CcbTown]:
    store.empty()
    yield CcbTown(store)
    assert store.audit() == []


@pytest.fixture(scope="module")
def over_soap(simulator: str, secrets: None) -> Iterator[CcbOverSoap]:
    cis = CcbOverSoap(f"{simulator}{soap.PATH.rpartition('/')[0]}", timeout_seconds=20)
    yield cis
    cis.close()


@pytest.fixture(scope="module")
def over_rest(simulator: str, secrets: None) -> Iterator[CcbOverRest]:
    cis = CcbOverRest(f"{simulator}{rest.BASE}", timeout_seconds=20)
    yield cis
    cis.close()
