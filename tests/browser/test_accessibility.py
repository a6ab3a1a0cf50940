"""Does axe find nothing on any page and in any state, in light and dark, on a phone and on a desktop? (T-43)"""

from collections.abc import Callable
from importlib.resources import files

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from tests import factories
from tests.browser.walker import Walker
from tests.flow.town import Town

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
LOOKS = ((WIDE, "light", EVERYTHING), (NARROW, "light", COLOURS), (NARROW, "dark", EVERYTHING), (WIDE, "dark", COLOURS))
"""What depends on the width is looked at in both widths, what depends on the scheme in both schemes."""


class Inspected(Walker):
    """A walker on whose every page axe looks; `violations` is what it found."""

    def __init__(self, page: Page, town: Town) -> None:
        super().__init__(page, town)
        page.context.add_init_script(path=files("axe_playwright_python") / "axe.min.js")
        self.violations: list[str] = []
        self.inspected: list[str] = []
        self.sees = self._inspect

    def _inspect(self, name: str) -> None:
        self.inspected.append(name)
        for size, scheme, rules in LOOKS:
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for found in self.page.evaluate("async (rules) => (await axe.run(rules)).violations", rules):
                where = "; ".join(node["html"][:160] for node in found["nodes"][:3])
                self.violations.append(f"{name} ({scheme}, {size['width']}): {found['id']}: {where}")


@pytest.fixture
def inspected(opens: Callable[..., Page], town: Town) -> Inspected:
    town.now = timezone.now()
    return Inspected(opens(), town)


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
