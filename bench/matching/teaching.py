"""Does learning make a model better? The figures at the end of docs/howto/matching.md.

    python -m bench.matching.teaching

On file are the simulated censuses of 2030 and 2040 in one; `keyturn matching train` learns from them without labels, from the
model that ships and from one with four fields' shares mixed up. Each model is tried on other people: 5,000 of the
census of 2030 against that of 2020, seeds 101 and 102.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import date
from typing import Any, Final

from uuid_utils.compat import uuid7

from bench.matching import pseudo, registry, sources, table
from bench.matching.memory import POLICY, Registry
from keyturn.matching import decide
from keyturn.matching.model import from_mapping, read, shipped

TRIED: Final = (101, 102)
EACH: Final = 2500
PAIRS: Final = 100_000
MIXED_UP: Final = (("person", "given"), ("person", "family"), ("shared", "phone"), ("shared", "address"))

Values = dict[str, Any]


def mixed_up() -> Values:
    """A model that loads and is wrong: in four fields each level has the next one's share."""
    values = deepcopy(read(shipped("default")))
    for section, field in MIXED_UP:
        rows = values[section][field]
        own = [row[0] for row in rows.values()]
        for row, share in zip(rows.values(), [*own[1:], own[0]], strict=True):
            row[0] = share
    return values


def on_file(url: str) -> tuple[int, int]:
    """Both censuses on file; how many records, and how many pairs of one person."""
    rows = [row for year in (2030, 2040) for row in sources.census(year=year, seed=year).rows]
    with registry.connected(url) as connection:
        registry.write(connection, [(uuid7(), sources.features(sources.of_census(row))) for row in rows])
        connection.execute("VACUUM (ANALYZE) person, match_key, person_features")
    people = Counter(row["simulant_id"] for row in rows)
    return len(rows), sum(number * (number - 1) // 2 for number in people.values())


def learnt(base: Values) -> Mapping[str, Any]:
    """What `keyturn matching train --no-labels` writes, told on the way."""
    from keyturn.linkage import train

    @contextmanager
    def unseen(what: str, total: int) -> Iterator[Any]:
        yield lambda done: None

    found = train.train(
        base, label="learnt", today=date(2026, 11, 23), pairs=PAIRS, seed=1, use_labels=False, bar=unseen
    )
    for session in found.sessions:
        told = session.trouble or f"{session.matches:,.0f} pairs of one person, {len(session.moved)} iterations"
        sys.stdout.write(f"by {session.session.name}: {told}\n")
    return found.values


def trials() -> list[tuple[Registry, dict[str, set[str]], list[dict[str, Any]]]]:
    return [
        (*pseudo.registry(seed), sources.census(year=2030, seed=seed + pseudo.PROBE_SEED).rows[:EACH]) for seed in TRIED
    ]


def row(name: str, values: Mapping[str, Any], tried: list[Any]) -> list[str]:
    """A line of the table: wrong links, review, missed."""
    model, counts = from_mapping(values), defaultdict[str, int](int)
    for file, records, probes in tried:
        result = pseudo.Result(0)
        for probe in probes:
            form = sources.features(sources.of_census(probe))
            decision = decide(form, file.candidates(form), model=model, verified=frozenset(), policy=POLICY)
            pseudo.count(result, decision, records.get(probe["simulant_id"], set()), probe["simulant_id"])
        for part in ("asked", "known", "links", "wrong", "review", "missed"):
            counts[part] += getattr(result, part)
    return [
        name,
        f"{counts['wrong']} of {counts['links']:,}",
        f"{100 * counts['review'] / counts['asked']:.1f} %",
        f"{100 * counts['missed'] / counts['known']:.2f} % of {counts['known']:,}",
    ]


def main() -> None:
    base, wrong, tried = read(shipped("default")), mixed_up(), trials()
    with registry.real_database() as url:
        sys.stdout.write("{:,} records, {:,} pairs of one person\n".format(*on_file(url)))
        models = {
            f"the one that ships ({base['label']})": base,
            "learnt on it": learnt(base),
            "one with four fields' shares mixed up": wrong,
            "learnt on that one": learnt(wrong),
        }
        rows = [row(name, values, tried) for name, values in models.items()]
    sys.stdout.write(table.markdown(["model", "wrong links", "to staff", "missed, of those on file"], rows) + "\n")


if __name__ == "__main__":
    main()
