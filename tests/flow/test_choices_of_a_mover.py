"""Does what somebody chose for letters and bills when they moved in hold, or is it at least kept for staff?"""

from dataclasses import replace

import pytest

from keyturn import flow
from keyturn.connectors.cis.contract_kit import detail
from keyturn.journeys.wordings import wording
from keyturn.records.models import Account, Consent, Person, Proposal
from keyturn.terms.request import Actor, Role
from tests.flow.both_sides import Heard, heard
from tests.flow.test_reconciling import compared
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, Town

__all__ = ["heard"]
STAFF = Actor(Role.STAFF, "901")
CHOSEN = {"language": "es", "paperless": True}


def accepts_all(town: Town) -> None:
    for each in Proposal.objects.all():
        flow.decide_proposal(proposal_id=each.pk, accept=True, actor=STAFF, now=town.now, policy=town.policy)
    town.works()


class TestSomebodyNew:
    @pytest.mark.rule("E-02")
    def test_gets_bills_by_email_and_the_ledger_says_what_they_read(self, town: Town) -> None:
        case = town.moves_in(ANA, paperless=True)
        entry = Consent.objects.get(person=case.person, purpose="paperless")
        assert case.request.account.paperless
        assert (entry.act, entry.channel, entry.wording) == ("given", "email", wording("paperless"))

    def test_has_them_in_the_cis_from_the_start_and_nothing_differs(self, town: Town, heard: Heard) -> None:
        account = town.moves_in(ANA, paperless=True).request.account
        assert detail(town.cis, "account", account.ref, "paperless") == [("yes", None)]
        heard.listens()
        assert (heard.cases, compared(town).drift) == ({}, {})

    def test_has_them_where_another_request_of_theirs_opens_the_account_there(self, town: Town) -> None:
        town.cis_is("refuses")
        first = town.moves_in(ANA, paperless=True)
        town.cis_is("")
        second = town.moves_in(ANA)
        assert (first.request.account_id, first.status) == (second.request.account_id, IN_REVIEW)
        assert detail(town.cis, "account", Account.objects.get().ref, "paperless") == [("yes", None)]

    @pytest.mark.parametrize("said", [False, None])
    def test_who_did_not_ask_for_them_gets_paper_and_gave_no_consent(self, town: Town, said: bool | None) -> None:
        case = town.moves_in(ANA, paperless=said)
        assert not case.request.account.paperless
        assert not Consent.objects.filter(purpose="paperless").exists()


class TestSomebodyOnFile:
    @pytest.fixture(autouse=True)
    def is_served(self, town: Town) -> None:
        town.serves(town.knows(ANA), town.house())

    @pytest.mark.rule("D-10")
    def test_has_what_they_chose_otherwise_proposed_to_staff(self, town: Town) -> None:
        case = town.moves_in(ANA, **CHOSEN)
        assert (case.status, case.proposals()) == (COMPLETED, {"language": "es", "paperless": "on"})
        assert not Account.objects.get().paperless
        assert not Consent.objects.filter(purpose="paperless").exists()

    def test_is_written_to_as_they_chose_once_staff_agree(self, town: Town) -> None:
        case = town.moves_in(ANA, **CHOSEN)
        accepts_all(town)
        assert Person.objects.get().language == "es"
        assert Account.objects.get().paperless
        assert "Changed: paperless." in repr(town.cis.read("account", Account.objects.get().ref))
        assert set(case.request.proposals.values_list("state", flat=True)) == {"accepted"}

    def test_is_asked_nothing_where_they_chose_what_is_on_file(self, town: Town) -> None:
        assert town.moves_in(replace(ANA), language="en", paperless=False).proposals() == {}
