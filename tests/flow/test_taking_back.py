"""A request that was written down comes to nothing: is undone what can be, once, here and in the CIS; is the rest listed?"""

from datetime import timedelta
from unittest.mock import patch

import pytest

from keyturn import flow
from keyturn.flow import deliveries, outside
from keyturn.records.models import Act, User
from keyturn.records.queries import deliveries as listed
from keyturn.terms.cis import UpdateCustomer
from keyturn.terms.errors import NotAllowed
from tests import factories
from tests.flow.at_home import Customer
from tests.flow.case import Case
from tests.flow.test_delegation import level_of, proved, token
from tests.flow.town import COMPLETED, STUCK, Town
from tests.flow.undone import (
    SARA,
    STAFF,
    WHY,
    accesses,
    arrives_late,
    goes_wrong,
    granted_by_staff,
    invites,
    left,
    on_the_account,
    refuses,
    stays,
)


@pytest.fixture
def ana(town: Town) -> Customer:
    return Customer(town)


@pytest.fixture
def carla(town: Town) -> User:
    return proved(factories.a_login("carla@example.com"))


@pytest.mark.rule("S-13")
class TestADelegate:
    def test_may_do_nothing_any_more_here_and_in_the_cis(self, town: Town, ana: Customer, carla: User) -> None:
        before = on_the_account(ana)
        goes_wrong(town)
        case = invites(ana, carla)
        assert level_of(carla, ana) == "manage"
        refuses(case)
        assert level_of(carla, ana) == ""
        town.faulty.deliver_late()
        assert on_the_account(ana) == before + 1
        town.waits(hours=1)
        assert on_the_account(ana) == before
        assert (case.history[-1], left(case)) == ("undone_in_cis", {})
        assert Act.objects.filter(subject=f"account:{ana.account.pk}", what="taken_back").count() == 1
        assert case.chain_holds()

    def test_and_the_owner_hear_that_it_has_ended_and_the_owner_why(
        self, town: Town, ana: Customer, carla: User
    ) -> None:
        goes_wrong(town)
        refuses(invites(ana, carla))
        for address in ("ana@example.com", "carla@example.com"):
            assert town.mails(address)[-1]["Subject"] == "Access to an account has ended"
        assert WHY in town.mails("ana@example.com")[-1].get_content()
        assert WHY not in town.mails("carla@example.com")[-1].get_content()

    def test_is_taken_off_once_however_often_it_is_undone(self, town: Town, ana: Customer, carla: User) -> None:
        goes_wrong(town)
        case = invites(ana, carla)
        refuses(case)
        arrives_late(town)
        contacts = town.cis.counts()
        for _again in range(2):
            outside.undo_in_cis(request_id=case.id, now=town.now, policy=town.policy)
        assert town.cis.counts() == contacts
        assert case.history.count("undone_in_cis") == 1

    def test_is_taken_off_when_a_cis_that_was_away_is_back(self, town: Town, ana: Customer, carla: User) -> None:
        before = on_the_account(ana)
        goes_wrong(town)
        case = invites(ana, carla)
        refuses(case)
        town.faulty.deliver_late()
        town.policy_says(cis_probe_seconds=600.0)
        town.cis_is("down", calls=["send", "find", "ping"])
        town.waits(hours=2)
        assert on_the_account(ana) == before + 1
        town.cis_is()
        town.waits(hours=1)
        assert on_the_account(ana) == before
        assert case.history.count("undone_in_cis") == 1

    def test_what_became_of_the_undoing_is_asked_before_it_is_sent_again(
        self, town: Town, ana: Customer, carla: User
    ) -> None:
        goes_wrong(town)
        case = invites(ana, carla)
        refuses(case)
        town.faulty.deliver_late()
        town.cis_is(script=[{"fault": "answer_lost"}])
        with patch.object(town.cis, "send", wraps=town.cis.send) as sent:
            town.waits(hours=3)
        assert [each.kwargs["key"] for each in sent.call_args_list] == [f"{case.request.reference}:undo"]
        assert (case.history.count("undone_in_cis"), left(case)) == (1, {})

    def test_whom_the_cis_answered_about_in_part_is_not_lost(self, town: Town, ana: Customer, carla: User) -> None:
        """The answer to the undoing is lost: it is asked for again under its key, and has one effect."""
        goes_wrong(town)
        case = invites(ana, carla)
        refuses(case)
        town.faulty.deliver_late()
        town.cis_is(script=[{"fault": "answer_lost"}])
        town.waits(hours=1)
        assert case.history.count("undone_in_cis") == 1

    def test_who_acts_there_by_a_later_invitation_stays(self, town: Town, ana: Customer, carla: User) -> None:
        goes_wrong(town)
        case = invites(ana, carla)
        refuses(case)
        town.cis_is()
        again = invites(ana, carla)
        assert again.status == COMPLETED
        there = on_the_account(ana)
        arrives_late(town)
        assert on_the_account(ana) == there
        assert level_of(carla, ana) == "manage"
        assert left(case) == {}

    def test_what_they_might_do_before_holds_again(self, town: Town, ana: Customer, carla: User) -> None:
        invites(ana, carla, level="view")
        town.now += timedelta(minutes=1)
        goes_wrong(town)
        case = granted_by_staff(ana, level="manage")
        assert level_of(carla, ana) == "manage"
        refuses(case)
        assert level_of(carla, ana) == "view"
        there = on_the_account(ana)
        arrives_late(town)
        assert on_the_account(ana) == there, "they act there still"
        assert Act.objects.filter(subject=f"account:{ana.account.pk}", what="access_given_back").count() == 1

    def test_whom_the_owner_had_ended_does_not_come_back(self, town: Town, ana: Customer, carla: User) -> None:
        invites(ana, carla, level="view")
        [held] = accesses(carla, ana)
        flow.end_access(access_id=held.pk, user=ana.user, now=town.now, policy=town.policy)
        town.works()
        goes_wrong(town)
        refuses(invites(ana, carla, level="manage"))
        assert level_of(carla, ana) == ""

    def test_whom_staff_of_the_cis_have_taken_over_is_listed(self, town: Town, ana: Customer, carla: User) -> None:
        goes_wrong(town)
        case = invites(ana, carla)
        refuses(case)
        town.faulty.deliver_late()
        [row] = [e for e in town.cis.read("account", ana.account.ref)["persons"] if e["relationship"] == "self_service"]
        with town.cis._link.writing() as cursor:
            cursor.execute(
                "UPDATE account_person SET relationship = 'friend' WHERE person_ref = %s", (row["person_ref"],)
            )
        town.waits(hours=1)
        assert left(case)["code"] == "not_portal_owned"
        assert [each.pk for each in listed.left_in_cis(most=9)[0]] == [case.id]

    def test_by_discarding_it_is_the_same(self, town: Town, ana: Customer, carla: User) -> None:
        town.policy_says(cis_tries=1)
        town.cis_is(script=[{"fault": "late"}], seconds=400)
        case = invites(ana, carla)
        assert case.status == STUCK
        deliveries.discard(request_id=case.id, reason=WHY, by=SARA, now=town.now, policy=town.policy)
        assert level_of(carla, ana) == ""
        before = on_the_account(ana)
        arrives_late(town)
        assert on_the_account(ana) == before
        assert case.history[-1] == "undone_in_cis"

    def test_given_by_staff_it_is_the_same(self, town: Town, ana: Customer, carla: User) -> None:
        before = on_the_account(ana)
        goes_wrong(town)
        case = granted_by_staff(ana, level="manage")
        assert level_of(carla, ana) == "manage"
        refuses(case)
        arrives_late(town)
        assert (level_of(carla, ana), on_the_account(ana)) == ("", before)


