"""A claim, a claim of life support, a right to one's data or a start of service comes to nothing: what is undone, what is listed?"""

from datetime import timedelta

import pytest

from keyturn import flow
from keyturn.flow import deliveries
from keyturn.records.models import AccountAccess, Act, Delivery, MedicalCertification, Request, User
from keyturn.records.queries import access
from tests import factories
from tests.flow import claiming
from tests.flow.at_home import Customer
from tests.flow.case import Case
from tests.flow.claiming import Home, a_login
from tests.flow.test_care import NEEDS, certify, claims, protection_of
from tests.flow.test_delegation import proved
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, STUCK, Town
from tests.flow.undone import (
    SARA,
    STAFF,
    WHY,
    arrives_late,
    details,
    goes_wrong,
    invites,
    left,
    refuses,
    stays,
)


@pytest.fixture
def ana(town: Town) -> Customer:
    return Customer(town)


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

    @pytest.mark.parametrize("both", [False, True])
    def test_that_somebody_has_claimed_since_stays_as_long_as_one_of_them_does(
        self, town: Town, ana: Customer, both: bool
    ) -> None:
        """Refused is what the customer sent; what they said on the telephone stands."""
        goes_wrong(town)
        case = claims(ana)
        if both:
            town.cis_is(script=[{"fault": "late"}, {"fault": "refuses"}, {"fault": "refuses"}], seconds=400)
        request = flow.claim_care_at_desk(
            account_id=ana.account.pk, answers=NEEDS, reason="She called, out of breath.", actor=STAFF, now=town.now,
            policy=town.policy,
        )  # fmt: skip
        town.works()
        refuses(case)
        assert (protection_of(ana).state, protection_of(ana).request) == ("temporary", request)
        assert "It stays noted" in town.mails("ana@example.com")[-1].get_content()
        if both:
            refuses(Case(town, request, STAFF))
        assert MedicalCertification.objects.filter(ended_at=None).exists() is not both
        arrives_late(town)
        assert details(town, ana, "life_support") == (["no"] if both else ["yes"])

    def test_that_was_claimed_before_an_earlier_one_ended_does_not_hold_the_next(
        self, town: Town, ana: Customer
    ) -> None:
        claims(ana)
        flow.end_care(
            care_id=protection_of(ana).pk,
            why="withdrawn",
            reason="They called.",
            actor=STAFF,
            now=town.now,
            policy=town.policy,
        )
        town.works()
        town.waits(hours=1)
        goes_wrong(town)
        refuses(claims(ana))
        assert not MedicalCertification.objects.filter(ended_at=None).exists()

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
