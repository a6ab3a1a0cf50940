"""To which CISs do the deliveries of the long tests go, how are they made to fail, and what was said to them?

The reference CIS works in this process; the others are the simulators that ship, each a process of its own behind a
socket, with a store that the test looks into.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from keyturn.connectors.cis.ccb import CcbOverRest, CcbOverSoap
from keyturn.connectors.cis.ccb.simulator import rest as ccb_rest
from keyturn.connectors.cis.ccb.simulator import soap as ccb_soap
from keyturn.connectors.cis.ccb.simulator.store import Store as CcbStore
from keyturn.connectors.cis.faults import write_plan
from keyturn.connectors.cis.reference import ReferenceCis
from keyturn.connectors.cis.rest import MAPPING, RestCis
from keyturn.connectors.cis.rest.simulator.store import Store as RestStore
from keyturn.terms.cis import Answer, Cis, Command
from keyturn.terms.errors import InDoubt, KeyturnError, Rejected
from keyturn.terms.person import PersonDetails

SCHEMA = "battery"
SECRET = "only for the battery"
SECONDS = 0.05  # how long a fault of the wire takes
TIMEOUT = 1.0  # and how long we wait for an answer


@dataclass
class There:
    """A CIS with what the test must know of it beside the connector."""

    name: str
    connector: Any
    store: Any
    """`effects`, `counts`, `audit`, `empty`: the CIS's own, seen from behind."""
    adopt: Callable[[Sequence[Mapping[str, str]]], object]
    misbehave: Callable[..., None] | None = None
    """Write the plan of the wire; None where there is no wire."""


@contextmanager
def reference(url: str, folder: Path) -> Iterator[There]:
    cis = ReferenceCis(url, timeout_seconds=10)
    cis.install()
    cis.empty()
    yield There("reference", cis, cis, lambda rows: cis.adopt("premises", rows))
    assert cis.audit() == []
    cis.close()


@contextmanager
def rest(url: str, folder: Path) -> Iterator[There]:
    store, plan = RestStore(url, schema=f"{SCHEMA}_rest"), folder / "rest.json"
    store.install()
    store.empty()
    with _program("rest", plan, f"{SCHEMA}_rest", KEYTURN_CIS_TOKEN=SECRET) as address:
        cis = RestCis(address, timeout_seconds=TIMEOUT, mapping=MAPPING)
        yield There("rest", cis, store, lambda rows: store.adopt("premises", rows), _writer(plan))
        cis.close()
    assert store.audit() == []
    store.close()


@contextmanager
def _ccb(kind: Any, path: str, url: str, folder: Path) -> Iterator[There]:
    store, plan = CcbStore(url, schema=f"{SCHEMA}_ccb"), folder / "ccb.json"
    store.install()
    store.empty()
    with _program("ccb", plan, f"{SCHEMA}_ccb", CCB_USER="KEYTURN", CCB_PASSWORD=SECRET) as address:
        cis = kind(f"{address}{path}", timeout_seconds=TIMEOUT)
        cis.ping()  # it has its WSDL
        yield There(cis.name, cis, store, lambda rows: store.adopt_premises(rows), _writer(plan))  # type: ignore[arg-type]
        cis.close()
    assert store.audit() == []
    store.close()


@contextmanager
def ccb_over_soap(url: str, folder: Path) -> Iterator[There]:
    with _ccb(CcbOverSoap, ccb_soap.PATH.rpartition("/")[0], url, folder) as there:
        yield there


@contextmanager
def ccb_over_rest(url: str, folder: Path) -> Iterator[There]:
    with _ccb(CcbOverRest, ccb_rest.BASE, url, folder) as there:
        yield there


EACH = {"reference": reference, "rest": rest, "ccb-soap": ccb_over_soap, "ccb-rest": ccb_over_rest}


def _writer(plan: Path) -> Callable[..., None]:
    return lambda **spec: write_plan(plan, **{"seconds": SECONDS, **spec})


@contextmanager
def _program(which: str, plan: Path, schema: str, **secrets: str) -> Iterator[str]:
    """The simulator as a program; its address. Our side reads the same secrets from the environment."""
    os.environ.update(secrets)
    module = f"keyturn.connectors.cis.{which}.simulator"
    command = [sys.executable, "-m", module, "--port", "0", "--plan", str(plan), "--schema", schema]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as program:
        try:
            assert program.stdout
            word, _, url = program.stdout.readline().strip().partition(" ")
            assert word == "ready"
            yield url
        finally:
            program.send_signal(signal.SIGTERM)
            for name in secrets:
                del os.environ[name]


@dataclass(frozen=True, slots=True)
class Said:
    """One call, the key where it has one, and what it came to: "ok", "nothing" (find), "doubt", "rejected" or another code."""

    at: datetime
    call: str
    key: str
    came_to: str


@dataclass
class Heard:
    """A CIS that notes what it is asked. `cis` is guarded already: what is noted is what our side makes of it."""

    cis: Cis
    clock: Callable[[], datetime]
    said: list[Said] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cis, name)

    def send(self, command: Command, *, key: str) -> Answer:
        answer: Answer = self._noted("send", key, lambda: self.cis.send(command, key=key))
        return answer

    def find(self, key: str) -> Answer | None:
        answer: Answer | None = self._noted("find", key, lambda: self.cis.find(key))
        return answer

    def search(self, wanted: PersonDetails) -> tuple[str, ...]:
        found: tuple[str, ...] = self._noted("search", "", lambda: self.cis.search(wanted))
        return found

    def ping(self) -> None:
        self._noted("ping", "", self.cis.ping)

    def _noted(self, call: str, key: str, ask: Callable[[], Any]) -> Any:
        try:
            answer = ask()
        except KeyturnError as problem:
            kinds = {InDoubt: "doubt", Rejected: "rejected"}
            self.said.append(Said(self.clock(), call, key, kinds.get(type(problem), problem.code)))
            raise
        self.said.append(Said(self.clock(), call, key, "nothing" if answer is None else "ok"))
        return answer

    def sent_blindly(self) -> list[str]:
        """Keys under which something was sent after a doubt, before the CIS had said what became of it (I3)."""
        found, doubtful = [], set()
        for each in self.said:
            if each.call == "send":
                if each.key in doubtful:
                    found.append(each.key)
                if each.came_to == "doubt":
                    doubtful.add(each.key)
            elif each.came_to in ("ok", "nothing"):
                doubtful.discard(each.key)
        return found

    def counted(self, call: str, came_to: str = "") -> int:
        return sum(1 for each in self.said if each.call == call and came_to in ("", each.came_to))

    def in_doubt(self) -> set[str]:
        """Keys of which our side cannot know now whether something was done."""
        last: dict[str, str] = {}
        for each in self.said:
            if each.call == "send" or each.came_to in ("ok", "nothing"):
                last[each.key] = each.came_to
        return {key for key, came_to in last.items() if came_to == "doubt"}