class TestADesignee:
    def test_gets_no_notices_any_more_here_and_in_the_cis(self, town: Town, ana: Customer) -> None:
        before = on_the_account(ana)
        goes_wrong(town)
        answers = {"delegate_name": "Carla Day", "delegate_email": "carla@example.com"}
        case = ana.begins("name_designee", account=ana.account, account_id=str(ana.account.pk), **answers)
        case.proves_again().submits()
        town.works()
        flow.accept_designation(token=token(town), now=town.now)
        town.works()
        refuses(case)
        arrives_late(town)
        assert on_the_account(ana) == before
        assert Act.objects.filter(subject=f"account:{ana.account.pk}", what="designee_ended").count() == 1


class TestAnEndOfAccess:
    @pytest.fixture
    def case(self, town: Town, ana: Customer, carla: User) -> Case:
        invites(ana, carla)
        goes_wrong(town)
        [held] = accesses(carla, ana)
        request = flow.end_access(access_id=held.pk, user=ana.user, now=town.now, policy=town.policy)
        town.works()
        return Case(town, request, STAFF)

    def test_stands_and_that_the_cis_was_not_told_is_listed(
        self, town: Town, ana: Customer, carla: User, case: Case
    ) -> None:
        refuses(case)
        assert level_of(carla, ana) == ""
        assert stays(case) == ["end"]
        assert left(case) == {"code": "not_told", "families": ["end"]}
        assert [each.pk for each in listed.left_in_cis(most=9)[0]] == [case.id]
        deliveries.cleared(request_id=case.id, reason="Removed her there.", by=SARA, now=town.now)
        assert listed.left_in_cis(most=9)[1] == 0
        with pytest.raises(NotAllowed, match="nothing_left"):
            deliveries.cleared(request_id=case.id, reason="Removed her there.", by=SARA, now=town.now)

    def test_that_arrives_late_is_no_matter_for_anybody(self, town: Town, ana: Customer, case: Case) -> None:
        before = on_the_account(ana)
        refuses(case)
        arrives_late(town)
        assert on_the_account(ana) == before - 1
        assert "undone_in_cis" not in case.history

    def test_that_arrives_after_they_were_invited_again_is_put_right(
        self, town: Town, ana: Customer, carla: User, case: Case
    ) -> None:
        refuses(case)
        late, town.faulty._late = town.faulty._late, []
        town.cis_is()
        assert invites(ana, carla).status == COMPLETED
        there = on_the_account(ana)
        town.faulty._late = late
        arrives_late(town)
        assert on_the_account(ana) == there
        assert case.history[-1] == "undone_in_cis"


def test_what_undoes_it_is_never_more_than_what_was_done(town: Town, ana: Customer, carla: User) -> None:
    """The command names the one account and the one person, and makes nobody pay."""
    goes_wrong(town)
    case = invites(ana, carla)
    refuses(case)
    from keyturn.steps.sync.delegate import step

    command = step.undo(case.request, now=town.now)
    assert isinstance(command, UpdateCustomer)
    [change] = command.changes
    assert (change.account_ref, change.ends) == (ana.account.ref, True)  # type: ignore[union-attr]
