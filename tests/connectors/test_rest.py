"""Does the CIS with a plain JSON interface keep the contract, over a real socket and by its mapping file alone?"""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from keyturn.cli import cli
from keyturn.connectors import cis as connector
from keyturn.connectors.cis.contract import CisContract
from keyturn.connectors.cis.contract_kit import MAILING, a_key, newcomer_at, update_of
from keyturn.connectors.cis.contract_update import everything
from keyturn.connectors.cis.rest import MAPPING, RestCis
from keyturn.connectors.cis.rest.simulator.__main__ import server
from keyturn.connectors.cis.rest.simulator.store import Store
from keyturn.connectors.cis.simulating import SimulatedServer
from keyturn.connectors.cis.simulating_tokens import TokenDesk
from tests.connectors.conftest import ReferenceTown

TOKEN = "let me in by a token that stands in the environment"
SECRET = "give me a token"
SHIPPED = 'auth = { kind = "bearer", secret = "env:KEYTURN_CIS_TOKEN" }'
OURS = (
    'auth = { kind = "client_credentials", token_url = "/oauth2/v1/token",'
    ' client = "env:KEYTURN_CIS_CLIENT_ID", secret = "env:KEYTURN_CIS_CLIENT_SECRET" }'
)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    store = Store(os.environ["DATABASE_URL"], schema="rest_tests")
    store.install()
    yield store
    store.close()


@pytest.fixture(scope="module")
def running(store: Store) -> Iterator[SimulatedServer]:
    serving = server(store, token=TOKEN, desk=TokenDesk("keyturn", SECRET, seconds=1.0))
    threading.Thread(target=serving.run, daemon=True).start()
    yield serving
    serving.stop()
    serving.server_close()


@pytest.fixture
def town(store: Store) -> ReferenceTown:
    store.empty()
    return ReferenceTown(store)


@pytest.fixture
def cis(running: SimulatedServer, store: Store, town: ReferenceTown, monkeypatch, tmp_path: Path) -> Iterator[RestCis]:
    """By tokens that hold a second: the contract is kept while they are replaced."""
    monkeypatch.setenv("KEYTURN_CIS_CLIENT_ID", "keyturn")
    monkeypatch.setenv("KEYTURN_CIS_CLIENT_SECRET", SECRET)
    text = MAPPING.read_text(encoding="utf-8")
    assert SHIPPED in text
    (tmp_path / "cis.toml").write_text(text.replace(SHIPPED, OURS), encoding="utf-8")
    cis = RestCis(running.url, timeout_seconds=20, mapping=tmp_path / "cis.toml")
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


def test_whoever_connects_it_sees_where_it_is_as_whom_and_that_a_token_is_given(
    cis, running, settings, tmp_path, monkeypatch
):
    settings.KEYTURN_CIS, settings.KEYTURN_CIS_URL = "rest", running.url
    settings.KEYTURN_CIS_MAPPING = str(tmp_path / "cis.toml")
    told = CliRunner().invoke(cli, ["cis", "connection"])
    assert told.exit_code == 0, told.output
    for line in (
        f"address      {running.url}",
        "as           client KEYTURN_CIS_CLIENT_ID (set), with KEYTURN_CIS_CLIENT_SECRET (set) (OAuth 2.0 client credentials)",
        "token        from /oauth2/v1/token, client and secret in the header",
        "token        given; it holds for 1 s",
    ):
        assert line in told.output.splitlines()
    assert SECRET not in told.output
    connector.close()
    monkeypatch.setenv("KEYTURN_CIS_CLIENT_SECRET", "a wrong one")
    told = CliRunner().invoke(cli, ["cis", "connection"])
    assert (told.exit_code, "(no_token: 401 invalid_client)" in told.output) == (1, True)
    assert "a wrong one" not in told.output
    connector.close()
