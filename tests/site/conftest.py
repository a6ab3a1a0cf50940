"""Where does the whole site stand in these tests? In the town of the flow's tests, with the clock on the wall."""

import pytest

from tests.api.conftest import fresh_keys  # noqa: F401 (fixture)
from tests.flow.conftest import cis_installed, town  # noqa: F401 (fixtures)
from tests.site.house import house  # noqa: F401 (fixture)


@pytest.fixture
def no_key_remembered(fresh_keys: None) -> None:  # noqa: F811
    """No API key of another test is remembered."""
