"""Does the status page tell the one whose request it is where it stands, and nobody else anything?"""

import re
from collections.abc import Callable

import pytest

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
