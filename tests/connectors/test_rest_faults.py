"""Does one request have one effect in a CIS over HTTP, whatever the wire and the CIS do?"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from keyturn.connectors.cis.contract_kit import (
    NOTHING,
    ONCE,
    a_key,
    customer_at,
    deliver,
    newcomer_at,
    update_of,
)
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.connectors.cis.rest import MAPPING, RestCis
from keyturn.connectors.cis.rest.simulator.store import Store
from keyturn.connectors.cis.simulating import SimulatedServer, WireFault, WirePlan
from keyturn.terms.change import ContactChange
from keyturn.terms.cis import CancelService
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from tests.connectors.conftest import ReferenceTown
from tests.connectors.test_rest import TOKEN, running, store, town  # noqa: F401  the same simulator

FAULTS = [fault for fault in WireFault if fault is not WireFault.NONE]
DONE_ALL_THE_SAME = [
    *(WireFault.MID_ANSWER, WireFault.ANSWER_LOST, WireFault.LATE, WireFault.DUPLICATE, WireFault.GARBAGE),
    *(WireFault.WRONG_ID, WireFault.PARTIAL),
]
MANY = 5000  # without a pause between two tries: a closed port is open again after some hundreds
WRITES = ("POST /v1/persons", "POST /v1/accounts", "POST /v1/move-ins", "POST /v1/activities")


@pytest.fixture
def cis(running: SimulatedServer, store: Store, town: ReferenceTown, monkeypatch) -> Iterator[RestCis]:  # noqa: F811
    monkeypatch.setenv("KEYTURN_CIS_TOKEN", TOKEN)
    running.plan = WirePlan()
    cis = RestCis(running.url, timeout_seconds=5, mapping=MAPPING)
    yield cis
    running.plan = WirePlan()
    cis.close()
    arrived()
    assert store.audit() == []


def arrived() -> None:
    """Everything that comes late has come."""
    for each in threading.enumerate():
        if isinstance(each, threading.Timer):
            each.join()


def plan(fault: WireFault, *, times: int = 1, **more: object) -> WirePlan:
    if fault is WireFault.FLAPPING:
        return WirePlan({"always": fault, "flap": 5, **more})
    return WirePlan({"script": [{"fault": fault, "times": times}], "seconds": 0.02, **more})


@pytest.mark.parametrize("call", WRITES)
@pytest.mark.parametrize("fault", DONE_ALL_THE_SAME)
def test_one_effect_where_one_step_goes_wrong(cis, running, store, town, fault, call):  # noqa: F811
    premise = town.vacant()
    before = town.totals()
    running.plan = plan(fault, calls=[call])
    command, key = newcomer_at(premise), a_key()
    answer = deliver(GuardedCis(cis), command, key=key, tries=MANY)
    running.plan = WirePlan()
    arrived()
    assert answer.fits(command)
    assert cis.find(key) == replace(answer, repeated=True)
    assert {name: count - before[name] for name, count in town.totals().items()} == ONCE
    assert len(cis.read("person", answer.person_ref)["customer_contacts"]) == 1
    (effect,) = store.effects()
    assert (effect["key"], effect["command"], effect["request_reference"]) == (
        key,
        "EstablishService",
        command.request_reference,
    )
    assert (effect["account_ref"], effect["agreement_refs"]) == (answer.account_ref, answer.agreement_refs)


@pytest.mark.parametrize("fault", FAULTS)
def test_one_effect_where_everything_goes_wrong_for_a_while(cis, running, town, fault):  # noqa: F811
    premise = town.vacant()
    before = town.totals()
    running.plan = plan(fault, times=6)
    command, key = newcomer_at(premise), a_key()
    answer = deliver(GuardedCis(cis), command, key=key, tries=MANY)
    running.plan = WirePlan()
    arrived()
    assert cis.find(key) == replace(answer, repeated=True)
    assert {name: count - before[name] for name, count in town.totals().items()} == ONCE


@pytest.mark.parametrize("fault", FAULTS)
def test_one_update_and_one_cancelling_through(cis, running, town, fault):  # noqa: F811
    made = cis.send(newcomer_at(town.vacant(), request_reference="KT-CANCEL"), key=a_key())
    running.plan = plan(fault, times=2)
    update = update_of(made.person_ref, ContactChange("phone", "+12025550177"))
    deliver(GuardedCis(cis), update, key=a_key(), tries=MANY)
    running.plan = plan(fault, times=2)
    deliver(GuardedCis(cis), CancelService("KT-CANCEL", made.account_ref), key=a_key(), tries=MANY)
    running.plan = WirePlan()
    arrived()
    contacts = [each["request_reference"] for each in cis.read("person", made.person_ref)["customer_contacts"]]
    assert contacts.count(update.request_reference) == 1
    assert contacts.count("KT-CANCEL") == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (WireFault.DOWN, Unavailable),
        (WireFault.BUSY, Unavailable),
        (WireFault.ERROR, InDoubt),
        (WireFault.RESET, InDoubt),
        (WireFault.MID_ANSWER, InDoubt),
        (WireFault.ANSWER_LOST, InDoubt),
        (WireFault.LATE, InDoubt),
        (WireFault.GARBAGE, InDoubt),
        (WireFault.PARTIAL, InDoubt),
    ],
)
def test_what_each_fault_of_the_first_step_is_to_whoever_sends(cis, running, town, fault, error):  # noqa: F811
    running.plan = plan(fault, calls=["POST /v1/persons"])
    with pytest.raises(error):
        cis.send(newcomer_at(town.vacant()), key=a_key())


def test_two_deliveries_of_one_key_while_everything_is_late_and_doubled_have_one_effect(cis, running, town):  # noqa: F811
    premise = town.vacant()
    before = town.totals()
    running.plan = WirePlan({"rates": {"late": 0.1, "duplicate": 0.2, "answer_lost": 0.2}, "seconds": 0.01, "seed": 11})
    command, key = newcomer_at(premise), a_key()
    together = Barrier(4)

    def send(_: int) -> object:
        together.wait()
        return deliver(GuardedCis(cis), command, key=key, tries=MANY)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    running.plan = WirePlan()
    arrived()
    assert len({(each.person_ref, each.account_ref) for each in answers}) == 1
    assert {name: count - before[name] for name, count in town.totals().items()} == ONCE


def test_whoever_lost_the_place_leaves_nothing_behind_though_the_first_undoing_failed(cis, running, town):  # noqa: F811
    premise = town.vacant()
    cis.send(newcomer_at(premise), key=a_key())
    before = town.totals()
    blind = replace(cis.mapping, send={**cis.mapping.send, "EstablishService": without_check(cis)})
    hasty = RestCis(running.url, timeout_seconds=5, mapping=blind)
    running.plan = plan(WireFault.ERROR, calls=["DELETE /v1/accounts/{id}"])
    command, key = newcomer_at(premise), a_key()
    with pytest.raises(InDoubt, match="not_undone"):
        hasty.send(command, key=key)
    assert hasty.find(key) is None
    with pytest.raises(Rejected, match="premise_occupied"):
        hasty.send(command, key=key)
    hasty.close()
    assert {name: count - before[name] for name, count in town.totals().items()} == NOTHING


def without_check(cis: RestCis):
    return replace(cis.mapping.send["EstablishService"], check_first=False)


def test_somebody_on_file_is_never_undone_with_what_was_made_for_them(cis, running, town):  # noqa: F811
    person, account = town.customer()
    blind = replace(cis.mapping, send={**cis.mapping.send, "EstablishService": without_check(cis)})
    hasty = RestCis(running.url, timeout_seconds=5, mapping=blind)
    for command in (customer_at(town.occupied(), person), customer_at(town.occupied(), person, account_ref=account)):
        with pytest.raises(Rejected, match="premise_occupied"):
            hasty.send(command, key=a_key())
    hasty.close()
    assert cis.read("person", person)["accounts"] == [account]


def test_a_stranger_without_the_token_is_told_nothing(cis, running, town, monkeypatch):  # noqa: F811
    person, _ = town.customer()
    monkeypatch.setenv("KEYTURN_CIS_TOKEN", "guess")
    stranger = RestCis(running.url, timeout_seconds=5, mapping=MAPPING)
    for call in (stranger.ping, lambda: stranger.read("person", person), lambda: stranger.find("k")):
        with pytest.raises(Unavailable):
            call()
    stranger.close()


def test_as_a_program_it_says_where_it_is_goes_wrong_by_plan_and_ends_when_told(town, tmp_path, monkeypatch):  # noqa: F811
    told = tmp_path / "plan.json"
    told.write_text(json.dumps({"script": [{"fault": "429"}]}))
    command = [sys.executable, "-m", "keyturn.connectors.cis.rest.simulator", "--port", "0"]
    with subprocess.Popen(
        [*command, "--plan", str(told), "--schema", "rest_tests"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "KEYTURN_CIS_TOKEN": "sesame"},
    ) as program:
        try:
            assert program.stdout is not None
            _, url = program.stdout.readline().split()
            monkeypatch.setenv("KEYTURN_CIS_TOKEN", "sesame")
            cis = RestCis(url, timeout_seconds=5, mapping=MAPPING)
            with pytest.raises(Unavailable):
                cis.ping()
            command = newcomer_at(town.vacant())
            assert cis.send(command, key=a_key()).fits(command)
            cis.close()
        finally:
            program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0
