"""Whose is the account that somebody claims: a dead person's, several people's, an organisation's, an imported one?"""

from dataclasses import replace
from datetime import date

import pytest

from keyturn import flow
from keyturn.records.models import AccountAccess, AccountPerson, Act
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.premise import AgreementStatus
from tests import factories
from tests.flow.at_home import Customer
from tests.flow.claiming import (
    Claim,
    Home,
    a_login,
    at_the_desk,
    days,
    letter_codes,
    mail_codes,
    stop_token,
    text_codes,
)
from tests.flow.town import BEN, Town


@pytest.fixture
def home(town: Town) -> Home:
    return Home(town)


class TestWhoseItIs:
    @pytest.mark.rule("V-33")
    def test_who_has_the_account_already_is_told_so(self, town: Town, home: Home) -> None:
        ana = a_login()
        home.claimed_by(ana).proves(text_codes(town)[-1])
        again = Claim(town, ana)
        again.answers(**home.bill, proof="sms")
        assert again.cannot_be_sent_because() == {"account_number": "V-33"}

    def test_a_second_login_may_have_it_and_the_first_is_told(self, town: Town, home: Home) -> None:
        first, second = a_login("first@example.org"), a_login("second@example.org")
        home.claimed_by(first).proves(text_codes(town)[-1])
        home.claimed_by(second, "email").proves(mail_codes(town, "ana@example.com")[-1])
        assert home.has_access(first)
        assert home.has_access(second)
        assert "A login was connected to your account" in town.mails("first@example.org")[-1]["Subject"]

    @pytest.mark.rule("D-42")
    def test_where_the_utility_wants_one_owner_staff_decide(self, town: Town, home: Home) -> None:
        town.policy_says(claim_second_login=False)
        home.claimed_by(a_login()).proves(text_codes(town)[-1])
        sent = len(town.texts())
        home.claimed_by(a_login())
        assert len(town.texts()) == sent
        desk = at_the_desk(home, a_login())
        assert {"D-42", "D-43"} <= desk.rules

    @pytest.mark.rule("D-45")
    def test_who_is_not_responsible_gets_what_the_policy_says(self, town: Town, home: Home) -> None:
        spouse = town.knows(BEN)
        AccountPerson.objects.create(
            account=home.account, person=spouse, is_main=False, is_responsible=False, relationship="spouse",
            **factories.DATED,
        )  # fmt: skip
        ben = a_login()
        home.claimed_by(ben, "email", family_name="Okafor").proves(mail_codes(town, "ben@example.com")[-1])
        assert AccountAccess.objects.get(user=ben).level == "view"
        town.policy_says(claim_level_others="")
        assert "D-45" in at_the_desk(home, a_login(), family_name="Okafor").rules

    @pytest.mark.rule("C-20")
    def test_everybody_on_file_is_told_and_can_undo_it(self, town: Town, home: Home) -> None:
        thief = a_login("thief@example.org")
        home.claimed_by(thief).proves(text_codes(town)[-1])
        token = stop_token(town, "ana@example.com")
        assert flow.stoppable(token=token, now=town.now)
        assert flow.stop_link(token=token, now=town.now)
        town.works()
        assert not home.has_access(thief)
        assert "not_me" in home.flags()
        assert not flow.stop_link(token=token, now=town.now)
        assert "no longer connected" in town.mails("thief@example.org")[-1]["Subject"]

    def test_the_stop_link_holds_a_month(self, town: Town, home: Home) -> None:
        home.claimed_by(a_login()).proves(text_codes(town)[-1])
        token = stop_token(town, "ana@example.com")
        assert not flow.stop_link(token=token, now=town.now + days(31))

    @pytest.mark.rule("C-21")
    def test_without_any_contact_on_file_the_letter_box_is_told(self, town: Town) -> None:
        home = Home(town, replace(BEN, emails=(), phones=()))
        home.claimed_by(a_login(), "letter").proves(letter_codes(town)[-1])
        assert sum("A login was connected" in each for each in town.letters()) == 1

    def test_an_account_gets_a_name_that_only_its_login_sees(self, town: Town, home: Home) -> None:
        ana = a_login()
        home.claimed_by(ana).proves(text_codes(town)[-1])
        flow.name_account(user=ana, account_id=home.account.pk, nickname="  Mother's\u202e house ", now=town.now)
        assert AccountAccess.objects.get(user=ana).nickname == "Mother's house"
        with pytest.raises(NotAllowed, match="not_yours"):
            flow.name_account(user=a_login(), account_id=home.account.pk, nickname="x", now=town.now)

    @pytest.mark.rule("E-21")
    def test_the_last_owner_stays_and_another_may_go(self, town: Town, home: Home) -> None:
        first, second = a_login(), a_login()
        home.claimed_by(first).proves(text_codes(town)[-1])
        with pytest.raises(Invalid) as refused:
            flow.unlink(user=first, account_id=home.account.pk, now=town.now)
        assert [each.rule for each in refused.value.findings] == ["E-21"]
        home.claimed_by(second, "email").proves(mail_codes(town, "ana@example.com")[-1])
        flow.unlink(user=first, account_id=home.account.pk, now=town.now)
        assert not home.has_access(first)
        assert Act.objects.filter(what="unlinked").count() == 1

    @pytest.mark.rule("E-22")
    def test_a_delegate_who_turns_out_to_be_on_the_account_no_longer_acts_for_somebody(self, town: Town) -> None:
        ana = Customer(town)
        delegate = a_login()
        held = AccountAccess.objects.create(
            user=delegate, account=ana.account, level="manage", capacity="delegate", proof="invitation", since=town.now,
            granted_by="customer:login:1",
        )  # fmt: skip
        claim = Claim(town, delegate)
        claim.answers(
            line_of_business="residential", account_number=ana.account.ref, family_name="Zelenko", postal_code="97901",
            proof="sms",
        )  # fmt: skip
        claim.sends().proves(text_codes(town)[-1])
        assert claim.rules == {"D-46"}
        claim.staff("approve", "She showed that she is Ana Zelenko herself.")
        held.refresh_from_db()
        assert held.ended_at is not None
        assert AccountAccess.objects.get(user=delegate, ended_at=None).capacity == "self"

    @pytest.mark.rule("D-41")
    def test_an_account_that_ended_long_ago_is_for_staff(self, town: Town) -> None:
        home = Home(town, status=AgreementStatus.STOPPED, until=date(2024, 1, 31))
        home.claimed_by(a_login())
        assert town.texts() == []
        assert "D-41" in at_the_desk(home, a_login()).rules


