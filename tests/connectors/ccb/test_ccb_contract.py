"""Does the engine, by the mapping files that ship for CC&B, keep the contract against the simulator over a socket?"""

import pytest

from keyturn.connectors.cis.contract import CisContract


class TestOverSoap(CisContract):
    @pytest.fixture
    def cis(self, over_soap):
        return over_soap

    @pytest.fixture
    def town(self, town):
        return town


class TestOverRest(CisContract):
    @pytest.fixture
    def cis(self, over_rest):
        return over_rest

    @pytest.fixture
    def town(self, town):
        return town
