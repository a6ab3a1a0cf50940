"""Whatever goes wrong on the line to CC&B: does a careful caller have one effect, over SOAP and over REST?"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keyturn.connectors.cis.ccb import CcbOverRest, CcbOverSoap
from keyturn.connectors.cis.ccb.simulator import rest, soap
from keyturn.connectors.cis.contract_kit import NEWCOMER, ONCE, a_key, deliver, newcomer_at, update_of
from keyturn.connectors.cis.contract_merge import merge_of, parts_in, undo_of
from keyturn.connectors.cis.faults import write_plan
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.connectors.cis.simulating import WireFault
from keyturn.terms.change import ContactChange
from keyturn.terms.cis import Answer, Command
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from tests.connectors.ccb import conftest as ccb
from tests.connectors.ccb.conftest import by_token

WRITES = {
    CcbOverSoap: ("CM-StartService OPEN", "CM-PersonMaintenance ADD", "CM-AccountMaintenance ADD", "CM-StartService COMPLETE"),
    CcbOverRest: (
        "POST /startStopTransferTasks/serviceEligibility",
        "POST /v-model/persons",
        "POST /v-model/accounts",
        "POST /startStopTransferTasks/startServiceFinalization",
    ),
}  # fmt: skip
SECONDS = 0.05
EVERY = [fault for fault in WireFault if fault is not WireFault.NONE]

Misbehave = Callable[..., None]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ccb") / "plan.json"


@pytest.fixture(scope="module")
def misbehaving(plan: Path, store: Any) -> Iterator[str]:
    with ccb.process("--plan", str(plan)) as url:
        yield url


@pytest.fixture
def misbehave(plan: Path) -> Iterator[Misbehave]:
    """Write the plan anew."""
    yield lambda **spec: write_plan(plan, **{"seconds": SECONDS, **spec})
    plan.unlink(missing_ok=True)


@pytest.fixture(scope="module", params=[CcbOverSoap, CcbOverRest], ids=["soap", "rest"])
def cis(request: pytest.FixtureRequest, misbehaving: str, secrets: None) -> Iterator[Any]:
    path = soap.PATH.rpartition("/")[0] if request.param is CcbOverSoap else rest.BASE
    cis = request.param(f"{misbehaving}{path}", timeout_seconds=10)
    cis.ping()  # it has its WSDL
    yield cis
    cis.close()


def sent(cis: Any, command: Command, key: str, *, patience: int = 100) -> Answer:
    """A careful caller who waits a little where the CIS is shut."""
    for _ in range(patience):
        try:
            return deliver(GuardedCis(cis), command, key=key, tries=5)
        except AssertionError:
            time.sleep(SECONDS / 2)
    raise AssertionError("the command never arrived")


@pytest.mark.parametrize("fault", EVERY)
def test_one_effect_through(cis: Any, town: Any, misbehave: Misbehave, fault: WireFault) -> None:
    before = town.totals()
    command, key = newcomer_at(town.vacant()), a_key()
    if fault is WireFault.FLAPPING:
        misbehave(always=fault, flap=12)
        for _ in range(5):
            cis.ping()  # it goes down in the middle
    else:
        misbehave(script=[{"fault": fault, "times": len(WRITES[type(cis)]) + 2}], calls=WRITES[type(cis)])
    answer = sent(cis, command, key)
    misbehave()
    if fault is WireFault.LATE:
        time.sleep(3 * SECONDS)
    assert answer.fits(command)
    assert cis.find(key) == replace(answer, repeated=True)
    assert {name: count - before[name] for name, count in town.totals().items()} == ONCE


@pytest.mark.parametrize("place", range(4))
def test_whatever_answer_is_lost_what_is_there_is_continued(
    cis: Any, town: Any, misbehave: Misbehave, place: int
) -> None:
    before = town.totals()
    command, key = newcomer_at(town.vacant()), a_key()
    misbehave(script=[{"fault": "answer_lost"}], calls=[WRITES[type(cis)][place]])
    with pytest.raises(InDoubt):
        cis.send(command, key=key)
    assert cis.send(command, key=key).repeated is (place == 3)
    assert {name: count - before[name] for name, count in town.totals().items()} == ONCE


@pytest.mark.parametrize("place", range(1, 4))
def test_where_it_is_down_in_between_nobody_says_that_nothing_happened(
    cis: Any, town: Any, misbehave: Misbehave, place: int
) -> None:
    misbehave(script=[{"fault": "down"}], calls=[WRITES[type(cis)][place]])
    with pytest.raises(InDoubt, match="answered_in_part"):
        cis.send(newcomer_at(town.vacant()), key=a_key())


def test_what_was_refused_at_the_end_leaves_nothing_behind(cis: Any, town: Any, misbehave: Misbehave) -> None:
    """Somebody was let in by CC&B's own staff between eligibility and the end."""
    before, premise = town.totals(), town.vacant()
    misbehave(script=[{"fault": "slow"}], calls=[WRITES[type(cis)][2]], seconds=0.6)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(cis.send, newcomer_at(premise), key=a_key())
        time.sleep(0.3)
        town.store.serve(town.customer()[1], premise)
        with pytest.raises(Rejected, match="premise_occupied"):
            sending.result()
    assert town.totals()["persons"] == before["persons"] + 1  # the one who was let in
    assert town.totals()["agreements"] == before["agreements"] + 2
    assert cis.check(newcomer_at(town.vacant())) == ()


def test_a_question_that_meets_nonsense_is_asked_again(cis: Any, town: Any, misbehave: Misbehave) -> None:
    command, key = newcomer_at(town.vacant()), a_key()
    answer = cis.send(command, key=key)
    for fault in ("garbage", "mid_answer", "reset", "500", "429", "down", "answer_lost"):
        misbehave(script=[{"fault": fault}])
        with pytest.raises(Unavailable):
            cis.find(key)
        assert cis.find(key) == replace(answer, repeated=True)


