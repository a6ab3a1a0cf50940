"""Can somebody guess their way in, and can they lock the owner out by trying? (T-33)"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.db import connection, connections
from django.test import Client

from keyturn.signin.adapter import CODE_LENGTH, CODE_LETTERS
from tests.signin.visitor import ANA, PASSWORD, Visitor

WRONG = "a wrong guess at it"


@pytest.fixture
def cheap_hashes(settings: Any) -> None:
    """What is counted here is guesses, not what each costs."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def guess(address: str, login: str = ANA, password: str = WRONG, client: Client | None = None) -> Any:
    return (client or Client()).post("/signin", {"login": login, "password": password}, REMOTE_ADDR=address)


class TestManyAddressesThatGuessAtOneName:
    @pytest.fixture(autouse=True)
    def ana(self, cheap_hashes: None, visitor: Visitor) -> None:
        visitor.signs_up().sets_a_password().signs_out()

    def test_are_slowed_down_together(self) -> None:
        answers = [guess(f"198.51.100.{n}").status_code for n in range(12)]
        assert answers == [422] * 10 + [429] * 2

    def test_wait_longer_the_more_they_guess(self, clock: Any) -> None:
        tried = 0
        for n in range(24 * 5):
            clock.passes(12 * 60)
            tried += guess(f"198.51.100.{n}").status_code == 422
        assert tried == 50  # in a day

    def test_do_not_lock_out_the_owner_at_their_own_browser(self, visitor: Visitor) -> None:
        for n in range(30):
            guess(f"198.51.100.{n}")
        assert visitor.signs_in().page.status_code == 302

    def test_nor_the_owner_elsewhere_who_takes_a_code_by_e_mail(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        for n in range(30):
            guess(f"198.51.100.{n}")
        library = another()
        assert library.signs_in().page.status_code == 429
        library.sees("A code by e-mail or a passkey works at once.")
        library.asks_for_a_code().types_the_code(library.code())
        assert library.signed_in

    def test_see_the_same_for_a_name_that_nobody_has(self) -> None:
        known = [guess(f"198.51.100.{n}") for n in range(12)]
        unknown = [guess(f"198.51.100.{n}", login="nobody@example.com") for n in range(12)]
        assert [each.status_code for each in known] == [each.status_code for each in unknown]

    def test_get_no_tries_of_their_own_by_a_browser_that_knows_another_login(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        thief = another().signs_up("thief@example.com").signs_out()
        for n in range(10):
            guess(f"198.51.100.{n}")
        assert guess("198.51.100.50", client=thief.client).status_code == 429
        assert visitor.signs_in().page.status_code == 302

    def test_are_not_let_in_by_the_right_password_while_they_wait(self) -> None:
        for n in range(11):
            guess(f"198.51.100.{n}")
        assert guess("198.51.100.99", password=PASSWORD).status_code == 429


def test_one_address_that_tries_many_names_is_slowed_down(cheap_hashes: None, db: None) -> None:
    answers = [guess("198.51.100.7", login=f"name{n}@example.com").status_code for n in range(35)]
    assert answers == [422] * 30 + [429] * 5


class TestACode:
    def test_has_more_than_twenty_bits(self) -> None:
        assert len(CODE_LETTERS) ** CODE_LENGTH > 2**20
        assert len(set(CODE_LETTERS)) == len(CODE_LETTERS)

    @pytest.mark.parametrize(
        ("ask", "type_at"), [("/signin/code", "/signin/code/type"), ("/signin/reset", "/signin/reset/code")]
    )
    def test_is_worthless_after_five_guesses(self, visitor: Visitor, ask: str, type_at: str) -> None:
        visitor.signs_up().sets_a_password().signs_out().sends(ask, email=ANA)
        right = visitor.code()
        for _ in range(5):
            visitor.client.post(type_at, {"code": "222222"})
        visitor.sends(type_at, code=right)
        assert not visitor.signed_in
        assert visitor.page.request["PATH_INFO"] not in ("/signin/reset/password", "/account")

    def test_to_sign_up_is_worthless_after_five_guesses(self, visitor: Visitor) -> None:
        visitor.sends("/signin/up", email=ANA)
        for _ in range(5):
            visitor.client.post("/signin/up/code", {"code": "222222"})
        visitor.sends("/signin/up/code", code=visitor.code())
        assert not visitor.signed_in

    def test_is_sent_to_one_address_five_times_in_five_minutes(
        self, visitor: Visitor, another: Callable[..., Visitor], clock: Any
    ) -> None:
        visitor.signs_up().mails.clear()
        for _ in range(8):
            another().sends("/signin/code", email=ANA)
        assert len(visitor.mails_to(ANA)) == 5
        clock.passes(301)
        another().sends("/signin/code", email=ANA)
        assert len(visitor.mails_to(ANA)) == 6

    def test_is_not_on_any_page(self, visitor: Visitor) -> None:
        visitor.sends("/signin/up", email=ANA)
        assert visitor.code() not in visitor.html
        assert visitor.code() not in str(visitor.client.cookies)


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_count_each(mailoutbox: list[Any], django_user_model: Any) -> None:
    """Fifty requests of one session, eight at a time: five are looked at, and then the right code is worthless."""
    caches["default"].clear()
    visitor = Visitor(mailoutbox)
    visitor.sends("/signin/up", email=ANA)
    right, cookies = visitor.code(), {name: each.value for name, each in visitor.client.cookies.items()}

    def try_one(code: str) -> str:
        client = Client()
        for name, value in cookies.items():
            client.cookies[name] = value
        try:
            answer = client.post("/signin/up/code", {"code": code})
            return str(answer.get("Location", answer.status_code))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as side_by_side:
        answers = list(side_by_side.map(try_one, ["222222"] * 50))
    assert answers.count("200") == 4  # the fifth one leads away
    assert try_one(right) != "/signin/welcome"
    assert not get_user_model().objects.get(email=ANA).last_login


@pytest.mark.django_db(transaction=True)
def test_processes_count_together(db: None) -> None:
    """What one process counted is in the database, where another one reads it."""
    caches["default"].clear()
    guess("198.51.100.7")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM signin_limit WHERE cache_key LIKE '%%login_failed%%'")
        assert cursor.fetchone()[0] >= 3
        cursor.execute("SELECT string_agg(cache_key, ' ') FROM signin_limit")
        assert "ana.zelenko" not in cursor.fetchone()[0]
