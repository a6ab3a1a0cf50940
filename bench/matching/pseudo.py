"""Are people of one census known again in the census ten years later, one at a time, with the default noise?

On file is the simulated census of 2020; every row of that of 2030 is a probe. Seeds 101 to 110 (registry s, probes
s + 500), on which nobody tuned anything. Zones are the matcher's own word: nobody proves anything in a census.

Denominators: `links`, `review` and `wrong` are of all probes; `missed` is of those on file: the true record is neither
linked nor for review. A wrong link is one to somebody else's record.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context

from rich.progress import Progress

from bench.matching import forced, sources
from bench.matching.calibration import Shown, shown
from bench.matching.memory import Registry, decided
from keyturn.matching import Decision

SEEDS = tuple(range(101, 111))
PROBE_SEED = 500


@dataclass
class Result:
    """One seed. `outcomes` has per person on file "linked", "review", "missed" or "wrong"; by simulant id."""

    seed: int
    asked: int = 0
    known: int = 0
    links: int = 0
    wrong: int = 0
    review: int = 0
    review_known: int = 0
    missed: int = 0
    not_retrieved: int = 0
    seconds: float = 0.0
    outcomes: dict[str, str] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)
    reviews: Counter[tuple[str, bool]] = field(default_factory=Counter)


def registry(seed: int, *, year: int = 2020) -> tuple[Registry, dict[str, set[str]]]:
    """A census on file, and each person's records."""
    made, records = Registry(), defaultdict(set)
    for number, row in enumerate(sources.census(year=year, seed=seed).rows):
        made.add(str(number), sources.features(sources.of_census(row)))
        records[row["simulant_id"]].add(str(number))
    return made, records


def run(seed: int, *, sample: int = 0, year: int = 2020) -> Result:
    """One seed in memory, the census of `year` on file; `sample` takes only the first so many probes."""
    on_file, records = registry(seed, year=year)
    probes = sources.census(year=year + 10, seed=seed + PROBE_SEED).rows
    result = Result(seed)
    started = time.perf_counter()
    model = on_file.model
    for row in probes[: sample or None]:
        decision = decided(on_file, sources.features(sources.of_census(row)), model=model)
        count(result, decision, records.get(row["simulant_id"], set()), row["simulant_id"])
    result.seconds = time.perf_counter() - started
    return result


def count(result: Result, decision: Decision, truth: set[str], person: str) -> None:
    """Add one probe whose true records are `truth` (empty: nobody on file)."""
    zone, best = decision.matcher_zone, decision.best.person_id if decision.best else ""
    ranked = {each.person_id for each in decision.ranked}
    result.asked += 1
    result.known += bool(truth)
    result.links += zone == "link"
    result.wrong += zone == "link" and best not in truth
    result.review += zone == "review"
    result.review_known += zone == "review" and bool(truth)
    result.reviews.update([forced.counted(decision, truth)] if zone == "review" else [])
    result.shown += shown(decision, truth)
    if not truth:
        return
    outcome = "missed"
    if zone == "link":
        outcome = "linked" if best in truth else "wrong"
    elif zone == "review" and ranked & truth:
        outcome = "review"
    result.missed += outcome == "missed"
    result.not_retrieved += not ranked & truth
    result.outcomes[person] = outcome


def run_all(
    seeds: Iterable[int] = SEEDS, *, progress: Progress | None = None, processes: int = 2, year: int = 2020
) -> list[Result]:
    """All seeds, two at a time."""
    seeds = list(seeds)
    task = progress.add_task(f"pseudopeople, {len(seeds)} seeds", total=len(seeds)) if progress else None
    found = []
    with get_context("spawn").Pool(min(processes, len(seeds))) as pool:
        for result in pool.imap_unordered(partial(run, year=year), seeds):
            found.append(result)
            if progress and task is not None:
                progress.advance(task)
        pool.close()
        pool.join()
    return sorted(found, key=lambda each: each.seed)


# The same through PostgreSQL


def online(url: str, seed: int, *, progress: Progress | None = None) -> Result:
    """One seed through the product's tables and locks, each search in a transaction of its own; the tables are empty
    before and after."""
    from django.db import connection, transaction
    from uuid_utils.compat import uuid7

    from bench.matching import registry as database
    from bench.matching.memory import POLICY
    from keyturn.matching import decide
    from keyturn.records import person_index

    on_file, by_number = registry(seed)
    ids = {number: uuid7() for number in on_file.forms}
    records = {person: {str(ids[number]) for number in numbers} for person, numbers in by_number.items()}
    with database.connected(url) as other:
        database.write(other, [(ids[number], form) for number, form in on_file.forms.items()])
        other.execute("VACUUM (ANALYZE) person, match_key, person_features")
    probes = sources.census(year=2030, seed=seed + PROBE_SEED).rows
    task = progress.add_task(f"pseudopeople {seed} through PostgreSQL", total=len(probes)) if progress else None
    result, model = Result(seed), person_index.model(POLICY)
    started = time.perf_counter()
    for row in probes:
        probe = sources.features(sources.of_census(row))
        with transaction.atomic():
            person_index.lock(probe)
            found = person_index.candidates(probe)
            decision = decide(probe, found, model=model, verified=frozenset(), policy=POLICY)
        count(result, decision, records.get(row["simulant_id"], set()), row["simulant_id"])
        if progress and task is not None:
            progress.advance(task)
    result.seconds = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE person, match_key, person_features CASCADE")
    person_index._population.clear()
    return result


# Splink, all of it at once and one-to-one


def splink(seed: int) -> Result:
    """Splink on the same two files: the best one-to-one assignment; a link from .999 on, else review from .02 on."""
    import pandas as pd

    from bench.matching import baselines
    from bench.matching.febrl import assigned

    rows = {year: sources.census(year=year, seed=s).rows for year, s in ((2020, seed), (2030, seed + PROBE_SEED))}
    started = time.perf_counter()
    with baselines.quietly():
        tables = []
        for year, some in rows.items():
            table = pd.DataFrame(some).astype(object).drop(columns=["year", "household_id", "simulant_id"])
            table.insert(0, "unique_id", [f"{year}-{number}" for number in range(len(table))])
            tables.append(table.where(table.notna(), None))
        weights = baselines.splink_pairs(baselines.splink_linker(tables, "census"), 0.02)
        pairs = assigned(weights)
    result = Result(seed, asked=len(rows[2030]), seconds=time.perf_counter() - started)
    people = {year: [row["simulant_id"] for row in some] for year, some in rows.items()}
    on_file = set(people[2020])
    found = {other: (one, weights[one, other]) for one, other in pairs}
    for number, person in enumerate(people[2030]):
        one, weight = found.get(f"2030-{number}", ("", -99.0))
        right = bool(one) and people[2020][int(one.split("-")[1])] == person
        is_link = weight >= 9.965  # log2 of the odds of .999
        result.known += person in on_file
        result.links += is_link
        result.wrong += is_link and not right
        result.review += bool(one) and not is_link
        result.missed += person in on_file and not right
    return result
