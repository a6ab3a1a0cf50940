"""Does any known fraud get somebody else's account (T-35)? None may, and each must leave a case that staff can find."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from keyturn import flow
from keyturn.records.crypto import digest
from keyturn.records.models import (
    AccountAccess,
    AccountPerson,
    PersonAddress,
    PersonContact,
    RedFlag,
    User,
)
from keyturn.terms.errors import NotAllowed
from keyturn.terms.premise import AgreementStatus
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.at_home import Customer
from tests.flow.claiming import (
    ANA_AT_HOME,
    Claim,
    Home,
    a_login,
    at_the_desk,
    gets_nowhere,
    mail_codes,
    opens_the_document,
    text_codes,
)
from tests.flow.town import ANA, BEN, IN_REVIEW, Town

WORDS = "The licence bears the name and the number on file."


@pytest.fixture
def home(town: Town) -> Home:
    return Home(town)


def changed(home: Home, channel: str, value: str, *, days_ago: float, status: str = "verified") -> None:
    """This contact took the place of the one on file so long ago, in the portal."""
    at = home.town.now - timedelta(days=days_ago)
    rows = PersonContact.objects.filter(person=home.person, channel=channel)
    rows.update(valid_to=at, is_primary=False)
    PersonContact.objects.create(
        person=home.person, channel=channel, value=value, normalised=value, status=status, verified_at=at,
        is_primary=True, valid_from=at, recorded_at=at, source="request:x",
    )  # fmt: skip


def mail_moved(home: Home, *, days_ago: float) -> None:
    at = home.town.now - timedelta(days=days_ago)
    PersonAddress.objects.create(
        person=home.person, purpose="mailing", line1="PO Box 13", city="Elsewhere", state="OR", postal_code="97999",
        country="US", valid_from=at, recorded_at=at, source="request:x",
    )  # fmt: skip


# ---------------------------------------------------------------- what somebody knows


class TestWhoKnowsMuch:
    @pytest.mark.parametrize("proof", ["sms", "email", "letter"])
    def test_a_thief_with_a_bill_the_zip_and_the_last_four_gets_no_code(
        self, town: Town, home: Home, proof: str
    ) -> None:
        thief = a_login("thief@example.org")
        claim = home.claimed_by(thief, proof, phone_last4="0142", id_last4="4567")
        assert town.mails("thief@example.org") == []
        assert claim.enters("222222") != []
        gets_nowhere(home, thief)

    def test_an_ex_partner_who_knows_everything_but_does_not_hold_the_phone(self, town: Town, home: Home) -> None:
        ex = a_login()
        town.policy_says(claim_tries=100)
        claim = home.claimed_by(ex, given_name="Ana", date_of_birth="1985-03-27", phone_last4="0142", id_last4="4567")
        assert all("+15035550142" in each for each in town.texts())
        assert all(claim.enters(guess) for guess in ("ABC234", "234567", "KKKKKK"))
        gets_nowhere(home, ex)

    def test_the_next_tenant_with_the_bill_of_the_one_before(self, town: Town) -> None:
        before = Home(town, status=AgreementStatus.STOPPED, until=date(2026, 10, 1))
        factories.an_account(town.knows(BEN), before.premise, since=date(2026, 10, 2))
        ben = a_login("ben@example.com")
        before.claimed_by(ben, "letter")
        assert town.letters() == []  # nothing goes to a house in which they do not live any more
        before.claimed_by(ben, "sms")
        assert all("+15035550142" in each for each in town.texts())
        gets_nowhere(before, ben)

    def test_a_landlord_who_claims_the_account_of_a_tenant(self, town: Town, home: Home) -> None:
        owner = a_login("landlord@example.org")
        home.claimed_by(owner, "letter")
        assert home.premise.line1 in town.letters()[-1]  # the tenant opens it
        gets_nowhere(home, owner)

    def test_a_son_with_his_fathers_name_where_both_are_on_the_account(self, town: Town) -> None:
        father = replace(ANA_AT_HOME, given_name="Walter", family_name="Brannigan", suffix="Sr.")
        home = Home(town, father)
        son = town.knows(replace(father, suffix="Jr.", emails=("jr@example.com",), phones=(), identifiers=()))
        AccountPerson.objects.create(
            account=home.account,
            person=son,
            is_main=False,
            is_responsible=False,
            relationship="child",
            **factories.DATED,
        )
        junior = a_login("jr@example.com")
        home.claimed_by(junior, "email")
        assert mail_codes(town, "jr@example.com") == []
        gets_nowhere(home, junior)

    @pytest.mark.rule("M-22")
    def test_a_son_with_his_fathers_name_who_is_not_on_the_account(self, town: Town) -> None:
        home = Home(town, replace(ANA_AT_HOME, given_name="Walter", family_name="Brannigan", suffix="Sr."))
        town.knows(replace(BEN, given_name="Walter", family_name="Brannigan", suffix="Jr.", phones=("+15035550177",)))
        junior = a_login()
        home.claimed_by(junior)
        assert all("+15035550142" in each for each in town.texts())
        gets_nowhere(home, junior)


# ---------------------------------------------------------------- what was changed before


class TestWhoPreparedIt:
    @pytest.mark.rule("Y-20")
    @pytest.mark.parametrize("days_ago", [1, 29])
    @pytest.mark.parametrize(("channel", "value"), [("phone", "+15035550999"), ("email", "thief@example.org")])
    def test_a_contact_changed_yesterday_or_29_days_ago_gets_no_code(
        self, town: Town, home: Home, channel: str, value: str, days_ago: int
    ) -> None:
        changed(home, channel, value, days_ago=days_ago)
        thief = a_login()
        home.claimed_by(thief, "sms" if channel == "phone" else "email")
        assert town.texts() == []
        assert town.mails() == []
        gets_nowhere(home, thief)

    def test_a_contact_changed_31_days_ago_does(self, town: Town, home: Home) -> None:
        """The control: the rule is about the days, and nothing else keeps the code away."""
        changed(home, "phone", "+15035550999", days_ago=31)
        home.claimed_by(a_login())
        assert "+15035550999" in town.texts()[0]

    def test_a_contact_that_was_typed_long_ago_and_never_proved(self, town: Town, home: Home) -> None:
        changed(home, "phone", "+15035550999", days_ago=300, status="pending")
        thief = a_login()
        home.claimed_by(thief)
        assert town.texts() == []
        gets_nowhere(home, thief)

    @pytest.mark.rule("Y-21")
    @pytest.mark.parametrize("days_ago", [1, 29])
    def test_a_mailing_address_moved_lately_gets_no_letter(self, town: Town, home: Home, days_ago: int) -> None:
        mail_moved(home, days_ago=days_ago)
        thief = a_login()
        home.claimed_by(thief, "letter")
        assert town.letters() == []
        gets_nowhere(home, thief)

    def test_a_mailing_address_moved_31_days_ago_does(self, town: Town, home: Home) -> None:
        mail_moved(home, days_ago=31)
        home.claimed_by(a_login(), "letter")
        assert "PO Box 13" in town.letters()[0]

    def test_a_mailing_address_taken_away_yesterday_sends_no_letter_to_the_house(self, town: Town, home: Home) -> None:
        mail_moved(home, days_ago=300)
        PersonAddress.objects.filter(person=home.person).update(valid_to=home.town.now - timedelta(days=1))
        thief = a_login()
        home.claimed_by(thief, "letter")
        assert town.letters() == []
        gets_nowhere(home, thief)

    def test_a_number_that_is_somebody_elses_by_now(self, town: Town, home: Home) -> None:
        PersonContact.objects.filter(person=home.person, channel="phone").update(status="bounced")
        new_holder = a_login()
        home.claimed_by(new_holder)
        assert town.texts() == []
        gets_nowhere(home, new_holder)

    def test_an_application_in_somebodys_name_gives_no_login_to_their_old_account(self, town: Town) -> None:
        town.serves(ANA, town.house())
        case = town.moves_in(replace(ANA, emails=("thief@example.org",)))
        thief = a_login("thief@example.org")
        made = flow.link_login(request_id=case.id, user=thief, actor=case.actor, now=town.now, policy=town.policy)
        assert made is None
        assert case.status == IN_REVIEW


# ---------------------------------------------------------------- people inside


class TestInsiders:
    @pytest.mark.rule("R-01")
    def test_a_member_of_staff_who_approves_their_own_claim(self, town: Town, home: Home) -> None:
        rita = a_login("rita@utility.example", proved=True)
        User.objects.filter(pk=rita.pk).update(staff_role="reviewer")
        claim = at_the_desk(home, rita)
        opens_the_document(claim, by=str(rita.pk))
        with pytest.raises(NotAllowed, match="own_request"):
            claim.staff("approve", WORDS, by=str(rita.pk))
        gets_nowhere(home, rita)

    def test_a_member_of_staff_who_claims_under_another_login_with_their_email(self, town: Town, home: Home) -> None:
        private = a_login("Rita@utility.example")
        claim = at_the_desk(home, private)
        opens_the_document(claim)
        with pytest.raises(NotAllowed, match="own_request"):
            claim.staff("approve", WORDS, email_digest=digest("email", "rita@utility.example"))
        gets_nowhere(home, private)

    @pytest.mark.rule("R-21")
    def test_a_member_of_staff_who_approves_an_accomplice_without_a_document(self, town: Town, home: Home) -> None:
        friend = a_login()
        claim = at_the_desk(home, friend, document=False)
        assert claim.staff_cannot("approve", WORDS) == {"R-21"}
        gets_nowhere(home, friend)

    def test_a_member_of_staff_who_has_not_opened_the_document(self, town: Town, home: Home) -> None:
        friend = a_login()
        claim = at_the_desk(home, friend)
        opens_the_document(claim, by="8")  # a colleague has
        assert claim.staff_cannot("approve", WORDS) == {"R-21"}
        gets_nowhere(home, friend)

    def test_an_api_key_that_claims(self, town: Town, home: Home) -> None:
        with pytest.raises(NotAllowed, match="unknown_journey"):
            flow.begin(
                journey="link_account", actor=Actor(Role.PARTNER, "key1"), channel="api", language="en", now=town.now,
                policy=town.policy,
            )  # fmt: skip
        claim = home.claimed_by(a_login())
        with pytest.raises(NotAllowed, match="unknown_request"):
            flow.try_claim_code(
                request_id=claim.id, code=text_codes(town)[-1], client="x", actor=Actor(Role.PARTNER, "key1"),
                now=town.now, policy=town.policy,
            )  # fmt: skip
        gets_nowhere(home, claim.user)

    @pytest.mark.rule("D-46")
    def test_a_delegate_who_makes_herself_the_owner(self, town: Town) -> None:
        ana = Customer(town)
        delegate = a_login()
        AccountAccess.objects.create(
            user=delegate, account=ana.account, level="manage", capacity="delegate", proof="invitation", since=town.now,
            granted_by="customer:login:1",
        )  # fmt: skip
        claim = Claim(town, delegate)
        claim.answers(
            line_of_business="residential", account_number=ana.account.ref, family_name="Zelenko", postal_code="97901",
            proof="sms",
        )  # fmt: skip
        claim.sends()
        assert claim.enters("222222") != []
        assert RedFlag.objects.get(user=delegate).trigger == "D-46"
        assert not AccountAccess.objects.filter(user=delegate, level="owner").exists()

    def test_an_invitation_that_was_forwarded_to_another_mailbox(self, town: Town) -> None:
        ana, other = Customer(town), a_login("other@example.org")
        case = ana.begins(
            "invite_delegate", account=ana.account, account_id=str(ana.account.pk), delegate_name="Carla Day",
            delegate_email="carla@example.com", level="manage", delegate_ends=False,
        )  # fmt: skip
        case.proves_again().submits()
        town.works()
        token = town.mails("carla@example.com")[-1].get_content().partition("/invitation/")[2].split()[0]
        with pytest.raises(NotAllowed, match="unknown_invitation"):
            flow.accept(token=token, user=other, now=town.now)
        assert not AccountAccess.objects.filter(user=other).exists()
        assert case.status == "waiting"  # the invitation is there for its owner to see and to take back
