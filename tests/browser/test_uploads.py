"""Can somebody with a phone send us a photo: with JavaScript, without it, by keyboard; and do staff see it?"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as Tab

from keyturn.journeys import JOURNEYS
from keyturn.journeys.journey import Ask, Page, Question
from keyturn.records.models import Document, Reading
from tests import factories
from tests.browser.walker import Walker
from tests.flow import papers
from tests.flow.town import BEN, Town

Walks = Callable[..., Walker]
LEASE = Page(
    "lease", "Show us your lease",
    (Question("lease", Ask.DOCUMENTS, "Photo or PDF", purpose="lease", hint="All pages on which something is written."),),
    section="Address",
)  # fmt: skip


@pytest.fixture(autouse=True)
def a_page_that_asks_for_a_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    journey = JOURNEYS["start_service"]
    monkeypatch.setitem(JOURNEYS, "start_service", replace(journey, pages=(LEASE, *journey.pages)))


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """On the phone's disk."""
    made = {
        "IMG_2041.jpg": papers.a_photo(size=(1600, 1200), exif=True), "lease.pdf": papers.a_pdf(), "page.jpg": papers.A_PAGE
    }  # fmt: skip
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    return {name: str(tmp_path / name) for name in made}


def begins(walker: Walker) -> Tab:
    walker.opens("/start").presses()
    walker.opens("/start/lease")
    return walker.page


def adds(page: Tab, *files: str) -> None:
    page.set_input_files("#f-lease", list(files))
    page.get_by_role("button", name="Add").click()
    page.wait_for_load_state("domcontentloaded")


def violations(page: Tab) -> list[str]:
    return [each["id"] for each in Axe().run(page).response["violations"]]


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_on_a_phone_files_are_added_and_removed(walks: Walks, files: dict[str, str], javascript: bool) -> None:
    walker = walks(width=390, javascript=javascript)
    page = begins(walker)
    field = page.locator("#f-lease")
    assert field.get_attribute("accept") == "image/jpeg,image/png,application/pdf"
    assert field.get_attribute("capture") is None
    assert field.get_attribute("multiple") is not None
    adds(page, files["IMG_2041.jpg"], files["lease.pdf"])
    assert page.locator(".kt-files li").count() == 2
    adds(page, files["page.jpg"])
    assert "We can only take photos" in page.locator(".govuk-error-message").inner_text()
    assert page.locator(".kt-files li").count() == 2
    page.get_by_role("button", name="Remove IMG_2041.jpg").click()
    page.wait_for_load_state("domcontentloaded")
    assert page.locator(".kt-files li").count() == 1
    page.set_input_files("#f-lease", files["IMG_2041.jpg"])
    page.get_by_role("button", name="Continue").click()
    walker.is_at("/start/where")
    assert Document.objects.filter(erased_at=None).count() == 2
    assert walker.complaints == []


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_nothing_is_cut_off_and_axe_finds_nothing(walks: Walks, files: dict[str, str], width: int, scheme: str) -> None:
    page = begins(walks(width=width, scheme=scheme))
    for _state in ("empty", "with a file", "with an error"):
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert violations(page) == []
        adds(page, files["lease.pdf"] if not page.locator(".kt-files li").count() else files["page.jpg"])
    assert page.locator(":focus").get_attribute("class") == "govuk-error-summary"


def test_by_keyboard_a_file_is_removed(walks: Walks, files: dict[str, str]) -> None:
    page = begins(walks())
    adds(page, files["lease.pdf"])
    page.get_by_role("button", name="Remove lease.pdf").focus()
    page.keyboard.press("Enter")
    page.locator(".kt-files").wait_for(state="detached")


def test_staff_open_a_photo_and_a_pdf_in_a_tab_of_their_own(
    opens: Callable[..., Tab], town: Town, files: dict[str, str], live_server: Any
) -> None:
    from django.test import Client

    from keyturn import flow

    case = town.moves_in(BEN, id_type="none", id_value="").staff("ask", "Please send us a photo of your lease.")
    for name in ("IMG_2041.jpg", "lease.pdf"):
        flow.upload(
            request_id=case.id, purpose="reply", file_name=name, data=Path(files[name]).read_bytes(), actor=case.actor,
            now=town.now, policy=town.policy,
        )  # fmt: skip
    case.replies("Here they are.")
    client = Client()
    client.force_login(
        factories.a_member_of_staff("rosa"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    page = opens()
    page.context.add_cookies(
        [
            {
                "name": "sessionid",
                "value": client.cookies["sessionid"].value,
                "url": live_server.url,
            }
        ]
    )
    page.goto(f"/console/requests/{case.request.reference}")
    assert violations(page) == []
    for place, kind in ((0, "image/jpeg"), (1, "application/pdf")):
        form = page.locator(".kc-papers__open").nth(place)
        form.locator("select").select_option("decide")
        with page.context.expect_page() as opened:
            form.locator("button").click()
        opened.value.wait_for_load_state()
        assert opened.value.evaluate("document.contentType") == kind
    assert Reading.objects.count() == 2
