"""Can staff decide in a real browser: by keyboard alone, without JavaScript, on a phone, with axe finding nothing?"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect

from keyturn.records.models import User
from keyturn.terms.address import Address
from keyturn.terms.person import PersonDetails
from keyturn.terms.premise import AgreementStatus
from tests.browser.inspection import complaints
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, NEEDS_CUSTOMER, REFUSED, Case, Town

PASSWORD = "correct horse battery staple"
HOME = Address("5 Orchard Court", "", "Millbrook", "OR", "97901", "US")
ON_FILE = replace(
    ANA, given_name="Anna", date_of_birth=date(1985, 3, 28), emails=("old@example.com",), addresses=(HOME,)
)


@pytest.fixture
def office(town: Town) -> Town:
    """A town in which the clock is right and rosa works."""
    town.now = timezone.now()
    cache.clear()
    for name, role in (("rosa", "reviewer"), ("emil", "engineer")):
        User.objects.create_user(name, email=f"{name}@utility.example", password=PASSWORD, staff_role=role)
    return town


@pytest.fixture
def sits_down(opens: Callable[..., Page], office: Town) -> Iterator[Callable[..., Page]]:
    """Somebody signs in and sees the queue; afterwards the browser must have complained about nothing."""
    complaints: list[str] = []

    def sit_down(name: str = "rosa", **setting: object) -> Page:
        page = opens(**setting)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text)
                if said.type in ("error", "warning") and not re.search(r"status of 4|Code 4\d\d", said.text)
                else None
            ),
        )
        page.goto("/console")
        page.fill("#login", name)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Requests")
        return page

    yield sit_down
    assert complaints == []


def without_document(town: Town, given: str, *, hours_ago: int = 1, **changes: object) -> Case:
    town.now = timezone.now() - timedelta(hours=hours_ago)
    who = PersonDetails(
        given_name=given, family_name="Weiss", date_of_birth=date(1990, 2, 3), emails=(f"{given}@example.com".lower(),)
    )
    case = town.moves_in(who, **changes)
    town.now = timezone.now()
    return case


def alike(town: Town) -> Case:
    person = town.knows(ON_FILE)
    town.serves(person, town.house(), status=AgreementStatus.STOPPED, until=date(2025, 3, 31), balance="212.40")
    town.knows(replace(ON_FILE, given_name="Annika", identifiers=(), emails=("annika@example.com",)))
    return town.moves_in(ANA)


def presses_tab_until(page: Page, selector: str, *, most: int = 120) -> None:
    """Move the focus as somebody without a mouse does."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"no Tab leads to {selector}")


def test_a_request_is_decided_by_keyboard_alone(office: Town, sits_down: Callable[..., Page]) -> None:
    case, after = without_document(office, "Abe", hours_ago=5), without_document(office, "Bela")
    page = sits_down()
    presses_tab_until(page, "main button")  # Next request
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{case.request.reference}")
    presses_tab_until(page, ".govuk-skip-link[href='#decide']")
    page.keyboard.press("Enter")
    presses_tab_until(page, "[name=decision]", most=4)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.value") == "refuse"
    presses_tab_until(page, "#template-refuse", most=2)
    page.keyboard.type("The owner")
    page.keyboard.press("Tab")
    assert "The owner of the property" in page.input_value("#reason")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**/{after.request.reference}")
    expect(page.locator("[role=status]").first).to_contain_text(f"{case.request.reference} is refused")
    assert case.status == REFUSED


