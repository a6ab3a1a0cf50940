"""Where do the portal's visitors live? In the town of the flow's tests, with the clock on the wall."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from tests.flow.conftest import cis_installed, town  # noqa: F401 (fixtures)
from tests.flow.town import Town
from tests.portal.visitor import Visitor


@pytest.fixture
def visitor(town: Town) -> Visitor:  # noqa: F811
    town.now = timezone.now()
    return Visitor(town)


@pytest.fixture
def another(town: Town) -> Callable[..., Visitor]:  # noqa: F811
    """A browser on another device."""
    return lambda **changes: Visitor(town, **changes)
