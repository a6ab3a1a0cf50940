"""What do people try who hold a link out of a mail or ask for somebody's data, and what do they get?"""

import re

import pytest

from keyturn import flow
from keyturn.records.models import (
    AccountAccess,
    Request,
)
from tests.flow.at_home import CARER, TO_ELM, Customer
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, REFUSED, Town


@pytest.fixture
def ana(town: Town) -> Customer:
    return Customer(town)


@pytest.fixture
def ben(town: Town) -> Customer:
    return Customer(town, BEN)


class TestALinkInAMail:
    def stop_token(self, town: Town) -> str:
        return re.findall(r"/stop/(\S+)", town.mails("ana@example.com")[-1].get_content())[0]

    def test_that_stops_a_change_opens_no_draft_and_works_once(self, town: Town, ana: Customer) -> None:
        change = ana.changes("change_mailing_address", accounts=["all"], **TO_ELM)
        token = self.stop_token(town)
        assert flow.follow_resume_link(token=token, now=town.now) is None
        assert flow.invitation(token=token, now=town.now) is None
        assert flow.stop_link(token=token, now=town.now) is False
        assert flow.stop(token=token, now=town.now) is not None
        assert flow.stop(token=token, now=town.now) is None
        assert change.status == REFUSED

    def test_that_takes_a_draft_up_again_stops_nothing(self, town: Town) -> None:
        case = town.starts_to_fill_in(ANA)
        flow.send_resume_link(email="ana@example.com", now=town.now, policy=town.policy)
        town.works()
        token = re.findall(r"/resume/(\S+)", town.mails("ana@example.com")[-1].get_content())[0]
        Request.objects.filter(pk=case.id).update(standing="calendar")  # wherever it may stand by then
        assert flow.resting(token=token, now=town.now) is None
        assert flow.stop(token=token, now=town.now) is None
        assert flow.stop_link(token=token, now=town.now) is False

    def test_of_an_invitation_is_no_link_of_another_kind(self, town: Town, ana: Customer) -> None:
        ana.begins(
            "invite_delegate", account=ana.account, account_id=str(ana.account.pk), **CARER
        ).proves_again().submits()
        town.works()
        token = re.findall(r"/invitation/(\S+)", town.mails("carla@example.com")[-1].get_content())[0]
        assert flow.resting(token=token, now=town.now) is None
        assert flow.follow_resume_link(token=token, now=town.now) is None
        assert flow.unsubscribes(token=token) is None


class TestOwnData:
    @pytest.mark.rule("K-77")
    def test_is_not_restricted_or_copied_by_who_is_no_longer_this_person(self, town: Town, ana: Customer) -> None:
        change = ana.asks("privacy_request", privacy="restriction")
        AccountAccess.objects.filter(user=ana.user).update(ended_at=town.now)
        town.works()
        ana.person.refresh_from_db()
        assert (change.status, ana.person.flags) == (REFUSED, [])

    def test_is_changed_by_staff_only_once_it_is_restricted(self, town: Town, ana: Customer) -> None:
        assert ana.changes("privacy_request", privacy="restriction").status == COMPLETED
        change = ana.changes(
            "change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0199"
        )
        assert change.status == IN_REVIEW
