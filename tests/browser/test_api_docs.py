"""Can people read the API's page: axe, 320 px, by keyboard, without a script?"""

from collections.abc import Callable
from importlib.resources import files

import pytest
from playwright.sync_api import Page

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
AXE = "async (rules) => (await axe.run(rules)).violations.map((each) => each.id + ': ' + each.nodes[0].html.slice(0, 200))"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_axe_finds_nothing_on_the_page_with_everything_open(
    opens: Callable[..., Page], width: int, scheme: str
) -> None:
    page = opens(width=width, scheme=scheme)
    page.context.add_init_script(path=files("axe_playwright_python") / "axe.min.js")
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    page.goto("/api/docs")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert page.evaluate(AXE, RULES) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert refused == []


def test_a_link_of_a_problem_document_leads_to_what_it_means(opens: Callable[..., Page]) -> None:
    page = opens(javascript=False)
    page.goto("/api/docs#stale_version")
    assert page.locator("#stale_version").is_visible()
