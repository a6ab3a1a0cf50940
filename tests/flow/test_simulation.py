"""T-16: the whole life cycle simulated from a seed: callers, staff, workers that die, a CIS that fails, a clock that jumps.

What happens is drawn by chance from the seed and nothing else, so that a run that shows something wrong is told again,
step by step, by its seed: SIM_FIRST=<seed> SIM_SEEDS=1. The promises I1 to I8 are looked at after each step. SIM_SEEDS
and SIM_STEPS set the sizes, SIM_PROCESSES on how many processes, SIM_MINUTES when it ends if it is not done before,
SIM_AGAIN how many are told again by another process.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from keyturn.connectors import cis
from tests.durability import bound
from tests.flow.simulate import Result, told
from tests.flow.simulation import Simulation, stage

SEEDS = int(os.environ.get("SIM_SEEDS", "4"))
STEPS = int(os.environ.get("SIM_STEPS", "60"))
FIRST = int(os.environ.get("SIM_FIRST", "1"))
PROCESSES = int(os.environ.get("SIM_PROCESSES", "0"))  # 0: in this very process
MINUTES = float(os.environ.get("SIM_MINUTES", "1000000"))
AGAIN = int(os.environ.get("SIM_AGAIN", "10"))  # how many of a long run are told twice


@pytest.fixture
def alone(transactional_db: None) -> Iterator[None]:
    with stage():
        yield


def test_the_promises_hold_at_every_step(alone: None) -> None:
    result = _on_processes() if PROCESSES else _here()
    counted = bound.Counted(len(result.broken), result.steps, "steps broke a promise", {"seeds": len(result.digests)})
    broken = bound.of(counted.harmed, counted.tried, counted.what)
    found = [f"seeds {FIRST} to {result.last}, {STEPS} steps each: {broken}"]
    acts = {each.rpartition(" of ")[2] for each in result.seen if each.startswith("died ") and " of " in each}
    found.append(f"processes died at commits of {len(acts)} kinds of act")
    if result.again:
        differ = len(result.other)
        found.append(f"{result.again} seeds told again by another process, with other keys: {differ} differ")
        found.append(f"{result.cpu / max(result.steps, 1) * 1000:.1f} ms of Python's CPU a step")
    if result.last < FIRST + SEEDS - 1:
        found.append(f"it ended before its time: SIM_FIRST={result.last + 1} goes on")
    bound.tell("T-16", __doc__, *found, counted=counted)
    assert not result.broken, "\n".join(f"SIM_FIRST={seed} SIM_SEEDS=1: {why}" for seed, why in result.broken.items())
    assert not result.other, f"told again, these were not the same: {result.other}"


def _here() -> Result:
    """One after the other; what is wrong shows as it is."""
    result = Result(FIRST, STEPS)
    for seed in range(FIRST, FIRST + SEEDS):
        result.digests[seed] = Simulation(seed, result.seen).run(STEPS)
    return result


def _on_processes() -> Result:
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns) as screen:
        bar = screen.add_task("", total=SEEDS)

        def say(result: Result) -> None:
            done = f"{len(result.digests):,} seeds, {result.steps:,} steps, {len(result.broken)} broken"
            screen.update(bar, completed=len(result.digests), description=done)

        return told(first=FIRST, seeds=SEEDS, steps=STEPS, processes=PROCESSES, minutes=MINUTES, say=say, again=AGAIN)


def test_a_seed_tells_the_same_story_again(alone: None) -> None:
    for seed in (3, 4):
        assert Simulation(seed).run(40) == Simulation(seed).run(40)
    assert Simulation(3).run(20) != Simulation(4).run(20)


def test_negative_control_a_broken_promise_is_seen(alone: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """A CIS that forgets keys, and nobody asks it before a retry: some seed must show it, and show it again."""
    settings.KEYTURN_CIS = "tests.durability.connectors.ForgetfulCis"
    monkeypatch.setattr("keyturn.steps.sync.rules.must_look_up", lambda state: False)
    seed, where = next(found for found in map(_broken, range(1, 40)) if found[1])
    assert _broken(seed) == (seed, where)
    cis.close()


def _broken(seed: int) -> tuple[int, str]:
    """At which step of a seed a promise is broken, and which one; "" where none is."""
    simulation = Simulation(seed)
    try:
        simulation.run(STEPS)
    except AssertionError as wrong:
        return seed, f"step {len(simulation.trace) + 1}: {wrong}"
    return seed, ""
