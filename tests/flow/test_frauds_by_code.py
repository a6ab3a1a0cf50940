"""Does any known fraud with codes or logins get somebody else's account, or one of who cannot defend themselves (T-35)?"""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from keyturn import flow
from keyturn.records.models import (
    Attempt,
    ClaimCode,
    Person,
    Protection,
    RedFlag,
)
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.premise import AgreementStatus
from tests.flow.claiming import (
    ANA_AT_HOME,
    Claim,
    Home,
    a_login,
    came_by,
    gets_nowhere,
    letter_codes,
    stop_token,
    text_codes,
)
from tests.flow.town import Town


@pytest.fixture
def home(town: Town) -> Home:
    return Home(town)


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
