"""T-10: through every fault of the CIS and of the way to it, are the effects in the CIS exactly the approved requests?

Callers ask while the CIS times out, answers 500 or 429, refuses the connection, resets in the middle of an answer, acts
and loses the answer, acts twice, acts ten minutes late, answers nonsense or with somebody else's number, does half, is
slow or comes and goes; then all of it by chance. After each the CIS is well again. The clock is the test's own: nothing
sleeps. FAULT_DELIVERIES is how many in all, half to the reference CIS and a sixth to each other; FAULT_SEED repeats.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from keyturn.connectors import cis as ours
from keyturn.connectors.cis.faults import FaultyCis, Plan
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.flow import deliveries, outside
from keyturn.records import history, ids
from keyturn.records.models import Delivery, Request
from keyturn.terms.errors import KeyturnError
from tests import factories
from tests.durability import bound
from tests.durability.connectors import Forgetful
from tests.durability.each_cis import EACH, TIMEOUT, Heard, There
from tests.durability.test_race import newcomers
from tests.flow.town import Case, Town

DELIVERIES = int(os.environ.get("FAULT_DELIVERIES", "80"))
SEED = int(os.environ.get("FAULT_SEED", "0")) or random.SystemRandom().randrange(10**6)
STORM = 60  # so many at most are told in one transaction of ours, which is rolled back
FAULT_SECONDS, GOAL_SECONDS, STEP_SECONDS = 60, 300, 10
LATE_SECONDS = 600

EVERY = ["send", "find", "search", "ping"]
HERE: dict[str, dict[str, Any]] = {
    "timeout, nothing done": {"always": "lost_before", "calls": EVERY},
    "cannot be reached": {"always": "down", "calls": EVERY},
    "applied, answer lost": {"always": "answer_lost"},
    "applied twice": {"always": "duplicate"},
    "ten minutes late": {"always": "late", "seconds": LATE_SECONDS},
    "garbage": {"always": "garbage"},
    "partial": {"always": "partial"},
    "slow": {"always": "slow", "seconds": 9},
    "flapping": {"always": "flapping", "calls": EVERY},
}
"""Faults of a connector (`faults.Fault`): of the reference CIS, which has no wire of HTTP."""
WIRE: dict[str, dict[str, Any]] = {
    "timeout": {"script": [{"fault": "slow", "times": 2}], "seconds": TIMEOUT * 1.5},
    "500": {"always": "500"},
    "429": {"always": "429"},
    "refused": {"script": [{"fault": "refused", "times": 4}]},
    "reset": {"always": "reset"},
    "reset mid-answer": {"always": "mid_answer"},
    "applied, answer lost": {"always": "answer_lost"},
    "applied twice": {"always": "duplicate"},
    "garbage": {"always": "garbage"},
    "wrong id": {"always": "wrong_id"},
    "partial": {"always": "partial"},
    "slow": {"always": "slow"},
    "flapping": {"always": "flapping", "flap": 3},
}
"""Faults of the line, which hit every request of it (`simulating.WireFault`)."""
LATE = {"ten minutes late": HERE["ten minutes late"]}


class Storm:
    """Some deliveries to one CIS through every fault, with what must hold looked at meanwhile and at the end."""

    def __init__(self, town: Town, there: There, chance: random.Random) -> None:
        self.town, self.there, self.chance = town, there, chance
        self.cases: list[Case] = []
        self.untrue: list[str] = []
        self.slowest = (0, "")
        self.found: dict[str, Any] = {}
        self.first = chance.randrange(10**6)
        self.heard = Heard(town.guarded, lambda: town.now)

    # How it goes wrong

    def faults(self) -> dict[str, dict[str, Any]]:
        return HERE if self.there.misbehave is None else {**WIRE, **LATE}

    def goes_wrong(self, spec: dict[str, Any]) -> None:
        on_the_wire = self.there.misbehave is not None and spec not in LATE.values()
        if self.there.misbehave is not None:
            self.there.misbehave(**(spec if on_the_wire else {}))
        late = self.town.faulty._late  # what is on its way stays there
        self.town.faulty = FaultyCis(
            self.town.cis, Plan({} if on_the_wire else spec), sleep=self.town._sleep, clock=self._seconds
        )
        self.town.faulty._late = late
        self.heard.cis = GuardedCis(self.town.faulty)

    def is_well_again(self) -> None:
        """A port that was closed is open again after some real milliseconds, in which our clock would run for hours."""
        self.goes_wrong({})
        for _ in range(200):
            with suppress(KeyturnError):
                return self.there.connector.ping()
            time.sleep(0.02)
        raise AssertionError("the simulator does not come back")

    def _seconds(self) -> float:
        return self.town.now.timestamp()

    def by_chance(self) -> dict[str, Any]:
        kinds = {"refused", "timeout", "flapping", "slow"}
        names = [
            spec["always"] for name, spec in self.faults().items() if name not in kinds and spec not in LATE.values()
        ]
        return {"rates": dict.fromkeys(names, 0.4 / len(names)), "seed": self.chance.randrange(10**6)}

    # What happens

    def run(self, number: int, only: tuple[str, ...] = ()) -> None:
        faults = {name: spec for name, spec in self.faults().items() if not only or name in only}
        places = iter(factories.many_premises(number))
        each = max(1, (number // (len(faults) + 2)))
        for name, spec in faults.items():
            if len(self.cases) < number:
                self.some_ask_while(name, spec, min(each, number - len(self.cases)), places)
        if len(self.cases) < number:
            self.some_ask_while("by chance", self.by_chance(), number - len(self.cases), places)
        self.is_well_again()
        self.town.waits(seconds=LATE_SECONDS)
        self.town.faulty.deliver_late()

    def some_ask_while(self, name: str, spec: dict[str, Any], number: int, places: Iterator[Any]) -> None:
        self.goes_wrong(spec)
        for who in newcomers(number, self.first + len(self.cases)):
            attested = ("email", "identity")
            self.cases.append(
                self.town.a_partner_asks(who, next(places), attested=attested, services=["electric", "gas"])
            )
        self.town.works()
        self.town.waits(seconds=FAULT_SECONDS)
        self.untrue += [f"{name}: {each}" for each in self.what_staff_see_and_is_not_so()]
        self.is_well_again()
        self.drains(name)

    def drains(self, name: str) -> None:
        seconds = 0
        while self.unfinished() and seconds < GOAL_SECONDS:
            self.town.waits(seconds=STEP_SECONDS)
            seconds += STEP_SECONDS
        self.slowest = max(self.slowest, (seconds, name))
        if self.unfinished():
            self.untrue.append(f"{name}: not drained in {GOAL_SECONDS} s")

    def unfinished(self) -> int:
        return Request.objects.filter(pk__in=[each.id for each in self.cases], standing="machine").count()

    # What must hold

    def what_staff_see_and_is_not_so(self) -> list[str]:
        done, doubtful, wrong = {each["key"] for each in self.there.store.effects()}, self.heard.in_doubt(), []
        for each in Delivery.objects.filter(request__in=[case.id for case in self.cases]).select_related("request"):
            state, request = each.state, each.request
            if (state == "done") != (request.outcome == "completed"):
                wrong.append(f"{request.reference} is {state} and {request.outcome}")
            if state == "done" and each.key not in done:
                wrong.append(f"{request.reference} is shown as done and is not")
            if state == "intended" and each.key in doubtful:
                wrong.append(f"{request.reference} is shown as not sent and is in doubt")
            if state != "done" and request.standing == "nobody":
                wrong.append(f"{request.reference} is nobody's and not done")
            if state == "in_doubt" and each.in_doubt_since is None:
                wrong.append(f"{request.reference} is in doubt since never")
        return wrong

    def wrongs(self) -> dict[str, Any]:
        """Every promise that was broken, with what broke it; empty is good."""
        requests = Request.objects.filter(pk__in=[each.id for each in self.cases])
        approved = {f"{each.reference}:establish" for each in requests if each.outcome == "completed"}
        effects = [each["key"] for each in self.there.store.effects()]
        counts, number = self.there.store.counts(), len(self.cases)
        broken = {
            "not completed": [f"{each.reference} {each.standing}" for each in requests if each.outcome != "completed"],
            "approved and not in the CIS": sorted(approved - set(effects)),
            "in the CIS and not approved": sorted(set(effects) - approved),
            "in the CIS twice": sorted(each for each, times in Counter(effects).items() if times > 1),
            "persons": [] if counts["persons"] == number else [counts["persons"]],
            "accounts": [] if counts["accounts"] == number else [counts["accounts"]],
            "agreements": [] if counts["agreements"] == 2 * number else [counts["agreements"]],
            "sent again before the CIS was asked": self.heard.sent_blindly(),
            "untrue to staff": self.untrue,
            "broken chains": list(history.broken_chains()),
        }
        return {name: each for name, each in broken.items() if each}


@pytest.fixture
def storm(db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Storm]]:
    """Tell one storm of so many deliveries to one CIS from a seed."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.KEYTURN_MAILBOX = str(tmp_path)
    settings.KEYTURN_POLICY = settings.KEYTURN_POLICY  # put back after the test
    opened: dict[str, There] = {}
    with ExitStack() as stack:

        def run(name: str, number: int, seed: int, *, forgetful: bool = False, only: tuple[str, ...] = ()) -> Storm:
            if name not in opened:
                opened[name] = stack.enter_context(EACH[name](ours._url(), tmp_path))
            there, own = opened[name], random.Random(f"references of {seed}")
            there.store.empty()
            monkeypatch.setattr(ids.secrets, "randbits", own.getrandbits)
            monkeypatch.setattr(ours, "connector", lambda: there.connector)
            monkeypatch.setattr(ours, "adopt", lambda kind, rows: there.adopt([dict(each) for each in rows]))
            town = Town(tmp_path)
            town.cis = Forgetful(there.connector) if forgetful else there.connector
            if forgetful:
                town.policy_says(cis_search_before_new=False)  # it would be found before it is sent a second time
            town.cis_is("")
            told = Storm(town, there, random.Random(seed))
            for module in (outside, deliveries):
                monkeypatch.setattr(module, "cis", lambda: told.heard)
            with transaction.atomic():
                told.run(number, only)
                told.found = told.wrongs()
                transaction.set_rollback(True)
            return told

        yield run


