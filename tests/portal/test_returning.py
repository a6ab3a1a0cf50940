"""Can somebody stop and go on, here or on another device, and is nothing shown before they are known again?"""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from keyturn import flow
from keyturn.portal import desk, returning, seat
from keyturn.signin import guesses
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.at_home import Customer
from tests.flow.town import Town
from tests.portal.signed_in import SignedIn
from tests.portal.visitor import Visitor

SENT = "a link is on its way"


def a_draft(visitor: Visitor) -> Visitor:
    visitor.begins().finds_the_place(factories.a_premise()).chooses_services().says_who().proves_the_email()
    return visitor.is_at("/start/phone")


class TestOnAnotherDevice:
    def test_a_link_and_a_code_lead_back_to_where_one_was(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        a_draft(visitor).sends(phone="503 555 0142")
        phone = another().opens("/resume")
        phone.sends(email="ana@example.com").sees(SENT)
        phone.opens(phone.link()).sees("Welcome back").does_not_see("Zelenko", "Alder Street")
        phone.sends().sees("Enter the code from our e-mail")
        phone.sends(code=phone.code()).is_at("/start/mailing")
        phone.opens("/start/phone")
        assert "503 555 0142" in phone.html

    def test_the_first_device_can_do_no_more(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        a_draft(visitor)
        phone = another().opens("/resume").sends(email="ana@example.com")
        phone.opens(phone.link()).sends()
        phone.sends(code=phone.code())
        visitor.opens("/start/name").is_at("/start").does_not_see("Zelenko")

    def test_a_wrong_code_shows_nothing(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        a_draft(visitor)
        phone = another().opens("/resume").sends(email="ana@example.com")
        phone.opens(phone.link()).sends()
        phone.sends(code="222222").sees("This code is not right").does_not_see("Zelenko")
        phone.opens("/start/name").is_at("/start")

    def test_opening_the_link_sends_no_mail(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        """Mail scanners open every link; only a press of the button sends a code."""
        a_draft(visitor)
        phone = another().opens("/resume").sends(email="ana@example.com")
        link, before = phone.link(), len(visitor.town.mails())
        phone.opens(link)
        visitor.town.works()
        assert len(visitor.town.mails()) == before

    def test_an_old_link_says_what_to_do(self, visitor: Visitor) -> None:
        visitor.opens("/resume/nonsense").sees("This link does not work any more", "Get a new link")
        assert visitor.status == 410

    def test_the_answer_does_not_tell_whether_there_is_a_draft(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        a_draft(visitor)
        known, unknown = (another().opens("/resume").sends(email=f"{who}@example.com") for who in ("ana", "eva"))
        assert known.text.replace("ana@", "eva@") == unknown.text
        assert known.status == unknown.status == 200

    def test_nor_does_the_time_that_it_takes(
        self, visitor: Visitor, another: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        """Whatever was done until then, the answer comes at a stroke of a slow clock."""
        a_draft(visitor)
        settings.SIGNIN_EVEN_SECONDS = 5.0
        clock, slept, send = [100.0], list[float](), flow.send_resume_link
        monkeypatch.setattr(guesses, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=slept.append))

        def takes_time(*, email: str, **more: Any) -> None:
            clock[0] += 1.25 if email.startswith("ana") else 0.25
            send(email=email, **more)

        monkeypatch.setattr(flow, "send_resume_link", takes_time)
        for who in ("ana", "eva"):
            another().opens("/resume").sends(email=f"{who}@example.com").sees(SENT)
        assert slept == [3.75, 4.75]

    def test_finishing_later_makes_this_device_forget(self, visitor: Visitor) -> None:
        a_draft(visitor).opens("/start/later").sees("ana@example.com").sends().sees("this device has forgotten")
        visitor.opens("/start/name").is_at("/start")
        visitor.opens(visitor.link()).sees("Welcome back")


class TestAfterAWhile:
    @pytest.fixture
    def hours_pass(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
        def pass_by(hours: float) -> None:
            from django.utils import timezone

            class Later:
                now = staticmethod(lambda: timezone.now() + timedelta(hours=hours))

            monkeypatch.setattr(desk, "timezone", Later)
            monkeypatch.setattr(returning, "timezone", Later)

        return pass_by

    def test_the_page_locks_and_a_code_opens_it(self, visitor: Visitor, hours_pass: Callable[[float], None]) -> None:
        a_draft(visitor)
        hours_pass(2)
        visitor.opens("/start/name").is_at("/start/locked").sees("You were away for a while").does_not_see("Zelenko")
        visitor.sends().sends(code=self.code_of(visitor)).is_at("/start/phone")
        visitor.opens("/start/name").is_at("/start/name")

    def code_of(self, visitor: Visitor) -> str:
        visitor.town.now += timedelta(hours=2, minutes=1)
        return visitor.code()

    def test_what_was_typed_meanwhile_is_saved_all_the_same(
        self, visitor: Visitor, hours_pass: Callable[[float], None]
    ) -> None:
        a_draft(visitor)
        hours_pass(2)
        visitor.sends(phone="503 555 0142").is_at("/start/locked")
        assert visitor.request.answers["phone"] == "503 555 0142"

    def test_staying_on_the_page_keeps_it_open(self, visitor: Visitor) -> None:
        a_draft(visitor)
        assert visitor.client.get("/start/stay").status_code == 204

    def test_the_page_itself_warns_before(self, visitor: Visitor) -> None:
        a_draft(visitor)
        assert f'data-idle-seconds="{int(seat.IDLE.total_seconds())}"' in visitor.html

    def test_an_expired_draft_is_gone_and_says_so(self, visitor: Visitor) -> None:
        a_draft(visitor)
        draft = visitor.request
        draft.due_at = visitor.town.now - timedelta(days=1)
        draft.save()
        visitor.opens("/start/name").is_at("/start/expired").sees("This request has expired", "Start again")


def two_hours_later(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    class Later:
        now = staticmethod(lambda: timezone.now() + timedelta(hours=2))

    monkeypatch.setattr(desk, "timezone", Later)
    monkeypatch.setattr(returning, "timezone", Later)
    return visitor


class TestALockedDesk:
    @pytest.fixture
    def locked(self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> Visitor:
        """Somebody has left a draft open at a computer that others use."""
        return two_hours_later(a_draft(visitor), monkeypatch).opens("/start/name").is_at("/start/locked")

    @pytest.mark.parametrize("typed", ["", "eve@example.com"])
    def test_nobody_has_the_code_sent_elsewhere(self, locked: Visitor, typed: str) -> None:
        locked.sends("/start/email", email=typed)
        locked.opens("/start/identifier").does_not_see("D1234567")
        assert locked.request.answers["email"] == "ana@example.com"

    def test_nobody_sends_it_in(self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
        visitor.fills_in_everything(factories.a_premise())
        two_hours_later(visitor, monkeypatch).sends("/start/check").is_at("/start/locked")
        assert visitor.request.submitted_at is None

    def test_what_is_typed_on_another_page_is_kept(self, locked: Visitor) -> None:
        locked.sends("/start/phone", phone="503 555 0177").is_at("/start/locked").does_not_see("0177")
        assert locked.request.answers["phone"] == "503 555 0177"


class TestWhatIsSomebodyElses:
    """A link by e-mail opens drafts of browsers; what a login or a partner's key began belongs to them (I-04)."""

    def links_to(self, town: Town, address: str) -> list[str]:
        town.works()
        return [each.get_content() for each in town.mails(address) if "/resume/" in each.get_content()]

    def test_a_change_that_somebody_began_signed_in(
        self, town: Town, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        browser = SignedIn(town, Customer(town).user).opens("/account/you")
        browser.changes("change_contact", contact_id="new", channel="email", act="set").sends(email="typo@example.com")
        another().opens("/resume").sends(email="typo@example.com")
        assert self.links_to(town, "typo@example.com") == []

    def test_a_partners_draft(self, town: Town, visitor: Visitor) -> None:
        request = flow.begin(
            journey="start_service", actor=Actor(Role.PARTNER, "key1"), channel="api", language="en", now=timezone.now(),
            policy=town.policy,
        )  # fmt: skip
        flow.answer(
            request_id=request.pk, answers={"email": "ana@example.com"}, actor=Actor(Role.PARTNER, "key1"),
            now=timezone.now(), policy=town.policy,
        )  # fmt: skip
        visitor.opens("/resume").sends(email="ana@example.com")
        assert self.links_to(town, "ana@example.com") == []
