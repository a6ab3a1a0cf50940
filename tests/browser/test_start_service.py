"""Can everybody start service: by keyboard alone, without JavaScript, on a small screen, in Spanish?"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests import factories
from tests.browser.walker import ANA, Walker

Walks = Callable[..., Walker]


@pytest.fixture(autouse=True)
def a_free_house(town: object) -> None:
    factories.a_premise(line1="12 Alder Street")


def test_with_a_mouse_and_nothing_complains(walks: Walks) -> None:
    walker = walks()
    reference = walker.walks_to_the_end()
    assert reference.startswith("KT-")
    assert walker.complaints == []


def test_without_javascript(walks: Walks) -> None:
    assert walks(javascript=False).walks_to_the_end().startswith("KT-")


def test_at_320_pixels_nothing_is_cut_off(walks: Walks) -> None:
    """Also what 400 % zoom on a desktop screen comes to (WCAG 1.4.10)."""
    walker = walks(width=320)
    too_wide: list[str] = []

    def measure(name: str) -> None:
        if walker.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            too_wide.append(name)

    walker.sees = measure
    walker.opens("/", "front").walks_to_the_end()
    assert too_wide == []


def test_at_twice_the_size_of_a_laptop_each_answer_can_be_changed_beside_it(walks: Walks) -> None:
    """1280 pixels at 200 % are 640: exactly between the widths for a phone and for a desktop."""
    walker = walks(width=640).walks_to_the_check()
    row = walker.page.locator("#row-email")
    answer, change = (row.locator(f"dd >> nth={at}").bounding_box() for at in (0, 1))
    assert answer and change
    assert change["x"] > answer["x"] + answer["width"] - 1
    assert change["y"] < answer["y"] + answer["height"]


def test_in_spanish(walks: Walks) -> None:
    walker = walks(language="es-US")
    walker.walks_to_the_end()
    page = walker.page
    assert page.locator("html").get_attribute("lang") == "es"
    assert "Gracias. Hemos recibido su solicitud." in page.locator("h1").inner_text()
    assert page.locator("main").inner_text().count("Your ") == 0


def test_by_keyboard_alone(walks: Walks) -> None:
    """Only Tab, the space bar, arrows, letters and Enter; the focus can always be seen."""
    keys = Keyboard(walks())
    keys.walker.opens("/")
    keys.tab_to("a", "Start service").enter("/start")
    keys.tab_to("button", "Start now").enter("/start/where")
    keys.tab_to_field("q").types("12 Alder Street").enter("/start/choose")
    keys.tab_to_field("service_address").space().enter("/start/services")
    keys.tab_to_field("services").space()
    start = (keys.walker.town.now + timedelta(days=9)).date()
    keys.tab_to_field("start_date-month").types(str(start.month)).tab().types(str(start.day)).tab().types(
        str(start.year)
    )
    keys.enter("/start/kind").tab_to_field("kind").space().enter("/start/name")
    keys.tab_to_field("given_name").types("Ana").tab_to_field("family_name").types("Zelenko").enter("/start/birth")
    keys.tab_to_field("date_of_birth-month").types("3").tab().types("27").tab().types("1985").enter("/start/identifier")
    keys.tab_to_field("id_type").space().tab_to_field("id_value").types("D1234567").enter("/start/email")
    keys.tab_to_field("email").types(ANA).enter("/start/code")
    keys.tab_to_field("code").types(keys.walker.code()).enter("/start/phone")
    keys.tab_to("button", "Continue").enter("/start/mailing")
    keys.tab_to("button", "Continue").enter("/start/previous")
    keys.tab_to("button", "Continue").enter("/start/preferences")
    keys.tab_to("button", "Continue").enter("/start/consents")
    keys.tab_to_field("consents").space().enter("/start/check")
    keys.tab_to("button", "Send my request").enter("/start/done")


def test_the_focus_goes_to_the_error_summary_and_from_there_to_the_field(walks: Walks) -> None:
    for javascript in (True, False):
        walker = walks(javascript=javascript)
        walker.opens("/start").presses().presses()
        focused = walker.page.locator(":focus")
        assert "govuk-error-summary" in (focused.get_attribute("class") or "")
        walker.page.locator(".govuk-error-summary a").click()
        assert walker.page.locator(":focus").get_attribute("id") == "f-q" or not javascript


def test_a_double_click_sends_once(walks: Walks) -> None:
    walker = walks().walks_to_the_check()
    walker.page.locator("main form button.govuk-button").first.dblclick()
    walker.is_at("/start/done")
    assert factories.Premise.objects.count() == 1
    assert walker.town.jobs("advance") == 1


def test_going_back_shows_what_is_saved(walks: Walks) -> None:
    walker = walks().walks_to_the_email()
    walker.page.go_back()
    walker.page.go_back()
    walker.page.go_back()
    walker.is_at("/start/name")
    assert walker.page.locator("#f-given_name").input_value() == "Ana"
    walker.types("given_name", "Anna").presses().is_at("/start/birth")


class TestGoingBackToAnAnswerOfAForm:
    """No such page stays in the history: the browser would ask whether to send the form once more."""

    def test_after_a_corrected_mistake_shows_what_is_kept(self, walks: Walks) -> None:
        walker = walks().walks_to_the_email().opens("/start/birth").types("date_of_birth-year", "85").presses()
        walker.types("date_of_birth-year", "1985").presses().is_at("/start/identifier").page.go_back()
        walker.is_at("/start/birth")
        assert walker.page.locator("#f-date_of_birth-year").input_value() == "1985"

    def test_after_an_address_that_is_not_served_shows_the_address(self, walks: Walks) -> None:
        walker = walks().opens("/start").presses().types("q", "77 Nowhere Street").presses().is_at("/start/unlisted")
        walker.types("service_address-postal_code", "10001").presses()
        walker.page.get_by_role("link", name="Try another address").click()
        walker.is_at("/start/where?again=yes").page.go_back()
        assert walker.page.locator("#f-service_address-line1").input_value() == "77 Nowhere Street"


def test_the_language_switch_keeps_the_place(walks: Walks) -> None:
    walker = walks().walks_to_the_email()
    walker.page.get_by_role("button", name="Español").click()
    walker.is_at("/start/email")
    assert "correo electrónico" in walker.page.locator("h1").inner_text()


class Keyboard:
    """A person without a mouse. Every stop of the Tab key must be visible and must show that it has the focus."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.page = walker.page

    def tab(self) -> "Keyboard":
        self.page.keyboard.press("Tab")
        seen = self.page.evaluate(VISIBLE_FOCUS)
        assert seen == "", f"{seen} on {self.page.url}"
        return self

    def tab_to(self, tag: str, text: str) -> "Keyboard":
        return self._until(
            f"document.activeElement.matches({tag!r}) && document.activeElement.innerText.includes({text!r})", text
        )

    def tab_to_field(self, name: str) -> "Keyboard":
        return self._until(f"document.activeElement.name === {name!r}", name)

    def _until(self, condition: str, what: str) -> "Keyboard":
        for _ in range(40):
            if self.page.evaluate(condition):
                return self
            self.tab()
        raise AssertionError(f"the Tab key does not reach {what!r} on {self.page.url}")

    def types(self, text: str) -> "Keyboard":
        self.page.keyboard.type(text)
        return self

    def space(self) -> "Keyboard":
        self.page.keyboard.press("Space")
        return self

    def enter(self, path: str) -> "Keyboard":
        self.page.keyboard.press("Enter")
        self.walker.is_at(path)
        return self


VISIBLE_FOCUS = """() => {
  const it = document.activeElement;
  if (!it || it === document.body) return "";
  const shown = it.closest(".kt-choice") || it.closest(".kt-card") || it;
  const box = it.getBoundingClientRect(), style = getComputedStyle(shown), own = getComputedStyle(it);
  const ring = [style, own].some((s) => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2) || s.boxShadow !== "none");
  if (!ring) return "no focus ring on " + it.outerHTML.slice(0, 80);
  if (box.width === 0 || box.bottom <= 0 || box.top >= innerHeight) return "focus out of sight on " + it.outerHTML.slice(0, 80);
  const middle = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const covered = middle && middle !== it && !it.contains(middle) && !middle.contains(it) && !shown.contains(middle);
  return covered ? "focus covered on " + it.outerHTML.slice(0, 80) : "";
}"""
