"""Where could a delivery, or a difference with the CIS, slip through everybody's hands, or into the wrong ones?"""

from datetime import timedelta

import pytest

from keyturn import flow
from keyturn.connectors.cis.faults import FaultyCis
from keyturn.flow import deliveries, outside
from keyturn.records.models import Account, Delivery, Person, Request, ServiceAgreement
from keyturn.records.queries import deliveries as queries
from keyturn.steps.sync import step as sync
from keyturn.terms.cis import Answer
from keyturn.terms.errors import Rejected
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.at_home import Customer
from tests.flow.test_deliveries import SARA, WHY, rules_of, settles
from tests.flow.test_known_there import in_cis_alone
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, MONDAY, NEEDS_CUSTOMER, STUCK, Case, Town

ROSA = Actor(Role.STAFF, "rosa")
NO = "The meter was removed."


def discards(town: Town, case: Case) -> None:
    deliveries.discard(request_id=case.id, reason=NO, by=SARA, now=town.now, policy=town.policy)


@pytest.mark.rule("S-06")
class TestAnEarlierTryArrivesLate:
    @pytest.fixture
    def stuck(self, town: Town) -> Case:
        """The CIS was told once, and will do it in some minutes."""
        town.policy_says(cis_tries=1, cis_breaker_failures=1)
        town.cis_is(script=[{"fault": "late"}], seconds=400)
        case = town.moves_in(ANA)
        assert case.status == STUCK
        return case

    @pytest.mark.parametrize("anew", ["retried", "said_not_to_be_there"])
    def test_discarded_before_it_was_sent_anew_it_is_looked_for_all_the_same(
        self, town: Town, stuck: Case, anew: str
    ) -> None:
        if anew == "retried":
            flow.retry(request_id=stuck.id, actor=SARA.actor, now=town.now)
        else:
            deliveries.not_there(request_id=stuck.id, reason=WHY, by=SARA, now=town.now)
        discards(town, stuck)
        town.faulty.deliver_late()
        town.waits(hours=1)
        assert stuck.history[-1] == "undone_in_cis"

    @pytest.mark.parametrize("end", ["withdrawn", "expired"])
    def test_sent_back_and_then_asked_for_a_proof_it_is_undone_at_its_end(self, town: Town, end: str) -> None:
        town.cis_is(script=[{"fault": "late"}, {"fault": "refuses"}], seconds=400)
        case = town.moves_in(ANA)
        town.waits(minutes=3)
        deliveries.send_back(request_id=case.id, words=NO, by=SARA, now=town.now, policy=town.policy)
        assert case.status == NEEDS_CUSTOMER
        Request.objects.filter(pk=case.id).update(step="verify")  # what they changed needs a proof
        if end == "withdrawn":
            case.withdraws()
        else:
            town.now += timedelta(days=town.policy.answer_days)
            flow.expire(now=town.now)
        town.faulty.deliver_late()
        town.waits(hours=1)
        assert case.history[-2:] == [end, "undone_in_cis"]

    def test_what_was_corrected_since_is_not_taken_for_done_by_it(self, town: Town) -> None:
        """The key is the same, and what the CIS did under it is what was asked before."""
        town.cis_is(script=[{"fault": "late"}, {"fault": "refuses"}], seconds=400)
        case = town.moves_in(ANA)
        town.waits(minutes=3)
        deliveries.correct(
            request_id=case.id, answers={"start_date": town.day(9)}, reason=WHY, by=SARA, now=town.now,
            policy=town.policy,
        )  # fmt: skip
        town.faulty.deliver_late()
        town.works()
        assert (case.status, case.delivery.problem) == (IN_REVIEW, "key_reused")
        discards(town, case)
        town.waits(hours=1)
        assert case.history[-1] == "undone_in_cis"


