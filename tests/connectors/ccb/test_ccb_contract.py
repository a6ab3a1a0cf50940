"""Does the engine, by the mapping files that ship for CC&B, keep the contract against the simulator over a socket?"""

import pytest

from keyturn.connectors.cis.ccb import CcbOverRest
from keyturn.connectors.cis.ccb.simulator import rest
from keyturn.connectors.cis.contract import CisContract
from tests.connectors.ccb.conftest import by_token


class TestOverSoap(CisContract):
    @pytest.fixture
    def cis(self, over_soap):
        return over_soap

    @pytest.fixture
    def town(self, town):
        return town


@pytest.fixture(scope="module")
def over_rest_by_token(simulator, secrets, tmp_path_factory):
    """As behind an identity provider, by tokens that hold a second: the contract is kept while they are replaced."""
    path = tmp_path_factory.mktemp("ccb") / "cis.toml"
    path.write_text(by_token(), encoding="utf-8")
    cis = CcbOverRest(f"{simulator}{rest.BASE}", timeout_seconds=20, mapping=path)
    yield cis
    cis.close()


class TestOverRest(CisContract):
    @pytest.fixture
    def cis(self, over_rest_by_token):
        return over_rest_by_token

    @pytest.fixture
    def town(self, town):
        return town
