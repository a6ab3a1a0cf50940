"""T-13: the network is cut between web and database, worker and database, worker and CIS: is anything lost or done twice?

The parts run in network namespaces of the test's own; a wire that is cut drops everything without a word, so that nobody
hears that the other side is gone (`network.py`). Sizes: CUT_REQUESTS, CUT_CUTS, CUT_SECONDS (of one cut, at most),
CUT_SEED. Needs root.
"""

import os
import random
from pathlib import Path

import pytest

from tests.durability import bound
from tests.durability.customers import Customers, asks_for
from tests.durability.installation import PATIENCE
from tests.durability.network import CUTS, a_network, why_not
from tests.durability.test_kill import Attack

REQUESTS = int(os.environ.get("CUT_REQUESTS", "60"))
NUMBER = int(os.environ.get("CUT_CUTS", "3"))
SECONDS = float(os.environ.get("CUT_SECONDS", "3"))
SEED = int(os.environ.get("CUT_SEED", "0")) or random.SystemRandom().randrange(10**6)
CALM = 1.5  # seconds between two cuts

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"the network cannot be cut here: {why_not()}")


def cut(folder: Path, *, cis: str, wires: list[str], requests: int, longest: float, pause: float = 0.1) -> Attack:
    """Cut these wires one after the other while requests come in; what was found."""
    chance = random.Random(SEED)
    lengths = [chance.uniform(0.7, 1) * longest for _ in wires]
    with a_network(folder, cis=cis, pause=pause) as installation:
        given = installation.ask_inside("prepare", str(requests))
        installation.begin()
        asks = asks_for(given["premises"], chance)
        seconds = sum(lengths) + CALM * len(wires)
        customers = Customers(installation.url, given["api_key"], asks, seconds=seconds, seed=SEED, callers=4)
        customers.start()
        installation.looks_on(CALM)
        for wire, length in zip(wires, lengths, strict=True):
            with installation.wires[wire].cut():
                installation.looks_on(length)
            installation.looks_on(CALM)
        drained_in = installation.drains(customers, patience=PATIENCE + seconds)  # who was cut off comes afterwards
        return Attack(asks, customers.heard, dict.fromkeys(wires, 0), drained_in, installation.ask_inside("look"))


@bound.long
def test_nothing_is_lost_and_nothing_is_done_twice_when_the_network_is_cut(tmp_path: Path) -> None:
    wires = [CUTS[n % len(CUTS)] for n in range(NUMBER)]
    random.Random(SEED).shuffle(wires)
    done = cut(tmp_path, cis="reference", wires=wires, requests=REQUESTS, longest=SECONDS)
    wrongs = done.wrongs()
    bound.tell(
        "T-13", __doc__,
        f"seed {SEED}: {NUMBER} cuts of up to {SECONDS:.0f} s, {len(done.acknowledged):,} of {REQUESTS:,} acknowledged, the"
        f" slowest after {max(done.heard.seconds):.1f} s, drained in {done.drained_in:.1f} s",
        *done.bounds(wrongs),
    )  # fmt: skip
    assert wrongs == {}


@bound.long
def test_the_same_cuts_are_seen_to_do_harm_where_the_cis_forgets_our_keys(tmp_path: Path) -> None:
    forgetful = "tests.durability.connectors.ForgetfulCis"
    done = cut(tmp_path, cis=forgetful, wires=["worker-cis"] * 2, requests=40, longest=5, pause=0.8)
    assert done.wrongs() != {}
