"""A request that was written down comes to nothing: is undone what can be, once, here and in the CIS; is the rest listed?"""

from datetime import timedelta
from typing import Any

import pytest

from keyturn import flow
from keyturn.flow import deliveries, outside
from keyturn.flow.deliveries import Hand
from keyturn.flow.granting import grant_by_staff
from keyturn.records.models import AccountAccess, Act, Delivery, MedicalCertification, Request, User
from keyturn.records.queries import access
from keyturn.records.queries import deliveries as listed
from keyturn.terms.cis import UpdateCustomer
from keyturn.terms.errors import NotAllowed
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow import claiming
from tests.flow.at_home import Change, Customer
from tests.flow.case import Case
from tests.flow.claiming import Home, a_login
from tests.flow.papers import a_photo
from tests.flow.test_care import certify, claims, protection_of
from tests.flow.test_delegation import CARER, level_of, proved, token
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, REFUSED, STUCK, Town

STAFF = Actor(Role.STAFF, "90071")
SARA = Hand(Actor(Role.STAFF, "90075"))
WHY = "The meter was removed."


@pytest.fixture
def ana(town: Town) -> Customer:
    return Customer(town)


@pytest.fixture
def carla(town: Town) -> User:
    return proved(factories.a_login("carla@example.com"))


def goes_wrong(town: Town) -> None:
    """The next call of the CIS is lost on its way and will arrive later; the second try is refused."""
    town.cis_is(script=[{"fault": "late"}, {"fault": "refuses"}], seconds=400)


def refuses(case: Case) -> None:
    """Staff refuse what the CIS refused."""
    case.town.waits(minutes=1)
    assert case.status == IN_REVIEW, case.history
    case.staff("refuse", WHY, by="90072")
    assert case.status == REFUSED


def arrives_late(town: Town) -> None:
    """And then the first call arrives after all."""
    town.faulty.deliver_late()
    town.waits(hours=1)


def stays(case: Case) -> list[str]:
    """What the move that ended it says that it left here."""
    ended = case.request.events.filter(what__in=("reviewed", "discarded", "expired")).last()
    return list(ended.data.get("stays", ())) if ended else []


def left(case: Case) -> dict[str, Any]:
    event = case.request.events.filter(what="left_in_cis").last()
    return dict(event.data) if event else {}


def details(town: Town, ana: Customer, name: str) -> list[str]:
    rows = town.cis.read("account", ana.account.ref)["details"]
    return [each["value"] for each in rows if each["name"] == name and not each["ended_at"]]


def on_the_account(ana: Customer) -> int:
    return len(ana.town.cis.read("account", ana.account.ref)["persons"])


def invites(ana: Customer, carla: User, **changes: object) -> Change:
    """Carla is invited, and accepts."""
    answers = {**CARER, **changes}
    case = ana.begins("invite_delegate", account=ana.account, account_id=str(ana.account.pk), **answers)
    case.proves_again().submits()
    ana.town.works()
    flow.accept(token=token(ana.town), user=carla, now=ana.town.now)
    ana.town.works()
    return case


def granted_by_staff(ana: Customer, *, level: str) -> Case:
    """Carla, by a document that staff have seen."""
    request = grant_by_staff(
        account_id=ana.account.pk, email="carla@example.com", capacity="guardian", level=level, until=None,
        reason="By order of the court.", file_name="order.jpg", data=a_photo(), actor=STAFF, now=ana.town.now,
        policy=ana.town.policy,
    )  # fmt: skip
    ana.town.works()
    return Case(ana.town, request, STAFF)


def accesses(user: User, ana: Customer) -> list[AccountAccess]:
    return list(AccountAccess.objects.filter(user=user, account=ana.account, ended_at=None))


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
        assert [each.pk for each in listed.left_in_cis()[0]] == [case.id]

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
        assert [each.pk for each in listed.left_in_cis()[0]] == [case.id]
        deliveries.cleared(request_id=case.id, reason="Removed her there.", by=SARA, now=town.now)
        assert listed.left_in_cis()[1] == 0
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


