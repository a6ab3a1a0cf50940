"""Is anything lost or done twice when processes are killed at random? (T-01, invariants I1 to I3, I5, I8)

Web processes, workers, PostgreSQL's backends and PostgreSQL itself get `kill -9` while callers ask for service over
HTTP; our supervisor starts them again. Sizes come from the environment: KILL_REQUESTS, KILL_KILLS, KILL_SECONDS and
KILL_SEED (`make battery` runs it large).
"""

import os
import random
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.durability import bound
from tests.durability.customers import Ask, Customers, Heard, asks_for
from tests.durability.installation import VICTIMS, Installation, an_installation

REQUESTS = int(os.environ.get("KILL_REQUESTS", "160"))
KILLS = int(os.environ.get("KILL_KILLS", "8"))
SECONDS = float(os.environ.get("KILL_SECONDS", str(1.3 * KILLS)))
SEED = int(os.environ.get("KILL_SEED", "0")) or random.SystemRandom().randrange(10**6)


@dataclass(repr=False)
class Attack:
    """What happened, and what was found afterwards."""

    asks: list[Ask]
    heard: Heard
    kills: dict[str, int]
    drained_in: float
    found: dict[str, Any]

    @property
    def acknowledged(self) -> set[str]:
        return {reference for references in self.heard.references.values() for reference in references}

    def wrongs(self) -> dict[str, Any]:
        """Every promise that was broken, with what broke it; empty is good."""
        found, asked = self.found, {ask.key for ask in self.asks}
        completed = {reference for reference, outcome in found["outcomes"].items() if outcome == "completed"}
        effects, persons = found["effects"], len({ask.who for ask in self.asks})
        broken = {
            "answered with an error": self.heard.faults,
            "never acknowledged": asked - set(self.heard.references),
            "acknowledged as two requests": [key for key, each in self.heard.references.items() if len(each) > 1],
            "acknowledged and lost": self.acknowledged - set(found["outcomes"]),
            "there and never acknowledged": set(found["outcomes"]) - self.acknowledged,
            "not completed": {**found["stuck"], **dict.fromkeys(self.acknowledged - completed, "")},
            "completed and not in the CIS": completed - set(effects),
            "in the CIS and not completed": set(effects) - completed,
            "in the CIS twice": sorted(each for each, times in Counter(effects).items() if times > 1),
            "duplicate persons": [found["persons"] - persons] if found["persons"] != persons else [],
            "duplicate persons in the CIS": _unless(found["cis"]["persons"], persons),
            "duplicate accounts": _unless(found["accounts"], persons),
            "duplicate accounts in the CIS": _unless(found["cis"]["accounts"], persons),
            "agreements": _unless(found["cis"]["agreements"], 2 * len(self.asks)),
            "without an event": found["without_event"],
            "broken chains": found["broken_chains"],
            "the CIS's own audit": found["cis_audit"],
        }
        return {name: each for name, each in broken.items() if each}

    def bounds(self, wrongs: dict[str, Any]) -> tuple[str, str]:
        """What `wrongs` proves about requests that were lost, and about what was done twice."""
        lost = len(wrongs.get("acknowledged and lost", ())) + len(wrongs.get("never acknowledged", ()))
        doubled = [each for name, each in wrongs.items() if "twice" in name or "two" in name or "duplicate" in name]
        asks = len(self.asks)
        return bound.of(lost, asks, "lost"), bound.of(sum(map(len, doubled)), asks, "done twice")


def _unless(number: int, wanted: int) -> list[str]:
    return [] if number == wanted else [f"{number} instead of {wanted}"]


def attack(folder: Path, *, cis: str, pause: float, requests: int, kills: int, seconds: float, seed: int) -> Attack:
    """Run the installation, let `requests` come in over `seconds`, and kill `kills` processes meanwhile.

    `pause` is how many seconds the CIS takes to answer after it has written.
    """
    chance = random.Random(seed)
    with an_installation(folder, cis=f"tests.durability.connectors.{cis}") as installation:
        installation.environment["KILL_ANSWER_PAUSE"] = str(pause)
        given = installation.ask_inside("prepare", str(requests))
        installation.start()
        asks = asks_for(given["premises"], chance)
        customers = Customers(installation.url, given["api_key"], asks, seconds=seconds, seed=seed)
        customers.start()
        _kill_at_random(installation, customers, kills=kills, seconds=seconds, chance=chance)
        drained_in = installation.drains(customers)
        return Attack(asks, customers.heard, installation.kills, drained_in, installation.ask_inside("look"))


def _kill_at_random(
    installation: Installation, customers: Customers, *, kills: int, seconds: float, chance: random.Random
) -> None:
    began = time.monotonic()
    moments = sorted(chance.uniform(0.5, seconds) for _ in range(kills))
    victims = [VICTIMS[n % len(VICTIMS)] for n in range(kills)]
    chance.shuffle(victims)
    while moments or customers.busy:
        installation.look_after()
        if moments and time.monotonic() - began >= moments[0] and installation.kill(victims[0], chance):
            del moments[0], victims[0]
        assert time.monotonic() - began < seconds + 120, "the callers do not get through"
        time.sleep(0.05)


def test_nothing_is_lost_and_nothing_is_done_twice(tmp_path: Path) -> None:
    done = attack(tmp_path, cis="LateCis", pause=0.1, requests=REQUESTS, kills=KILLS, seconds=SECONDS, seed=SEED)
    wrongs = done.wrongs()
    bound.tell(
        "T-01", __doc__,
        f"seed {SEED}: {sum(done.kills.values())} kills {done.kills} in {SECONDS:.0f} s, {REQUESTS:,} requests,"
        f" {len(done.acknowledged):,} acknowledged, the slowest after {max(done.heard.seconds):.1f} s,"
        f" drained in {done.drained_in:.1f} s",
        *done.bounds(wrongs),
        bound.of(len(wrongs.get("not completed", ())), REQUESTS, "not completed"),
        counted=bound.Counted(sum(map(len, wrongs.values())), REQUESTS, "requests harmed", {"kills": sum(done.kills.values())}),
    )  # fmt: skip
    assert wrongs == {}


@bound.long
def test_the_same_attack_is_seen_where_the_cis_forgets_our_keys(tmp_path: Path) -> None:
    """The negative control: without the promise about keys, the same kills do harm, and the harness says so."""
    done = attack(tmp_path, cis="ForgetfulCis", pause=0.6, requests=120, kills=6, seconds=9.0, seed=SEED)
    assert done.wrongs() != {}
