"""Can a stranger keep somebody from the code in their mailbox, by asking for codes or by beginning a sign-up in their name?

A code by e-mail is the way in that never waits for a guesser (docs/decisions/0014), and for most customers the only one.
"""

from collections.abc import Callable
from typing import Any

import pytest

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
