"""Who comes in through a real OpenID provider, and whose login can they not take over?"""

import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured

from keyturn.signin import logins
from keyturn.site import oidc
from tests.signin import provider
from tests.signin.visitor import Visitor

pytestmark = pytest.mark.django_db
MONA, URSULA = "mona@example.com", "ursula@example.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with provider.running(tmp_path_factory.mktemp("provider"), our_address="http://testserver") as address:
        yield address


@pytest.fixture(autouse=True)
def configured(server: str, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = provider.as_setting(server)


def comes_in(visitor: Visitor, name: str) -> Visitor:
    back = provider.says_who(provider.leaves(visitor), name)
    return visitor.opens(back.removeprefix("http://testserver"))


class TestAVerifiedAddress:
    def test_makes_a_login(self, visitor: Visitor) -> None:
        comes_in(visitor, "mona").is_at("/signin/welcome")
        assert visitor.user.email == MONA
        assert visitor.user.username.startswith("c-")
        assert EmailAddress.objects.get(user=visitor.user).verified
        assert not visitor.user.has_usable_password()

    def test_enters_the_login_again_whatever_its_address_is_by_then(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        user = comes_in(visitor, "mona").user
        visitor.sends("/signin/email", email="m@new.example", action_add="1")
        visitor.sends("/signin/up/code", code=visitor.code("m@new.example"))
        assert comes_in(another(), "mona").user == user
        assert get_user_model().objects.count() == 1

    def test_enters_a_customers_login_that_proved_it_here_too(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        user = another().signs_up(MONA).user
        assert comes_in(visitor, "mona").user == user

    def test_still_needs_the_second_step_of_that_login(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        another().signs_up(MONA).adds_an_app()
        comes_in(visitor, "mona").is_at("/signin/second")
        assert not visitor.signed_in

    def test_is_not_taken_for_staff(self, visitor: Visitor) -> None:
        get_user_model().objects.create_user("mona", email=MONA, password="x" * 20, staff_role="supervisor")
        comes_in(visitor, "mona")
        assert not visitor.signed_in

    def test_of_a_login_that_is_switched_off_enters_nothing(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        user = another().signs_up(MONA).user
        user.is_active = False
        user.save()
        comes_in(visitor, "mona")
        assert not visitor.signed_in


class TestAnUnverifiedAddress:
    def test_must_be_proved_by_our_own_code(self, visitor: Visitor) -> None:
        comes_in(visitor, "ursula").is_at("/signin/up/code")
        assert not visitor.signed_in
        visitor.sends("/signin/up/code", code=visitor.code(URSULA))
        assert visitor.user.email == URSULA

    def test_never_takes_over_a_login(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        owner = another().signs_up(URSULA)
        comes_in(visitor, "ursula").is_at("/signin/up/code")
        visitor.sends("/signin/up/code", code="222222")
        assert not visitor.signed_in
        assert not SocialAccount.objects.exists()
        assert visitor.subjects(URSULA)[-1] == "You already have a login"
        assert owner.opens("/signin/security").signed_in


class TestTheConversation:
    def test_is_the_code_flow_with_pkce_bound_to_this_browser(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        address = provider.leaves(visitor)
        asked = provider.asked_for(address)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["code_challenge"]) == 43
        assert asked["redirect_uri"] == "http://testserver/signin/with/state/back"
        assert set(asked["scope"].split()) == {"openid", "profile", "email"}
        back = provider.says_who(address, "mona").removeprefix("http://testserver")
        thief = another().opens(back)
        assert not thief.signed_in
        assert visitor.opens(back).signed_in

    def test_cannot_be_played_twice(self, visitor: Visitor) -> None:
        back = provider.says_who(provider.leaves(visitor), "mona").removeprefix("http://testserver")
        visitor.opens(back).signs_out().opens(back)
        assert not visitor.signed_in

    def test_leads_back_to_the_page_that_was_wanted(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        another().signs_up(MONA)
        visitor.page = visitor.client.post("/signin/with/state?next=/start")
        address = html.unescape(re.search(r'href="(http://127[^"]+)"', visitor.html)[1])  # type: ignore[index]
        back = provider.says_who(address, "mona").removeprefix("http://testserver")
        assert visitor.client.get(back)["Location"] == "/start"

    def test_with_a_provider_that_is_down_says_so(self, visitor: Visitor, settings: Any) -> None:
        settings.SOCIALACCOUNT_PROVIDERS = provider.as_setting("http://127.0.0.1:9")
        visitor.sends("/signin/with/state").sees("You are not signed in")
        assert visitor.page.status_code == 502

    def test_with_a_wrong_secret_lets_nobody_in(self, visitor: Visitor, settings: Any, server: str) -> None:
        settings.SOCIALACCOUNT_PROVIDERS = provider.as_setting(server, secret="another one")
        comes_in(visitor, "mona").sees("You are not signed in")
        assert not visitor.signed_in

    def test_that_was_cancelled_over_there_says_so(self, visitor: Visitor) -> None:
        state = provider.asked_for(provider.leaves(visitor))["state"]
        visitor.opens(f"/signin/with/state/back?error=access_denied&state={state}")
        visitor.sees("You stopped signing in at the other service.")

    def test_is_begun_by_a_press_and_not_by_a_link(self, visitor: Visitor) -> None:
        visitor.opens("/signin/with/state").is_at("/signin")

    def test_with_a_provider_that_we_do_not_have_is_not_found(self, visitor: Visitor) -> None:
        assert visitor.sends("/signin/with/nobody").page.status_code == 404


def test_what_the_provider_said_is_there_for_claiming_an_account(visitor: Visitor) -> None:
    user = comes_in(visitor, "mona").user
    told = logins.federated(user)
    assert told is not None
    assert (told.provider, told.subject) == ("state", "1")
    assert told.claims["acr"] == "urn:example:ial2"
    assert told.claims["amr"] == ["pwd", "otp"]
    assert told.claims["email_verified"] is True


def test_it_is_shown_and_can_be_disconnected(visitor: Visitor, settings: Any) -> None:
    comes_in(visitor, "mona").opens("/signin/security").sees("State of Oregon")
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}
    visitor.opens("/signin/security").sees("state")
    account = SocialAccount.objects.get().pk
    visitor.opens("/signin/services").sends("/signin/services", account=str(account))
    assert not SocialAccount.objects.exists()
    assert visitor.subjects(MONA)[-1] == "A service was disconnected"


def test_who_never_came_through_a_provider_has_no_such_word(visitor: Visitor) -> None:
    assert logins.federated(visitor.signs_up().user) is None


def test_the_button_is_there_only_where_there_is_a_provider(visitor: Visitor, settings: Any) -> None:
    visitor.opens("/signin").sees("Continue with State of Oregon")
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}
    assert "Continue with" not in visitor.opens("/signin").html


class TestTheSettings:
    def test_are_off_by_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert oidc.providers()["openid_connect"]["APPS"] == []

    def test_take_one_by_variables(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {"NAME": "Ours", "ISSUER": "https://id.utility.example", "CLIENT_ID": "kt"}.items():
            monkeypatch.setenv(f"KEYTURN_OIDC_{name}", value)
        (app,) = oidc.providers()["openid_connect"]["APPS"]
        assert (app["provider_id"], app["name"], app["client_id"]) == ("oidc", "Ours", "kt")

    def test_take_several_by_a_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
        rows = "".join(
            f'[[provider]]\nid = "{each}"\nname = "{each}"\nissuer = "https://{each}.example"\nclient_id = "kt"\n'
            for each in ("state", "ours")
        )
        (tmp_path / "oidc.toml").write_text(rows)
        monkeypatch.setenv("KEYTURN_OIDC_FILE", str(tmp_path / "oidc.toml"))
        assert [app["provider_id"] for app in oidc.providers()["openid_connect"]["APPS"]] == ["state", "ours"]

    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            ("[[provider]]\nid = 'a'\n", "needs client_id, issuer, name"),
            ("[[provider]]\nid='a'\nname='a'\nissuer='http://a.example'\nclient_id='a'\n", "must begin with https"),
            ("[[provider]]\nid='A b'\nname='a'\nissuer='https://a.example'\nclient_id='a'\n", "lower-case letters"),
            ("[[provider]]\nid='a'\nname='a'\nissuer='https://a.example'\nclient_id='a'\nsecert='a'\n", "secert"),
            ("[[provider\n", "cannot be read"),
        ],
    )
    def test_say_what_is_wrong_with_them(
        self, rows: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
    ) -> None:
        (tmp_path / "oidc.toml").write_text(rows)
        monkeypatch.setenv("KEYTURN_OIDC_FILE", str(tmp_path / "oidc.toml"))
        with pytest.raises(ImproperlyConfigured, match=said):
            oidc.providers()
