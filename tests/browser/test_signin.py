"""Does signing in work in a real browser: with a passkey, a code, a password, a second step, another organisation's login?

Nearly everything is done with and without JavaScript; only passkeys need it. axe looks at every page and state.
"""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from playwright.sync_api import Page, expect

from tests.browser.inspection import complaints
from tests.browser.test_accessibility import SMALL_TARGETS
from tests.flow.town import Town
from tests.signin import provider
from tests.signin.visitor import ANA, CODE, PASSWORD, totp

ANOTHER = "another horse battery staple"
BOTH = pytest.mark.parametrize("javascript", [True, False], ids=["", "without JavaScript"])


class Person:
    """Somebody at a browser; `sees` is called on every page that is named."""

    def __init__(self, page: Page, mails: list[Any]) -> None:
        self.page = page
        self.mails = mails
        self.sees: Callable[[str], None] = lambda name: None
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)

    def _listen(self, message: Any) -> None:
        if message.type in ("error", "warning") and not re.search(r"status of 4", message.text):
            self.complaints.append(message.text)

    def opens(self, path: str, name: str = "") -> "Person":
        self.page.goto(path)
        return self.look(name)

    def fills(self, **values: str) -> "Person":
        for field, value in values.items():
            self.page.fill(f"#{field}", value)
        return self

    def presses(self, text: str, name: str = "") -> "Person":
        self.page.get_by_role("button", name=text, exact=True).click()
        return self.look(name)

    def follows(self, text: str, name: str = "") -> "Person":
        self.page.get_by_role("link", name=text).first.click()
        return self.look(name)

    def reads(self, heading: str) -> "Person":
        expect(self.page.locator("h1")).to_have_text(heading)
        return self

    def is_at(self, path: str) -> "Person":
        self.page.wait_for_url(re.compile(re.escape(path) + r"(\?.*)?$"), wait_until="domcontentloaded")
        return self

    def code(self, address: str = ANA) -> str:
        expect(self.page.locator("#code")).to_be_visible()  # the page comes when the mail is sent
        return str(CODE.findall([mail for mail in self.mails if mail.to == [address]][-1].body)[0])

    def look(self, name: str) -> "Person":
        if name:
            self.page.wait_for_load_state("load")
            self.sees(name)
        return self

    # ---- ways

    def signs_up(self, email: str = ANA) -> "Person":
        self.opens("/signin").follows("Create a login", "sign up").fills(email=email).presses(
            "Send the code", "sign-up code"
        )
        return self.fills(code=self.code(email)).presses("Continue", "welcome").reads("Your login is ready")

    def sets_a_password(self) -> "Person":
        self.follows("With a password", "set a password").fills(password1=PASSWORD).presses("Save the password")
        return self.reads("How you sign in").look("security")

    def signs_out(self) -> "Person":
        self.opens("/signin/security").presses("Sign out")
        return self.reads("Sign in")

    def signs_in(self, password: str = PASSWORD) -> "Person":
        return self.opens("/signin").fills(login=ANA, password=password).presses("Sign in")

    def is_in(self) -> bool:
        self.opens("/signin/security")
        return self.page.locator("h1").inner_text() == "How you sign in"


@pytest.fixture
def person(
    opens: Callable[..., Page], town: Town, mailoutbox: list[Any], settings: Any
) -> Iterator[Callable[..., Person]]:
    cache.clear()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    people: list[Person] = []

    def sits_down(**setting: Any) -> Person:
        people.append(Person(opens(**setting), mailoutbox))
        return people[-1]

    yield sits_down
    assert [complaint for each in people for complaint in each.complaints] == []


@pytest.fixture
def key_ring(person: Callable[..., Person]) -> Callable[[Person], None]:
    """A device with a fingerprint reader: Chromium's virtual authenticator."""

    def plug_in(somebody: Person) -> None:
        cdp = somebody.page.context.new_cdp_session(somebody.page)
        cdp.send("WebAuthn.enable")
        kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        cdp.send("WebAuthn.addVirtualAuthenticator", {"options": {**kind, "isUserVerified": True, "automaticPresenceSimulation": True}})  # fmt: skip

    return plug_in


