"""How does a customer look after a login: a forgotten password, another address, a proof that it is still they?"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from tests.signin.visitor import ANA, PASSWORD, Visitor, plain

pytestmark = pytest.mark.django_db


class TestAForgottenPassword:
    @pytest.fixture(autouse=True)
    def ana(self, visitor: Visitor) -> None:
        visitor.signs_up().sets_a_password()

    def test_is_chosen_anew_with_a_code_and_ends_all_sign_ins(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        elsewhere = another()
        elsewhere.sends("/signin/reset", email=ANA).sends("/signin/reset/code", code=visitor.code())
        elsewhere.sends("/signin/reset/password", password1="another horse battery staple")
        assert visitor.subjects()[-1] == "You have a new password"
        visitor.opens("/signin/security").is_at("/signin")
        assert elsewhere.signs_in(password=PASSWORD).page.status_code == 422
        assert elsewhere.signs_in(password="another horse battery staple").page.status_code == 302

    def test_asks_no_question_that_a_neighbour_could_answer(self, visitor: Visitor) -> None:
        visitor.signs_out().opens("/signin/reset")
        assert (
            re.findall(r'<input[^>]* name="(\w+)"', visitor.html.replace("csrfmiddlewaretoken", "")).count("email") == 1
        )
        assert "question" not in visitor.html

    def test_of_staff_who_never_proved_their_address_is_an_engineers_matter(self, visitor: Visitor, rosa: Any) -> None:
        visitor.signs_out().sends("/signin/reset", email=rosa.email)
        assert visitor.subjects(rosa.email) == ["There is no login with this e-mail address"]


class TestChangingThings:
    @pytest.fixture(autouse=True)
    def ana(self, visitor: Visitor) -> None:
        visitor.signs_up().sets_a_password()

    def test_the_e_mail_changes_when_the_new_one_is_proved_and_both_are_told(self, visitor: Visitor) -> None:
        new = "ana@new.example"
        visitor.sends("/signin/email", email=new, action_add="1").is_at("/signin/up/code")
        visitor.user.refresh_from_db()
        assert visitor.user.email == ANA
        visitor.sends("/signin/up/code", code=visitor.code(new)).is_at("/signin/security")
        assert visitor.user.email == new
        assert [each.email for each in EmailAddress.objects.all()] == [new]
        assert visitor.subjects(ANA)[-1] == "Your e-mail address was changed"
        assert visitor.subjects(new)[-1] == "This is your e-mail address now"

    def test_the_e_mail_of_somebody_else_changes_nothing_and_tells_nothing(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        ben = another().signs_up("ben@example.com")
        free = ben.sends("/signin/email", email="free@example.com", action_add="1").html
        taken = ben.sends("/signin/email", email=ANA, action_add="1").html
        assert plain(free, "free@example.com") == plain(taken, ANA)
        assert ben.user.email == "ben@example.com"

    def test_a_new_password_ends_the_other_sign_ins_and_not_this_one(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        phone = another()
        phone.signs_in()
        before = visitor.client.session.session_key
        visitor.sends("/signin/password", oldpassword=PASSWORD, password1="another horse battery staple")
        visitor.is_at("/signin/security").sees("Your password is changed.")
        assert visitor.client.session.session_key != before
        assert visitor.subjects()[-1] == "Your password was changed"
        phone.opens("/signin/security").is_at("/signin")

    def test_a_new_password_needs_the_old_one(self, visitor: Visitor) -> None:
        visitor.sends("/signin/password", oldpassword="wrong", password1="another horse battery staple")
        assert visitor.page.status_code == 422
        visitor.sees("This is not your current password.")

    def test_another_device_is_signed_out_from_here(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        phone, tablet = another(), another()
        phone.signs_in()
        tablet.signs_in()
        buttons = re.findall(r'name="session" value="(\d+)"', visitor.opens("/signin/sessions").html)
        assert len(buttons) == 2
        visitor.sends("/signin/sessions", session=buttons[0])
        assert [each.opens("/signin/security").signed_in for each in (phone, tablet)].count(True) == 1
        visitor.sends("/signin/sessions")
        assert not tablet.opens("/signin/security").signed_in
        assert visitor.opens("/signin/security").signed_in

    def test_nobody_signs_out_a_stranger(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        from allauth.usersessions.models import UserSession

        mine = UserSession.objects.get(session_key=visitor.client.session.session_key).pk
        another().signs_up("ben@example.com").sends("/signin/sessions", session=str(mine))
        assert visitor.opens("/signin/security").signed_in


class TestProvingItAgain:
    SENSITIVE = ("/signin/email", "/signin/password/set", "/signin/app", "/signin/passkeys/add", "/signin/services")

    def test_is_asked_after_ten_minutes(self, visitor: Visitor, clock: Any) -> None:
        visitor.signs_up()
        for path in self.SENSITIVE:
            assert visitor.opens(path).page.request["PATH_INFO"] == path
        clock.passes(10 * 60 + 1)
        for path in self.SENSITIVE:
            visitor.opens(path).is_at("/signin/again/code")

    def test_by_a_code_for_those_who_have_nothing_else(self, visitor: Visitor, clock: Any) -> None:
        visitor.signs_up()
        clock.passes(601)
        visitor.opens("/signin/app").sends("/signin/again/code?next=/signin/app", action="send")
        for _ in range(4):
            visitor.sends("/signin/again/code?next=/signin/app", code="222222").sees("This code is not right.")
        visitor.sends("/signin/again/code?next=/signin/app", code=visitor.code()).is_at("/signin/app")

    def test_by_a_code_that_five_guesses_make_worthless(self, visitor: Visitor, clock: Any) -> None:
        visitor.signs_up()
        clock.passes(601)
        visitor.sends("/signin/again/code", action="send")
        for _ in range(5):
            visitor.sends("/signin/again/code", code="222222")
        visitor.sends("/signin/again/code?next=/signin/app", code=visitor.code())
        assert visitor.page.request["PATH_INFO"] != "/signin/app"

    def test_by_the_password_for_those_who_have_one(self, visitor: Visitor, clock: Any) -> None:
        visitor.signs_up().sets_a_password()
        clock.passes(601)
        visitor.opens("/signin/app").is_at("/signin/again")
        visitor.sends("/signin/again?next=/signin/app", password="wrong").sees("This is not your password.")
        visitor.sends("/signin/again?next=/signin/app", password=PASSWORD).is_at("/signin/app")
