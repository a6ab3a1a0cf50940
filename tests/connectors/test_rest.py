"""Does the CIS with a plain JSON interface keep the contract, over a real socket and by its mapping file alone?"""

import os
import threading
from collections.abc import Iterator

import pytest

from keyturn.connectors.cis.contract import CisContract
from keyturn.connectors.cis.contract_kit import MAILING, a_key, newcomer_at, update_of
from keyturn.connectors.cis.contract_update import everything
from keyturn.connectors.cis.rest import MAPPING, RestCis
from keyturn.connectors.cis.rest.simulator.__main__ import server
from keyturn.connectors.cis.rest.simulator.store import Store
from keyturn.connectors.cis.simulating import SimulatedServer
from tests.connectors.conftest import ReferenceTown

TOKEN = "let me in"


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    store = Store(os.environ["DATABASE_URL"], schema="rest_tests")
    store.install()
    yield store
    store.close()


@pytest.fixture(scope="module")
def running(store: Store) -> Iterator[SimulatedServer]:
    serving = server(store, token=TOKEN)
    threading.Thread(target=serving.run, daemon=True).start()
    yield serving
    serving.stop()
    serving.server_close()


@pytest.fixture
def town(store: Store) -> ReferenceTown:
    store.empty()
    return ReferenceTown(store)


@pytest.fixture
def cis(running: SimulatedServer, store: Store, town: ReferenceTown, monkeypatch) -> Iterator[RestCis]:
    monkeypatch.setenv("KEYTURN_CIS_TOKEN", TOKEN)
    cis = RestCis(running.url, timeout_seconds=20, mapping=MAPPING)
    yield cis
    cis.close()
    assert store.audit() == []


class TestRestCis(CisContract):
    @pytest.fixture
    def cis(self, cis):
        return cis

    @pytest.fixture
    def town(self, town):
        return town

    def test_what_is_read_is_what_the_cis_holds_word_for_word(self, cis, town, store):
        premise, (person, account) = town.landlords(), town.customer()
        cis.send(update_of(person, *everything(account)), key=a_key())
        made = cis.send(newcomer_at(premise, mailing_address=MAILING), key=a_key())
        for noun, refs in (
            ("person", (person, made.person_ref)),
            ("account", (account, made.account_ref)),
            ("premise", (premise,)),
        ):
            for ref in refs:
                assert cis.read(noun, ref) == store.read(noun, ref)