@pytest.mark.rule("S-13")
class TestAClaim:
    @pytest.fixture
    def home(self, town: Town) -> Home:
        return Home(town)

    def claimed(self, town: Town, home: Home, user: User) -> Case:
        claim = home.claimed_by(user)
        claim.proves(claiming.text_codes(town)[-1])
        return claim

    def web(self, town: Town, home: Home) -> list[str]:
        rows = town.cis.read("account", home.account.ref)["details"]
        return [each["value"] for each in rows if each["name"] == "web_access" and not each["ended_at"]]

    def test_gives_nothing_any_more_here_and_in_the_cis(self, town: Town, home: Home) -> None:
        user = a_login()
        goes_wrong(town)
        case = self.claimed(town, home, user)
        assert home.has_access(user)
        refuses(case)
        assert not home.has_access(user)
        town.faulty.deliver_late()
        assert self.web(town, home) == ["yes"]
        town.waits(hours=1)
        assert self.web(town, home) == ["no"]
        assert case.history[-1] == "undone_in_cis"

    def test_leaves_what_another_login_has(self, town: Town, home: Home) -> None:
        assert self.claimed(town, home, a_login("first@example.org")).status == COMPLETED
        user = a_login("second@example.org")
        goes_wrong(town)
        case = self.claimed(town, home, user)
        if not home.has_access(user):
            pytest.skip("the second login goes to staff")
        refuses(case)
        arrives_late(town)
        assert self.web(town, home) == ["yes"]
        assert "undone_in_cis" not in case.history

    def test_what_they_might_do_for_the_owner_holds_again(self, town: Town, home: Home) -> None:
        user = a_login("helper@example.org")
        AccountAccess.objects.create(
            user=user, account=home.account, level="view", capacity="delegate", proof="invitation",
            since=town.now - timedelta(days=9), granted_by="customer:login:1",
        )  # fmt: skip
        goes_wrong(town)
        case = self.claimed(town, home, user)
        refuses(case)
        [held] = AccountAccess.objects.filter(user=user, ended_at=None)
        assert (held.capacity, held.level) == ("delegate", "view")

    def test_whom_they_had_let_in_goes_with_it_and_the_cis_hears_of_it(self, town: Town, home: Home) -> None:
        user = a_login("claimant@example.org")
        goes_wrong(town)
        case = self.claimed(town, home, user)
        town.waits(minutes=1)
        guest = proved(factories.a_login("carla@example.com"))
        held = AccountAccess.objects.get(user=user, ended_at=None)
        owner = Customer.__new__(Customer)
        owner.town, owner.person, owner.account, owner.user = town, home.person, home.account, user
        invited = invites(owner, guest)
        assert held.level == "owner" and invited.status in (COMPLETED, "processing")
        case.staff("refuse", WHY)
        town.waits(hours=1)
        assert access.to_account(guest.pk, home.account.pk, at=town.now) is None
        assert Request.objects.filter(journey="end_access", account=home.account, outcome="completed").count() == 1
        arrives_late(town)
        assert len(town.cis.read("account", home.account.ref)["persons"]) == 1


@pytest.mark.rule("S-13")
class TestLifeSupport:
    def test_that_came_to_nothing_is_taken_off_in_the_cis(self, town: Town, ana: Customer) -> None:
        goes_wrong(town)
        case = claims(ana)
        assert protection_of(ana).state == "temporary"
        refuses(case)
        assert not MedicalCertification.objects.filter(ended_at=None).exists()
        town.faulty.deliver_late()
        assert details(town, ana, "life_support") == ["yes"]
        town.waits(hours=1)
        assert details(town, ana, "life_support") == ["no"]
        assert case.history[-1] == "undone_in_cis"
        assert Act.objects.filter(subject=f"account:{ana.account.pk}", what="care_taken_back").count() == 1
        mail = town.mails("ana@example.com")[-1].get_content()
        assert "we do not have it noted" in mail and WHY in mail and "start service" not in mail

    def test_that_was_ended_in_vain_holds_again(self, town: Town, ana: Customer) -> None:
        """Safe first: nobody is without protection because of a request that came to nothing."""
        claims(ana)
        care = protection_of(ana)
        goes_wrong(town)
        request = flow.end_care(
            care_id=care.pk, why="withdrawn", reason="They called.", actor=STAFF, now=town.now, policy=town.policy
        )
        town.works()
        case = Case(town, request, STAFF)
        refuses(case)
        assert protection_of(ana).state == "temporary"
        assert "It stays noted" in town.mails("ana@example.com")[-1].get_content()
        arrives_late(town)
        assert details(town, ana, "life_support") == ["yes"]
        assert case.history[-1] == "undone_in_cis"

    def test_a_certificate_that_staff_have_read_stays_and_is_listed(self, town: Town, ana: Customer) -> None:
        claims(ana)
        goes_wrong(town)
        certify(ana)
        case = Case(town, Request.objects.latest("created_at"), STAFF)
        refuses(case)
        assert case.news == ["care_certified"], "nothing that they were told is different"
        assert protection_of(ana).state == "certified"
        assert stays(case) == ["certificate"]
        assert left(case) == {"code": "not_told", "families": ["certificate"]}
        arrives_late(town)
        assert "undone_in_cis" not in case.history, "what has arrived holds"

    def test_a_claim_that_was_certified_since_is_not_taken_from_them(self, town: Town, ana: Customer) -> None:
        town.policy_says(cis_tries=1)
        town.cis_is(script=[{"fault": "answer_lost"}])
        case = claims(ana)
        assert case.status == STUCK
        certify(ana)
        deliveries.discard(request_id=case.id, reason=WHY, by=SARA, now=town.now, policy=town.policy)
        assert protection_of(ana).state == "certified"
        assert stays(case) == ["certificate"]


class TestOwnData:
    def test_what_holds_for_them_stays_and_is_listed(self, town: Town, ana: Customer) -> None:
        goes_wrong(town)
        case = ana.changes("privacy_request", privacy="objection")
        if case.status == IN_REVIEW and not case.request.established_at:
            case.staff("approve", "They may.")
        town.waits(minutes=1)
        refuses(case)
        assert stays(case) == ["privacy"]
        assert left(case)["families"] == ["privacy"]


class TestService:
    def test_what_stays_of_it_is_named(self, town: Town) -> None:
        goes_wrong(town)
        case = town.moves_in(ANA)
        refuses(case)
        assert stays(case) == ["account", "consents", "person"]
        assert left(case) == {}

    def test_nothing_is_said_of_what_was_never_written(self, town: Town) -> None:
        case = town.moves_in(ANA.__class__(**{**{f: getattr(ANA, f) for f in ANA.__slots__}, "identifiers": ()}))
        case.staff("refuse", WHY)
        assert stays(case) == []
        assert not Delivery.objects.filter(request=case.id).exists()


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