class TestWhoWasImported:
    """The first import is as old as the CIS's own record; what a later one changes is new."""

    PERSON = {
        "ref": "P1", "kind": "person", "given_name": "Ada", "family_name": "Lindqvist", "phone": "(541) 555-0101",
        "email": "ada@example.net", "id_type": "driver_licence", "id_value": "7654-321",
    }  # fmt: skip
    PREMISE = {"ref": "L1", "line1": "12 Lantern St", "city": "Lumen", "state": "OR", "postal_code": "97890",
               "country": "US", "division": "north", "service_types": "electric"}  # fmt: skip
    ACCOUNT = {"ref": "1234567890", "person_ref": "P1", "premise_ref": "L1", "customer_class": "residential",
               "status": "active", "start_date": "2021-05-01", "balance": "0"}  # fmt: skip

    def imports(self, town: Town, **changes: str) -> None:
        for kind, row in (("persons", self.PERSON | changes), ("premises", self.PREMISE), ("accounts", self.ACCOUNT)):
            taken = flow.take_in(kind, [(1, row)], now=town.now, policy=town.policy)
            assert taken.rejected == 0, taken.objections

    def claims(self, town: Town) -> None:
        claim = Claim(town, a_login())
        claim.answers(
            line_of_business="residential", account_number="12345 67890 3", family_name="Lindqvist", id_last4="4321",
            proof="sms",
        )  # fmt: skip
        claim.sends()

    def test_today_can_claim_today(self, town: Town) -> None:
        self.imports(town)
        self.claims(town)
        assert "+15415550101" in town.texts()[0]

    def test_with_another_number_yesterday_waits(self, town: Town) -> None:
        self.imports(town)
        town.waits(days=100)
        self.imports(town, phone="(541) 555-0199")
        town.waits(days=1)
        self.claims(town)
        assert town.texts() == []