def test_j_and_k_go_through_the_queue_and_enter_opens(office: Town, sits_down: Callable[..., Page]) -> None:
    without_document(office, "Abe", hours_ago=9)
    second = without_document(office, "Bela", hours_ago=5)
    without_document(office, "Cleo")
    page = sits_down()
    page.wait_for_load_state("load")
    rows = page.locator("tbody a")
    page.keyboard.press("j")  # nothing: no row has the focus
    rows.first.focus()
    for key, now_at in (("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(rows.nth(now_at)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{second.request.reference}")


def test_another_candidate_comes_without_leaving_what_was_typed(office: Town, sits_down: Callable[..., Page]) -> None:
    case = alike(office)
    page = sits_down()
    page.goto(f"/console/requests/{case.request.reference}")
    page.fill("#reason", "Half a sentence")
    other = page.locator("#candidate-2").inner_text().partition("\n")[2] or page.locator("#candidate-2").inner_text()
    page.click("#candidate-2")
    expect(page.locator("#candidate-2")).to_have_attribute("aria-current", "true")
    expect(page.locator("#same-name")).to_contain_text(other.strip().lstrip("2").strip())
    assert page.input_value("#reason") == "Half a sentence"
    assert page.evaluate("document.activeElement.id") == "candidate-2"
    chosen = page.input_value("[name=person_id]")
    page.check("[value=same_person]", force=True)
    page.click("#decide button")
    page.wait_for_url("**/console*")
    office.works()
    assert str(case.request.person_id) == chosen


def test_opening_an_identifier_leaves_what_was_typed(office: Town, sits_down: Callable[..., Page]) -> None:
    case = alike(office)
    page = sits_down()
    page.goto(f"/console/requests/{case.request.reference}")
    page.check("[value=refuse]", force=True)
    page.fill("#reason", "Half a sentence")
    page.click("#identifier-applicant summary")
    page.click("#identifier-applicant button")  # without a reason
    expect(page.locator("#identifier-applicant .govuk-error-message")).to_be_visible()
    expect(page.locator("#identifier-applicant.htmx-added")).to_have_count(0)  # some milliseconds later it is htmx's
    page.fill("#why-applicant", "Compared with the copy that was sent")
    page.keyboard.press("Enter")
    expect(page.locator("#identifier-applicant .kc-revealed")).to_be_focused()
    assert page.input_value("#reason") == "Half a sentence"
    assert page.is_checked("[value=refuse]")


def test_a_session_that_ended_meanwhile_takes_nothing_from_the_page(
    office: Town, sits_down: Callable[..., Page]
) -> None:
    case = alike(office)
    page = sits_down()
    page.goto(f"/console/requests/{case.request.reference}")
    page.check("[value=ask]", force=True)
    page.fill("#reason", "Where did you live before you came here?")
    Session.objects.all().delete()
    page.click("#candidate-2")
    expect(page.locator("#notices")).to_contain_text("You were signed out.")
    assert page.locator("#compare").is_visible()
    page.click("#decide .kc-button--wide")
    page.fill("#login", "rosa")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("Nothing was sent yet.")
    assert page.input_value("#reason") == "Where did you live before you came here?"
    page.click("#decide .kc-button--wide")
    page.wait_for_url("**/console")
    assert case.status == NEEDS_CUSTOMER


def test_everything_works_without_javascript(office: Town, sits_down: Callable[..., Page]) -> None:
    case = alike(office)
    page = sits_down(javascript=False)
    page.click("main button:has-text('Next request')")
    page.wait_for_url(f"**/{case.request.reference}")
    page.click("#candidate-2")
    page.wait_for_url("**?person=*")
    page.click("label:text-is('Ask the customer')")
    page.select_option("#template-ask", "former")
    page.click("#decide button")
    page.wait_for_url("**/console")
    assert case.status == NEEDS_CUSTOMER
    assert case.request.notes.get().text == "Have you been our customer before? If so, at which address?"


def test_a_mistake_takes_the_focus_and_leads_to_its_field(office: Town, sits_down: Callable[..., Page]) -> None:
    case = without_document(office, "Abe")
    page = sits_down(width=320)
    page.goto(f"/console/requests/{case.request.reference}")
    page.click("label:text-is('Refuse')")
    page.fill("#reason", "no")
    page.click("#decide button")
    summary = page.locator(".govuk-error-summary")
    expect(summary).to_be_focused()
    summary.locator("a").click()
    expect(page.locator("#reason")).to_be_focused()
    assert case.status == IN_REVIEW


def test_an_engineer_lets_what_is_stuck_try_again(office: Town, sits_down: Callable[..., Page]) -> None:
    office.policy_says(cis_tries=1)
    office.cis_is("down")
    case = office.moves_in(ANA)
    office.cis_is()
    page = sits_down("emil")
    page.locator("tbody a").first.click()
    page.click("button:has-text('Try again')")
    expect(page.locator("[role=status]").first).to_contain_text("is being tried again")
    office.works()
    assert case.status == COMPLETED


class TestAxeFindsNothing:
    @pytest.fixture
    def looks(self) -> Iterator[Callable[[Page, str], None]]:
        """Look at a state of a page at both widths, in light and dark; and nothing may be wider than the screen."""
        found: list[str] = []

        def look(page: Page, name: str) -> None:
            found.extend(complaints(page, name, narrow=320))

        yield look
        assert found == []

    def test_on_signing_in(self, opens: Callable[..., Page], office: Town, looks: Callable[[Page, str], None]) -> None:
        page = opens()
        page.goto("/signin")
        looks(page, "signin")
        page.click("main button:text('Sign in')")
        looks(page, "signin, nothing typed")
        for _ in range(5):
            page.fill("#login", "rosa")
            page.fill("#password", "wrong")
            page.click("main button:text('Sign in')")
        expect(page.locator(".govuk-error-summary")).to_contain_text("Too many wrong attempts")
        looks(page, "signin, locked out")

    def test_on_the_queue(
        self, office: Town, sits_down: Callable[..., Page], looks: Callable[[Page, str], None]
    ) -> None:
        page = sits_down()
        looks(page, "queue, empty")
        without_document(office, "Abe", hours_ago=30)
        without_document(office, "Bela").staff("ask", "Which apartment do you need?").replies("Number 4.")
        page.goto("/console")
        looks(page, "queue")
        page.goto("/console?overdue=yes&reason=D-09")
        looks(page, "queue, nothing fits")
        for tab in ("customer", "stuck", "decided"):
            page.goto(f"/console?tab={tab}")
            looks(page, tab)
        page.goto("/console/requests/KT-2222-2222")
        looks(page, "nothing there")
        for text in ("weiss", "nobody"):
            page.fill("#q", text)
            page.keyboard.press("Enter")
            expect(page.locator("h1")).to_contain_text(text)
            looks(page, f"search for {text}")

    def test_on_a_request(
        self, office: Town, sits_down: Callable[..., Page], looks: Callable[[Page, str], None]
    ) -> None:
        case = alike(office)
        page = sits_down()
        page.goto(f"/console/requests/{case.request.reference}")
        looks(page, "request")
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        page.click("label:text-is('Refuse')")
        looks(page, "request, everything open")
        page.click("#decide button")
        looks(page, "request, no reason")
        page.evaluate("document.querySelectorAll('.kc-open').forEach(each => each.open = true)")
        page.locator(".kc-answers .kc-open button").click()
        looks(page, "request, identifier without a reason")
        page.fill("#why-applicant", "Compare with the copy")
        page.locator(".kc-answers .kc-open button").click()
        expect(page.locator(".kc-revealed")).to_contain_text("D1234567")
        looks(page, "request, identifier open")

    def test_on_a_request_that_changed_meanwhile(
        self, office: Town, sits_down: Callable[..., Page], looks: Callable[[Page, str], None]
    ) -> None:
        case = without_document(office, "Abe")
        page = sits_down()
        page.goto(f"/console/requests/{case.request.reference}")
        case.staff("ask", "Which apartment do you need?").replies("Number 4.")
        page.click("label:text-is('Approve')")
        page.click("#decide button")
        expect(page.locator("#changed")).to_contain_text("Applicant answered")
        looks(page, "request, changed")

    def test_on_the_other_requests(
        self, office: Town, sits_down: Callable[..., Page], looks: Callable[[Page, str], None]
    ) -> None:
        unlisted = {
            "line1": "12 Newly Built Way",
            "city": "Millbrook",
            "state": "OR",
            "postal_code": "97901",
            "country": "US",
        }
        office.house()
        cases = {
            "address not on file": office.moves_in(ANA, service_address=unlisted, services=["electric"]),
            "one's own": without_document(office, "Rosa", email="rosa@utility.example"),
        }
        office.cis_is("refuses")
        bruno = replace(ANA, given_name="Bruno", emails=("b@example.com",), identifiers=(replace(ANA.identifiers[0], value="B7777777"),),
                        phones=(), date_of_birth=date(1960, 1, 1))  # fmt: skip
        cases["the CIS said no"] = office.moves_in(bruno)
        page = sits_down()
        for name, case in cases.items():
            page.goto(f"/console/requests/{case.request.reference}")
            looks(page, name)
        page.goto(f"/console/requests/{cases['the CIS said no'].request.reference}")
        page.click("button:text('Español')")
        looks(page, "in Spanish")
