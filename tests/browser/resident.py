"""How does a signed-in customer look after their information in a real browser?"""

import re
from typing import Any, Self

from playwright.sync_api import Page

from keyturn.records.models import User
from tests.browser.walker import Walker
from tests.flow.town import Town
from tests.portal.signed_in import SignedIn


class Resident(Walker):
    """One person who has signed in, one browser. `sees` is called on every page that has a name, as Walker's is."""

    def __init__(self, page: Page, town: Town, user: User, base: str) -> None:
        super().__init__(page, town)
        session = SignedIn(town, user).client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": base}])

    def begins(self, text: str, name: str = "") -> Self:
        """Press a button or follow a link by its whole words, those for screen readers among them."""
        pattern = re.compile(rf"^\s*{re.escape(text)}\s*$")
        self.page.locator("main").get_by_role("button", name=pattern).or_(
            self.page.locator("main").get_by_role("link", name=pattern)
        ).first.click()
        return self._look(name)

    def types_address(self, line1: str, **more: str) -> Self:
        parts = {"line1": line1, "city": "Lumen", "state": "OR", "postal_code": "97890", **more}
        for part, value in parts.items():
            self.page.locator(f"[name='mailing_address-{part}']").fill(value)
        return self

    def types_day(self, field: str, month: int, day: int) -> Self:
        return self.types(f"{field}-month", str(month)).types(f"{field}-day", str(day))

    def types_a_date(self, field: str, iso: str) -> Self:
        year, month, day = map(int, iso.split("-"))
        return self.types_date(field, year, month, day)

    def reads(self, *words: str) -> Self:
        self.page.wait_for_load_state("domcontentloaded")
        text = " ".join(self.page.locator("main").inner_text().split())
        for each in words:
            assert each in text, f"{each!r} is not on {self.page.url}: {text[:800]}"
        return self

    def makes_it(self, name: str = "") -> Self:
        """The button on the page with old and new, and what the machine then does."""
        self.presses(name)
        self.page.wait_for_url("**/done")
        self.town.works()
        return self

    def is_on(self, name: str) -> Self:
        self.page.wait_for_url(re.compile(rf"/{name}(\?.*)?$"), wait_until="domcontentloaded")
        return self

    def newest_code(self, to: str) -> str:
        self.town.works()
        return re.findall(r"\b[2-9A-HJKMNP-TV-Z]{6}\b", self.town.mails(to)[-1].get_content())[0]


def winter(resident: Any) -> Any:
    """The days between which letters go elsewhere each year."""
    return resident.picks("season").types_day("season_from", 11, 1).types_day("season_to", 3, 31)
