"""Does the status page tell the one whose request it is where it stands, and nobody else anything?"""

import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from keyturn.portal import following
from tests import factories
from tests.flow.opinion import thinks
from tests.flow.town import ANA, BEN, IN_REVIEW, Case
from tests.portal.visitor import Visitor


def a_request(visitor: Visitor, **changes: object) -> Case:
    """Sent from elsewhere, and as far as the machine gets with it."""
    return visitor.town.moves_in(ANA, **changes)  # type: ignore[arg-type]


def in_review(visitor: Visitor) -> Case:
    premise = factories.a_premise()
    visitor.town.serves(BEN, premise)
    return a_request(visitor, at=premise)


def sees_it(visitor: Visitor, reference: str) -> Visitor:
    visitor.opens(f"/requests/{reference}").sees("First, let us make sure that it is you").sends()
    return visitor.sends(code=visitor.code()).is_at(f"/requests/{reference}")


class TestTheWayIn:
    def test_is_the_reference_and_a_code(self, visitor: Visitor) -> None:
        reference = a_request(visitor).request.reference
        visitor.opens("/requests").sends(reference=reference.lower().replace("-", " ")).is_at(f"/requests/{reference}")
        visitor.does_not_see("Zelenko", "ana@example.com", "Alder Street")
        sees_it(visitor, reference).sees("Your service is arranged", "Ana Zelenko")

    @pytest.mark.parametrize(("days", "ahead"), [(-3, False), (3, True)])
    def test_asks_for_word_before_the_start_date_while_it_is_to_come(
        self, visitor: Visitor, days: int, ahead: bool
    ) -> None:
        request = a_request(visitor).request
        request.answers = {**request.answers, "start_date": str(timezone.now().date() + timedelta(days=days))}
        request.save()
        assert ("before the start date" in sees_it(visitor, request.reference).text) is ahead

    def test_looks_the_same_for_a_reference_that_does_not_exist(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        reference, nobody = a_request(visitor).request.reference, "KT-2222-2222"
        pages = {}
        for each in (reference, nobody):
            stranger = another()
            seen = [stranger.opens(f"/requests/{each}").text, stranger.sends().text]
            seen += [stranger.sends(code="333333").text for _ in range(7)]
            pages[each] = [text.replace(each, "REF") for text in seen] + [str(stranger.status)]
        assert pages[reference] == pages[nobody]

    def test_is_closed_to_drafts(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        visitor.fills_in_everything(factories.a_premise())
        mails = len(visitor.town.mails())
        another().opens(f"/requests/{visitor.request.reference}").sends()
        visitor.town.works()
        assert len(visitor.town.mails()) == mails

    def test_says_how_a_reference_looks(self, visitor: Visitor) -> None:
        visitor.opens("/requests").sends(reference="hello").sees("Enter the reference from our e-mail")

    def test_closes_again(self, visitor: Visitor) -> None:
        reference = a_request(visitor).request.reference
        sees_it(visitor, reference).sends(f"/requests/{reference}/leave").is_at("/")
        visitor.opens(f"/requests/{reference}").does_not_see("Zelenko")

    def test_opens_one_request_only(self, visitor: Visitor) -> None:
        mine, other = a_request(visitor), visitor.town.moves_in(BEN)
        sees_it(visitor, mine.request.reference)
        visitor.opens(f"/requests/{other.request.reference}").does_not_see("Okafor")


class TestWhatCanBeDoneThere:
    def test_a_question_of_staff_is_answered(self, visitor: Visitor) -> None:
        case = in_review(visitor).staff("ask", "Are you moving in with the present tenant?")
        sees_it(visitor, case.request.reference).sees(
            "Your answer is needed", "Are you moving in with the present tenant?"
        )
        reply = f"/requests/{case.request.reference}/reply"
        visitor.sends(reply, reply=" ").sees("Write your answer, then send it.")
        visitor.sends("/language", language="es", next=reply).is_at(f"/requests/{case.request.reference}")
        visitor.sends("/language", language="en", next=reply).is_at(f"/requests/{case.request.reference}")
        visitor.sends(reply, reply="No, he leaves on Friday.").sees("A person is checking your request")
        assert [note.text for note in case.request.notes.filter(kind="reply")] == ["No, he leaves on Friday."]

    def test_a_refusal_says_why_in_the_words_of_staff(self, visitor: Visitor) -> None:
        case = in_review(visitor).staff("refuse", "The owner has told us that the house is not for rent.")
        sees_it(visitor, case.request.reference).sees(
            "We cannot meet this request", "The owner has told us that the house is not for rent."
        )

    def test_a_request_in_review_says_by_when_and_not_why(self, visitor: Visitor) -> None:
        case = in_review(visitor)
        sees_it(visitor, case.request.reference).sees("A person is checking it", "We plan to finish by")
        visitor.does_not_see("D-03", "tenant", "Okafor")

    def test_it_is_withdrawn_after_one_more_question(self, visitor: Visitor) -> None:
        case = in_review(visitor)
        sees_it(visitor, case.request.reference).opens(f"/requests/{case.request.reference}/withdraw").sees(
            "Withdraw this request?"
        )
        visitor.sends().sees("This request has ended", "Withdrawn")
        assert case.request.outcome == "withdrawn"

    def test_a_request_that_is_done_is_not_withdrawn_here(self, visitor: Visitor) -> None:
        case = a_request(visitor)
        sees_it(visitor, case.request.reference).does_not_see("Withdraw this request")
        visitor.opens(f"/requests/{case.request.reference}/withdraw").is_at(f"/requests/{case.request.reference}")

    def test_strangers_can_neither_answer_nor_withdraw(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        case = in_review(visitor)
        stranger = another().opens(f"/requests/{case.request.reference}")
        for act in ("withdraw", "reply"):
            stranger.sends(f"/requests/{case.request.reference}/{act}", reply="x").sees(
                "First, let us make sure that it is you"
            )
        assert case.request.outcome == ""


class TestAnAnswerThatTookLongToType:
    """The page closes after half an hour; what is sent from it then is not lost (ER-34)."""

    @pytest.fixture
    def minutes_pass(self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
        def pass_by(minutes: int) -> None:
            now = visitor.town.now = visitor.town.now + timedelta(minutes=minutes)
            monkeypatch.setattr(following, "timezone", SimpleNamespace(now=lambda: now))

        return pass_by

    def asked(self, visitor: Visitor) -> str:
        """A request with a question of staff, open in this browser."""
        visitor.town.now = timezone.now()
        reference = in_review(visitor).staff("ask", "Who moves in with you?").request.reference
        sees_it(visitor, reference)
        return reference

    def test_waits_until_the_code_is_entered(self, visitor: Visitor, minutes_pass: Callable[[int], None]) -> None:
        reference = self.asked(visitor)
        minutes_pass(31)
        visitor.sends(f"/requests/{reference}/reply", reply="My aunt, from June.").is_at(f"/requests/{reference}")
        visitor.sees("Your answer is not sent yet", "We keep what you typed").does_not_see("My aunt", "Zelenko")
        assert "aunt" not in str([each.get_decoded() for each in Session.objects.all()])
        visitor.sends().sends(code=visitor.code()).is_at(f"/requests/{reference}")
        visitor.sees("Your answer is not sent yet", "My aunt, from June.", "Choose any file again")
        visitor.sends(f"/requests/{reference}/reply", reply="My aunt, from June.")
        visitor.sees("A person is checking your request").opens(f"/requests/{reference}")
        visitor.does_not_see("Your answer is not sent yet")

    def test_of_somebody_who_never_saw_the_request_is_not_kept(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        reference = self.asked(visitor)
        stranger = another().opens(f"/requests/{reference}").sends(f"/requests/{reference}/reply", reply="Nobody.")
        stranger.sees("First, let us make sure that it is you").does_not_see("Your answer is not sent yet")

    def test_is_taken_where_the_page_was_looked_at_meanwhile(
        self, visitor: Visitor, minutes_pass: Callable[[int], None]
    ) -> None:
        reference = self.asked(visitor)
        for _time in range(2):  # "Stay on this page" opens it, too
            minutes_pass(29)
            visitor.opens(f"/requests/{reference}")
        visitor.sends(f"/requests/{reference}/reply", reply="My aunt.").sees("A person is checking your request")

    def test_is_warned_of_before(self, visitor: Visitor) -> None:
        reference = self.asked(visitor)
        assert f'data-idle-seconds="1800" data-stay="/requests/{reference}"' in visitor.html


class TestWhileTheCisIsAsked:
    """Whether it would serve somebody is nobody's business but staff's: the customer reads the same for every cause."""

    def test_a_cis_that_is_away_is_nothing_to_worry_about_and_the_request_can_be_withdrawn(
        self, visitor: Visitor
    ) -> None:
        visitor.town.policy_says(cis_eligibility=True)
        visitor.town.cis_is("down", calls=["check"])
        reference = a_request(visitor).request.reference
        sees_it(visitor, reference).sees("We have your request", "Withdraw")
        visitor.does_not_see("CIS", "cis_unreachable", "Y-08")

    @pytest.mark.parametrize("language", ["en", "es"])
    def test_every_cause_looks_alike(self, another: Callable[..., Visitor], language: str) -> None:
        pages = set()
        for code in ("debt", "premise_occupied", "disconnected", "premise_not_served"):
            visitor = another(language=language)
            visitor.town.policy_says(cis_eligibility=True)
            thinks(visitor.town, (code,))
            case = a_request(visitor)
            assert case.status == IN_REVIEW
            visitor.opens(f"/requests/{case.request.reference}").sends()
            visitor.sends(code=visitor.code()).is_at(f"/requests/{case.request.reference}")
            visitor.does_not_see(code, "Y-07", "CIS")
            pages.add(re.sub(r"KT-\w{4}-\w{4}|\d+ [A-Z]\w+ (Street|Avenue|Court)", "", visitor.text))
        assert len(pages) == 1
