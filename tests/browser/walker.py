"""How does somebody walk through start service in a real browser, page by page?

`sees` is called on every page and state, so that a test can look at each of them.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Self

from playwright.sync_api import Page

from tests import factories
from tests.flow.town import BEN, Town

ANA = "ana@example.com"


class Walker:
    """One person, one browser."""

    def __init__(self, page: Page, town: Town) -> None:
        self.page = page
        self.town = town
        self.sees: Callable[[str], None] = lambda name: None
        self.complaints: list[str] = []
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _listen(self, message: object) -> None:
        text, kind = message.text, message.type  # type: ignore[attr-defined]
        if kind in ("error", "warning") and "status of 4" not in text:
            self.complaints.append(text)

    # ---- what one does

    def opens(self, path: str, name: str = "") -> Self:
        self.page.goto(path)
        return self._look(name)

    def presses(self, name: str = "") -> Self:
        """The main button of the page."""
        self.page.locator("main form button.govuk-button").first.click()
        return self._look(name)

    def types(self, field: str, text: str) -> Self:
        self.page.locator(f"#f-{field}").fill(text)
        return self

    def picks(self, value: str, name: str = "") -> Self:
        self.page.locator(f"main input[value='{value}']").check()
        return self._look(name)

    def types_date(self, field: str, year: int, month: int, day: int) -> Self:
        return (
            self.types(f"{field}-year", str(year)).types(f"{field}-month", str(month)).types(f"{field}-day", str(day))
        )

    def is_at(self, path: str) -> Self:
        self.page.wait_for_url(f"**{path}", wait_until="domcontentloaded")
        return self

    def _look(self, name: str) -> Self:
        if name:
            self.page.wait_for_load_state("load")
            self.sees(name)
        return self

    def code(self) -> str:
        self.town.works()
        return re.findall(r"\b[2-9A-HJKMNP-TV-Z]{6}\b", self.town.mails(ANA)[-1].get_content())[0]

    # ---- the way

    def walks_to_the_email(self, street: str = "12 Alder Street") -> Self:
        self.opens("/start", "before").presses("where")
        self.types("q", street).presses().is_at("/start/choose")
        self.page.locator("main .kt-choice input").first.check()
        self._look("choose").presses().is_at("/start/services")
        self._look("services")
        start = (self.town.now + timedelta(days=9)).date()
        self.picks("electric").types_date("start_date", start.year, start.month, start.day).presses().is_at(
            "/start/kind"
        )
        self._look("kind").picks("person").presses().is_at("/start/name")
        self._look("name").types("given_name", "Ana").types("family_name", "Zelenko").presses().is_at("/start/birth")
        self._look("birth").types_date("date_of_birth", 1985, 3, 27).presses().is_at("/start/identifier")
        self.picks("passport", "identifier").types("id_value", "P1234567").presses().is_at("/start/email")
        return self._look("email")

    def walks_to_the_check(self) -> Self:
        self.walks_to_the_email().types("email", ANA).presses().is_at("/start/code")
        self._look("code").types("code", self.code()).presses().is_at("/start/phone")
        self._look("phone").presses().is_at("/start/mailing")
        self._look("mailing").picks("no").presses().is_at("/start/previous")
        self._look("previous").presses().is_at("/start/preferences")
        self.picks("en", "preferences").presses().is_at("/start/consents")
        return self.picks("terms", "consents").presses().is_at("/start/check")

    def walks_to_the_end(self) -> str:
        self.walks_to_the_check()._look("check").presses().is_at("/start/done")
        self._look("done")
        return self.page.locator(".kt-ticket__number").inner_text()

    def visits_every_mistake(self) -> Self:
        """Each page that can be wrong, when it is."""
        factories.a_premise(line1="9 Oak Avenue")
        factories.a_premise(line1="9 Oak Avenue", city="Alder Falls", postal_code="97955")
        for number in range(1, 11):
            factories.a_premise(line1="140 Harbor Road", line2=f"Apt {number}")
        self.opens("/start").presses().presses("where, nothing typed")
        self.types("q", "140 Harbor Rd").presses("choose a unit")
        self.opens("/start/where").types("q", "9 Oak Ave").presses("choose a town").presses("choose, nothing chosen")
        self.picks("none").presses("unlisted").types("service_address-line1", "").presses("unlisted, nothing typed")
        self.types("service_address-line1", "9 Oak Ave").types("service_address-postal_code", "10001").presses(
            "outside"
        )
        self.opens("/start/where").types("q", "9 Oak Ave").presses()
        self.page.locator("main .kt-choice input").first.check()
        self.presses().presses("services, nothing chosen")
        return self

    def visits_what_staff_may_answer(self) -> Self:
        """The status pages: being checked, asked, refused, withdrawn."""
        cases = []
        for street in ("1 Elm Road", "2 Elm Road", "3 Elm Road"):
            premise = factories.a_premise(line1=street)
            self.town.serves(self.town.knows(BEN) if not cases else factories.Person.objects.first(), premise)  # type: ignore[arg-type]
            cases.append(self.town.moves_in(at=premise, given_name="Ana", family_name=f"Zelenko{'abc'[len(cases)]}"))
        waiting, asked, refused = cases
        asked.staff("ask", "Is anybody else moving in with you?")
        refused.staff("refuse", "The owner says that the house is not for rent.")
        for case, name in ((waiting, "status, in review"), (asked, "status, asked"), (refused, "status, refused")):
            reference = case.request.reference
            self.opens(f"/requests/{reference}", "status, before the code").presses("status, the code")
            self.types("code", "222222").presses("status, wrong code").types("code", self.code()).presses(name)
        self.opens(f"/requests/{waiting.request.reference}")
        return self
