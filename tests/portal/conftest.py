"""Where do the portal's visitors live? In the town of the flow's tests, with the clock on the wall."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.utils import timezone

from keyturn.journeys import JOURNEYS
from keyturn.journeys.journey import Ask, Page, Question
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


@pytest.fixture
def a_page_that_asks_for_a_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who starts service must show anything; here they are asked on a page of its own."""
    lease = Question("lease", Ask.DOCUMENTS, "Photo or PDF of your lease", purpose="lease", hint="All pages, please.")
    called = Question("called", Ask.TEXT, "What do you call the house?")
    journey = JOURNEYS["start_service"]
    page = Page("lease", "Show us your lease", (called, lease), section="Address")
    monkeypatch.setitem(JOURNEYS, "start_service", replace(journey, pages=(page, *journey.pages)))