@pytest.mark.parametrize("name", EACH)
def test_one_effect_for_each_approved_request_through_every_fault(storm: Any, name: str) -> None:
    number = DELIVERIES // (2 if name == "reference" else 6)
    told, found, left, seed = [], {}, number, SEED
    while left > 0:
        told.append(storm(name, min(left, STORM), seed))
        found |= {f"seed {seed}: {what}": each for what, each in told[-1].found.items()}
        left, seed = left - STORM, seed + 1
    doubts, finds = (sum(each.heard.counted(*what) for each in told) for what in (("send", "doubt"), ("find",)))
    sent, slowest = sum(each.heard.counted("send") for each in told), max(each.slowest for each in told)
    blindly = sum(len(each.heard.sent_blindly()) for each in told)
    harmed, harm = sum(map(len, found.values())), "deliveries lost, doubled or shown wrongly"
    bound.tell(
        "T-10", __doc__,
        f"{name}, seed {SEED}: {number:,} deliveries through {len(told[0].faults())} faults and a storm of all; {sent:,} calls sent,"
        f" {doubts:,} outcomes unknown, {finds:,} look-ups, {blindly:,} sent again before the CIS was asked",
        f"drained in {slowest[0]} s at most (after {slowest[1]}; goal {GOAL_SECONDS})",
        bound.of(harmed, number, harm),
        counted=bound.Counted(harmed, number, harm, {"calls": sent, "outcomes unknown": doubts}),
    )  # fmt: skip
    assert found == {}
    assert doubts > 0 and finds >= doubts / 8, "the faults did not hit"


@bound.long
@pytest.mark.parametrize("name", EACH)
def test_negative_control_a_cis_without_memory_is_seen(storm: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyturn.steps.sync.rules.must_look_up", lambda state: False)
    told = storm(name, 3, SEED, forgetful=True, only=("applied, answer lost",))
    assert "sent again before the CIS was asked" in told.found
    assert {"not completed", "persons", "accounts"} & set(told.found), "refused there, or done twice"
