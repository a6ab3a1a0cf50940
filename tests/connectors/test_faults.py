"""Does the CIS misbehave exactly as it is told?"""

import pytest

from keyturn.connectors.cis.contract_kit import NEWCOMER
from keyturn.connectors.cis.faults import Fault, FaultyCis, FilePlan, Plan, write_plan
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.terms.change import ContactChange
from keyturn.terms.cis import Answer, CancelService, EstablishService, UpdateCustomer
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from keyturn.terms.premise import Service

COMMAND = EstablishService(
    request_reference="KT-1",
    premise_ref="P1",
    services=(Service.ELECTRIC,),
    start_date=None,
    customer_class="residential",
    division="NORTH",
    language="en",
    person=NEWCOMER,
)
ANSWER = Answer("1", "2", {"electric": "3"})


class Recorder:
    """A CIS that only writes down what reaches it."""

    name = "recorder"

    def __init__(self, answer=ANSWER):
        self.calls = []
        self.answer = answer

    def send(self, command, *, key):
        self.calls.append(("send", key))
        return self.answer

    def find(self, key):
        self.calls.append(("find", key))
        return self.answer

    def read(self, noun, ref):
        self.calls.append(("read", ref))
        return {}

    def ping(self):
        self.calls.append(("ping", ""))


def outcome(call, *args, **kwargs):
    """What the caller sees: the answer, or the name of the failure."""
    try:
        return call(*args, **kwargs)
    except (Unavailable, InDoubt, Rejected) as problem:
        return type(problem).__name__


@pytest.mark.parametrize(
    ("fault", "seen", "delivered"),
    [
        ("", ANSWER, 1),
        ("down", "Unavailable", 0),
        ("refuses", "Rejected", 0),
        ("answer_lost", "InDoubt", 1),
        ("lost_before", "InDoubt", 0),
        ("late", "InDoubt", 0),
        ("duplicate", ANSWER, 2),
        ("garbage", "InDoubt", 1),
        ("partial", "InDoubt", 0),
        ("slow", ANSWER, 1),
    ],
)
def test_each_fault_does_to_a_command(fault, seen, delivered):
    inner, waited = Recorder(), []
    cis = GuardedCis(FaultyCis(inner, Plan({"always": fault, "seconds": 9}), sleep=waited.append))
    assert outcome(cis.send, COMMAND, key="k") == seen
    assert len(inner.calls) == delivered
    assert waited == ([9.0] if fault == "slow" else [])


@pytest.mark.parametrize("fault", ["down", "answer_lost", "lost_before", "late", "refuses", "partial"])
@pytest.mark.parametrize("call", ["find", "read", "ping"])
def test_a_call_that_changes_nothing_is_only_ever_unavailable(fault, call):
    cis = FaultyCis(Recorder(), Plan({"always": fault, "calls": [call]}))
    args = {"find": ("k",), "read": ("person", "1"), "ping": ()}[call]
    assert outcome(getattr(cis, call), *args) == "Unavailable"


def test_garbage_for_a_look_up_is_doubt_and_not_an_answer():
    cis = GuardedCis(FaultyCis(Recorder(), Plan({"always": "garbage", "calls": ["find"]})))
    garbled = cis._inner.find("k")
    assert not garbled.fits(COMMAND)
    assert outcome(cis.find, "k") == "InDoubt"


def test_only_the_calls_that_are_named_are_hit():
    cis = FaultyCis(Recorder(), Plan({"always": "down"}))
    assert cis.find("k") == ANSWER
    assert outcome(cis.send, COMMAND, key="k") == "Unavailable"


def test_a_script_runs_first_and_in_order():
    plan = Plan({"script": [{"fault": "down", "times": 2}, {"fault": "slow"}], "always": "garbage"})
    assert [plan.strike("send") for _ in range(5)] == ["down", "down", "slow", "garbage", "garbage"]