@BOTH
def test_somebody_makes_a_login_and_comes_back_with_a_code(person: Callable[..., Person], javascript: bool) -> None:
    ana = person(javascript=javascript).signs_up()
    ana.signs_out().fills(login=ANA).presses("E-mail me a code").reads("Enter the code from our e-mail")
    ana.fills(code="222222").presses("Continue")
    expect(ana.page.locator(".govuk-error-summary")).to_contain_text("This code is not right.")
    ana.fills(code=ana.code().lower()).presses("Continue")
    assert ana.is_in()


@BOTH
def test_a_password_is_set_used_forgotten_and_chosen_anew(person: Callable[..., Person], javascript: bool) -> None:
    ana = person(javascript=javascript).signs_up().sets_a_password().signs_out().signs_in()
    assert ana.is_in()
    ana.signs_out().follows("Forgot your password?").fills(email=ANA).presses("Send the code")
    ana.fills(code=ana.code()).presses("Continue").reads("Choose a new password")
    ana.fills(password1="short").presses("Save the new password")
    expect(ana.page.locator(".govuk-error-summary")).to_contain_text("Use 12 characters or more")
    ana.fills(password1=ANOTHER).presses("Save the new password").reads("You have a new password")
    ana.signs_in(ANOTHER)
    assert ana.is_in()


@BOTH
def test_an_authenticator_app_is_asked_for_after_the_password(person: Callable[..., Person], javascript: bool) -> None:
    ana = person(javascript=javascript).signs_up().sets_a_password().follows("Add an authenticator app")
    secret = ana.page.locator(".kt-key code").inner_text().replace(" ", "")
    ana.fills(code=totp(secret)).presses("Add the app").reads("Your recovery codes")
    recovery = ana.page.locator(".kt-recovery code").first.inner_text()
    ana.follows("I have kept them").signs_out().signs_in().reads("The second step")
    ana.fills(code="000000").presses("Continue")
    expect(ana.page.locator(".govuk-error-summary")).to_contain_text("This code is not right.")
    ana.fills(code=totp(secret, at=time.time() + 30)).presses("Continue")
    assert ana.is_in()
    ana.signs_out().signs_in().fills(code=recovery).presses("Continue")
    assert ana.is_in()


def test_a_passkey_is_made_and_signs_in_without_typing_anything(
    person: Callable[..., Person], key_ring: Callable[[Person], None]
) -> None:
    ana = person()
    key_ring(ana)
    ana.signs_up().follows("With a passkey").fills(name="Ana's phone").presses("Make the passkey")
    ana.reads("Your recovery codes").follows("I have kept them").reads("How you sign in")
    expect(ana.page.locator(".kt-methods__list")).to_contain_text("Ana's phone")
    ana.signs_out().presses("Use a passkey").is_at("/account")
    assert ana.is_in()
    ana.follows("Rename Ana's phone").fills(name="Telephone").presses("Save the name")
    expect(ana.page.locator(".kt-methods__list")).to_contain_text("Telephone")
    ana.follows("Remove Telephone").presses("Remove it").reads("How you sign in")
    assert ana.page.locator(".kt-methods__list").count() == 0
    assert [mail.subject for mail in ana.mails][-1] == "A passkey was removed"


def test_a_passkey_is_the_second_step_after_a_password_and_proves_it_again(
    person: Callable[..., Person], key_ring: Callable[[Person], None], settings: Any
) -> None:
    ana = person()
    key_ring(ana)
    ana.signs_up().sets_a_password().follows("Add a passkey").presses("Make the passkey").reads("Your recovery codes")
    ana.signs_out().signs_in().reads("The second step").presses("Use a passkey").is_at("/account")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    ana.opens("/signin/email").reads("Show that it is still you").follows("Use a passkey")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
    ana.presses("Use a passkey").is_at("/signin/email").reads("Change your e-mail address")


