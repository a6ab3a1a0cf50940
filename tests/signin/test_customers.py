"""How does a customer make a login, come in, and look after it?"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.test import Client

from keyturn.signin import logins
from tests.signin.visitor import ANA, PASSWORD, Visitor, plain, totp

pytestmark = pytest.mark.django_db


class TestMakingALogin:
    def test_takes_an_e_mail_and_the_code_from_it(self, visitor: Visitor) -> None:
        visitor.signs_up().sees("Your login is ready", ANA)
        assert visitor.subjects() == ["Your code to create a login"]
        assert visitor.user.email == ANA
        assert EmailAddress.objects.get(user=visitor.user).verified

    def test_gives_an_opaque_name_no_role_and_no_password(self, visitor: Visitor) -> None:
        user = visitor.signs_up().user
        assert re.fullmatch(r"c-[0-9a-f]{24}", user.username)
        assert user.staff_role == ""
        assert not (user.is_staff or user.is_superuser or user.has_usable_password())

    def test_ignores_whatever_else_is_posted(self, visitor: Visitor) -> None:
        visitor.sends(
            "/signin/up", email=ANA, username="root", staff_role="supervisor", password1=PASSWORD, is_staff="1"
        )
        user = visitor.sends("/signin/up/code", code=visitor.code()).user
        assert (user.username.startswith("c-"), user.staff_role, user.is_staff) == (True, "", False)
        assert not user.has_usable_password()

    def test_without_the_code_there_is_nothing_to_enter(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        visitor.sends("/signin/up", email=ANA)
        assert not visitor.signed_in
        assert not EmailAddress.objects.filter(verified=True).exists()

    def test_that_was_given_up_can_be_begun_again_by_anybody(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        another().sends("/signin/up", email=ANA)
        visitor.signs_up()
        assert get_user_model().objects.filter(email=ANA).count() == 1

    def test_speaks_spanish(self, another: Callable[..., Visitor]) -> None:
        visitor = another(**{"Accept-Language": "es"})
        visitor.signs_up()
        assert visitor.user.language == "es"
        assert visitor.mails_to(ANA)[0].extra_headers["Content-Language"] == "es"


class TestAnAddressThatHasALoginAlready:
    """The page, its status and length and the number of mails are the same; the mail says what is the case."""

    @pytest.fixture(autouse=True)
    def somebody_has_it(self, another: Callable[..., Visitor]) -> None:
        another().signs_up()

    @pytest.mark.parametrize("path", ["/signin/up", "/signin/code", "/signin/reset"])
    def test_gets_the_same_answers(self, another: Callable[..., Visitor], path: str) -> None:
        known, unknown = another(), another()
        known.mails.clear()
        other = ANA.replace("ana.z", "bob.z")
        known.sends(path, email=ANA)
        unknown.sends(path, email=other)
        assert known.page.redirect_chain == unknown.page.redirect_chain
        assert plain(known.html, ANA) == plain(unknown.html, other)
        assert len(known.mails_to(ANA)) == len(unknown.mails_to(other)) == 1
        at = known.page.request["PATH_INFO"]
        for each in (known, unknown):
            each.page = each.client.post(at, {"code": "222222"})
        assert known.page.status_code == unknown.page.status_code
        assert plain(known.html, ANA) == plain(unknown.html, other)

    @pytest.mark.parametrize("path", ["/signin/up", "/signin/code", "/signin/reset"])
    def test_takes_as_long(self, another: Callable[..., Visitor], path: str, monkeypatch: Any, settings: Any) -> None:
        """The answer comes at a stroke of a slow clock, whatever was done until then."""
        settings.SIGNIN_EVEN_SECONDS = 5.0
        clock, slept = [100.0], list[float]()
        monkeypatch.setattr(
            "keyturn.signin.guesses.time", SimpleNamespace(monotonic=lambda: clock[0], sleep=slept.append)
        )
        monkeypatch.setattr(
            "keyturn.signin.mails.write", lambda *_: clock.append(clock.pop() + 1.25) or EmailMessage(to=["x"])
        )
        for email in (ANA, "bob.zelenko@example.com"):
            another().client.post(path, {"email": email})
        assert slept == [3.75, 3.75]
        slept.clear()
        another().client.get(path)
        assert slept == []

    def test_its_owner_is_told_by_mail(self, visitor: Visitor) -> None:
        visitor.sends("/signin/up", email=ANA)
        assert visitor.subjects()[-1] == "You already have a login"
        assert not CODE_IN(visitor.mails_to(ANA)[-1].body)

    def test_and_one_without_is_told_so_too(self, visitor: Visitor) -> None:
        visitor.sends("/signin/code", email="nobody@example.com")
        assert visitor.subjects("nobody@example.com") == ["There is no login with this e-mail address"]

    def test_no_code_opens_a_sign_up_for_it(self, visitor: Visitor) -> None:
        visitor.sends("/signin/up", email=ANA)
        for guess in ("", "222222", "None"):
            visitor.sends("/signin/up/code", code=guess)
        assert not visitor.signed_in

    def test_however_it_is_capitalised(self, visitor: Visitor) -> None:
        visitor.sends("/signin/up", email=ANA.upper())
        assert get_user_model().objects.filter(email__iexact=ANA).count() == 1


def CODE_IN(text: str) -> bool:
    return bool(re.search(r"^\s{4}[2-9A-Z]{6}$", text, re.MULTILINE))


class TestComingIn:
    @pytest.fixture(autouse=True)
    def ana(self, visitor: Visitor) -> None:
        visitor.signs_up().sets_a_password().signs_out()
        assert not visitor.signed_in

    def test_with_the_password_leads_to_the_account(self, visitor: Visitor) -> None:
        assert visitor.signs_in().page["Location"] == "/account"

    def test_with_a_code_by_e_mail(self, visitor: Visitor) -> None:
        visitor.asks_for_a_code().is_at("/signin/code/type").types_the_code(visitor.code())
        assert visitor.page["Location"] == "/account"
        assert visitor.signed_in

    def test_the_button_on_the_sign_in_page_takes_the_address_from_its_field(self, visitor: Visitor) -> None:
        visitor.sends("/signin/code", login=ANA, password="").is_at("/signin/code/type")
        assert visitor.subjects()[-1] == "Your sign-in code"

    def test_where_no_address_was_typed_the_code_page_asks_for_it(self, visitor: Visitor) -> None:
        visitor.sends("/signin/code", login="rosa")
        assert visitor.page.status_code == 422
        visitor.sees("A code by e-mail", 'id="email-error"')

    def test_a_code_works_once(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        code = visitor.asks_for_a_code().code()
        visitor.types_the_code(code).signs_out().types_the_code(code)
        assert not visitor.signed_in

    def test_a_code_works_only_in_the_browser_that_asked_for_it(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        code = visitor.asks_for_a_code().code()
        thief = another()
        thief.types_the_code(code)
        assert not thief.signed_in
        thief.mails.clear()
        thief.asks_for_a_code("thief@example.com").types_the_code(code)
        assert not thief.signed_in

    def test_a_code_is_good_for_a_quarter_of_an_hour(self, visitor: Visitor, clock: Any) -> None:
        code = visitor.asks_for_a_code().code()
        clock.passes(15 * 60 + 1)
        visitor.types_the_code(code)
        assert not visitor.signed_in

    def test_another_code_makes_the_one_before_worthless(self, visitor: Visitor) -> None:
        first = visitor.asks_for_a_code().code()
        visitor.sends("/signin/code/type", action="resend")
        second = visitor.code()
        assert first != second
        visitor.types_the_code(first)
        assert not visitor.signed_in
        visitor.types_the_code(second)
        assert visitor.signed_in

    def test_leads_to_the_page_that_was_wanted_and_never_to_a_foreign_one(self, visitor: Visitor) -> None:
        visitor.client.post("/signin/code?next=/start", {"email": ANA})
        page = visitor.client.post("/signin/code/type?next=/start", {"code": visitor.code()})
        assert page["Location"] == "/start"
        visitor.signs_out()
        visitor.client.post("/signin/code?next=https://evil.example", {"email": ANA})
        page = visitor.client.post("/signin/code/type?next=https://evil.example", {"code": visitor.code()})
        assert page["Location"] == "/account"

    def test_with_a_new_browser_is_told_to_the_owner_and_with_the_same_one_is_not(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        visitor.mails.clear()
        visitor.signs_in()
        assert visitor.subjects() == []
        new = another(**{"User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"})
        new.signs_in()
        assert new.subjects() == ["A new sign-in to your login"]
        assert "Firefox, Windows" in new.mails[-1].body


class TestASecondStep:
    @pytest.fixture
    def secret(self, visitor: Visitor) -> str:
        visitor.signs_up().sets_a_password()
        return visitor.adds_an_app()

    def test_is_asked_for_after_the_password(self, visitor: Visitor, secret: str, clock: Any) -> None:
        visitor.signs_out().signs_in()
        assert visitor.page["Location"] == "/signin/second"
        assert not visitor.signed_in
        visitor.client.post("/signin/second", {"code": totp(secret, at=later(30))})
        assert visitor.signed_in

    def test_is_asked_for_after_a_code_by_e_mail(self, visitor: Visitor, secret: str) -> None:
        visitor.signs_out().asks_for_a_code().types_the_code(visitor.code())
        assert visitor.page["Location"] == "/signin/second"
        assert not visitor.signed_in

    def test_with_a_wrong_code_says_so(self, visitor: Visitor, secret: str) -> None:
        visitor.signs_out().signs_in().sends("/signin/second", code="000000")
        assert visitor.page.status_code == 422
        visitor.sees("This code is not right")

    def test_stops_a_guesser_after_ten_codes_even_with_the_right_one(self, visitor: Visitor, secret: str) -> None:
        visitor.signs_out().signs_in()
        for guess in range(10):
            visitor.sends("/signin/second", code=f"{guess:06d}")
        visitor.sends("/signin/second", code=totp(secret, at=later(30)))
        assert not visitor.signed_in

    def test_takes_a_recovery_code_once(self, visitor: Visitor, secret: str) -> None:
        codes = recovery_codes(visitor)
        assert len(codes) == 10
        visitor.signs_out().signs_in().sends("/signin/second", code=codes[0])
        assert visitor.signed_in
        visitor.signs_out().signs_in().sends("/signin/second", code=codes[0])
        assert not visitor.signed_in

    def test_shows_recovery_codes_once_only(self, visitor: Visitor, secret: str) -> None:
        code = recovery_codes(visitor)[0]
        assert code not in visitor.opens("/signin/recovery").html.replace(" ", "")
        visitor.sees("Recovery codes left: 10")

    def test_is_told_to_the_owner(self, visitor: Visitor, django_capture_on_commit_callbacks: Any) -> None:
        visitor.signs_up()
        with django_capture_on_commit_callbacks(execute=True):
            visitor.adds_an_app()
        assert visitor.subjects()[-2:] == ["New recovery codes were made", "An authenticator app was added"] or (
            visitor.subjects()[-1] == "An authenticator app was added"
        )
        visitor.sends("/signin/app/remove")
        assert visitor.subjects()[-1] == "The authenticator app was removed"

    def test_keeps_its_secret_sealed(self, visitor: Visitor, secret: str) -> None:
        for each in Authenticator.objects.all():
            assert secret not in str(each.data)

    def test_stays_after_the_password_was_forgotten(self, visitor: Visitor, secret: str) -> None:
        visitor.signs_out().sends("/signin/reset", email=ANA).sends("/signin/reset/code", code=visitor.code())
        visitor.sends("/signin/reset/password", password1="another horse battery staple").is_at("/signin/reset/done")
        assert not visitor.signed_in
        visitor.signs_in(password="another horse battery staple")
        assert visitor.page["Location"] == "/signin/second"


def later(seconds: float) -> float:
    import time

    return time.time() + seconds


def recovery_codes(visitor: Visitor) -> list[str]:
    return [code.replace(" ", "") for code in re.findall(r"<li><code>([0-9a-zA-Z ]+)</code>", visitor.html)]


class TestALoginAtTheEndOfARequest:
    NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def test_is_made_of_a_proved_address(self) -> None:
        user = logins.create_login(email=ANA, now=self.NOW)
        assert EmailAddress.objects.get(user=user).verified
        assert not user.has_usable_password()
        assert user.date_joined == self.NOW

    def test_is_not_made_where_there_is_one(self, rosa: Any) -> None:
        assert logins.create_login(email=ANA, now=self.NOW) is not None
        assert logins.create_login(email=ANA.upper(), now=self.NOW) is None
        assert logins.create_login(email=rosa.email, now=self.NOW) is None

    def test_is_entered_in_the_session_that_proved_the_address_and_in_no_other(self, rf: Any, visitor: Visitor) -> None:
        visitor.opens("/signin")
        request = a_request(rf, visitor)
        assert logins.begin_login_for(request, email=ANA, now=self.NOW) is None
        logins.note_proved(request, ANA)
        assert logins.begin_login_for(request, email="other@example.com", now=self.NOW) is None
        response = logins.begin_login_for(request, email=ANA, now=self.NOW, next="/account")
        assert response is not None
        assert response["Location"] == "/account"
        assert request.user.email == ANA
        assert logins.begin_login_for(request, email=ANA, now=self.NOW) is None


def a_request(rf: Any, visitor: Visitor) -> Any:
    from allauth.core import context
    from django.contrib.auth.models import AnonymousUser
    from django.contrib.messages.storage.fallback import FallbackStorage

    request = rf.get("/start/done")
    request.session = visitor.client.session
    request.user = AnonymousUser()
    request._messages = FallbackStorage(request)
    context._request_var.set(request)
    return request


def test_staff_cannot_be_made_by_signing_up_and_customers_do_not_see_the_console(visitor: Visitor) -> None:
    visitor.signs_up()
    assert Client().get("/console").status_code == 302
    assert visitor.client.get("/console").status_code == 403