@pytest.mark.rule("S-17")
class TestAnEarlierTryArrivesAfterStaffHaveSettledIt:
    @pytest.fixture
    def settled(self, town: Town) -> Case:
        """The CIS was told once, and will do it in some minutes; meanwhile somebody has entered it there by hand."""
        town.policy_says(cis_tries=1)
        town.cis_is(script=[{"fault": "late"}], seconds=400)
        case = town.moves_in(ANA)
        by_hand = town.cis.send(outside.way_of(case.request).command(case.request, town.policy), key="by-hand")
        settles(case, **_refs(by_hand))
        assert (case.status, town.jobs("undo_in_cis")) == (COMPLETED, 1)
        return case

    def test_something_else_is_a_case_for_staff_until_they_have_put_it_right(self, town: Town, settled: Case) -> None:
        late = Answer("C-LATE", "A-LATE", {"electric": "E-LATE", "gas": "G-LATE"})
        town.faulty.find = lambda key: late if town.now > MONDAY + timedelta(hours=5) else None  # type: ignore[method-assign]
        town.waits(hours=4)
        assert (settled.history[-1], town.jobs("undo_in_cis")) == ("settled", 1)
        named = settled.delivery.answer
        town.waits(hours=20)
        assert (settled.status, settled.history[-1]) == (COMPLETED, "left_in_cis")
        assert [each.pk for each in queries.left_in_cis(most=9)[0]] == [settled.id]
        assert settled.delivery.answer == {**named, "besides": sync._as_json(late)}
        assert town.cis_holds()["accounts"] == 1, "nothing is cancelled: only staff know which is right"
        deliveries.cleared(request_id=settled.id, reason=WHY, by=SARA, now=town.now)
        assert queries.left_in_cis(most=9)[1] == 0
        assert settled.chain_holds()

    def test_the_same_is_nothing(self, town: Town, settled: Case) -> None:
        said = sync.kept_answer(settled.delivery)
        town.faulty.find = lambda key: said  # type: ignore[method-assign]
        town.waits(hours=50)
        assert (settled.history[-1], town.jobs("undo_in_cis")) == ("settled", 0)

    def test_nothing_at_all_is_nothing_after_two_days(self, town: Town, settled: Case) -> None:
        town.waits(hours=50)
        assert (settled.history[-1], town.jobs("undo_in_cis")) == ("settled", 0)

    def test_a_cis_that_cannot_tell_leaves_the_word_with_staff(self, town: Town, settled: Case) -> None:
        def cannot(key: str) -> None:
            raise Rejected("cannot_tell")

        town.faulty.find = cannot  # type: ignore[method-assign]
        town.waits(hours=50)
        assert (settled.history[-1], town.jobs("undo_in_cis")) == ("settled", 0)

    @pytest.mark.parametrize("known", ["never_sent", "found_under_the_key"])
    def test_what_cannot_arrive_any_more_is_not_looked_for(self, town: Town, known: str) -> None:
        if known == "never_sent":
            town.cis_is("down", calls=["search"])
            case = town.moves_in(ANA)
            Delivery.objects.filter(request=case.id).update(tries=0)
            town.cis_is()
            by_hand = town.cis.send(outside.way_of(case.request).command(case.request, town.policy), key="by-hand")
            settles(case, **_refs(by_hand))
        else:
            town.policy_says(cis_tries=1)
            town.cis_is(script=[{"fault": "answer_lost"}])
            case = town.moves_in(ANA)
            settles(case)
        assert (case.status, town.jobs("undo_in_cis")) == (COMPLETED, 0)


def _refs(said: Answer) -> dict[str, str]:
    agreements = {f"agreement_{name}": ref for name, ref in said.agreement_refs.items()}
    return {"person_ref": said.person_ref, "account_ref": said.account_ref, **agreements}


