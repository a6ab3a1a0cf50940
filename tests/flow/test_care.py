"""Is somebody who depends on service protected at once, and does nothing end it but a person (BR-63, ER-33)?"""

from datetime import date, timedelta
from typing import Any

import pytest

from keyturn import flow
from keyturn.flow import moves
from keyturn.records.models import Act, MedicalCertification, Person, Protection, Reading, Request, User
from keyturn.records.queries import access, my_accounts, person_pages, rows, shelter
from keyturn.steps.maintain.care import rules
from keyturn.terms.address import Address
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.at_home import Change, Customer
from tests.flow.papers import a_photo
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, REFUSED, Town

STAFF = Actor(Role.STAFF, "7")
NEEDS = {"patient": "Eva Zelenko", "medical_kind": "life_support", "device": "Ventilator", "phone": "503 555 0142"}


@pytest.fixture
def ana(town: Town) -> Customer:
    return Customer(town)


def claims(ana: Customer, *, paper: bool = False, user: User | None = None) -> Change:
    case = begins_with_paper(ana) if paper else begins(ana, user=user)
    case.submits()
    ana.town.works()
    return case


def begins(ana: Customer, *, user: User | None = None) -> Change:
    return ana.begins("claim_life_support", account=ana.account, account_id=str(ana.account.pk), user=user, **NEEDS)


def begins_with_paper(ana: Customer) -> Change:
    case = begins(ana)
    flow.upload(
        request_id=case.id, purpose="medical", file_name="certificate.jpg", data=a_photo(), actor=case.actor,
        now=ana.town.now, policy=ana.town.policy,
    )  # fmt: skip
    return case


def protection_of(ana: Customer) -> MedicalCertification:
    return MedicalCertification.objects.get(account=ana.account, ended_at=None)


def certify(ana: Customer, *, days: int = 300) -> None:
    today = ana.town.now.date()
    flow.certify_care(
        care_id=protection_of(ana).pk, first=today - timedelta(days=1), last=today + timedelta(days=days),
        certified_by="Dr Grey", actor=STAFF, now=ana.town.now, policy=ana.town.policy,
    )  # fmt: skip
    ana.town.works()


def in_the_cis(ana: Customer) -> str:
    return repr(ana.town.cis.read("account", ana.account.ref))


class TestAClaim:
    def test_protects_at_once_on_their_word_alone(self, town: Town, ana: Customer) -> None:
        case = claims(ana)
        held = protection_of(ana)
        assert (case.status, held.state, held.details["patient"]) == (COMPLETED, "temporary", "Eva Zelenko")
        assert held.temporary_until > town.now + timedelta(days=13)  # ten business days are two weeks
        assert Act.objects.filter(subject=f"account:{ana.account.pk}", what="care_claimed").exists()

    def test_is_told_to_the_customer_without_a_word_of_who_is_ill(self, town: Town, ana: Customer) -> None:
        claims(ana)
        mail = town.mails("ana@example.com")[-1]
        assert "depends on your service" in mail["Subject"]
        assert "Eva" not in mail.get_content() and "Ventilator" not in mail.get_content()

    def test_is_told_to_the_cis_with_the_day_on_which_it_would_end(self, town: Town, ana: Customer) -> None:
        case = claims(ana)
        last = protection_of(ana).temporary_until - timedelta(days=1)
        assert case.request.written == [{"value": "yes", "until": case.request.written[0]["until"]}]
        assert case.request.written[0]["until"] >= last.date().isoformat()
        assert "life_support" in in_the_cis(ana) or case.status == COMPLETED

    def test_with_a_certificate_keeps_it_for_staff(self, ana: Customer) -> None:
        claims(ana, paper=True)
        assert protection_of(ana).document is not None

    def test_once_more_does_not_begin_the_clock_anew(self, town: Town, ana: Customer) -> None:
        claims(ana)
        until = protection_of(ana).temporary_until
        town.waits(days=5)
        claims(ana, paper=True)
        held = protection_of(ana)
        assert (held.temporary_until, held.document is not None) == (until, True)

    @pytest.mark.rule("D-60")
    def test_is_for_who_may_manage_the_account(self, town: Town, ana: Customer) -> None:
        viewer = factories.a_login("view@example.com", account=ana.account, person=None, level="view")
        with pytest.raises(NotAllowed):
            claims(ana, user=viewer)

    @pytest.mark.rule("D-60")
    def test_by_somebody_whose_access_was_ended_meanwhile_is_refused(self, town: Town, ana: Customer) -> None:
        case = ana.begins("claim_life_support", account=ana.account, account_id=str(ana.account.pk), **NEEDS)
        case.submits()
        ana.user.accesses.update(ended_at=town.now, ended_by="test")
        town.works()
        assert (case.status, case.rules) == (REFUSED, {"D-60"})

    @pytest.mark.rule("D-61")
    def test_after_one_that_no_certificate_followed_is_looked_at_first(self, town: Town, ana: Customer) -> None:
        claims(ana)
        flow.end_care(
            care_id=protection_of(ana).pk, why="expired", reason="No answer by letter, phone or visit.", actor=STAFF,
            now=town.now, policy=town.policy,
        )  # fmt: skip
        town.works()
        again = claims(ana)
        assert (again.status, again.rules) == (IN_REVIEW, {"D-61"})
        again.staff("approve")
        assert protection_of(ana).state == "temporary"


