"""What may staff do about a delivery: settle it, send it, have it corrected, discard it; and what is left in the CIS?"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from keyturn.flow import deliveries
from keyturn.flow.deliveries import Hand
from keyturn.records.models import Delivery, ServiceAgreement
from keyturn.records.queries import on_file
from keyturn.terms.cis import Answer, Command, EstablishService
from keyturn.terms.errors import Invalid, NotAllowed, Rejected
from keyturn.terms.person import Identifier, PersonDetails
from keyturn.terms.premise import Service
from keyturn.terms.request import Actor, Role
from tests.flow.at_home import Customer
from tests.flow.test_cis import ONE, listening
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, NEEDS_CUSTOMER, PROCESSING, REFUSED, STUCK, Case, Town

SARA = Hand(Actor(Role.STAFF, "5"))
WHY = "Looked at it in the CIS by its reference."


class CannotTell:
    """A CIS that has no way to say what became of a key."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.name, self.offers = inner.name, inner.offers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def find(self, key: str) -> Answer | None:
        raise Rejected("cannot_tell")


@pytest.fixture
def dumb(town: Town) -> Iterator[Town]:
    """It answers everything but that."""
    cis = town.cis
    town.cis = CannotTell(cis)
    yield town
    town.cis = cis


def rules_of(act: Any) -> dict[str, str]:
    """Field to rule, of what keeps staff from doing it."""
    with pytest.raises(Invalid) as found:
        act()
    return {each.field: each.rule for each in found.value.findings}


def settles(case: Case, **changes: Any) -> Any:
    """With what the CIS says, unless a reference is said otherwise."""
    held = case.town.cis.effects()[-1]
    agreements = {f"agreement_{name}": ref for name, ref in held["agreement_refs"].items()}
    refs = {"person_ref": held["person_ref"], "account_ref": held["account_ref"], **agreements}
    reason = changes.pop("reason", WHY)
    return deliveries.settle(
        request_id=case.id, refs={**refs, **changes}, reason=reason, by=SARA, now=case.town.now, policy=case.town.policy
    )


