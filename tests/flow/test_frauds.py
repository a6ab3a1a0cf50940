"""Does any known fraud get somebody else's account (T-35)? None may, and each must leave a case that staff can find."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from keyturn import flow
from keyturn.records import attempts
from keyturn.records.crypto import digest
from keyturn.records.models import (
    AccountAccess,
    AccountPerson,
    Attempt,
    ClaimCode,
    Person,
    PersonAddress,
    PersonContact,
    Protection,
    RedFlag,
    Request,
    User,
)
from keyturn.terms.errors import Invalid, NotAllowed
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
    came_by,
    letter_codes,
    mail_codes,
    opens_the_document,
    stop_token,
    text_codes,
)
from tests.flow.town import ANA, BEN, IN_REVIEW, Town

WORDS = "The licence bears the name and the number on file."


@pytest.fixture
def home(town: Town) -> Home:
    return Home(town)


def gets_nowhere(home: Home, *users: User) -> None:
    """Nobody of them has the account, and each left a case: an attempt, a red flag, or a claim before staff."""
    for user in users:
        assert not AccountAccess.objects.filter(
            user=user, account=home.account, ended_at=None, capacity="self"
        ).exists()
        tried = Attempt.objects.filter(subject=attempts.subject_of("login", user.pk)).exists()
        flagged = RedFlag.objects.filter(user=user).exists()
        before_staff = Request.objects.filter(user=user, standing="staff").exists()
        assert tried or flagged or before_staff, "no case was left"


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


# ---------------------------------------------------------------- codes


class TestCodes:
    def test_the_same_code_used_twice(self, town: Town, home: Home) -> None:
        ana, thief = a_login(), a_login()
        claim = home.claimed_by(ana)
        code = text_codes(town)[-1]
        claim.proves(code)
        with pytest.raises(NotAllowed):
            claim.enters(code)
        theirs = home.claimed_by(thief, "letter")
        assert theirs.enters(code) != []
        gets_nowhere(home, thief)

    def test_the_code_of_another_claim(self, town: Town, home: Home) -> None:
        home.claimed_by(a_login())
        code = text_codes(town)[-1]
        thief = a_login()
        theirs = home.claimed_by(thief, "email")
        assert [each.rule for each in theirs.enters(code)] == ["Y-22"]
        gets_nowhere(home, thief)

    def test_an_old_code_after_a_new_one(self, town: Town, home: Home) -> None:
        finder = a_login()
        claim = home.claimed_by(finder)
        old = text_codes(town)[-1]
        claim.sends()
        assert len(town.texts()) == 2
        assert claim.enters(old) != []
        gets_nowhere(home, finder)

    def test_a_code_guessed_six_times(self, town: Town, home: Home) -> None:
        thief = a_login()
        claim = home.claimed_by(thief)
        right = text_codes(town)[-1]
        for _ in range(5):
            assert claim.enters("222222") != []
        assert claim.enters(right) != []
        assert "guessing" in home.flags()
        gets_nowhere(home, thief)

    def test_guesses_without_any_code_behind_them_cost_and_leave_the_same(self, town: Town, home: Home) -> None:
        thief = a_login()
        claim = home.claimed_by(thief, account_number="AC999999")
        for _ in range(6):
            assert [each.rule for each in claim.enters("222222")] == ["Y-22"]
        assert ClaimCode.objects.get(request=claim.id).tries == 6
        assert RedFlag.objects.get(user=thief).trigger == "guessing"

    def test_guesses_spread_over_many_logins(self, town: Town, home: Home) -> None:
        thieves = [a_login() for _ in range(8)]
        for number, thief in enumerate(thieves):
            home.claimed_by(thief, client=f"198.51.100.{number}").enters("222222")
        assert len(town.texts()) <= town.policy.claim_tries_at_account
        assert "many_logins" in home.flags()
        gets_nowhere(home, *thieves)

    def test_guesses_spread_over_many_accounts(self, town: Town) -> None:
        homes = [
            Home(town, replace(ANA_AT_HOME, emails=(f"a{n}@example.com",), phones=(f"+1503555014{n}",), identifiers=()))
            for n in range(5)
        ]
        thief = a_login()
        for each in homes:
            each.claimed_by(thief)
        assert len(town.texts()) == town.policy.claim_breadth
        assert RedFlag.objects.filter(user=thief, trigger="many_accounts").exists()
        for each in homes:
            gets_nowhere(each, thief)

    def test_many_logins_from_one_internet_address_at_many_accounts(self, town: Town) -> None:
        homes = [
            Home(town, replace(ANA_AT_HOME, emails=(f"a{n}@example.com",), phones=(f"+1503555014{n}",), identifiers=()))
            for n in range(5)
        ]
        thieves = [a_login() for _ in homes]
        for each, thief in zip(homes, thieves, strict=True):
            each.claimed_by(thief, client="203.0.113.66")
        assert len(town.texts()) == town.policy.claim_breadth
        assert RedFlag.objects.filter(trigger="many_accounts").exists()

    def test_a_flood_of_letters_ends(self, town: Town, home: Home) -> None:
        town.policy_says(claim_breadth=100)
        for number in range(6):
            home.claimed_by(a_login(), "letter", client=f"198.51.100.{number}")
        assert len(letter_codes(town)) == town.policy.claim_letters

    def test_two_logins_that_claim_at_once_with_one_code(self, town: Town, home: Home) -> None:
        ana, thief = a_login(), a_login()
        hers, his = home.claimed_by(ana), home.claimed_by(thief)
        code = text_codes(town)[0]
        assert his.enters(code) != []
        hers.proves(code)
        assert home.has_access(ana)
        gets_nowhere(home, thief)

    def test_somebody_elses_claim_taken_up_again(self, town: Town, home: Home) -> None:
        claim = home.claimed_by(a_login())
        thief = a_login()
        for act in (flow.claim, flow.try_claim_code):
            more: dict[str, Any] = {"code": text_codes(town)[-1]} if act is flow.try_claim_code else {}
            with pytest.raises(NotAllowed, match="unknown_request"):
                act(
                    request_id=claim.id,
                    client="x",
                    actor=flow.customer(thief.pk),
                    now=town.now,
                    policy=town.policy,
                    **more,
                )
        assert not home.has_access(thief)
        assert Attempt.objects.exists()

    def test_a_code_entered_for_another_account_than_it_was_sent_for(self, town: Town, home: Home) -> None:
        victim = Home(town, replace(ANA_AT_HOME, emails=("v@example.com",), phones=("+15035550177",), identifiers=()))
        thief = a_login()
        claim = home.claimed_by(thief)  # a house of the thief's own
        claim.answers(account_number=victim.account.ref)
        claim.enters(text_codes(town)[-1])
        gets_nowhere(victim, thief)
        assert not home.has_access(thief)


# ---------------------------------------------------------------- who must be spared


class TestWhoCannotDefendThemselves:
    @pytest.mark.rule("D-40")
    @pytest.mark.parametrize("flag", ["deceased", "fraud_flag", "protected_address"])
    @pytest.mark.parametrize("proof", ["sms", "letter"])
    def test_the_account_of_the_dead_or_of_somebody_with_a_warning(
        self, town: Town, home: Home, flag: str, proof: str
    ) -> None:
        Person.objects.filter(pk=home.person.pk).update(flags=[flag])
        heir = a_login()
        home.claimed_by(heir, proof)
        assert town.texts() == town.letters() == []
        assert home.flags() == {"D-40"}
        gets_nowhere(home, heir)

    def test_the_closed_account_of_the_dead(self, town: Town) -> None:
        home = Home(town, status=AgreementStatus.STOPPED, until=date(2026, 11, 1))
        Person.objects.filter(pk=home.person.pk).update(flags=["deceased"])
        heir = a_login()
        home.claimed_by(heir)
        assert town.texts() == []
        gets_nowhere(home, heir)

    def test_a_person_in_an_address_confidentiality_programme(self, town: Town, home: Home) -> None:
        Protection.objects.create(person=home.person, programme="ACP", set_by="staff:1", since=town.now)
        stalker = a_login()
        home.claimed_by(stalker, "email")
        assert town.mails() == []
        gets_nowhere(home, stalker)


# ---------------------------------------------------------------- logins that are not what they seem


class TestLogins:
    def test_a_login_whose_email_was_never_proved(self, town: Town, home: Home) -> None:
        thief = a_login("ana@example.com", proved=False)
        with pytest.raises(NotAllowed, match="email_not_proved"):
            home.claimed_by(thief)
        gets_nowhere(home, thief)

    @pytest.mark.rule("Y-24")
    @pytest.mark.parametrize(
        "said",
        [
            {"email_verified": False},
            {"email_verified": "true"},
            {"birthdate": "1985-03-28"},
            {"birthdate": ""},
            {"given_name": ""},
            {"given_name": "Anna"},
            {"licence": "D1234567", "given_name": "Eve"},
        ],
        ids=str,
    )
    def test_a_provider_that_speaks_of_a_namesake_or_did_not_check(
        self, town: Town, home: Home, said: dict[str, Any]
    ) -> None:
        town.policy_says(federated_providers=("state",))
        namesake = a_login()
        came_by(namesake, "state", **said)
        claim = home.claimed_by(namesake, "federated")
        assert claim.status == "needs_customer"
        gets_nowhere(home, namesake)

    def test_a_provider_that_does_not_count_by_the_policy_any_more(self, town: Town, home: Home) -> None:
        town.policy_says(federated_providers=("state",))
        ana = a_login()
        came_by(ana, "state")
        claim = Claim(town, ana)
        claim.answers(**home.bill, proof="federated")
        town.policy_says(federated_providers=())
        with pytest.raises(Invalid):
            claim.sends()
        assert not home.has_access(ana)

    def test_access_that_was_stopped_is_not_had_again_by_the_same_code(self, town: Town, home: Home) -> None:
        thief = a_login()
        claim = home.claimed_by(thief)
        code = text_codes(town)[-1]
        claim.proves(code)
        flow.stop_link(token=stop_token(town, "ana@example.com"), now=town.now)
        again = home.claimed_by(thief, "letter")
        assert again.enters(code) != []
        gets_nowhere(home, thief)