@pytest.mark.rule("S-11")
class TestSettledWithSomebodyElsesReferences:
    @pytest.fixture
    def bens(self, town: Town) -> dict[str, str]:
        """What the CIS holds of somebody else."""
        case = town.moves_in(BEN)
        held = case.delivery.answer
        return {
            "person_ref": held["person_ref"], "account_ref": held["account_ref"],
            **{f"agreement_{name}": ref for name, ref in held["agreement_refs"].items()},
        }  # fmt: skip

    @pytest.fixture
    def case(self, town: Town, bens: dict[str, str]) -> Case:
        town.policy_says(cis_tries=1)
        town.cis_is(script=[{"fault": "answer_lost"}])
        return town.moves_in(ANA)

    def test_of_somebody_on_file(self, case: Case, bens: dict[str, str]) -> None:
        found = rules_of(lambda: settles(case, **bens))
        assert {"person_ref", "account_ref"} <= set(found)
        assert case.status == STUCK

    def test_of_somebody_whom_only_the_cis_has(self, case: Case, bens: dict[str, str]) -> None:
        """Their whole set fits together; only the place does not."""
        ServiceAgreement.objects.filter(ref__in=bens.values()).update(ref=None)
        Account.objects.filter(ref__in=bens.values()).update(ref=None)
        Person.objects.filter(ref__in=bens.values()).update(ref=None)
        found = rules_of(lambda: settles(case, **bens))
        assert {name for name in found if name.startswith("agreement_")}
        assert case.status == STUCK

    def test_where_the_cis_cannot_show_them_either(
        self, case: Case, bens: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cannot(self: FaultyCis, noun: str, ref: str) -> None:
            raise Rejected("not_offered")

        monkeypatch.setattr(FaultyCis, "read", cannot)
        assert "person_ref" in rules_of(lambda: settles(case, **bens))
        assert "account_ref" in rules_of(lambda: settles(case, account_ref=""))

    def test_where_the_cis_did_it_under_our_key_only_what_it_did_counts(self, town: Town, case: Case) -> None:
        """Somebody entered it by hand, too, and the CIS let them: to settle with that would leave two."""
        held = town.cis.effects()[-1]
        found = Answer(person_ref=held["person_ref"], account_ref="4711", agreement_refs=dict(held["agreement_refs"]))
        town.faulty.find = lambda key: found  # type: ignore[method-assign]
        assert set(rules_of(lambda: settles(case))) == {"account_ref"}

    def test_their_own_are_taken(self, case: Case) -> None:
        settles(case)
        assert case.status == COMPLETED


def test_what_the_cis_did_for_somebody_who_is_on_another_file_is_undone_when_it_is_discarded(town: Town) -> None:
    """It found them there by itself, and here they are known by that reference already."""
    town.policy_says(cis_tries=1)
    town.cis_is(script=[{"fault": "answer_lost"}])
    case = town.moves_in(ANA)
    town.knows(BEN, in_cis=False)
    Person.objects.exclude(pk=case.person.pk).update(ref=town.cis.effects()[-1]["person_ref"])
    discards(town, case)
    town.waits(hours=1)
    assert case.history[-1] == "undone_in_cis"
    assert case.person.ref is None


@pytest.mark.parametrize("before", ["", "served"])
def test_whom_staff_took_it_for_is_forgotten_with_what_is_discarded(town: Town, before: str) -> None:
    """They chose the wrong one of two; unless the CIS has served them under that reference since."""
    ref = in_cis_alone(town)
    case = town.moves_in(ANA)
    town.policy_says(cis_tries=1)
    town.cis_is("down", calls=["send"])
    deliveries.same_person(request_id=case.id, person_ref=ref, reason=WHY, by=SARA, now=town.now)
    town.works()
    assert (case.status, case.person.ref) == (STUCK, ref)
    if before:
        town.cis_is()
        other = town.moves_in(ANA)
        Request.objects.filter(pk=other.id).update(person=case.person)
        Delivery.objects.filter(request=other.id).update(state="done")
    discards(town, case)
    assert case.person.ref == (ref if before else None)


class TestDiscardingTheEndOfAnAccess:
    def test_it_can_be_discarded_like_every_other_and_the_access_stays_ended(self, town: Town) -> None:
        ana = Customer(town)
        held = factories.a_login("mo@example.com", account=ana.account, person=town.knows(BEN)).accesses.get()
        town.cis_is(script=[{"fault": "refuses"}])
        flow.end_access(access_id=held.pk, user=ana.user, now=town.now, policy=town.policy)
        town.works()
        case = Case(town, Delivery.objects.get().request, ROSA)
        assert case.status == IN_REVIEW
        discards(town, case)
        assert case.request.outcome == "refused"
        held.refresh_from_db()
        assert held.ended_at is not None
