"""Can a stranger keep somebody from the code in their mailbox, by asking for codes or by beginning a sign-up in their name?

A code by e-mail is the way in that never waits for a guesser (docs/decisions/0014), and for most customers the only one.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections, transaction
from django.utils import timezone

from keyturn.signin.logins import forget_abandoned
from tests.signin.visitor import ANA, Visitor

pytestmark = pytest.mark.django_db
STRANGER = "198.51.100.7"
ASKING = ("/signin/code", "/signin/reset", "/signin/up")


def asks_all_day(stranger: Visitor, path: str, clock: Any, times: int = 18) -> list[int]:
    """So often within five hours, from one place, in a fresh browser each time: the answers' statuses."""
    statuses = []
    for _ in range(times):
        clock.passes(16 * 60)
        stranger.client.cookies.clear()
        statuses.append(stranger.client.post(path, {"email": ANA}, REMOTE_ADDR=STRANGER).status_code)
    return statuses


class TestAStrangerWhoAsksForCodesAllDay:
    @pytest.mark.parametrize("path", ASKING)
    def test_fills_a_mailbox_with_fifteen_and_no_more(self, visitor: Visitor, clock: Any, path: str) -> None:
        statuses = asks_all_day(visitor, path, clock)
        assert statuses[:15] == [302] * 15
        assert set(statuses[15:]) <= {422, 429}
        assert len(visitor.mails_to(ANA)) == 15

    @pytest.mark.parametrize("path", ASKING)
    def test_gets_the_same_answers_whether_or_not_there_is_a_login(
        self, visitor: Visitor, another: Callable[..., Visitor], clock: Any, path: str
    ) -> None:
        nobody = asks_all_day(another(), path, clock, 17)
        clock.passes(2 * 86400)
        visitor.signs_up()
        assert asks_all_day(another(), path, clock, 17) == nobody

    @pytest.mark.parametrize("path", ["/signin/code", "/signin/reset"])
    def test_does_not_keep_the_owner_from_one_somewhere_else(
        self, visitor: Visitor, another: Callable[..., Visitor], clock: Any, path: str
    ) -> None:
        visitor.signs_up().signs_out()
        asks_all_day(another(), path, clock)
        library = another()
        library.mails.clear()
        library.sends(path, email=ANA)
        assert library.page.status_code == 200
        assert library.code()

    def test_does_not_keep_somebody_from_making_a_login(
        self, visitor: Visitor, another: Callable[..., Visitor], clock: Any
    ) -> None:
        asks_all_day(another(), "/signin/up", clock)
        visitor.signs_up()
        assert visitor.signed_in

    def test_from_everywhere_does_not_keep_the_owner_from_one_in_their_own_browser(
        self, visitor: Visitor, another: Callable[..., Visitor], clock: Any
    ) -> None:
        visitor.signs_up().signs_out()
        for n in range(34):
            clock.passes(10 * 60)
            another().client.post("/signin/code", {"email": ANA}, REMOTE_ADDR=f"198.51.100.{n}")
        asked = [mail.subject for mail in visitor.mails_to(ANA)]
        assert asked.count("Your sign-in code") == 30  # a mailbox is not flooded, from wherever
        visitor.asks_for_a_code().types_the_code(visitor.code())
        assert visitor.signed_in


class TestASignUpThatAStrangerBeginsToo:
    def test_before_the_code_is_typed_leaves_the_owners_good(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        visitor.sends("/signin/up", email=ANA)
        code = visitor.code()
        another().sends("/signin/up", email=ANA)
        visitor.sends("/signin/up/code", code=code).is_at("/signin/welcome")
        assert visitor.signed_in and visitor.user.email == ANA
        assert get_user_model().objects.filter(email=ANA).count() == 1

    def test_lets_the_owner_have_another_code(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        visitor.sends("/signin/up", email=ANA)
        another().sends("/signin/up", email=ANA)
        visitor.mails.clear()
        visitor.sends("/signin/up/code", action="resend").is_at("/signin/up/code")
        visitor.sends("/signin/up/code", code=visitor.code()).is_at("/signin/welcome")

    def test_still_allows_five_guesses_only(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        visitor.sends("/signin/up", email=ANA)
        code = visitor.code()
        for _ in range(5):
            another().client.post("/signin/up", {"email": ANA}, REMOTE_ADDR=STRANGER)
            visitor.client.post("/signin/up/code", {"code": "222222"})
        visitor.sends("/signin/up/code", code=code)
        assert not visitor.signed_in

    def test_brings_the_stranger_nowhere_when_the_owner_has_come_in(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        stranger = another()
        stranger.sends("/signin/up", email=ANA)
        visitor.signs_up()
        for posted in ({"code": "222222"}, {"action": "resend"}, {"action": "change", "email": "s@example.com"}):
            stranger.sends("/signin/up/code", **posted)
        stranger.opens("/signin/up/code").opens("/account")
        assert not stranger.signed_in
        assert get_user_model().objects.filter(email=ANA).count() == 1
        assert not get_user_model().objects.filter(email="s@example.com").exists()


@pytest.mark.django_db(transaction=True)
def test_whoever_comes_in_at_this_moment_is_not_forgotten_as_somebody_who_gave_up(visitor: Visitor) -> None:
    visitor.sends("/signin/up", email=ANA)

    def forget() -> None:
        try:
            forget_abandoned(ANA)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as elsewhere:
        with transaction.atomic():
            get_user_model().objects.filter(email=ANA).update(last_login=timezone.now())
            done = elsewhere.submit(forget)
            while not done.done() and not somebody_waits():
                time.sleep(0.01)
        done.result()
    assert get_user_model().objects.filter(email=ANA).exists()


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
