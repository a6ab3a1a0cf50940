"""T-16: the whole life cycle simulated from a seed: callers, staff, workers that die, a CIS that fails, a clock that jumps.

What happens is drawn by chance from the seed and nothing else, so that a run that shows something wrong is told again,
step by step, by its seed: SIM_FIRST=<seed> SIM_SEEDS=1. The promises I1 to I8 are looked at after each step. SIM_SEEDS
and SIM_STEPS set the sizes.
"""

import hashlib
import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction

from keyturn.connectors import cis
from keyturn.connectors.cis.faults import Fault
from keyturn.flow import outside
from keyturn.records import ids
from keyturn.records.models import Premise, Request
from tests import factories
from tests.durability import bound
from tests.flow.any_order import BY_THE_CUSTOMER, PEOPLE, WORDS_OF_STAFF, Story
from tests.flow.town import BEN, Town

SEEDS = int(os.environ.get("SIM_SEEDS", "4"))
STEPS = int(os.environ.get("SIM_STEPS", "60"))
FIRST = int(os.environ.get("SIM_FIRST", "1"))
SHARES = {
    "somebody_asks": 10,
    "somebody_begins": 4,
    "the_customer_acts": 12,
    "staff_act": 20,
    "one_job_is_done": 20,
    "the_worker_works": 14,
    "a_worker_dies_when_the_cis_has_answered": 8,
    "the_cis_changes": 12,
    "the_rescue_comes": 4,
    "the_queue_is_emptied_by_mistake": 2,
    "a_month_passes_in_which_nobody_works": 1,
}


def drawn(chance: random.Random, steps: int) -> Iterator[tuple[Any, ...]]:
    """What happens, one thing after the other; two ask at the beginning."""
    yield from (("somebody_asks", chance.randrange(len(PEOPLE)), place) for place in (0, 1))
    names, shares = list(SHARES), list(SHARES.values())
    for _ in range(steps - 2):
        (name,) = chance.choices(names, shares)
        yield (name, *(each(chance) for each in VALUES.get(name, ())))


def _one_of(*values: Any) -> Callable[[random.Random], Any]:
    return lambda chance: chance.choice(values)


VALUES: dict[str, tuple[Callable[[random.Random], Any], ...]] = {
    "somebody_asks": (_one_of(*range(len(PEOPLE))), _one_of(0, 1)),
    "somebody_begins": (_one_of(*range(len(PEOPLE))), _one_of(0, 1)),
    "the_customer_acts": (_one_of(*range(6)), _one_of(*sorted(BY_THE_CUSTOMER))),
    "staff_act": (_one_of(*range(6)), _one_of(*WORDS_OF_STAFF)),
    "the_worker_works": (_one_of(0, 1, 10, 60, 24 * 60),),
    "the_cis_changes": (_one_of(*Fault),),
}


class Simulation:
    """One seed, told in a transaction that is rolled back. `trace` is what was seen after each step."""

    def __init__(self, town: Town, seed: int, *, known: Any, places: Iterator[Premise]) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.trace: list[str] = []
        self.story = Story(Town(town.mailbox), known=known, places=places, seen=set())

    def run(self, steps: int) -> str:
        """A digest of everything that was seen."""
        self.story.tell(self._watched(steps))  # type: ignore[arg-type]
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()

    def _watched(self, steps: int) -> Iterator[tuple[Any, ...]]:
        for event in drawn(self.chance, steps):
            yield event
            standings = Request.objects.order_by("created_at", "id").values_list(
                "step", "standing", "outcome", "events_written"
            )
            self.trace.append(f"{event} {self.story.town.now:%d %H:%M:%S} {list(standings)}")


@pytest.fixture
def simulate(town: Town, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Callable[[int, int], str]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr(outside, "cis", outside.cis)
    town.policy_says(cis_tries=4)

    def simulate(seed: int, steps: int) -> str:
        own = random.Random(
            f"references of {seed}"
        )  # waits are spread by the reference: chance must be the seed's alone
        chosen = lambda alphabet: own.choice(alphabet)  # noqa: E731
        monkeypatch.setattr(ids.secrets, "choice", chosen)
        cis.connector().empty()  # it remembers the references of whoever told this seed before
        with transaction.atomic():
            places = iter(factories.many_premises(2))
            simulation = Simulation(town, seed, known=town.knows(BEN), places=places)
            try:
                return simulation.run(steps)
            except Exception as wrong:
                wrong.add_note(f"seed {seed}, step {len(simulation.trace) + 1}: SIM_FIRST={seed} SIM_SEEDS=1")
                raise
            finally:
                transaction.set_rollback(True)

    return simulate


def test_the_promises_hold_at_every_step(simulate: Callable[[int, int], str]) -> None:
    _all(simulate, range(FIRST, FIRST + SEEDS))
    told = bound.of(0, SEEDS * STEPS, "steps broke a promise")
    bound.tell("T-16", __doc__, f"seeds {FIRST} to {FIRST + SEEDS - 1}, {STEPS} steps each: {told}")


def test_a_seed_tells_the_same_story_again(simulate: Callable[[int, int], str]) -> None:
    for seed in (3, 4):
        assert simulate(seed, 40) == simulate(seed, 40)
    assert simulate(3, 20) != simulate(4, 20)


def test_negative_control_a_broken_promise_is_seen(
    simulate: Callable[[int, int], str], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """A CIS that forgets keys, and nobody asks it before a retry: some seed must show that a promise is broken."""
    settings.KEYTURN_CIS = "tests.durability.test_crash_points.ForgetfulCis"
    monkeypatch.setattr("keyturn.steps.sync.rules.must_look_up", lambda state: False)
    with pytest.raises(AssertionError):
        _all(simulate, range(1, 40))
    cis.close()


def _all(simulate: Callable[[int, int], str], seeds: range) -> None:
    for seed in seeds:
        simulate(seed, STEPS)
