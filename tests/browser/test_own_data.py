"""Can somebody ask about their own data in a real browser: on a phone, without a mouse's precision, in Spanish?"""

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from playwright.sync_api import Page

from keyturn.records.models import PrivacyCase
from tests.browser.inspection import complaints
from tests.browser.resident import Resident
from tests.flow.at_home import Customer
from tests.flow.town import Town


def a_resident(opens: Callable[..., Page], town: Town, live_server: Any, **setting: Any) -> Resident:
    town.now = timezone.now()
    ana = Customer(town)
    return Resident(opens(**setting), town, ana.user, live_server.url)


def test_a_copy_on_a_phone(opens: Callable[..., Page], town: Town, live_server: Any) -> None:
    ana = a_resident(opens, town, live_server, width=390, javascript=False)
    ana.opens("/account/held").reads("Zelenko", "•••• 4567", "To know you again")
    ana.begins("Ask about your own data").reads("What would you like?")
    ana.picks("copy").presses().reads("Get a copy of everything you hold about me")
    ana.makes_it().opens(f"/account/requests/{PrivacyCase.objects.get().request.reference}")
    with ana.page.expect_download() as download:
        ana.page.get_by_role("link", name="about-you.zip").click()
    assert download.value.suggested_filename == "about-you.zip"


def test_nothing_stands_in_anybodys_way(opens: Callable[..., Page], town: Town, live_server: Any) -> None:
    ana = a_resident(opens, town, live_server)
    violations: list[str] = []

    def inspect(name: str) -> None:
        violations.extend(complaints(ana.page, name))

    ana.sees = inspect
    ana.opens("/account/held", "held").begins("Ask about your own data", "what")
    ana.presses("nothing chosen").picks("erasure").presses("before we erase").presses("nothing ticked")
    ana.page.locator("[name='privacy_sure']").check()
    ana.presses("check").makes_it("done")
    ana.opens(f"/account/requests/{PrivacyCase.objects.get().request.reference}", "where it stands")
    assert violations == []