def test_a_device_without_the_passkey_says_so_and_offers_the_other_ways(
    person: Callable[..., Person], key_ring: Callable[[Person], None]
) -> None:
    ana = person()
    key_ring(ana)
    ana.opens("/signin").presses("Use a passkey")
    expect(ana.page.locator("[data-trouble]:visible")).to_have_text("That did not work. Try again, or use another way.")
    ana.fills(login=ANA).presses("E-mail me a code").reads("Enter the code from our e-mail")
    assert not any("passkey" in each.lower() for each in ana.complaints)


@BOTH
def test_somebody_comes_in_through_the_states_own_login(
    person: Callable[..., Person], live_server: Any, settings: Any, tmp_path: Path, javascript: bool
) -> None:
    with provider.running(tmp_path, our_address=live_server.url) as address:
        settings.SOCIALACCOUNT_PROVIDERS = provider.as_setting(address)
        mona = person(javascript=javascript).opens("/signin").presses("Continue with State of Oregon")
        mona.page.wait_for_url(re.compile(re.escape(address) + "/who"))
        mona.page.get_by_label("Who?").fill("mona")
        mona.page.get_by_role("button", name="Go").click()
        mona.is_at("/signin/welcome").reads("Your login is ready")
        expect(mona.page.locator("main")).to_contain_text("mona@example.com")


@BOTH
def test_another_device_is_signed_out_from_afar(person: Callable[..., Person], javascript: bool) -> None:
    ana, phone = person(javascript=javascript), person()
    ana.signs_up().sets_a_password()
    phone.signs_in()
    assert phone.is_in()
    ana.follows("See your devices").reads("Where you are signed in")
    ana.page.locator("button[name=session]").click()
    expect(ana.page.locator("button[name=session]")).to_have_count(0)
    assert not phone.is_in()
    assert ana.is_in()


def test_everything_is_done_by_keyboard(person: Callable[..., Person]) -> None:
    ana = person()
    ana.signs_up().sets_a_password().signs_out()
    ana.page.locator("#login").focus()
    ana.page.keyboard.type(ANA)
    ana.page.keyboard.press("Tab")
    ana.page.keyboard.type("wrong")
    ana.page.keyboard.press("Enter")
    summary = ana.page.locator(".govuk-error-summary")
    expect(summary).to_be_focused()
    ana.page.keyboard.press("Tab")
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator("#login")).to_be_focused()
    ana.page.keyboard.press("Tab")
    ana.page.keyboard.type(PASSWORD)
    ana.page.keyboard.press("Tab")  # the button that shows it
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator("#password")).to_have_attribute("type", "text")
    ana.page.keyboard.press("Tab")
    ana.page.keyboard.press("Enter")
    ana.is_at("/account")


def test_staff_add_a_second_step_before_the_console_opens(person: Callable[..., Person], settings: Any) -> None:
    import dataclasses

    settings.KEYTURN_POLICY = dataclasses.replace(settings.KEYTURN_POLICY, staff_second_factor=True)
    get_user_model().objects.create_user("rosa", email="rosa@u.example", password=PASSWORD, staff_role="reviewer")
    rosa = person().opens("/signin").fills(login="rosa", password=PASSWORD).presses("Sign in").reads("How you sign in")
    expect(rosa.page.locator("main")).to_contain_text("Your work needs a second step")
    rosa.follows("Add an authenticator app")
    secret = rosa.page.locator(".kt-key code").inner_text().replace(" ", "")
    rosa.fills(code=totp(secret)).presses("Add the app").reads("Your recovery codes")
    rosa.opens("/console").reads("Requests")