def test_flapping_goes_up_and_down():
    plan = Plan({"always": "flapping", "flap": 2})
    assert [plan.strike("send") for _ in range(8)] == ["", "", "down", "down", "", "", "down", "down"]


def test_chance_follows_the_seed_and_the_rates():
    spec = {"rates": {"down": 0.2, "answer_lost": 0.3}, "seed": 5}
    drawn = [Plan(spec).strike("send") for _ in range(3)]
    assert len(set(drawn)) == 1
    plan = Plan(spec)
    counted = [plan.strike("send") for _ in range(4000)]
    assert counted.count(Fault.DOWN) == pytest.approx(800, abs=120)
    assert counted.count(Fault.ANSWER_LOST) == pytest.approx(1200, abs=120)
    assert counted.count(Fault.NONE) == pytest.approx(2000, abs=150)


def test_a_late_command_arrives_when_its_time_has_come():
    now = [0.0]
    inner = Recorder()
    cis = FaultyCis(inner, Plan({"script": [{"fault": "late"}], "seconds": 600}), clock=lambda: now[0])
    outcome(cis.send, COMMAND, key="k")
    now[0] = 599.0
    cis.ping()
    assert inner.calls == [("ping", "")]
    now[0] = 601.0
    cis.ping()
    cis.ping()
    assert inner.calls == [("ping", ""), ("send", "k"), ("ping", ""), ("ping", "")]


def test_a_file_tells_a_running_process_to_misbehave_and_to_behave_again(tmp_path):
    path = tmp_path / "faults.json"
    plan = FilePlan(path)
    assert plan.strike("send") == ""
    write_plan(path, always="down")
    assert plan.strike("send") == "down"
    write_plan(path, script=[{"fault": "slow"}])
    assert [plan.strike("send") for _ in range(2)] == ["slow", ""]
    write_plan(path, always="down")
    path.unlink()
    assert plan.strike("send") == ""


def test_a_plan_that_names_no_fault_is_refused():
    with pytest.raises(ValueError, match="earthquake"):
        Plan({"always": "earthquake"})


@pytest.mark.parametrize(
    "answer",
    [
        Answer(),
        Answer("1", ""),
        Answer("", "2", {"electric": "3"}),
        Answer("1", "2"),
        Answer("1", "2", {"gas": "3"}),
        Answer("1", "2", {"electric": ""}),
    ],
)
def test_an_answer_that_does_not_name_all_that_was_asked_for_is_doubt(answer):
    assert outcome(GuardedCis(Recorder(answer)).send, COMMAND, key="k") == "InDoubt"


def test_an_answer_about_somebody_else_is_doubt():
    on_file = EstablishService("KT-1", "P1", (Service.GAS,), None, "residential", "NORTH", "en", person_ref="7")
    assert not Answer("8", "2", {"gas": "3"}).fits(on_file)
    assert Answer("7", "2", {"gas": "3"}).fits(on_file)
    assert not Answer("7", "2").fits(CancelService("KT-1", "9"))


def test_an_answer_to_an_update_names_the_person_and_nothing_else():
    update = UpdateCustomer("KT-1", "7", (ContactChange("phone", "1"),))
    assert Answer("7").fits(update)
    assert not Answer("8").fits(update)
    assert not Answer("", "2").fits(update)
    assert not Answer().fits(UpdateCustomer("KT-1", "", ()))
    assert outcome(GuardedCis(Recorder(Answer("7"))).find, "k") == Answer("7")
    assert outcome(GuardedCis(Recorder(Answer("7", "", {"gas": "3"}))).find, "k") == "InDoubt"
    assert outcome(GuardedCis(Recorder(Answer("8"))).send, update, key="k") == "InDoubt"


def test_what_is_found_must_name_an_account_where_the_command_is_about_one():
    assert not Answer("7").names_what(COMMAND)
    assert not Answer("7").names_what(CancelService("KT-1", "9"))
    assert Answer("7", "2").names_what(COMMAND)
