"""T-03: the first PostgreSQL dies for good, the second takes its place. Is anything lost that was acknowledged?

Web and workers name both servers in DATABASE_URL and write wherever that is possible. Callers ask for service all the
while. With a synchronous standby nothing may be lost, also where it stood still for a while before (then callers wait).
The negative control lets the standby follow asynchronously, and stand still: what was acknowledged meanwhile must be
missed, or this test could not see a loss. FAILOVER_REQUESTS, FAILOVER_SECONDS and FAILOVER_SEED set the sizes.
"""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from keyturn.local.postgres import Cluster
from tests.durability import bound, standby
from tests.durability.customers import Customers, asks_for
from tests.durability.installation import PATIENCE, Installation, an_installation
from tests.durability.test_kill import Attack

REQUESTS = int(os.environ.get("FAILOVER_REQUESTS", "60"))
SECONDS = float(os.environ.get("FAILOVER_SECONDS", "6"))
SEED = int(os.environ.get("FAILOVER_SEED", "0")) or random.SystemRandom().randrange(10**6)
FULL = "FAILOVER_REQUESTS" in os.environ
GOAL_SECONDS = 15.0  # until writes are taken again, on a calm machine


class Failover:
    """An installation with two databases, and the callers."""

    def __init__(self, installation: Installation, second: Cluster) -> None:
        self.installation = installation
        self.second = second
        self.writes_again = 0.0

    @contextmanager
    def customers(self, api_key: str, premises: list[str]) -> Iterator[Customers]:
        asks = asks_for(premises, random.Random(SEED))
        callers = Customers(self.installation.url, api_key, asks, seconds=SECONDS, seed=SEED, callers=4)
        callers.start()
        self.asks = asks
        try:
            yield callers
        finally:
            callers.over.set()

    def the_first_dies(self) -> None:
        """For good: nobody starts it again."""
        first = self.installation.cluster
        self.installation.crew.take_over(self.second)
        assert first.process
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()

    def the_second_stands_still(self, *, loses: bool) -> None:
        """For a while; or until the first is dead, and then it loses what was on its way."""
        with standby.stalled(self.second, then=signal.SIGKILL if loses else signal.SIGCONT):
            self.installation.looks_on(SECONDS / 3)
            if loses:
                self.the_first_dies()

    def the_second_takes_over(self, api_key: str) -> None:
        began = time.monotonic()
        standby.promote(self.second)
        answered = False
        while not answered:
            assert time.monotonic() - began < PATIENCE, "nothing can be written after the failover"
            self.installation.look_after()
            answered = self._written(api_key)
            time.sleep(0.1)
        self.writes_again = time.monotonic() - began

    def _written(self, api_key: str) -> bool:
        draft = {"journey": "start_service", "answers": {}}
        headers = {"Authorization": f"Bearer {api_key}"}
        try:
            answer = httpx.post(
                f"{self.installation.url}/api/v1/requests", json=draft, headers=headers, timeout=5, trust_env=False
            )
        except httpx.HTTPError:
            return False
        return answer.status_code == 201

    def drains(self, customers: Customers) -> float:
        self.installation.cluster = self.second
        return self.installation.drains(customers)


def fail_over(folder: Path, *, synchronous: bool, stands_still: bool) -> tuple[Attack, Failover]:
    """Let the first die in the middle of the work, and the second take over."""
    with an_installation(folder, cis="reference") as installation:
        given = installation.ask_inside("prepare", str(REQUESTS))
        with standby.a_standby(installation.cluster) as second:
            installation.environment["DATABASE_URL"] = standby.both(installation.cluster, second)
            standby.synchronous(installation.cluster) if synchronous else standby.caught_up(installation.cluster)
            installation.start(workers=1)
            there = Failover(installation, second)
            with there.customers(given["api_key"], given["premises"]) as customers:
                installation.looks_on(SECONDS / 3)
                if stands_still:
                    there.the_second_stands_still(loses=not synchronous)
                if installation.cluster.alive():
                    there.the_first_dies()
                there.the_second_takes_over(given["api_key"])
                drained_in = there.drains(customers)
            found = installation.ask_inside("look")
            installation.stop()  # while there is still a database: without one it takes long
            return Attack(there.asks, customers.heard, installation.kills, drained_in, _without_drafts(found)), there


def _without_drafts(found: dict[str, Any]) -> dict[str, Any]:
    """The drafts by which we looked whether writes are taken are nobody's requests."""
    drafts = {reference for reference, standing in found["stuck"].items() if standing == "customer"}
    kept = lambda rows: {key: value for key, value in rows.items() if key not in drafts}  # noqa: E731
    return found | {"outcomes": kept(found["outcomes"]), "stuck": kept(found["stuck"])}


@pytest.mark.parametrize("stands_still", [True, False] if FULL else [True])
def test_nothing_acknowledged_is_lost_with_a_synchronous_standby(tmp_path: Path, stands_still: bool) -> None:
    done, there = fail_over(tmp_path, synchronous=True, stands_still=stands_still)
    wrongs = done.wrongs()
    lost = bound.of(len(wrongs.get("acknowledged and lost", ())), len(done.acknowledged), "lost")
    bound.tell(
        "T-03", __doc__,
        f"seed {SEED}{', the second stood still before' if stands_still else ''}: {len(done.acknowledged):,} acknowledged, {lost}",
        f"writes again {there.writes_again:.1f} s after the promotion (goal {GOAL_SECONDS:.0f}), drained in {done.drained_in:.1f} s",
    )  # fmt: skip
    assert wrongs == {}


@bound.long
def test_the_same_failover_is_seen_to_lose_where_the_standby_follows_asynchronously(tmp_path: Path) -> None:
    done, _ = fail_over(tmp_path, synchronous=False, stands_still=True)
    assert done.wrongs().get("acknowledged and lost"), "this test could not see a loss"
