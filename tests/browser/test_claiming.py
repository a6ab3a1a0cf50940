"""Can somebody connect their account in a real browser: by text message, by letter, at the desk; on a phone, without JavaScript?"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from keyturn import flow
from keyturn.records.models import AccountAccess, Request, User
from tests.flow import papers
from tests.flow.claiming import Home, a_login, letter_codes, opens_the_document, stop_token, text_codes
from tests.flow.town import Case, Town

NARROW = pytest.mark.parametrize(
    ("width", "javascript"), [(1280, True), (320, False)], ids=["on a desktop", "on a small phone without JavaScript"]
)


class Claimant:
    """Somebody who is signed in, at a browser; axe looks at every page that is named."""

    def __init__(self, page: Page, home: Home, user: User, live: str) -> None:
        self.page, self.home, self.user = page, home, user
        self.violations: list[str] = []
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                    "url": live,
                }
            ]
        )

    def opens(self, path: str, name: str = "") -> "Claimant":
        self.page.goto(path)
        return self.look(name)

    def presses(self, text: str, name: str = "") -> "Claimant":
        self.page.locator("main").get_by_role("button", name=text, exact=True).first.click()
        return self.look(name)

    def picks(self, value: str) -> "Claimant":
        self.page.locator(f"main input[value='{value}']").check()
        return self

    def types(self, **values: str) -> "Claimant":
        for field, value in values.items():
            self.page.fill(f"#f-{field}", value)
        return self

    def is_at(self, path: str) -> "Claimant":
        self.page.wait_for_url(f"**{path}", wait_until="domcontentloaded")
        return self

    def look(self, name: str) -> "Claimant":
        if not name:
            return self
        self.page.wait_for_load_state("load")
        width = self.page.viewport_size["width"]  # type: ignore[index]
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{name} is {wide} px wide on {width}"
        if folder := os.environ.get("KEYTURN_SCREENSHOTS"):
            self.page.screenshot(path=Path(folder) / f"{name.replace(' ', '-')}-{width}.png", full_page=True)
        self.violations += (
            [f"{name}: {each['id']}" for each in Axe().run(self.page).response["violations"]]
            if self.has_scripts
            else []
        )
        return self

    @property
    def has_scripts(self) -> bool:
        return self.page.viewport_size["width"] > 500  # type: ignore[index]

    def comes_to_the_proof(self) -> "Claimant":
        self.opens("/account/claim", "before").presses("Start now", "line").picks("residential")
        self.presses("Continue", "details").presses("Continue", "details, nothing typed")
        bill = {name: value for name, value in self.home.bill.items() if name != "line_of_business"}
        return self.types(**bill).presses("Continue").is_at("/account/claim/proof").look("proof")


@pytest.fixture
def claims(opens: Callable[..., Page], town: Town, live_server: Any) -> Callable[..., Claimant]:
    town.now = timezone.now()
    home = Home(town)
    return lambda **setting: Claimant(opens(**setting), home, a_login(), live_server.url)


@NARROW
def test_ana_connects_her_account_with_a_code_by_text_message(
    claims: Callable[..., Claimant], town: Town, width: int, javascript: bool
) -> None:
    ana = claims(width=width, javascript=javascript)
    ana.comes_to_the_proof().picks("sms").presses("Send", "code").is_at("/account/claim/code")
    town.works()
    ana.types(code="222222").presses("Continue", "code, wrong")
    ana.types(code=text_codes(town)[-1]).presses("Continue", "connecting").is_at("/account/claim/done")
    town.works()
    ana.opens("/account/claim/done", "connected")
    assert ana.home.has_access(ana.user)
    ana.opens("/account")
    assert ana.home.premise.line1 in ana.page.inner_text("main")
    ana.opens(f"/account/claim/link/{ana.home.account.pk}", "name")
    ana.opens(f"/claim/stop/{stop_token(town, 'ana@example.com')}", "stop").presses("It was not me: end it", "stopped")
    assert not ana.home.has_access(ana.user)
    assert ana.violations == []


def test_she_waits_for_a_letter_and_reads_it_in_the_letter_box(claims: Callable[..., Claimant], town: Town) -> None:
    ana = claims(width=390)
    ana.comes_to_the_proof().picks("letter").presses("Send", "letter").is_at("/account/claim/code")
    town.works()
    letter = next(town.mailbox.glob("*.letter.html")).read_text()
    assert ana.home.premise.line1 in letter
    ana.opens("/account/claim", "waiting").page.get_by_role("link", name="I have a code").click()
    ana.is_at("/account/claim/code").types(code=letter_codes(town)[-1]).presses("Continue").is_at("/account/claim/done")
    town.works()
    assert AccountAccess.objects.get(user=ana.user).proof == "letter"


def test_at_the_desk_a_member_of_staff_sees_her_licence(
    claims: Callable[..., Claimant], town: Town, tmp_path: Path
) -> None:
    photo = tmp_path / "licence.jpg"
    photo.write_bytes(papers.a_photo(size=(800, 500)))
    ana = claims()
    ana.comes_to_the_proof().picks("desk").presses("Send", "document").is_at("/account/claim/document")
    ana.page.set_input_files("main input[type=file]", str(photo))
    ana.presses("Send", "looked at").is_at("/account/claim/done")
    town.works()
    assert "We look at it" in ana.opens("/account/claim/done", "in review").page.inner_text("main")
    claim = Case(town, Request.objects.get(user=ana.user), flow.customer(ana.user.pk))
    opens_the_document(claim)
    claim.staff("approve", "The licence bears her name and the number on file.")
    assert ana.home.has_access(ana.user)
    assert ana.violations == []


def test_in_spanish_every_page_says_which_language_it_is_in(claims: Callable[..., Claimant]) -> None:
    ana = claims(language="es-US", width=390)
    for path in ("/account/claim",):
        ana.opens(path, "spanish")
        assert ana.page.get_attribute("html", "lang") == "es"
