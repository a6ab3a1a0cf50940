"""Do the letters of a customer who moves go where they asked for, and never to where they lived before?"""

from dataclasses import replace

import pytest

from keyturn import flow
from keyturn.records.models import Premise, Proposal
from keyturn.records.queries.mailing import mailing_address_for
from keyturn.terms.address import Address
from keyturn.terms.request import Actor, Role
from tests.flow.case import Case
from tests.flow.town import ANA, COMPLETED, Town

STAFF = Actor(Role.STAFF, "901")
OLD = Address("1 Old Road", "", "Lumen", "OR", "97890")
BEFORE_THAT = {"line1": "5 Far Away", "city": "Salem", "state": "OR", "postal_code": "97301", "country": "US"}


@pytest.fixture
def house(town: Town) -> Premise:
    """Ana's letters go to the old house, where she is served; now she moves here."""
    town.serves(town.knows(replace(ANA, addresses=(OLD,))), town.house(line1=OLD.line1))
    return town.house()


def moves(town: Town, house: Premise, **said: object) -> Case:
    case = town.moves_in(ANA, at=house, **said)
    assert case.status == COMPLETED
    return case


@pytest.mark.rule("D-10")
class TestLettersToTheNewHouse:
    def test_are_proposed_to_staff(self, town: Town, house: Premise) -> None:
        case = moves(town, house, mail_elsewhere=False)
        assert case.proposals() == {"address": "\n".join(house.address.lines())}

    def test_go_there_from_the_first_day_once_staff_agree(self, town: Town, house: Premise) -> None:
        case = moves(town, house, mail_elsewhere=False, start_date=town.day(9))
        proposal = Proposal.objects.get(request_id=case.id)
        flow.decide_proposal(proposal_id=proposal.pk, accept=True, actor=STAFF, now=town.now, policy=town.policy)
        town.works().waits(days=10)
        flow.turn_day(now=town.now, policy=town.policy)
        where = mailing_address_for(case.request.account, on=town.now.date(), policy=town.policy)
        assert where and where.address.lines() == house.address.lines()

    def test_are_no_question_where_no_other_address_is_on_file(self, town: Town) -> None:
        town.knows(ANA)
        assert moves(town, town.house(), mail_elsewhere=False).proposals() == {}

    def test_are_no_question_where_nothing_was_said(self, town: Town, house: Premise) -> None:
        assert moves(town, house, mail_elsewhere=None).proposals() == {}


@pytest.mark.rule("D-10")
def test_where_they_lived_before_is_no_address_for_letters(town: Town, house: Premise) -> None:
    case = moves(town, house, mail_elsewhere=None, previous_address=BEFORE_THAT)
    assert case.proposals() == {}


def test_an_address_for_letters_is_proposed_as_typed(town: Town, house: Premise) -> None:
    elsewhere = {**BEFORE_THAT, "line1": "PO Box 5"}
    case = moves(town, house, mail_elsewhere=True, mailing_address=elsewhere, previous_address=BEFORE_THAT)
    assert case.proposals()["address"].startswith("PO Box 5")
