"""May staff ask the customer about what they must decide for the CIS, and then decide it; and whom does that hold up?"""

import pytest

from keyturn.flow import deliveries
from keyturn.records.queries import deliveries as queries
from keyturn.terms.errors import NotAllowed
from tests.flow.test_cis import ONE
from tests.flow.test_deliveries import SARA, WHY, dumb, settles
from tests.flow.test_known_there import in_cis_alone
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, REFUSED, Case, Town

__all__ = ["dumb"]  # fixture


@pytest.fixture
def known_there(town: Town) -> str:
    """The reference of somebody whom the CIS has under the identifier that Ana gives."""
    return in_cis_alone(town)


@pytest.fixture
def asked(town: Town, known_there: str) -> Case:
    case = town.moves_in(ANA)
    assert case.rules == {"S-12"}
    return case.staff("ask", "Have you been our customer before?")


@pytest.mark.rule("S-12")
class TestSomebodyWhomTheCisKnows:
    def test_who_says_yes_is_that_person(self, town: Town, asked: Case, known_there: str) -> None:
        asked.replies("Yes, until 2020.")
        assert [each.request_id for each in queries.to_look_at()] == [asked.id]
        deliveries.same_person(request_id=asked.id, person_ref=known_there, reason=WHY, by=SARA, now=town.now)
        town.works()
        assert (asked.status, asked.person.ref) == (COMPLETED, known_there)
        assert town.cis_holds()["persons"] == 1

    def test_who_says_no_is_entered(self, town: Town, asked: Case, known_there: str) -> None:
        asked.replies("No, that was my sister.").staff("approve")
        assert asked.status == COMPLETED
        assert asked.person.ref != known_there

    def test_it_may_be_discarded_after_all(self, town: Town, asked: Case) -> None:
        asked.replies("Oh, please forget it.")
        deliveries.discard(request_id=asked.id, reason="You told us so.", by=SARA, now=town.now, policy=town.policy)
        assert asked.status == REFUSED

    def test_while_they_are_asked_nobody_else_decides(self, town: Town, asked: Case, known_there: str) -> None:
        with pytest.raises(NotAllowed, match="not_at_the_cis"):
            deliveries.same_person(request_id=asked.id, person_ref=known_there, reason=WHY, by=SARA, now=town.now)

    def test_another_request_of_theirs_does_not_wait_for_the_answer(self, town: Town, asked: Case) -> None:
        second = town.moves_in(ANA)
        town.waits(hours=1)
        assert (second.status, second.rules) == (IN_REVIEW, {"S-12"})
        assert {each.state: each.number for each in queries.kept()}["intended"] == 0


@pytest.mark.rule("S-10")
def test_what_the_cis_cannot_tell_is_settled_after_a_question(dumb: Town) -> None:
    dumb.cis_is(script=[{"fault": "answer_lost"}])
    case = dumb.moves_in(ANA)
    dumb.waits(minutes=2)
    assert case.rules == {"S-10"}
    case.staff("ask", "Which house number is it?").replies("It is 12.")
    dumb.works()
    settles(case)
    dumb.works()
    assert case.status == COMPLETED
    assert dumb.cis_holds() == ONE
