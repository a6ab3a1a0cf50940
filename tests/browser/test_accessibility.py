"""Does axe find nothing on any page and in any state, in light and dark, on a phone and on a desktop? (T-43)"""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from tests import factories
from tests.browser.inspection import complaints
from tests.browser.walker import Walker
from tests.flow.town import Town


class Inspected(Walker):
    """A walker on whose every page axe looks; `violations` is what it found."""

    def __init__(self, page: Page, town: Town) -> None:
        super().__init__(page, town)
        self.violations: list[str] = []
        self.inspected: list[str] = []
        self.sees = self._inspect

    def _inspect(self, name: str) -> None:
        self.inspected.append(name)
        self.violations += complaints(self.page, name)


@pytest.fixture
def inspected(opens: Callable[..., Page], town: Town) -> Inspected:
    town.now = timezone.now()
    return Inspected(opens(), town)


def test_a_fault_that_shows_in_one_look_alone_is_seen(inspected: Inspected) -> None:
    """The test of the tests."""
    page = inspected.page
    page.set_content("<html lang=en><title>A page</title><main><h1>Pale</h1><p>Fine</p></main>")
    for width in ("min", "max"):
        for scheme in ("light", "dark"):
            pale = {"light": "color: #ccc; background: #fff", "dark": "color: #333; background: #000"}[scheme]
            style = f"@media ({width}-width: 600px) and (prefers-color-scheme: {scheme}) {{ h1 {{ {pale} }} }}"
            added = page.add_style_tag(content=style)
            [found] = complaints(page, "page")
            assert found.startswith(f"page ({scheme}, {1280 if width == 'min' else 390}): color-contrast: <h1>")
            added.evaluate("it => it.remove()")
    assert complaints(page, "page") == []


def test_on_the_way_through_start_service(inspected: Inspected) -> None:
    factories.a_premise(line1="12 Alder Street")
    inspected.opens("/", "front").walks_to_the_end()
    inspected.page.locator("main a.govuk-button").first.click()
    inspected._look("status")
    assert inspected.violations == []
    assert len(inspected.inspected) >= 19


def test_in_every_state_of_mistake(inspected: Inspected) -> None:
    inspected.visits_every_mistake()
    assert inspected.violations == []


def test_on_the_pages_of_a_request(inspected: Inspected) -> None:
    inspected.visits_what_staff_may_answer()
    assert inspected.violations == []


def test_on_all_the_others(inspected: Inspected) -> None:
    for path in (
        "/privacy",
        "/accessibility",
        "/terms",
        "/requests",
        "/resume",
        "/resume/old",
        "/nowhere",
        "/start/expired",
    ):
        inspected.opens(path, path)
    inspected.opens("/requests").presses("find, nothing typed").opens("/resume").presses("resume, nothing typed")
    inspected.types("email", "ana@example.com").presses("resume, sent")
    assert inspected.violations == []


def test_in_spanish_too(inspected: Inspected) -> None:
    inspected.page.set_extra_http_headers({"Accept-Language": "es"})
    for path in ("/", "/start", "/requests", "/privacy"):
        inspected.opens(path, path)
    inspected.opens("/start").presses().presses("where, in Spanish")
    assert inspected.violations == []


def test_targets_are_large_enough_to_hit(walks: Callable[..., Walker]) -> None:
    """WCAG 2.2, 2.5.8: 24 by 24 CSS pixels at least, links inside sentences apart."""
    factories.a_premise(line1="12 Alder Street")
    walker = walks(width=390)
    small: list[str] = []
    walker.sees = lambda name: small.extend(f"{name}: {each}" for each in walker.page.evaluate(SMALL_TARGETS))
    walker.walks_to_the_end()
    assert small == []


SMALL_TARGETS = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")]
  .filter((it) => it.offsetParent && !it.closest("p, li p, .govuk-visually-hidden, dialog") && !it.classList.contains("govuk-skip-link"))
  .map((it) => [it, it.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24)
  .map(([it, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${it.outerHTML.slice(0, 80)}`)"""
