"""Does a simulated CIS go wrong on the wire exactly as its plan says, and serve again afterwards?"""

import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest

from keyturn.connectors.cis.simulating import LARGEST_BODY, Asked, SimulatedServer, Told, WireFault, WirePlan

ANSWER = b'{"id": "0123456789", "say": "here is what you asked for"}'


class Counting:
    """A simulator that only writes down what reaches it."""

    def __init__(self, **spec: Any) -> None:
        self.asked: list[Asked] = []
        self.server = SimulatedServer(self.answer, plan=WirePlan({"seconds": 0.05, **spec}))
        threading.Thread(target=self.server.run, daemon=True).start()

    def answer(self, asked: Asked) -> Told:
        self.asked.append(asked)
        return Told(200, ANSWER)

    def get(self, path: str = "/x?a=1") -> httpx.Response:
        return httpx.get(f"{self.server.url}{path}", timeout=2)


@pytest.fixture
def simulated() -> Iterator[Any]:
    made: list[Counting] = []

    def make(**spec: Any) -> Counting:
        made.append(Counting(**spec))
        return made[-1]

    yield make
    for each in made:
        each.server.stop()
        each.server.server_close()


def test_without_a_plan_it_answers(simulated):
    there = simulated()
    assert there.get().content == ANSWER
    [asked] = there.asked
    assert (asked.method, asked.path, asked.query) == ("GET", "/x", {"a": "1"})


@pytest.mark.parametrize(
    ("fault", "status", "done"),
    [("down", 503, 0), ("500", 500, 0), ("429", 429, 0), ("partial", 500, 1), ("slow", 200, 1)],
)
def test_faults_that_answer(simulated, fault, status, done):
    there = simulated(script=[{"fault": fault}])
    assert there.get().status_code == status
    assert len(there.asked) == done
    assert there.get().content == ANSWER


@pytest.mark.parametrize(
    ("fault", "done"), [("reset", 0), ("mid_answer", 1), ("answer_lost", 1), ("late", 0), ("refused", 0)]
)
def test_faults_that_break_the_line(simulated, fault, done):
    there = simulated(script=[{"fault": fault}])
    with pytest.raises(httpx.TransportError):
        there.get()
    assert len(there.asked) == done


def test_what_is_late_is_done_later(simulated):
    there = simulated(script=[{"fault": "late"}])
    with pytest.raises(httpx.TransportError):
        there.get()
    time.sleep(0.15)
    assert len(there.asked) == 1


def test_while_it_refuses_nobody_can_connect_and_then_it_serves_at_the_same_place(simulated):
    there = simulated(script=[{"fault": "refused"}], seconds=0.3)
    with pytest.raises(httpx.TransportError):
        there.get()
    time.sleep(0.1)
    with pytest.raises(httpx.ConnectError):
        there.get()
    time.sleep(0.4)
    assert there.get().content == ANSWER


def test_twice_nonsense_and_somebody_elses_number(simulated):
    there = simulated(script=[{"fault": each} for each in ("duplicate", "garbage", "wrong_id")])
    assert there.get().content == ANSWER
    assert len(there.asked) == 2
    assert there.get().content != ANSWER
    assert there.get().json()["id"] == "9876543210"


def test_only_the_calls_that_are_named_go_wrong(simulated):
    there = simulated(always="down", calls=["GET /y"])
    assert (there.get("/x").status_code, there.get("/y").status_code) == (200, 503)


def test_it_comes_and_goes(simulated):
    there = simulated(always="flapping", flap=2)
    assert [there.get().status_code for _ in range(6)] == [200, 200, 503, 503, 200, 200]


def test_what_is_too_large_is_not_read(simulated):
    there = simulated()
    line = HTTPConnection(there.server.url.removeprefix("http://"), timeout=2)
    line.putrequest("POST", "/")
    line.putheader("Content-Length", str(LARGEST_BODY + 1))
    line.endheaders()
    assert line.getresponse().status == 413
    assert there.asked == []


def test_every_fault_has_a_test_here(request):
    text = request.path.read_text()
    assert [each for each in WireFault if each and f'"{each}"' not in text] == []
