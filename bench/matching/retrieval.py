"""Is FEBRL4's corrupted duplicate found among a million others, how fast, and before anybody has committed?

The 5,000 originals and the strangers of `background` are on file in a real PostgreSQL with the product's tables; the
duplicates ask, one at a time, through `person_index.candidates` and `decide`. Beside it, in the same run and database,
what most others do: trigrams of the name (pg_trgm), ten best by similarity.
"""

import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.progress import Progress
from uuid_utils.compat import uuid7

from bench.matching import registry, sources
from bench.matching.memory import POLICY
from keyturn.matching import Features, decide

Known = dict[str, tuple[UUID, Features]]


@dataclass
class Times:
    """Milliseconds of each search."""

    values: list[float] = field(default_factory=list)

    def at(self, share: float) -> float:
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def mean(self) -> float:
        return sum(self.values) / len(self.values)


@dataclass
class Result:
    """`in_ten` and `first`: who is meant is among the first ten candidates, is the first; `kept`: among the ten that the
    decision ranks highest. `parts` are milliseconds of normalising, of keys with SQL and decoding, and of the decision."""

    persons: int
    asked: int = 0
    in_ten: int = 0
    first: int = 0
    kept: int = 0
    read: int = 0
    total: Times = field(default_factory=Times)
    parts: dict[str, Times] = field(default_factory=dict)
    sizes: dict[str, str] = field(default_factory=dict)
    loading_seconds: float = 0.0
    client_cpu: float = 0.0
    server_cpu: float = 0.0


def known() -> Known:
    """The originals, with ids."""
    return {number: (uuid7(), sources.features(sources.of_febrl(row))) for number, row in sources.febrl4()[0].items()}


def sample(count: int) -> list[str]:
    """Whose duplicates ask."""
    numbers = sorted(sources.febrl4()[1])
    return random.Random(4).sample(numbers, min(count, len(numbers)))


def fill(url: str, people: Known, *, strangers: int, progress: Progress) -> float:
    """Load the registry; the seconds that it took."""
    started = time.perf_counter()
    registry.load(url, people.values(), strangers=strangers, progress=progress)
    return time.perf_counter() - started


def run(people: Known, *, persons: int, probes: Sequence[str], progress: Progress | None = None) -> Result:
    """Search for each of `probes` through the product's own code."""
    from keyturn.records import person_index

    result = Result(persons)
    duplicates = sources.febrl4()[1]
    model = person_index.model(POLICY)
    for number in probes[:50]:  # as in a process that has been running
        person_index.candidates(sources.features(sources.of_febrl(duplicates[number])))
    task = progress.add_task(f"searches among {persons:,}", total=len(probes)) if progress else None
    pid = _backend()
    client, server = time.process_time(), cpu_seconds(pid)
    for number in probes:
        details, ident = sources.of_febrl(duplicates[number]), str(people[number][0])
        t0 = time.perf_counter()
        probe = sources.features(details)
        t1 = time.perf_counter()
        found = person_index.candidates(probe)
        t2 = time.perf_counter()
        decision = decide(probe, found, model=model, verified=frozenset(), policy=POLICY)
        t3 = time.perf_counter()
        result.total.values.append((t3 - t1) * 1000)
        for name, seconds in (("normalise", t1 - t0), ("candidates", t2 - t1), ("score and decide", t3 - t2)):
            result.parts.setdefault(name, Times()).values.append(seconds * 1000)
        result.asked += 1
        result.in_ten += ident in list(found)[:10]
        result.first += next(iter(found), "") == ident
        result.kept += ident in [each.person_id for each in decision.ranked][:10]
        result.read += len(found)
        if progress and task is not None:
            progress.advance(task)
    result.client_cpu, result.server_cpu = time.process_time() - client, cpu_seconds(pid) - server
    return result


def _backend() -> int:
    """The process of PostgreSQL that serves us."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def cpu_seconds(pid: int) -> float:
    """CPU that a process has taken so far (Linux); other people's load does not change it much."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def same_transaction(url: str) -> str:
    """Insert somebody, find them, and only then give the transaction up; another connection never sees them."""
    from django.db import connection, transaction

    from keyturn.records import person_index
    from keyturn.terms.person import PersonDetails

    form = person_index.features(PersonDetails(given_name="Zdravka", family_name="Oyelaran-Szymanski"))
    ident = uuid7()
    with transaction.atomic():
        before = str(ident) in person_index.candidates(form)
        registry.write(connection.connection, [(ident, form)])
        inside = str(ident) in person_index.candidates(form)
        with registry.connected(url) as other:
            outside = other.execute("SELECT count(*) FROM person WHERE id = %s", [ident]).fetchone()
        transaction.set_rollback(True)
    after = str(ident) in person_index.candidates(form)
    return _word(before=before, inside=inside, outside=bool(outside and outside[0]), after=after)


def _word(*, before: bool, inside: bool, outside: bool, after: bool) -> str:
    return "yes" if (before, inside, outside, after) == (False, True, False, False) else "NO"


def sizes(url: str) -> dict[str, str]:
    """What the tables of the search weigh on disk, indexes included."""
    with registry.connected(url) as connection:
        rows = connection.execute(
            "SELECT relname, pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class"
            " WHERE relname IN ('match_key', 'person_features', 'person') AND relkind = 'r' ORDER BY relname"
        ).fetchall()
    return dict(rows)


# The trigram arm


def trigrams(url: str, people: Known, *, persons: int, probes: Sequence[str], progress: Progress) -> Result:
    """Names of all persons under a GIN index of trigrams; for each probe the ten most similar ones."""
    task = progress.add_task("index of trigrams", total=None)
    with registry.connected(url) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        connection.execute("DROP TABLE IF EXISTS trigram")
        connection.execute(
            "CREATE TABLE trigram AS SELECT person_id, lower(coalesce(features ->> 'g', '') || ' ' ||"
            " coalesce(features ->> 'f', '')) AS name FROM person_features"
        )
        connection.execute("SET maintenance_work_mem = '2GB'")
        connection.execute("CREATE INDEX ON trigram USING gin (name gin_trgm_ops)")
        connection.execute("VACUUM ANALYZE trigram")
        progress.update(task, total=len(probes))

        def search(form: Features) -> list[str]:
            name = f"{form.given} {form.family}"
            rows = connection.execute(
                "SELECT person_id FROM trigram WHERE name %% %s ORDER BY similarity(name, %s) DESC, person_id LIMIT 10",
                [name, name],
            ).fetchall()
            return [str(row[0]) for row in rows]

        result = _timed(search, people, persons=persons, probes=probes, step=lambda: progress.advance(task))
        connection.execute("DROP TABLE trigram")
    return result


def _timed(
    search: Callable[[Features], list[str]],
    people: Known,
    *,
    persons: int,
    probes: Sequence[str],
    step: Callable[[], Any],
) -> Result:
    result = Result(persons)
    for number in probes:
        form = sources.features(sources.of_febrl(sources.febrl4()[1][number]))
        started = time.perf_counter()
        found = search(form)
        result.total.values.append((time.perf_counter() - started) * 1000)
        result.asked += 1
        result.in_ten += str(people[number][0]) in found[:10]
        result.first += found[:1] == [str(people[number][0])]
        step()
    return result
