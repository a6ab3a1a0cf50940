"""Does axe find anything on the page of operations and on the forms of a delivery, and do they work without JavaScript?"""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from keyturn.connectors.cis import counted
from keyturn.flow import counting
from tests.browser.inspection import complaints
from tests.browser.test_console import office, sits_down  # noqa: F401 (fixtures)
from tests.flow.town import ANA, BEN, REFUSED, Town


def test_an_engineer_sees_what_is_stuck_and_discards_it(office: Town, sits_down: Callable[..., Page]) -> None:  # noqa: F811
    office.policy_says(cis_tries=1, cis_breaker_failures=2)
    office.cis_is("down", calls=["send", "ping"])
    case = office.moves_in(ANA)
    office.moves_in(BEN)
    counted.note("reference", "send", "cis_unreachable", 0.3)
    counting.keep_counts()
    page = sits_down("emil")
    page.get_by_role("link", name="Operations").click()
    expect(page.locator("h1")).to_have_text("Operations")
    expect(page.get_by_text("CIS away")).to_be_visible()
    assert complaints(page, "operations") == []
    page.get_by_role("link", name=case.request.reference).click()
    page.evaluate("document.querySelectorAll('#delivery details').forEach((each) => { each.open = true })")
    assert complaints(page, "delivery") == []
    page.get_by_label("The reason that the applicant will read").fill("The meter was removed last week.")
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_role("status")).to_contain_text("is discarded")
    assert case.status == REFUSED
