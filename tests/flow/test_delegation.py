"""Does somebody act for an account only after both have said so, and not one moment longer?"""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress

from keyturn import flow
from keyturn.records.models import AccountAccess, AccountGroup, Act, Designee, User
from keyturn.records.queries import access
from keyturn.terms.errors import NotAllowed
from tests import factories
from tests.flow.at_home import Change, Customer
from tests.flow.town import BEN, COMPLETED, REFUSED, WITHDRAWN, Town

CARER = {"delegate_name": "Carla Day", "delegate_email": "carla@example.com", "level": "manage", "delegate_ends": False}


@pytest.fixture
def ana(town: Town) -> Customer:
    return Customer(town)


def proved(user: User) -> User:
    """A login whose address was proved, as everybody's who can sign in."""
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def carla(town: Town) -> User:
    return proved(factories.a_login("carla@example.com"))


def invites(ana: Customer, **changes: object) -> Change:
    case = ana.begins("invite_delegate", account=ana.account, account_id=str(ana.account.pk), **{**CARER, **changes})
    case.proves_again().submits()
    ana.town.works()
    return case


def token(town: Town, address: str = "carla@example.com") -> str:
    return town.mails(address)[-1].get_content().partition("/invitation/")[2].split()[0]


def level_of(user: User, ana: Customer) -> str:
    seen = access.to_account(user.pk, ana.account.pk, at=ana.town.now)
    return seen.level if seen else ""


def in_the_cis(ana: Customer) -> list[str]:
    """As what somebody stands on the account there."""
    return [each["relationship"] for each in ana.town.cis.read("account", ana.account.ref)["persons"]]


