"""Is anybody linked to who merely resembles them, and are customers who come back changed still found?

Per kind 1,500 people are on file; beside each a look-alike asks, and what the look-alike gives counts as proved, so
that only the matcher stands between the two. A link to anybody at all is wrong. In the same registry, and the same
run, customers on file come back changed.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from rich.progress import Progress

from bench.matching import people, sources
from bench.matching.calibration import Shown, shown
from bench.matching.memory import Registry, decided, everything_proved
from keyturn.matching import Decision
from keyturn.terms.person import PersonDetails

Make = Callable[[Random, PersonDetails], PersonDetails]


@dataclass
class Outcome:
    """Counts per kind. `linked` is to anybody (of look-alikes: always wrong); `shown` has the person resembled for
    review or listed as related; `found` has the true record linked or in the review."""

    asked: int = 0
    linked: int = 0
    reviewed: int = 0
    shown: int = 0
    found: int = 0
    wrong: int = 0
    candidates: list[Shown] = field(default_factory=list)


def run(
    *, each: int, seed: int, progress: Progress | None = None, strangers: int = 0
) -> tuple[dict[str, Outcome], dict[str, Outcome]]:
    """(look-alikes, customers who return), by kind; `strangers` are on file besides."""
    random = Random(seed)
    registry, probes = Registry(), []
    for group, kinds in (("look-alike", people.LOOKALIKES), ("returns", people.RETURNS)):
        for kind, make in kinds.items():
            for number in range(each):
                known = people.a_person(random)
                ident = f"{kind} {number}"
                registry.add(ident, sources.features(people.as_typed(random, known)))
                probes.append((group, kind, ident, people.as_typed(random, make(random, known))))
    for number in range(strangers):
        registry.add(f"stranger {number}", sources.features(people.a_person(random)))
    found: dict[str, dict[str, Outcome]] = {"look-alike": {}, "returns": {}}
    task = progress.add_task("look-alikes and returning customers", total=len(probes)) if progress else None
    for group, kind, ident, details in probes:
        probe = sources.features(details)
        decision = decided(registry, probe, verified=everything_proved(probe))
        _count(found[group].setdefault(kind, Outcome()), decision, ident, is_same=group == "returns")
        if progress and task is not None:
            progress.advance(task)
    return found["look-alike"], found["returns"]


def _count(outcome: Outcome, decision: Decision, ident: str, *, is_same: bool) -> None:
    zones = {decision.zone, decision.matcher_zone}
    the_one = next((each for each in decision.ranked if each.person_id == ident), None)
    best = decision.best.person_id if decision.best else ""
    outcome.asked += 1
    outcome.linked += "link" in zones
    outcome.wrong += "link" in zones and not (is_same and best == ident)
    outcome.reviewed += decision.zone == "review"
    outcome.shown += the_one is not None and ("review" in zones or bool(the_one.relation))
    outcome.found += the_one is not None and ("review" in zones or ("link" in zones and best == ident))
    outcome.candidates += shown(decision, {ident} if is_same else set())


def totals(outcomes: dict[str, Outcome]) -> Counter[str]:
    """The kinds added up."""
    return Counter(
        {
            name: sum(getattr(each, name) for each in outcomes.values())
            for name in ("asked", "linked", "reviewed", "shown", "found", "wrong")
        }
    )
