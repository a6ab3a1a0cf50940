"""Who sits at the console in these tests?"""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from tests.console.desk import Desk
from tests.flow.at_home import Customer
from tests.flow.conftest import cis_installed, town  # noqa: F401 (fixtures)
from tests.flow.town import Town


@pytest.fixture
def desk(town: Town) -> Callable[..., Desk]:  # noqa: F811
    """`desk("rosa")` is a reviewer's; `desk("emil", role="engineer")` another's."""
    town.now = timezone.now()
    return lambda name="rosa", **who: Desk(town, Client(), name, **who)


@pytest.fixture
def rosa(desk: Callable[..., Desk]) -> Desk:
    return desk("rosa")


@pytest.fixture
def ana(town: Town, rosa: Desk) -> Customer:  # noqa: F811
    """Ana is a customer with a login."""
    return Customer(town)
