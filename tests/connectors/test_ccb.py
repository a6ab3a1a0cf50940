"""Does the engine, by the mapping files that ship for CC&B, keep the contract against the simulator over a socket?"""

import os
from collections.abc import Iterator

import pytest

from keyturn.connectors.cis.ccb import CcbOverRest, CcbOverSoap
from keyturn.connectors.cis.ccb.simulator import rest, soap
from keyturn.connectors.cis.ccb.simulator.store import Store
from keyturn.connectors.cis.contract import CisContract
from tests.connectors import ccb


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    store = Store(os.environ["DATABASE_URL"], schema=ccb.SCHEMA)
    store.install()
    yield store
    store.close()


@pytest.fixture(scope="module")
def simulator(store: Store) -> Iterator[str]:
    with ccb.process() as url:
        yield url


@pytest.fixture(scope="module")
def secrets() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CCB_USER", ccb.USER)
        patch.setenv("CCB_PASSWORD", ccb.PASSWORD)
        yield


@pytest.fixture
def town(store: Store) -> Iterator[ccb.CcbTown]:
    store.empty()
    yield ccb.CcbTown(store)
    assert store.audit() == []


@pytest.fixture(scope="module")
def over_soap(simulator: str, secrets: None) -> Iterator[CcbOverSoap]:
    cis = CcbOverSoap(f"{simulator}{soap.PATH.rpartition('/')[0]}", timeout_seconds=20)
    yield cis
    cis.close()


class TestOverSoap(CisContract):
    @pytest.fixture
    def cis(self, over_soap):
        return over_soap

    @pytest.fixture
    def town(self, town):
        return town


@pytest.fixture(scope="module")
def over_rest(simulator: str, secrets: None) -> Iterator[CcbOverRest]:
    cis = CcbOverRest(f"{simulator}{rest.BASE}", timeout_seconds=20)
    yield cis
    cis.close()


class TestOverRest(CisContract):
    @pytest.fixture
    def cis(self, over_rest):
        return over_rest

    @pytest.fixture
    def town(self, town):
        return town