class TestACertificate:
    def test_that_staff_have_read_protects_until_its_last_day(self, town: Town, ana: Customer) -> None:
        claims(ana, paper=True)
        certify(ana)
        held = protection_of(ana)
        assert (held.state, held.renewals, held.details["certified_by"]) == ("certified", 0, "Dr Grey")
        assert "accepted the certificate" in town.mails("ana@example.com")[-1]["Subject"]

    def test_that_comes_later_renews(self, town: Town, ana: Customer) -> None:
        claims(ana)
        certify(ana)
        certify(ana, days=360)
        assert protection_of(ana).renewals == 1

    @pytest.mark.rule("K-81")
    @pytest.mark.parametrize(
        ("first", "last", "why"),
        [
            (None, date(2027, 1, 1), "no_date"),
            (date(2026, 6, 1), date(2026, 6, 20), "length"),
            (date(2026, 1, 1), date(2028, 1, 1), "length"),
            (date(2026, 7, 1), date(2026, 12, 1), "not_now"),
            (date(2026, 1, 1), date(2026, 5, 1), "not_now"),
        ],
    )
    def test_holds_as_long_as_the_policy_allows(self, first: date | None, last: date, why: str) -> None:
        found = list(rules.validity_is_possible(first=first, last=last, today=date(2026, 6, 10), policy=Policy()))
        assert [each.params["why"] for each in found] == [why]

    @pytest.mark.rule("K-81")
    def test_of_no_length_changes_nothing(self, ana: Customer) -> None:
        claims(ana)
        with pytest.raises(Invalid):
            certify(ana, days=2)
        assert protection_of(ana).state == "temporary"


