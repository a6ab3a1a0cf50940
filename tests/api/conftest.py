"""Who calls the API in these tests?"""

from collections.abc import Iterator

import pytest

from keyturn.api.v1 import callers
from keyturn.connectors import cis
from tests.api.caller import Caller, a_key


@pytest.fixture(scope="session")
def cis_installed(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        cis.install()


@pytest.fixture
def fresh_keys() -> Iterator[None]:
    """No key of another test is remembered."""
    callers.forget()
    yield
    callers.forget()


@pytest.fixture
def caller(db: None, cis_installed: None, fresh_keys: None) -> Caller:
    """A program with every scope."""
    return Caller(a_key())


@pytest.fixture
def partner(db: None, cis_installed: None, fresh_keys: None) -> Caller:
    """A partner who may send requests and read their own."""
    return Caller(a_key("requests:write"))


@pytest.fixture
def reviewer(db: None, cis_installed: None, fresh_keys: None) -> Caller:
    """A program of staff."""
    return Caller(a_key("requests:read", "review:write", "persons:read"))
