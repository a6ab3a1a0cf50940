"""Does the engine, by the mapping files that ship for CC&B, keep the contract against the simulator over a socket?"""

import pytest

from keyturn.connectors.cis.ccb import REST, CcbOverRest
from keyturn.connectors.cis.ccb.simulator import rest
from keyturn.connectors.cis.contract import CisContract

SHIPPED = 'auth = { kind = "basic", user = "env:CCB_USER", secret = "env:CCB_PASSWORD" }'
BY_TOKEN = (
    'auth = { kind = "client_credentials", token_url = "/oauth2/v1/token", client = "env:CCB_CLIENT_ID",'
    ' secret = "env:CCB_CLIENT_SECRET", scope = "urn:opc:resource:consumer::all" }'
)


class TestOverSoap(CisContract):
    @pytest.fixture
    def cis(self, over_soap):
        return over_soap

    @pytest.fixture
    def town(self, town):
        return town


@pytest.fixture(scope="module")
def by_token(simulator, secrets, tmp_path_factory):
    """As behind an identity provider, by tokens that hold a second: the contract is kept while they are replaced."""
    text = REST.read_text(encoding="utf-8")
    assert SHIPPED in text
    path = tmp_path_factory.mktemp("ccb") / "cis.toml"
    path.write_text(text.replace(SHIPPED, BY_TOKEN), encoding="utf-8")
    cis = CcbOverRest(f"{simulator}{rest.BASE}", timeout_seconds=20, mapping=path)
    yield cis
    cis.close()


class TestOverRest(CisContract):
    @pytest.fixture
    def cis(self, by_token):
        return by_token

    @pytest.fixture
    def town(self, town):
        return town
