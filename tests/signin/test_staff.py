"""When do staff need a second factor, and who takes a lost one away?"""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from click.testing import CliRunner

from keyturn.commands import staff
from tests.signin.visitor import Visitor, totp

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict(settings: Any) -> None:
    settings.KEYTURN_POLICY = dataclasses.replace(settings.KEYTURN_POLICY, staff_second_factor=True)


class TestWhereTheUtilityAsksForOne:
    def test_staff_without_one_are_led_to_add_it(self, strict: None, visitor: Visitor, rosa: Any) -> None:
        visitor.signs_in("rosa").opens("/console").is_at("/signin/security")
        visitor.sees("Your work needs a second step")
        visitor.opens("/console/requests/KT-2222-2222").is_at("/signin/security")

    def test_the_console_opens_when_it_is_added(self, strict: None, visitor: Visitor, rosa: Any) -> None:
        visitor.signs_in("rosa").adds_an_app()
        visitor.opens("/console").is_at("/console")

    def test_it_is_asked_for_at_the_next_sign_in(
        self, strict: None, visitor: Visitor, another: Callable[..., Visitor], rosa: Any
    ) -> None:
        secret = visitor.signs_in("rosa").adds_an_app()
        desk = another()
        assert desk.signs_in("rosa").page["Location"] == "/signin/second"
        assert not desk.opens("/console").signed_in
        desk.signs_in("rosa").sends("/signin/second", code=totp(secret, at=time.time() + 30))
        assert desk.opens("/console").page.status_code == 200

    def test_the_last_one_cannot_be_removed(self, strict: None, visitor: Visitor, rosa: Any) -> None:
        visitor.signs_in("rosa").adds_an_app()
        visitor.sends("/signin/app/remove")
        visitor.sees("Your work needs a second step. Add another one before you remove this one.")
        assert Authenticator.objects.filter(type="totp").exists()

    def test_customers_are_free_to_have_none(self, strict: None, visitor: Visitor) -> None:
        assert visitor.signs_up().signed_in


def test_where_it_does_not_a_name_and_a_password_open_the_console(visitor: Visitor, rosa: Any) -> None:
    visitor.signs_in("rosa").opens("/console").is_at("/console")


def test_the_default_policy_asks_for_one_and_the_demo_does_not(settings: Any) -> None:
    from keyturn.terms import policy

    assert policy.Policy().staff_second_factor
    assert policy.load(settings.BASE_DIR / "profiles" / "default" / "policy.toml").staff_second_factor
    assert not policy.load(settings.BASE_DIR / "profiles" / "lumen-valley" / "policy.toml").staff_second_factor


class TestTheEngineersCommand:
    def test_says_which_factors_somebody_has(self, visitor: Visitor, rosa: Any) -> None:
        assert "rosa has no second factor." in CliRunner().invoke(staff.command, ["second-factor", "rosa"]).output
        visitor.signs_in("rosa").adds_an_app()
        assert "TOTP" in CliRunner().invoke(staff.command, ["second-factor", "rosa"]).output

    def test_removes_them_all(self, visitor: Visitor, rosa: Any) -> None:
        visitor.signs_in("rosa").adds_an_app()
        CliRunner().invoke(staff.command, ["second-factor", "rosa", "--remove"])
        assert not Authenticator.objects.exists()

    def test_knows_nobody_else(self, db: None) -> None:
        done = CliRunner().invoke(staff.command, ["second-factor", "nobody"])
        assert done.exit_code == 1
        assert "There is no user nobody." in done.output


class TestAUserNameAsACodeAddress:
    def test_staff_who_never_proved_their_address_get_no_code(self, visitor: Visitor, rosa: Any) -> None:
        visitor.asks_for_a_code(rosa.email)
        assert visitor.subjects(rosa.email) == ["There is no login with this e-mail address"]

    def test_they_prove_it_on_their_own_page_and_then_do(
        self, visitor: Visitor, another: Callable[..., Visitor], rosa: Any
    ) -> None:
        visitor.signs_in("rosa").opens("/signin/email").sees("Prove this address with a code")
        visitor.sends("/signin/email", email=rosa.email, action_send="1").is_at("/signin/up/code")
        visitor.sends("/signin/up/code", code=visitor.code(rosa.email)).is_at("/signin/security")
        library = another()
        library.asks_for_a_code(rosa.email).types_the_code(library.code(rosa.email))
        assert library.user == rosa
