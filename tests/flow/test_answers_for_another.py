"""What if the CIS has done it for somebody, or on an account, that is not the file's it was asked about?"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from keyturn import flow
from keyturn.console import delivery as shown
from keyturn.flow import deliveries
from keyturn.records.models import Account, Person
from keyturn.steps.sync.words import STAFF_WORDS
from keyturn.terms.cis import Answer, Command
from keyturn.terms.errors import NotAllowed
from keyturn.terms.request import Actor, Role
from tests.flow.test_cis import listening
from tests.flow.test_deliveries import SARA, WHY
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, REFUSED, Case, Town

pytestmark = pytest.mark.rule("S-18")


class TakesThemForAnother:
    """A CIS that recognises by itself, and wrongly."""

    def __init__(self, inner: Any, **said: str) -> None:
        self._inner, self.said = inner, said
        self.name, self.offers = inner.name, inner.offers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def send(self, command: Command, *, key: str) -> Answer:
        return replace(self._inner.send(command, key=key), **self.said)

    def find(self, key: str) -> Answer | None:
        found = self._inner.find(key)
        return replace(found, **self.said) if found else None


@pytest.fixture
def ben(town: Town) -> Person:
    return town.serves(BEN, town.house())


@pytest.fixture(params=["person_ref", "account_ref"])
def case(request: pytest.FixtureRequest, town: Town, ben: Person) -> Iterator[Case]:
    """Ana is new; the CIS says that it has done it for Ben, or on his account."""
    cis = town.cis
    his = {"person_ref": str(ben.ref), "account_ref": str(Account.objects.get().ref)}
    town.cis = TakesThemForAnother(cis, **{request.param: his[request.param]})
    town.cis_is()
    yield town.moves_in(ANA)
    town.cis = cis


def test_staff_see_it_at_once_with_a_plain_explanation_and_nothing_is_tried_again(town: Town, case: Case) -> None:
    assert (case.status, case.rules) == (IN_REVIEW, {"S-18"})
    assert (case.delivery.state, case.delivery.problem, case.delivery.tries) == ("rejected", "on_another_file", 1)
    heard = listening(town)
    town.waits(days=3)
    assert heard == []
    assert case.history[-1] == "cis_rejected"
    (found,) = [each for each in case.request.findings if each["rule"] == "S-18"]
    assert "that is not this file’s: C" in (STAFF_WORDS["S-18"] % found["params"]).replace("AC", "C")
    assert case.news == ["email_code", "received"], "the customer hears nothing of it"
    assert shown.word_of(case.delivery, "staff") == "Done in the CIS, but not for this file"
    assert case.chain_holds()


def test_approved_before_the_files_were_put_right_it_comes_back_and_nothing_is_sent(town: Town, case: Case) -> None:
    heard = listening(town)
    case.staff("approve", "It will be all right.", by="8")
    assert (case.status, case.rules) == (IN_REVIEW, {"S-18"})
    assert [each.split(" ")[0] for each in map(str, heard)].count("send") == 0


@pytest.mark.parametrize("case", ["person_ref"], indirect=True)
def test_once_the_two_files_are_one_the_answer_is_taken(town: Town, ben: Person, case: Case) -> None:
    given = {"now": town.now, "policy": town.policy, "reason": WHY}
    merge = flow.propose_merge(survivor_id=ben.pk, loser_id=case.person.pk, choices={}, actor=SARA.actor, **given)
    flow.agree_merge(merge_id=merge.pk, actor=Actor(Role.STAFF, "8"), **given)
    town.works()
    case.staff("approve", "It is one person.", by="8")
    assert (case.status, case.person.ref) == (COMPLETED, ben.ref)


def test_discarded_it_is_cancelled_there_and_the_other_file_stays_as_it_is(town: Town, ben: Person, case: Case) -> None:
    before = (ben.ref, Account.objects.get(people__person=ben).ref)
    deliveries.discard(request_id=case.id, reason="It is not hers.", by=SARA, now=town.now, policy=town.policy)
    town.cis_is()
    town.waits(hours=1)
    assert case.status == REFUSED
    assert case.history[-1] in ("undone_in_cis", "left_in_cis")
    ben.refresh_from_db()
    assert (ben.ref, Account.objects.get(people__person=ben).ref) == before
    assert case.person.ref is None or case.person.ref != ben.ref


def test_nothing_about_it_is_to_be_corrected(town: Town, case: Case) -> None:
    acts = shown.acts(case.request, role="supervisor", own=False, now=town.now)
    assert {each.name for each in acts} == {"settle", "discard"}
    with pytest.raises(NotAllowed, match="not_to_correct"):
        deliveries.correct(
            request_id=case.id,
            answers={"start_date": town.day(9)},
            reason=WHY,
            by=SARA,
            now=town.now,
            policy=town.policy,
        )


class TestSomebodyOnFile:
    """Ben is served already, so the command names him and his account, and the CIS answers with others."""

    @pytest.fixture(params=[{"person_ref": "C999"}, {"account_ref": "AC999"}], ids=["person", "account"])
    def his(self, request: pytest.FixtureRequest, town: Town, ben: Person) -> Iterator[Case]:
        cis = town.cis
        town.cis = TakesThemForAnother(cis, **request.param)
        town.cis_is()
        yield town.moves_in(BEN)
        town.cis = cis

    def test_nobody_here_has_these_and_all_the_same_staff_look(self, town: Town, ben: Person, his: Case) -> None:
        town.waits(days=1)
        assert (his.status, his.rules) == (IN_REVIEW, {"S-18"})
        (found,) = [each for each in his.request.findings if each["rule"] == "S-18"]
        assert found["params"]["refs"] in ("C999", "AC999")
        ben.refresh_from_db()
        assert ben.ref != "C999"
        assert not Account.objects.filter(ref="AC999").exists()
        assert not his.request.account.agreements.exclude(ref=None).filter(
            service_point__premise=his.request.premise_id
        )

    def test_discarded_it_is_looked_for_and_undone_there(self, town: Town, his: Case) -> None:
        town.waits(days=1)
        deliveries.discard(request_id=his.id, reason="It is not his.", by=SARA, now=town.now, policy=town.policy)
        town.cis_is()
        town.waits(hours=1)
        assert his.status == REFUSED
        assert his.history[-1] in ("undone_in_cis", "left_in_cis")


def test_whom_the_cis_knows_as_one_who_was_merged_into_them_is_them(town: Town, ben: Person) -> None:
    twice = town.serves(replace(BEN, identifiers=()), town.house())
    given = {"now": town.now, "policy": town.policy, "reason": WHY}
    merge = flow.propose_merge(survivor_id=ben.pk, loser_id=twice.pk, choices={}, actor=SARA.actor, **given)
    flow.agree_merge(merge_id=merge.pk, actor=Actor(Role.STAFF, "8"), **given)
    town.works()
    cis = town.cis
    town.cis = TakesThemForAnother(cis, person_ref=str(twice.ref))
    town.cis_is()
    case = town.moves_in(BEN)
    town.waits(days=1)
    town.cis = cis
    assert (case.status, case.person) == (COMPLETED, ben)