@pytest.mark.rule("S-10")
class TestACisThatCannotTell:
    @pytest.fixture
    def case(self, dumb: Town) -> Case:
        dumb.cis_is(script=[{"fault": "answer_lost"}])
        case = dumb.moves_in(ANA)
        dumb.waits(minutes=2)
        return case

    def test_staff_are_told_to_look_there_and_nothing_is_sent_again(self, dumb: Town, case: Case) -> None:
        heard = listening(dumb)
        dumb.waits(days=3)
        assert (case.status, case.rules) == (IN_REVIEW, {"S-10"})
        assert (case.delivery.state, case.delivery.problem) == ("in_doubt", "cannot_tell")
        assert case.delivery.in_doubt_since is not None
        assert heard == []
        assert case.news == ["email_code", "received"], "the customer hears nothing of it"

    def test_no_approval_sends_it(self, case: Case) -> None:
        assert case.staff_cannot("approve") == {"S-10"}

    def test_it_is_settled_with_what_the_cis_shows(self, dumb: Town, case: Case) -> None:
        settles(case)
        assert case.status == COMPLETED
        assert case.person.ref and case.request.account.ref
        assert set(ServiceAgreement.objects.values_list("ref", flat=True)) == set(
            case.delivery.answer["agreement_refs"].values()
        )
        assert case.request.events.last().data == {"checked": True}
        assert case.news == ["email_code", "received", "completed"]
        assert case.chain_holds()

    @pytest.mark.rule("S-11")
    @pytest.mark.parametrize("field", ["person_ref", "account_ref", "agreement_electric"])
    @pytest.mark.parametrize("said", ["", "999999"])
    def test_what_the_cis_does_not_show_is_not_believed(self, case: Case, field: str, said: str) -> None:
        assert rules_of(lambda: settles(case, **{field: said})).get(field) == "S-11"
        assert case.status == IN_REVIEW

    @pytest.mark.rule("S-11")
    def test_nothing_is_believed_while_the_cis_cannot_be_asked(self, dumb: Town, case: Case) -> None:
        dumb.cis_is("down", calls=["read"])
        with pytest.raises(NotAllowed, match="cis_away"):
            settles(case)

    @pytest.mark.rule("S-11")
    def test_the_word_of_staff_stands_where_the_cis_cannot_show_what_it_has(
        self, dumb: Town, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cannot(noun: str, ref: str) -> None:
            raise Rejected("not_offered")

        monkeypatch.setattr(dumb.faulty, "read", cannot)
        settles(case)
        assert case.request.events.last().data == {"checked": False}

    @pytest.mark.rule("S-14")
    def test_a_reason_is_given(self, case: Case) -> None:
        assert rules_of(lambda: settles(case, reason="ok")) == {"reason": "S-14"}

    def test_what_is_not_there_is_sent_again_under_the_same_key(self, dumb: Town) -> None:
        dumb.cis_is(script=[{"fault": "lost_before"}])
        case = dumb.moves_in(ANA)
        dumb.waits(minutes=2)
        heard = listening(dumb)
        deliveries.not_there(request_id=case.id, reason=WHY, by=SARA, now=dumb.now)
        dumb.works()
        assert (case.status, heard) == (COMPLETED, ["send"])
        assert dumb.cis_holds() == ONE

    @pytest.mark.parametrize("search", [True, False])
    def test_what_is_there_after_all_has_no_second_effect(self, dumb: Town, case: Case, search: bool) -> None:
        """Staff looked badly: the CIS shows the person before it is sent, or else knows the key."""
        dumb.policy_says(cis_search_before_new=search)
        deliveries.not_there(request_id=case.id, reason=WHY, by=SARA, now=dumb.now)
        dumb.works()
        assert (case.status, case.rules) == ((IN_REVIEW, {"S-12"}) if search else (COMPLETED, {"S-10"}))
        assert dumb.cis_holds() == ONE

    def test_what_was_discarded_and_may_be_there_is_listed(self, dumb: Town, case: Case) -> None:
        deliveries.discard(
            request_id=case.id, reason="The meter was removed.", by=SARA, now=dumb.now, policy=dumb.policy
        )
        dumb.waits(hours=1)
        assert (case.status, case.history[-1]) == (REFUSED, "left_in_cis")
        deliveries.cleared(request_id=case.id, reason=WHY, by=SARA, now=dumb.now)
        with pytest.raises(NotAllowed, match="nothing_left"):
            deliveries.cleared(request_id=case.id, reason=WHY, by=SARA, now=dumb.now)

    def test_nobody_settles_their_own(self, case: Case) -> None:
        theirs = Hand(SARA.actor, case.request.email_digest)
        with pytest.raises(NotAllowed, match="own_request"):
            deliveries.not_there(request_id=case.id, reason=WHY, by=theirs, now=case.town.now)


class TestSendNow:
    def test_the_next_try_is_not_waited_for(self, town: Town) -> None:
        town.cis_is(script=[{"fault": "down"}])
        case = town.moves_in(ANA)
        deliveries.send_now(request_id=case.id, by=SARA, now=town.now)
        town.works()
        assert case.status == COMPLETED

    def test_not_while_a_call_is_under_way(self, town: Town) -> None:
        town.cis_is(script=[{"fault": "down"}])
        case = town.moves_in(ANA)
        Delivery.objects.update(leased_until=town.now + timedelta(seconds=9))
        with pytest.raises(NotAllowed, match="under_way"):
            deliveries.send_now(request_id=case.id, by=SARA, now=town.now)

    def test_only_staff(self, town: Town) -> None:
        case = town.moves_in(ANA)
        with pytest.raises(NotAllowed, match="unknown_request"):
            deliveries.send_now(request_id=case.id, by=Hand(case.actor), now=town.now)

    def test_not_what_is_done(self, town: Town) -> None:
        case = town.moves_in(ANA)
        with pytest.raises(NotAllowed, match="not_at_the_cis"):
            deliveries.send_now(request_id=case.id, by=SARA, now=town.now)


class TestDiscard:
    def test_what_is_stuck_is_discarded_and_the_customer_reads_why(self, town: Town) -> None:
        town.policy_says(cis_tries=1)
        town.cis_is(script=[{"fault": "late"}], seconds=400)
        case = town.moves_in(ANA)
        assert case.status == STUCK
        deliveries.discard(
            request_id=case.id, reason="The meter was removed.", by=SARA, now=town.now, policy=town.policy
        )
        assert case.status == REFUSED
        assert set(ServiceAgreement.objects.values_list("status", flat=True)) == {"cancelled"}
        town.works()
        assert "The meter was removed." in case.last_message()
        town.faulty.deliver_late()
        town.waits(hours=1)
        assert case.history[-1] == "undone_in_cis"

    def test_what_waits_for_a_cis_that_is_away_is_discarded(self, town: Town) -> None:
        town.policy_says(cis_breaker_failures=1)
        town.cis_is("down", calls=["send", "ping"])
        town.moves_in(ANA)
        case = town.moves_in(BEN)
        assert case.status == PROCESSING
        deliveries.discard(
            request_id=case.id, reason="They called: no service.", by=SARA, now=town.now, policy=town.policy
        )
        town.cis_is()
        town.waits(hours=1)
        assert case.status == REFUSED
        assert town.cis_holds() == ONE

    def test_a_person_whom_it_entered_there_keeps_its_reference(self, town: Town) -> None:
        town.policy_says(cis_tries=1)
        town.cis_is(script=[{"fault": "answer_lost"}])
        case = town.moves_in(ANA)
        deliveries.discard(
            request_id=case.id, reason="The meter was removed.", by=SARA, now=town.now, policy=town.policy
        )
        town.waits(hours=1)
        assert case.person.ref
        town.moves_in(ANA)
        assert town.cis_holds()["persons"] == 1


class TestCorrect:
    @pytest.fixture
    def case(self, town: Town) -> Case:
        town.cis_is(script=[{"fault": "refuses"}])
        return town.moves_in(ANA)

    def corrects(self, case: Case, reason: str = WHY, **answers: Any) -> None:
        deliveries.correct(
            request_id=case.id, answers=answers, reason=reason, by=SARA, now=case.town.now, policy=case.town.policy
        )
        case.town.works()

    def test_it_goes_on_with_the_corrected_answer_under_its_key(self, town: Town, case: Case) -> None:
        key, person = case.delivery.key, case.person
        self.corrects(case, start_date=town.day(9), phone="503 555 0188")
        assert case.status == COMPLETED, case.request.findings
        assert (case.delivery.key, case.person) == (key, person)
        assert town.cis_holds() == ONE
        held = town.cis.read("premise", case.request.premise.ref)["agreements"]
        assert {each["start_date"].isoformat() for each in held} == {town.day(9)}
        assert case.request.events.get(what="corrected").data == {"fields": ["phone", "start_date"]}
        assert case.chain_holds()

    def test_it_stays_with_the_person_whom_it_entered(self, town: Town, case: Case) -> None:
        """Whether they are somebody on file is asked once: here by a utility that lets the machine link nobody."""
        town.policy_says(link_automatically=False)
        self.corrects(case, start_date=town.day(9))
        assert case.status == COMPLETED, case.request.findings

    def test_it_is_corrected_with_what_the_customer_answers(self, town: Town, case: Case) -> None:
        case.staff("ask", "From which day are you the tenant?").replies("From next week on.")
        self.corrects(case, start_date=town.day(7))
        assert case.status == COMPLETED
        assert town.cis_holds() == ONE

    def test_what_is_not_good_enough_is_named_and_nothing_is_taken_back(self, town: Town, case: Case) -> None:
        problems = rules_of(lambda: self.corrects(case, start_date="2020-01-01"))
        assert set(problems) == {"start_date"}
        assert case.status == IN_REVIEW
        assert set(ServiceAgreement.objects.values_list("status", flat=True)) == {"pending_start"}

    def test_only_some_answers(self, case: Case) -> None:
        before = case.request.answers
        self.corrects(case, email="mallory@example.com", consents=[])
        assert case.request.answers == before

    @pytest.mark.rule("S-14")
    def test_a_reason_is_given(self, case: Case) -> None:
        assert rules_of(lambda: self.corrects(case, reason="", start_date="2026-12-20")) == {"reason": "S-14"}

    def test_not_what_is_in_doubt(self, dumb: Town) -> None:
        dumb.cis_is(script=[{"fault": "answer_lost"}])
        case = dumb.moves_in(ANA)
        dumb.waits(minutes=2)
        with pytest.raises(NotAllowed, match="not_to_correct"):
            self.corrects(case, start_date=dumb.day(9))


class TestSendBack:
    @pytest.fixture
    def case(self, town: Town) -> Case:
        town.cis_is(script=[{"fault": "refuses"}])
        case = town.moves_in(ANA)
        deliveries.send_back(
            request_id=case.id, words="From which day are you the tenant?", by=SARA, now=town.now, policy=town.policy
        )
        return case

    def test_the_customer_is_asked_and_what_was_written_is_taken_back(self, case: Case) -> None:
        assert case.status == NEEDS_CUSTOMER
        assert set(ServiceAgreement.objects.values_list("status", flat=True)) == {"cancelled"}
        assert case.news[-1] == "question"

    def test_corrected_it_goes_on_under_its_key_and_has_one_effect(self, town: Town, case: Case) -> None:
        key, person = case.delivery.key, case.person
        case.answers(start_date=town.day(9))
        case.submits()
        town.works()
        assert case.status == COMPLETED, case.request.findings
        assert (case.delivery.key, case.person) == (key, person)
        assert town.cis_holds() == ONE
        [start] = {
            each["start_date"].isoformat() for each in town.cis.read("premise", case.request.premise.ref)["agreements"]
        }
        assert start == town.day(9)
        assert case.chain_holds()

    def test_withdrawn_it_is_looked_for_in_the_cis(self, town: Town, case: Case) -> None:
        heard = listening(town)
        case.withdraws()
        town.waits(hours=1)
        assert "find" in heard

    def test_never_answered_it_expires(self, town: Town, case: Case) -> None:
        from keyturn import flow

        town.now += timedelta(days=town.policy.answer_days)
        flow.expire(now=town.now)
        town.waits(hours=1)
        assert case.history[-1] == "expired"

    def test_only_what_the_cis_refused(self, town: Town) -> None:
        town.policy_says(cis_tries=1)
        town.cis_is(script=[{"fault": "answer_lost"}])
        case = town.moves_in(ANA)
        with pytest.raises(NotAllowed, match="not_at_the_cis"):
            deliveries.send_back(request_id=case.id, words="What is it?", by=SARA, now=town.now, policy=town.policy)


def in_cis_alone(town: Town, who: PersonDetails = ANA) -> str:
    """Somebody whom only the CIS knows; its reference."""
    place = town.house()
    command: Command = EstablishService(
        request_reference="KT-OLD", premise_ref=place.ref, services=(Service("electric"),),
        start_date=date.fromisoformat(town.day(1)), customer_class="residential", division=place.division, language="en",
        person=who,
    )  # fmt: skip
    return town.cis.send(command, key="old").person_ref


@pytest.mark.rule("S-12")
class TestAPersonWhomOnlyTheCisKnows:
    def test_staff_look_before_another_is_entered(self, town: Town) -> None:
        ref = in_cis_alone(town)
        case = town.moves_in(replace(ANA, given_name="Anna"))
        assert (case.status, case.rules) == (IN_REVIEW, {"S-12"})
        assert ref in str(case.request.findings)
        assert town.cis_holds()["persons"] == 1

    @pytest.mark.rule("S-15")
    def test_the_same_person_is_told_by_the_reference_that_the_cis_has(self, town: Town) -> None:
        ref = in_cis_alone(town)
        case = town.moves_in(ANA)
        given = {"request_id": case.id, "reason": WHY, "by": SARA, "now": town.now}
        assert rules_of(lambda: deliveries.same_person(person_ref="C999", **given)) == {"person_ref": "S-15"}
        deliveries.same_person(person_ref=ref, **given)
        town.works()
        assert (case.status, case.person.ref) == (COMPLETED, ref)
        assert town.cis_holds()["persons"] == 1

    def test_it_holds_up_nobody_else_while_staff_look(self, town: Town) -> None:
        in_cis_alone(town)
        town.moves_in(ANA)
        assert town.moves_in(ANA).status == IN_REVIEW, "not waiting for the first"

    def test_another_is_entered_when_staff_say_so(self, town: Town) -> None:
        in_cis_alone(town, replace(ANA, identifiers=(Identifier("ssn_last4", "1234"),)))
        case = town.moves_in(replace(ANA, given_name="Zoe", identifiers=(Identifier("ssn_last4", "1234"),)))
        if case.rules == {"S-12"}:
            case.staff("approve", "It is her sister.")
        assert case.status == COMPLETED
        assert town.cis_holds()["persons"] == 2

    def test_it_is_one_call_and_only_for_a_new_person_with_an_identifier(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[PersonDetails] = []
        monkeypatch.setattr(type(town.faulty), "search", lambda _self, wanted: asked.append(wanted) or ())
        town.moves_in(ANA)
        assert [each.identifiers for each in asked] == [ANA.identifiers]
        assert not asked[0].emails and not asked[0].family_name
        town.moves_in(ANA)
        assert len(asked) == 1
        town.policy_says(cis_search_before_new=False)
        town.moves_in(BEN)
        assert len(asked) == 1


@pytest.mark.rule("S-13")
class TestAChangeThatCameToNothing:
    """In doubt, refused by the CIS at the second try, refused by staff; and then the first call arrives after all."""

    @pytest.fixture
    def ana(self, town: Town) -> Customer:
        return Customer(town)

    def refused(self, town: Town, ana: Customer, journey: str, **answers: Any) -> Case:
        town.cis_is(script=[{"fault": "late"}, {"fault": "refuses"}], seconds=400)
        case = ana.changes(journey, **answers)
        town.waits(minutes=1)
        assert case.status == IN_REVIEW, case.history
        case.staff("refuse", "This number is not yours.")
        town.faulty.deliver_late()
        return case

    def numbers(self, town: Town, ana: Customer) -> list[str]:
        return [
            each["value"] for each in town.cis.read("person", ana.person.ref)["contacts"] if each["routing"] != "email"
        ]

    def test_what_stood_there_before_stands_there_again(self, town: Town, ana: Customer) -> None:
        before = self.numbers(town, ana)
        case = self.refused(
            town,
            ana,
            "change_contact",
            contact_id=ana.contact("phone"),
            channel="phone",
            act="set",
            phone="503 555 0199",
        )
        assert self.numbers(town, ana) == ["503 555 0199"]
        town.waits(hours=1)
        assert self.numbers(town, ana) == before
        assert case.history[-1] == "undone_in_cis"

    def test_what_was_changed_since_stays_and_is_listed(self, town: Town, ana: Customer) -> None:
        contact = ana.contact("phone")
        case = self.refused(
            town, ana, "change_contact", contact_id=contact, channel="phone", act="set", phone="503 555 0199"
        )
        town.cis_is()
        ana.changes("change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0177")
        town.waits(hours=1)
        assert "503 555 0177" in self.numbers(town, ana)
        assert case.history[-1] == "left_in_cis"
        assert case.request.events.last().data == {"code": "cannot_be_undone", "families": ["phone"]}

    def test_what_no_cis_takes_back_is_listed(self, town: Town, ana: Customer) -> None:
        town.policy_says(change_risk={**town.policy.change_risk, "identifier": "apply"})
        case = self.refused(town, ana, "change_identifier", id_type="state_id", id_value="S 55 66 77")
        town.waits(hours=1)
        assert case.request.events.last().data == {"code": "cannot_be_undone", "families": ["identifier"]}
        assert on_file.slots(ana.person, at=town.now)