class TestTheClock:
    def reminds(self, town: Town) -> int:
        sent = flow.remind_care(now=town.now, policy=town.policy)
        town.works()
        return sent

    @pytest.mark.rule("K-80")
    def test_reminds_once_before_the_temporary_protection_is_over(self, town: Town, ana: Customer) -> None:
        claims(ana)
        assert self.reminds(town) == 0
        town.waits(days=12)
        assert self.reminds(town) == 1
        assert self.reminds(town) == 0
        assert "Please send us the certificate" in town.mails("ana@example.com")[-1]["Subject"]

    @pytest.mark.rule("K-80")
    def test_reminds_once_before_a_certificate_runs_out(self, town: Town, ana: Customer) -> None:
        claims(ana)
        certify(ana, days=60)
        assert self.reminds(town) == 0
        town.waits(days=35)
        assert [self.reminds(town), self.reminds(town)] == [1, 0]

    @pytest.mark.rule("K-82")
    def test_says_once_that_it_is_late_and_ends_nothing(self, town: Town, ana: Customer) -> None:
        claims(ana)
        town.waits(days=12)
        self.reminds(town)
        town.waits(days=30)
        assert [self.reminds(town), self.reminds(town)] == [1, 0]
        assert "has not come yet" in town.mails("ana@example.com")[-1]["Subject"]
        assert protection_of(ana).state == "temporary"

    @pytest.mark.rule("K-80")
    @pytest.mark.rule("K-82")
    def test_reminds_everybody_however_many_were_protected_before_them(
        self, town: Town, ana: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Ana's claim stays the oldest for ever: a certificate that is late ends nothing."""
        monkeypatch.setattr("keyturn.flow.care.BATCH", 1, raising=False)
        claims(ana)
        town.waits(days=30)
        self.reminds(town)
        ben = Customer(town, BEN)
        claims(ben)
        town.waits(days=12)
        assert self.reminds(town) == 1
        assert "Please send us the certificate" in town.mails("ben@example.com")[-1]["Subject"]

    def test_goes_on_after_one_that_cannot_be_told(
        self, town: Town, ana: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ben = Customer(town, BEN)
        claims(ana)
        claims(ben)
        town.waits(days=12)
        tells = moves.tell

        def stumbles(request: Request, *given: Any, **more: Any) -> None:
            if request.person_id == ana.person.pk:
                raise RuntimeError("no such letter")
            tells(request, *given, **more)

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(moves, "tell", stumbles)
            assert self.reminds(town) == 1
        assert protection_of(ben).reminded_at is not None
        assert self.reminds(town) == 1, "and it is tried again"
        assert protection_of(ana).reminded_at is not None


class TestItsEnd:
    def test_is_said_by_the_customer(self, town: Town, ana: Customer) -> None:
        claims(ana)
        request = flow.withdraw_care(care_id=protection_of(ana).pk, user=ana.user, now=town.now, policy=town.policy)
        town.works()
        assert not MedicalCertification.objects.filter(ended_at=None).exists()
        assert request.written == [{"value": "no", "until": ""}]
        assert "has ended" in town.mails("ana@example.com")[-1]["Subject"]

    def test_is_not_said_by_a_stranger(self, town: Town, ana: Customer) -> None:
        claims(ana)
        with pytest.raises(NotAllowed):
            flow.withdraw_care(
                care_id=protection_of(ana).pk, user=factories.a_login("x@example.com"), now=town.now, policy=town.policy
            )

    def test_is_said_by_staff_with_a_reason_only(self, town: Town, ana: Customer) -> None:
        claims(ana)
        with pytest.raises(Invalid):
            flow.end_care(
                care_id=protection_of(ana).pk, why="expired", reason="no", actor=STAFF, now=town.now, policy=town.policy
            )
        assert protection_of(ana).ended_at is None


def test_somebody_who_calls_is_protected_while_they_are_on_the_phone(town: Town, ana: Customer) -> None:
    flow.claim_care_at_desk(
        account_id=ana.account.pk, answers=NEEDS, reason="Her daughter called from her number.", actor=STAFF,
        now=town.now, policy=town.policy,
    )  # fmt: skip
    assert protection_of(ana).state == "temporary"


class TestAProtectedAddress:
    HOME = Address("9 Canary Avenue", "", "Millbrook", "OR", "97901")

    @pytest.fixture
    def eva(self, town: Town) -> Person:
        from dataclasses import replace

        eva = factories.a_person(replace(ANA, given_name="Eva", addresses=(self.HOME,)))
        factories.an_account(eva, town.house())
        return eva

    def protects(self, town: Town, eva: Person, reason: str = "She is in the state's programme.") -> None:
        flow.protect(person_id=eva.pk, programme="ACP", reason=reason, may_see=True, actor=STAFF, now=town.now)

    def test_is_set_and_lifted_by_who_has_the_right_and_both_are_written_down(self, town: Town, eva: Person) -> None:
        with pytest.raises(NotAllowed):
            flow.protect(
                person_id=eva.pk, programme="", reason="Because she asked us.", may_see=False, actor=STAFF, now=town.now
            )
        self.protects(town, eva)
        assert shelter.is_protected(eva.pk, at=town.now)
        flow.lift_protection(
            person_id=eva.pk, reason="She left the programme.", may_see=True, actor=STAFF, now=town.now
        )
        assert not shelter.is_protected(eva.pk, at=town.now)
        assert Protection.objects.get().ended_at == town.now
        what = list(Act.objects.filter(subject=f"person:{eva.pk}").values_list("what", flat=True))
        assert sorted(what) == ["address_protected", "protection_lifted"]

    @pytest.mark.rule("K-86")
    def test_needs_a_reason(self, town: Town, eva: Person) -> None:
        with pytest.raises(Invalid):
            self.protects(town, eva, reason="")
        assert not shelter.is_protected(eva.pk, at=town.now)

    def test_is_in_no_export(self, town: Town, eva: Person) -> None:
        self.protects(town, eva)
        people = {each["ref"]: each for each in rows.export("persons", at=town.now)}
        accounts = {each["person_ref"]: each for each in rows.export("accounts", at=town.now)}
        address = ("line1", "line2", "city", "state", "postal_code", "country")
        assert [people[eva.ref][name] for name in address] == [""] * 6
        assert people[eva.ref]["given_name"] == "Eva"
        assert accounts[eva.ref]["premise_ref"] == ""

    def test_is_no_output_of_matching_not_even_as_a_hint(self, town: Town, eva: Person) -> None:
        from dataclasses import replace

        probe = replace(ANA, given_name="Eva")
        self.protects(town, eva)

        def seen(details: object) -> list[tuple[str, float]]:
            decision, _refs = person_pages.match(details, policy=town.policy)  # type: ignore[arg-type]
            return [(each.person_id, round(each.scored.weight, 6)) for each in decision.ranked]

        right = seen(replace(probe, addresses=(self.HOME,)))
        wrong = seen(replace(probe, addresses=(Address("1 Elsewhere Road", "", "Farville", "OR", "97000"),)))
        assert right == wrong != []

    def test_each_look_at_it_is_written_down(self, town: Town, eva: Person) -> None:
        self.protects(town, eva)
        flow.look_at_protected(person_id=eva.pk, may_see=True, actor=STAFF, now=town.now)
        assert Reading.objects.get(what="protected").person == eva
        with pytest.raises(NotAllowed):
            flow.look_at_protected(person_id=eva.pk, may_see=False, actor=STAFF, now=town.now)

    def test_is_seen_in_the_portal_by_nobody_but_themselves(self, town: Town) -> None:
        eva = Customer(town)
        helper = factories.a_login("helper@example.com", account=eva.account, level="manage")
        self.protects(town, eva.person)

        def places(user: User) -> int:
            card = my_accounts.cards(access.accounts_of(user.pk, at=town.now), at=town.now)[0]
            return len(card.places)

        assert (places(eva.user), places(helper)) == (1, 0)
        with pytest.raises(NotAllowed):
            eva.begins("change_mailing_address", user=helper, account=eva.account)
        assert eva.begins("change_mailing_address", account=eva.account)