def test_in_a_storm_each_command_has_one_effect(cis: Any, town: Any, misbehave: Misbehave) -> None:
    before = town.totals()
    often = {
        fault: 0.015 for fault in EVERY if fault not in (WireFault.WRONG_ID, WireFault.FLAPPING, WireFault.REFUSED)
    }
    commands = [newcomer_at(town.vacant(), person=replace(NEWCOMER, family_name=f"Storm{n}")) for n in range(5)]
    misbehave(rates=often, seed=5)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda command: sent(cis, command, a_key()), commands))
        changed = [update_of(each.person_ref, ContactChange("phone", "+12025550188")) for each in answers]
        list(pool.map(lambda command: sent(cis, command, a_key()), changed))
    misbehave()
    time.sleep(3 * SECONDS)
    assert len({answer.person_ref for answer in answers}) == len(commands)
    assert {name: count - before[name] for name, count in town.totals().items()} == {
        name: count * len(commands) for name, count in ONCE.items()
    }
    effects = town.store.effects()
    assert len({each["key"] for each in effects}) == len(effects) == 2 * len(commands)


def test_a_caller_who_is_kept_waiting_is_in_doubt_in_time(
    misbehaving: str, secrets: None, town: Any, misbehave: Misbehave
) -> None:
    cis = CcbOverRest(f"{misbehaving}{rest.BASE}", timeout_seconds=0.3)
    misbehave(script=[{"fault": "slow"}], calls=WRITES[CcbOverRest], seconds=2.0)
    begun = time.monotonic()
    with pytest.raises(InDoubt):
        cis.send(newcomer_at(town.vacant()), key=a_key())
    assert time.monotonic() - begun < 1.0
    cis.close()


def test_it_dies_in_the_middle_and_comes_back(store: Any, secrets: None, town: Any) -> None:
    before = town.totals()
    commands = [newcomer_at(town.vacant(), person=replace(NEWCOMER, family_name=f"Death{n}")) for n in range(6)]
    running, url = ccb.started("--port", "0")
    cis = CcbOverRest(f"{url}{rest.BASE}", timeout_seconds=5)
    try:
        with ThreadPoolExecutor(3) as pool:
            sending = [pool.submit(sent, cis, each, a_key(), patience=400) for each in commands]
            while town.totals()["agreements"] < before["agreements"] + 2:  # the first is there, others are under way
                time.sleep(0.005)
            running.kill()
            running.wait(timeout=10)
            assert not all(each.done() for each in sending)
            running, again = ccb.started("--port", url.rpartition(":")[2])
            assert again == url
            answers = [each.result() for each in sending]
    finally:
        running.kill()
        running.wait(timeout=10)
        cis.close()
    assert [answer.fits(command) for answer, command in zip(answers, commands, strict=True)] == [True] * len(commands)
    assert {name: count - before[name] for name, count in town.totals().items()} == {
        name: count * len(commands) for name, count in ONCE.items()
    }


@pytest.mark.parametrize("fault", [WireFault.ANSWER_LOST, WireFault.LATE, WireFault.DUPLICATE, WireFault.PARTIAL, WireFault.GARBAGE])  # fmt: skip
def test_two_are_made_one_and_two_again_once_each_whatever_is_lost(
    cis: Any, town: Any, misbehave: Misbehave, fault: WireFault
) -> None:
    (survivor, mine), (loser, theirs) = town.customer(), town.customer()
    before = parts_in(cis, mine, theirs)
    calls = ["CM-PersonMerge MERGE", "CM-PersonMerge REVERSE", "POST /cm/personMerge"]
    merge = merge_of(survivor, loser)
    for command, after in (
        (merge, {mine: [(survivor, True)], theirs: [(survivor, True)]}),
        (undo_of(merge, theirs), before),
    ):
        misbehave(script=[{"fault": fault, "times": 2}], calls=calls)
        key = a_key()
        answer = sent(cis, command, key)
        misbehave()
        if fault is WireFault.LATE:
            time.sleep(3 * SECONDS)
        assert cis.find(key) == replace(answer, repeated=True)
        assert parts_in(cis, mine, theirs) == after
    assert (cis.read("person", loser) or {})["merged_into"] is None


@pytest.mark.parametrize("fault", [fault for fault in EVERY if fault not in (WireFault.FLAPPING, WireFault.WRONG_ID)])
def test_whatever_befalls_the_token_nothing_is_in_doubt(
    misbehaving: str, secrets: None, town: Any, misbehave: Misbehave, tmp_path: Path, fault: WireFault
) -> None:
    (tmp_path / "cis.toml").write_text(by_token(), encoding="utf-8")
    cis = CcbOverRest(f"{misbehaving}{rest.BASE}", timeout_seconds=10, mapping=tmp_path / "cis.toml")
    misbehave(script=[{"fault": fault, "times": 2}], calls=["POST /oauth2/v1/token"])
    command, key = newcomer_at(town.vacant()), a_key()
    before, no = town.totals(), []
    for _ in range(100):
        try:
            answer = cis.send(command, key=key)
            break
        except Unavailable as silent:  # and never InDoubt
            no.append(silent.code)
            time.sleep(SECONDS / 2 if fault is WireFault.REFUSED else 0)
    cis.close()
    assert answer.fits(command)
    assert not answer.repeated
    assert set(no) <= {"no_token", "cis_unreachable"}
    assert bool(no) is (fault not in (WireFault.DUPLICATE, WireFault.SLOW))
    assert {name: count - before[name] for name, count in town.totals().items()} == ONCE
