"""Who tells thousands of seeds, on as many processes as there are cores?

A teller is a process with a database of its own: `python -m tests.flow.simulate STEPS` tells each seed that it is given
on a line, and answers with a line. `told` hands seeds out in order until there are enough of them, or the time is up, so
that what was told is always a range; some of them are told again by another process, with other keys and another order of
sets, and must come to the same.
"""

import json
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
MOST_BROKEN = 5


@dataclass
class Result:
    """What came of a range of seeds. `broken`: seed to what was seen; `other`: seeds that were not the same when told again."""

    first: int
    steps_each: int
    digests: dict[int, str] = field(default_factory=dict)
    broken: dict[int, str] = field(default_factory=dict)
    other: list[int] = field(default_factory=list)
    again: int = 0
    cpu: float = 0.0
    seen: set[str] = field(default_factory=set)

    @property
    def steps(self) -> int:
        return len(self.digests) * self.steps_each

    @property
    def last(self) -> int:
        return max([self.first, *self.digests, *self.broken])


class Teller:
    """A process that tells seeds. Its order of sets, its keys and its database are its own."""

    def __init__(self, steps: int, number: int) -> None:
        env = {**os.environ, "PYTHONHASHSEED": str(number), "DJANGO_SETTINGS_MODULE": "keyturn.site.settings"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.flow.simulate", str(steps)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd=ROOT,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.close()
            self._process.wait(30)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()

    def tells(self, seed: int) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(f"{seed}\n")
            self._process.stdin.flush()
            for line in self._process.stdout:
                if line.startswith('{"seed"'):
                    return json.loads(line)  # type: ignore[no-any-return]
        except OSError:
            pass
        return {"seed": seed, "broken": f"the teller ended with {self._process.wait()}", "cpu": 0.0, "seen": []}


def told(
    *, first: int, seeds: int, steps: int, processes: int, minutes: float, say: Callable[[Result], None], again: int
) -> Result:
    """Tell seeds until `seeds` are told, the time is up, too many are broken, or Ctrl-C. `again`: how many are told twice."""
    result, lock = Result(first, steps), threading.Lock()
    waiting, until = iter(range(first, first + seeds)), time.monotonic() + minutes * 60
    stop = threading.Event()

    def next_seed() -> int | None:
        with lock:
            is_over = stop.is_set() or time.monotonic() >= until or len(result.broken) >= MOST_BROKEN
            return None if is_over else next(waiting, None)

    def keep(answer: dict[str, Any]) -> None:
        with lock:
            result.cpu += answer["cpu"]
            result.seen |= set(answer["seen"])
            if "broken" in answer:
                result.broken[answer["seed"]] = answer["broken"]
            else:
                result.digests[answer["seed"]] = answer["digest"]

    def work(number: int) -> None:
        with Teller(steps, number) as teller:
            while (seed := next_seed()) is not None:
                keep(teller.tells(seed))

    workers = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(1, processes + 1)]
    for each in workers:
        each.start()
    try:
        while any(each.is_alive() for each in workers):
            say(result)
            workers[0].join(1.0) if workers[0].is_alive() else time.sleep(0.2)
    except KeyboardInterrupt:  # what was begun is told to its end
        stop.set()
        for each in workers:
            each.join(60)
    say(result)
    _tell_again(result, 0 if stop.is_set() else again)
    return result


def _tell_again(result: Result, most: int) -> None:
    known = sorted(result.digests)
    chosen = known[:: max(1, len(known) // most)][:most] if most else []
    if not chosen:
        return
    with Teller(result.steps_each, 4242) as teller:
        for seed in chosen:
            result.again += 1
            answer = teller.tells(seed)
            if "broken" in answer:
                result.broken[seed] = answer["broken"]
            elif answer["digest"] != result.digests[seed]:
                result.other.append(seed)


def main() -> None:
    from django.db import connections

    import tests.conftest  # noqa: F401  makes the database and the settings
    from keyturn.connectors import cis
    from keyturn.records.migrate import migrate

    migrate()
    from tests.flow.simulation import Simulation, stage

    with stage():
        for line in sys.stdin:
            seed, began, seen = int(line), time.process_time(), set[str]()
            try:
                answer: dict[str, Any] = {"digest": Simulation(seed, seen).run(int(sys.argv[1]))}
            except Exception:
                answer = {"broken": traceback.format_exc()[-6000:]}
            answer = {"seed": seed, **answer, "cpu": time.process_time() - began, "seen": sorted(seen)}
            print(json.dumps(answer), flush=True)
    cis.close()
    connections.close_all()


if __name__ == "__main__":
    main()
