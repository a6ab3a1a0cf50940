"""What no tool can see: the criteria of WCAG 2.2 that speak of a whole way, not of one page (T-43)."""

from collections.abc import Callable

from tests import factories
from tests.browser.walker import ANA, Walker

Walks = Callable[..., Walker]


def test_nothing_is_asked_twice(walks: Walks) -> None:
    """3.3.7 Redundant Entry."""
    factories.a_premise(line1="12 Alder Street")
    walker, asked = walks(), []
    walker.sees = lambda name: asked.extend(walker.page.evaluate(PURPOSES))
    walker.walks_to_the_end()
    assert len(asked) >= 10
    assert sorted(asked) == sorted(set(asked))


def test_the_code_can_be_pasted_and_filled_in_by_the_browser(walks: Walks) -> None:
    """3.3.8 Accessible Authentication: nothing to remember, nothing to copy by hand."""
    factories.a_premise(line1="12 Alder Street")
    walker = walks().walks_to_the_email().types("email", ANA).presses().is_at("/start/code")
    box = walker.page.locator("#f-code")
    assert box.get_attribute("autocomplete") == "one-time-code"
    assert box.get_attribute("inputmode") == "text"  # it has letters: no keyboard with digits only
    box.focus()
    walker.page.keyboard.insert_text(f" {walker.code()} ")
    walker.presses().is_at("/start/phone")


def test_time_running_out_is_announced_and_one_press_stays(walks: Walks) -> None:
    """2.2.1 Timing Adjustable."""
    walker = walks()
    walker.page.clock.install()
    walker.opens("/start").presses().is_at("/start/where")
    dialog = walker.page.locator("dialog")
    walker.page.clock.fast_forward("57:00")
    assert not dialog.is_visible()
    walker.page.clock.fast_forward("01:30")
    assert dialog.is_visible()
    with walker.page.expect_response("**/start/stay") as answer:
        dialog.get_by_role("button").click()
    assert answer.value.status == 204
    assert not dialog.is_visible()


def test_help_is_at_the_same_place_on_every_page(walks: Walks) -> None:
    """3.2.6 Consistent Help."""
    factories.a_premise(line1="12 Alder Street")
    walker, places = walks(), set()
    walker.sees = lambda name: places.add(
        walker.page.evaluate("[...document.querySelectorAll('a')].findIndex((a) => a.href.startsWith('tel:'))")
    )
    walker.opens("/", "front").walks_to_the_email()
    assert len(places) == 1


def test_text_in_another_language_says_so(walks: Walks) -> None:
    """3.1.2 Language of Parts."""
    factories.a_premise(line1="12 Alder Street")
    walker = walks().walks_to_the_check().opens("/start/preferences")
    assert walker.page.locator("label", has_text="Español").get_attribute("lang") == "es"
    assert walker.page.locator("button", has_text="Español").get_attribute("lang") == "es"


PURPOSES = """() => [...document.querySelectorAll("main [autocomplete]")]
  .filter((it) => it.offsetParent).map((it) => it.getAttribute("autocomplete"))"""
