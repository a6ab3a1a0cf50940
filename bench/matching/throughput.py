"""How many whole matches a second do two processes make at a million persons: normalise, keys, SQL, scores, decision?

Beside it Splink, one record at a time against FEBRL4's 5,000 originals alone (its `predict_between`).
"""

import time
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from bench.matching import baselines, sources
from bench.matching.memory import POLICY

SECONDS = 15.0
PROCESSES = 2


@dataclass
class Result:
    """Matches by all processes together, and the CPU that the client processes took for each."""

    matches: int
    seconds: float
    client_cpu: float

    @property
    def per_second(self) -> float:
        return self.matches / self.seconds


def run(*, seconds: float = SECONDS, processes: int = PROCESSES) -> Result:
    """Each process on its own connection, with the environment that `registry.real_database` has set."""
    with get_context("spawn").Pool(processes, initializer=_ready) as pool:
        pool.map(_one, [(number, 1.0) for number in range(processes)], chunksize=1)
        found = pool.map(_one, [(number, seconds) for number in range(processes)], chunksize=1)
        pool.close()
        pool.join()
    return Result(sum(each[0] for each in found), max(each[1] for each in found), sum(each[2] for each in found))


def _ready() -> None:
    import django

    django.setup()


def _one(task: tuple[int, float]) -> tuple[int, float, float]:
    from keyturn.matching import decide
    from keyturn.records import person_index

    number, seconds = task
    details = [sources.of_febrl(row) for row in sources.febrl4()[1].values()]
    model = person_index.model(POLICY)
    done, started, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - started < seconds:
        probe = person_index.features(details[(done * PROCESSES + number) % len(details)])
        decide(probe, person_index.candidates(probe), model=model, verified=frozenset(), policy=POLICY)
        done += 1
    return done, time.perf_counter() - started, time.process_time() - cpu


def splink(count: int = 30) -> float:
    """Milliseconds per record, the median."""
    originals, duplicates = sources.febrl4()
    with baselines.quietly():
        linker = baselines.splink_linker([baselines.febrl_table(originals), baselines.febrl_table(duplicates)], "febrl")
        api, times = linker._db_api, []
        left = api.register(baselines.febrl_table(originals))
        for number in list(duplicates)[: count + 3]:
            table = baselines.febrl_table({number: duplicates[number]})
            started = time.perf_counter()
            _between(linker, left, api.register(table))
            times.append((time.perf_counter() - started) * 1000)
    return sorted(times[3:])[count // 2]


def _between(linker: Any, left: Any, right: Any) -> Any:
    return linker.inference.predict_between(left, right, threshold_match_probability=0.02).as_pandas_dataframe()