class TestAnInvitation:
    @pytest.mark.rule("D-31")
    def test_gives_nothing_before_it_is_accepted(self, ana: Customer, carla: User) -> None:
        assert invites(ana).status == "waiting"
        assert level_of(carla, ana) == ""

    def test_that_is_accepted_gives_what_was_said_and_the_owner_is_told(
        self, town: Town, ana: Customer, carla: User
    ) -> None:
        case = invites(ana)
        flow.accept(token=token(town), user=carla, now=town.now)
        town.works()
        assert (case.status, level_of(carla, ana)) == (COMPLETED, "manage")
        assert "can act for your account" in town.mails("ana@example.com")[-1]["Subject"]
        assert "self_service" in in_the_cis(ana)

    def test_names_nobody_to_whom_the_mail_may_not_belong(self, town: Town, ana: Customer) -> None:
        invites(ana)
        text = town.mails("carla@example.com")[-1].get_content()
        assert "Zelenko" not in text
        assert ana.account.ref not in text

    def test_is_not_accepted_with_another_address_than_the_invited_one(self, town: Town, ana: Customer) -> None:
        invites(ana)
        thief = proved(factories.a_login("thief@example.com"))
        with pytest.raises(NotAllowed, match="unknown_invitation"):
            flow.accept(token=token(town), user=thief, now=town.now)
        assert level_of(thief, ana) == ""

    def test_is_not_accepted_with_an_address_that_was_only_claimed(self, town: Town, ana: Customer) -> None:
        invites(ana)
        liar = factories.a_login("carla@example.com")
        with pytest.raises(NotAllowed, match="unknown_invitation"):
            flow.accept(token=token(town), user=liar, now=town.now)

    def test_is_accepted_once(self, town: Town, ana: Customer, carla: User) -> None:
        invites(ana)
        link = token(town)
        flow.accept(token=link, user=carla, now=town.now)
        with pytest.raises(NotAllowed, match="unknown_invitation"):
            flow.accept(token=link, user=carla, now=town.now)

    @pytest.mark.rule("D-32")
    def test_that_nobody_accepts_ends_and_the_owner_hears_of_it(self, town: Town, ana: Customer, carla: User) -> None:
        case = invites(ana)
        link = token(town)
        town.now += timedelta(days=15)
        flow.wake(now=town.now)
        town.works()
        assert case.status == REFUSED
        assert "not accepted" in town.mails("ana@example.com")[-1]["Subject"]
        with pytest.raises(NotAllowed):
            flow.accept(token=link, user=carla, now=town.now)

    def test_that_is_declined_ends(self, town: Town, ana: Customer, carla: User) -> None:
        case = invites(ana)
        flow.decline(token=token(town), now=town.now)
        town.works()
        assert (case.status, level_of(carla, ana)) == (REFUSED, "")

    def test_that_its_owner_takes_back_cannot_be_accepted(self, town: Town, ana: Customer, carla: User) -> None:
        case = invites(ana)
        case.withdraws()
        assert case.status == WITHDRAWN
        assert flow.invitation(token=token(town), now=town.now) is None
        with pytest.raises(NotAllowed):
            flow.accept(token=token(town), user=carla, now=town.now)

    @pytest.mark.rule("D-30")
    def test_of_somebody_who_owns_the_account_no_more_gives_nothing(
        self, town: Town, ana: Customer, carla: User
    ) -> None:
        case = invites(ana)
        AccountAccess.objects.filter(user=ana.user).update(ended_at=town.now)
        flow.accept(token=token(town), user=carla, now=town.now)
        town.works()
        assert (case.status, level_of(carla, ana)) == (REFUSED, "")

    @pytest.mark.rule("Y-12")
    def test_is_not_sent_by_an_open_session_alone(self, ana: Customer) -> None:
        case = ana.begins("invite_delegate", account=ana.account, account_id=str(ana.account.pk), **CARER)
        assert case.cannot_be_sent_because() == {"": "Y-12"}

    @pytest.mark.rule("V-40")
    @pytest.mark.rule("V-41")
    @pytest.mark.rule("V-42")
    @pytest.mark.rule("V-43")
    def test_with_impossible_answers_is_not_sent(self, town: Town, ana: Customer) -> None:
        case = ana.begins("invite_delegate", account=ana.account, account_id=str(ana.account.pk), **CARER)
        case.proves_again()
        for wrong, rule in (
            ({"delegate_email": "carla"}, "V-40"),
            ({"delegate_email": "ANA@example.com"}, "V-41"),
            ({"delegate_email": "carla@example.com", "level": "king"}, "V-42"),
            ({"level": "view", "delegate_ends": True, "delegate_until": town.day(-1)}, "V-43"),
        ):
            case.answers(**wrong)
            assert rule in case.cannot_be_sent_because().values()

    @pytest.mark.rule("C-12")
    def test_is_told_to_every_owner(self, town: Town, ana: Customer, carla: User) -> None:
        factories.a_login("second@example.com", account=ana.account)
        invites(ana)
        flow.accept(token=token(town), user=carla, now=town.now)
        town.works()
        assert town.mails("second@example.com")

    @pytest.mark.rule("D-33")
    def test_for_somebody_with_a_warning_is_looked_at_first(self, town: Town, ana: Customer) -> None:
        ana.person.flags = ["fraud_flag"]
        ana.person.save()
        case = invites(ana)
        assert case.rules == {"D-33", "D-31"} or "D-33" in case.rules
        assert not town.mails("carla@example.com")


