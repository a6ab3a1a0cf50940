"""What do staff see of what the CIS was asked, and of what was undone of a request that came to nothing?"""

import pytest

from keyturn.flow import deliveries
from keyturn.records.models import Request, User
from tests import factories
from tests.console.desk import Desk
from tests.flow.at_home import Customer
from tests.flow.case import Case
from tests.flow.opinion import somebody_lives_in, thinks
from tests.flow.test_care import certify, claims
from tests.flow.test_delegation import proved
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, Town
from tests.flow.undone import SARA, WHY, arrives_late, goes_wrong, invites, refuses


@pytest.fixture
def asking(town: Town) -> Town:
    town.policy_says(cis_eligibility=True)
    return town


class TestWhatTheCisWasAsked:
    def test_a_reviewer_reads_why_it_would_not_serve_and_what_to_do(self, rosa: Desk, asking: Town) -> None:
        house = asking.house()
        somebody_lives_in(asking, house)
        case = asking.moves_in(ANA, house)
        rosa.opens(case).sees("CIS would not serve", "Y-07", "In the CIS somebody else is served there")
        rosa.sees("Whether the CIS would serve them", "it would not (premise_occupied)")
        rosa.sees_nothing_of("Winter")

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("debt", "only the person’s own unpaid bill may count"),
            ("disconnected", "what others left unpaid is not held against them"),
            ("premise_not_served", "Find out who serves it"),
            ("something_new", "it would not take this (something_new)"),
        ],
    )
    def test_each_cause_has_its_words(self, rosa: Desk, asking: Town, code: str, said: str) -> None:
        thinks(asking, (code,))
        rosa.opens(asking.moves_in(ANA)).sees(said)

    def test_she_approves_it_and_it_goes_on(self, rosa: Desk, asking: Town) -> None:
        thinks(asking, ("debt",))
        case = asking.moves_in(ANA)
        rosa.decides(case, "approve", reason="The debt is a former tenant’s.")
        assert case.status == COMPLETED
        rosa.opens(case).sees("Asked outside: Whether the CIS would serve them")

    def test_a_cis_that_does_not_answer_is_named(self, rosa: Desk, asking: Town) -> None:
        asking.policy_says(cis_eligibility_away="review")
        asking.cis_is("down", calls=["check"])
        case = asking.moves_in(ANA)
        assert case.status == IN_REVIEW
        rosa.opens(case).sees("CIS did not say", "did not answer in time", "no answer in time")
        rosa.sees("Look again")


class TestWhatStays:
    @pytest.fixture
    def carla(self, town: Town) -> User:
        return proved(factories.a_login("carla@example.com"))

    def test_what_was_undone_is_said_here_and_there(self, rosa: Desk, town: Town, ana: Customer, carla: User) -> None:
        goes_wrong(town)
        case = invites(ana, carla)
        refuses(case)
        rosa.opens(case).sees("What was undone, and what stays", "What it had written was taken back.")
        rosa.sees("Should a try arrive late, it is found and taken back.")
        arrives_late(town)
        rosa.opens(case).sees("It had arrived late, and was taken back there.")

    def test_what_somebody_must_do_is_said_until_it_is_done(self, rosa: Desk, town: Town, ana: Customer) -> None:
        claims(ana)
        goes_wrong(town)
        certify(ana)
        case = Case(town, Request.objects.latest("created_at"), SARA.actor)
        refuses(case)
        rosa.opens(case).sees("The certificate that staff have read stays", "enter there until when it protects")
        deliveries.cleared(request_id=case.id, reason="Entered it there.", by=SARA, now=town.now)
        rosa.opens(case).sees("Staff have put it right there.")

    def test_nothing_is_said_of_what_is_done_or_was_never_written(self, rosa: Desk, town: Town) -> None:
        rosa.opens(town.moves_in(ANA)).sees_nothing_of("What was undone, and what stays")
        thinks(town, ("debt",))
        town.policy_says(cis_eligibility=True)
        case = town.moves_in(ANA).staff("refuse", WHY)
        rosa.opens(case).sees_nothing_of("What was undone, and what stays")