class Inspected:
    """axe, on every page that somebody names; and nothing may be wider than the screen or too small to hit."""

    def __init__(self, person: Person) -> None:
        self.page, self.found, self.seen = person.page, list[str](), list[str]()
        person.sees = self.inspect

    def inspect(self, name: str) -> None:
        self.seen.append(name)
        self.found += complaints(self.page, name)
        self.page.set_viewport_size({"width": 320, "height": 844})
        if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            self.found.append(f"{name}: wider than 320")
        self.found += [f"{name}: {each}" for each in self.page.evaluate(SMALL_TARGETS)]


def test_axe_finds_nothing_on_any_page(
    person: Callable[..., Person], key_ring: Callable[[Person], None], settings: Any
) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = provider.as_setting("https://login.state.example")
    ana = person()
    key_ring(ana)
    axe = Inspected(ana)
    visits_every_page(ana, settings)
    assert axe.found == []
    assert len(axe.seen) >= 30


def visits_every_page(ana: Person, settings: Any) -> None:
    """Each page of signing in, and each state of it."""
    ana.opens("/signin", "sign in").presses("Sign in", "sign in, nothing typed")
    ana.fills(login="nobody@example.com", password="wrong").presses("Sign in", "sign in, wrong")
    ana.opens("/signin/up").presses("Send the code", "sign up, nothing typed")
    ana.signs_up().sets_a_password()
    ana.opens("/signin/password", "change the password").fills(oldpassword="wrong", password1="short")
    ana.presses("Save the new password", "change the password, wrong")
    ana.opens("/signin/email", "change the e-mail").fills(email="new@example.com")
    ana.presses("Send a code to the new address", "e-mail code").fills(code="222222").presses(
        "Continue", "e-mail code, wrong"
    )
    ana.opens("/signin/passkeys/add", "add a passkey").presses("Make the passkey").is_at("/signin/recovery")
    ana.look("recovery codes").opens("/signin/recovery", "recovery codes, later").opens(
        "/signin/recovery/new", "new recovery codes"
    )
    ana.opens("/signin/app", "add an app")
    secret = ana.page.locator(".kt-key code").inner_text().replace(" ", "")
    ana.fills(code="000000").presses("Add the app", "add an app, wrong").fills(code=totp(secret)).presses("Add the app")
    ana.is_at("/signin/security").look("security, with everything")
    ana.opens("/signin/app/remove", "remove the app").opens("/signin/sessions", "sessions").opens(
        "/signin/services", "services"
    )
    ana.opens("/signin/security").follows("Rename", "rename").opens("/signin/security").follows("Remove", "remove")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    ana.opens("/signin/email", "again").follows("Use the code", "again, app").follows("Use a passkey", "again, passkey")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
    ana.signs_out().signs_in().look("second step").fills(code="000000").presses("Continue", "second step, wrong")
    ana.presses("Cancel").opens("/signin/code", "code").presses("Send the code", "code, nothing typed")
    ana.opens("/signin/reset", "reset").fills(email=ANA).presses("Send the code", "reset, code")
    ana.fills(code=ana.code()).presses("Continue", "reset, password").fills(password1=ANOTHER)
    ana.presses("Save the new password", "reset, done")
    ana.opens("/signin/cancelled", "cancelled").opens("/signin/failed", "failed").opens("/signin/inactive", "inactive")
    for _ in range(5):
        ana.opens("/signin").fills(login=ANA, password="wrong").presses("Sign in")
    ana.look("locked out")


def test_a_code_that_proves_it_again_is_inspected_too(person: Callable[..., Person], settings: Any) -> None:
    ana = person().signs_up()
    axe = Inspected(ana)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    ana.opens("/signin/app", "again, e-mail").presses("Send the code", "again, code")
    ana.fills(code="222222").presses("Continue", "again, wrong code")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
    ana.fills(code=ana.code()).presses("Continue").is_at("/signin/app")
    assert axe.found == []