class TestADelegate:
    @pytest.fixture
    def helped(self, town: Town, ana: Customer, carla: User) -> Change:
        case = invites(ana)
        flow.accept(token=token(town), user=carla, now=town.now)
        town.works()
        return case

    def test_invites_nobody(self, ana: Customer, carla: User, helped: Change) -> None:
        with pytest.raises(NotAllowed, match="not_yours"):
            ana.begins("invite_delegate", user=carla, account=ana.account, account_id=str(ana.account.pk))

    def test_may_do_nothing_from_the_moment_at_which_access_is_ended(
        self, town: Town, ana: Customer, carla: User, helped: Change
    ) -> None:
        held = AccountAccess.objects.get(user=carla)
        flow.end_access(access_id=held.pk, user=ana.user, now=town.now, policy=town.policy)
        assert level_of(carla, ana) == ""
        town.works()
        assert "has ended" in town.mails("carla@example.com")[-1]["Subject"]
        assert "self_service" not in in_the_cis(ana)
        assert Act.objects.filter(subject=f"account:{ana.account.pk}", what="access_ended").exists()

    def test_leaves_by_themselves(self, town: Town, ana: Customer, carla: User, helped: Change) -> None:
        flow.end_access(
            access_id=AccountAccess.objects.get(user=carla).pk, user=carla, now=town.now, policy=town.policy
        )
        assert level_of(carla, ana) == ""

    def test_ends_nobody_elses_access(self, town: Town, ana: Customer, carla: User, helped: Change) -> None:
        own = AccountAccess.objects.get(user=ana.user)
        with pytest.raises(NotAllowed, match="unknown_access"):
            flow.end_access(access_id=own.pk, user=carla, now=town.now, policy=town.policy)

    def test_until_a_date_may_act_on_that_day_and_not_after(self, town: Town, ana: Customer, carla: User) -> None:
        invites(ana, delegate_ends=True, delegate_until=town.day(3))
        flow.accept(token=token(town), user=carla, now=town.now)
        town.works()
        town.now += timedelta(days=3)
        assert level_of(carla, ana) == "manage"
        town.now += timedelta(days=1)
        assert level_of(carla, ana) == ""

    def test_whom_staff_took_over_is_not_removed_here(
        self, town: Town, ana: Customer, carla: User, helped: Change
    ) -> None:
        from keyturn.terms.request import Actor, Role

        held = AccountAccess.objects.get(user=carla)
        flow.take_over_access(access_id=held.pk, actor=Actor(Role.STAFF, "7"), now=town.now)
        with pytest.raises(NotAllowed, match="not_portal_owned"):
            flow.end_access(access_id=held.pk, user=ana.user, now=town.now, policy=town.policy)


def test_the_last_owner_does_not_lock_everybody_out(town: Town, ana: Customer) -> None:
    own = AccountAccess.objects.get(user=ana.user)
    with pytest.raises(NotAllowed, match="last_owner"):
        flow.end_access(access_id=own.pk, user=ana.user, now=town.now, policy=town.policy)


class TestADesignee:
    def test_agrees_in_writing_without_a_login_and_sees_nothing(self, town: Town, ana: Customer) -> None:
        case = ana.begins(
            "name_designee", account=ana.account, account_id=str(ana.account.pk), delegate_name="Dora Neighbour",
            delegate_email="dora@example.com",
        )  # fmt: skip
        case.proves_again().submits()
        town.works()
        assert Designee.objects.count() == 0
        flow.accept_designation(token=token(town, "dora@example.com"), now=town.now)
        town.works()
        assert case.status == COMPLETED
        designee = Designee.objects.get(account=ana.account)
        assert designee.contact["email"] == "dora@example.com"
        assert not AccountAccess.objects.exclude(user=ana.user).exists()
        flow.end_designee(designee_id=designee.pk, user=ana.user, now=town.now, policy=town.policy)
        designee.refresh_from_db()
        assert designee.ended_at == town.now


class TestAGroupOfAccounts:
    def test_is_given_to_a_member_together(self, town: Town, ana: Customer, carla: User) -> None:
        second = factories.an_account(ana.person, town.house())
        AccountAccess.objects.create(
            user=ana.user, account=second, person=ana.person, level="owner", capacity="self", proof="staff",
            since=factories.LONG_AGO, granted_by="staff:1",
        )  # fmt: skip
        group = AccountGroup.objects.create(person=ana.person, name="North", created_at=town.now)
        group.accounts.set([ana.account, second])
        case = ana.begins(
            "invite_delegate", account=ana.account, account_id=str(ana.account.pk), group_id=str(group.pk), **CARER
        )
        case.proves_again().submits()
        town.works()
        flow.accept(token=token(town), user=carla, now=town.now)
        town.works()
        assert case.status == COMPLETED
        assert {each.account.pk for each in access.accounts_of(carla.pk, at=town.now)} == {ana.account.pk, second.pk}

    def test_of_which_one_account_is_not_theirs_is_given_to_nobody(
        self, town: Town, ana: Customer, carla: User
    ) -> None:
        ben = town.knows(BEN)
        foreign = factories.an_account(ben, town.house())
        group = AccountGroup.objects.create(person=ana.person, name="North", created_at=town.now)
        group.accounts.set([ana.account, foreign])
        case = ana.begins(
            "invite_delegate", account=ana.account, account_id=str(ana.account.pk), group_id=str(group.pk), **CARER
        )
        case.proves_again().submits()
        town.works()
        assert case.status == REFUSED
        assert not town.mails("carla@example.com")
