"""Who is on file twice? All pairs of persons whom the online matcher would link or show to staff.

Four stages, each of which a killed run takes up where it stood: persons are read from PostgreSQL into files; Splink finds
the pairs that share a blocking key; Splink weighs them, part by part, by bounds that nobody's weight exceeds
(`bounds`); and the online matcher itself judges who is left, by what is on file now. It has the last word, so that the
whole registry and a single newcomer are judged alike.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings

from keyturn.flow.duplicates import Found, note_pairs
from keyturn.linkage import bounds, columns
from keyturn.linkage.engines import Engine, engine, must_be_installed
from keyturn.linkage.journal import Journal, forget, opened
from keyturn.linkage.processes import in_order
from keyturn.matching.keys import KEYS_VERSION
from keyturn.matching.model import Model
from keyturn.matching.pairs import weigh
from keyturn.records import person_index
from keyturn.records.bulk import everybody
from keyturn.records.queries import learning
from keyturn.terms.errors import NotAllowed

PERSONS_IN_A_PART = 25_000
QUEUED_AT_ONCE = 1_000

Progress = Callable[[str, int, int], None]
"""Called with the stage ("read", "block", "weigh", "judge", "queue"), how much is done, and of how much."""


class Pair(NamedTuple):
    """Two persons who may be one, the stronger pair first when sorted. Ids and references as texts."""

    minus_weight: float
    one: str
    other: str
    person_ref_a: str
    person_ref_b: str
    probability: float
    zone: str

    @property
    def weight(self) -> float:
        return -self.minus_weight


@dataclass(frozen=True, slots=True)
class Search:
    """How to search: which engine ("duckdb" or "spark"), how many processes, where to work."""

    work: Path
    engine: str = "duckdb"
    jobs: int = 1
    master: str = ""
    memory: str = ""
    fresh: bool = False
    begin: Callable[[], None] | None = None


def search(how: Search, *, write: Callable[[Iterable[Pair]], int], progress: Progress) -> int:
    """Find all likely pairs and hand them to `write`, the strongest first; how many. Then the work folder goes."""
    must_be_installed(how.engine)
    if learning.other_versions(str(KEYS_VERSION)):
        text = "Some persons are filed under keys of another version and would not be found: run `keyturn matching rekey` first."
        raise NotAllowed("filed_otherwise", text)
    policy = settings.KEYTURN_POLICY
    model = person_index.model(policy)
    with opened(how.work, model=model.version, keys=KEYS_VERSION, engine=how.engine, fresh=how.fresh) as (
        journal,
        _goes_on,
    ):
        _read(journal, model, progress)
        if len(journal.judged) < journal.parts:
            _find(journal, how, model, policy.match_profile, progress)
        found = write(_that_stand(merge(*(_verdicts(journal.verdicts(part)) for part in range(journal.parts)))))
    forget(how.work)
    return found


def _read(journal: Journal, model: Model, progress: Progress) -> None:
    """Everybody on file, in the columns that are compared."""
    total = everybody.how_many()
    if not journal.read:
        hot = everybody.hot_keys()
        for some in everybody.everybody(after=UUID(journal.last) if journal.last else everybody.NOBODY):
            path = journal.people / f"{journal.persons:012d}.parquet"
            columns.write_part(path, some, first=journal.persons, hot=hot, model=model)
            journal.persons += len(some)
            journal.last = str(some[-1][0])
            journal.keep()
            progress("read", journal.persons, total)
        journal.read, journal.parts = True, max(1, -(-journal.persons // PERSONS_IN_A_PART))
        if not journal.persons:
            columns.write_part(journal.people / f"{0:012d}.parquet", [], first=0, hot=hot, model=model)
        journal.keep()
    progress("read", journal.persons, journal.persons)


def _find(journal: Journal, how: Search, model: Model, profile: str, progress: Progress) -> None:
    values = bounds.raw(profile)
    splink = engine(
        how.engine,
        settings=bounds.settings(values, model, how.engine),
        condition=bounds.worth_a_look(values, model, how.engine),
        work=journal.folder, jobs=how.jobs, master=how.master, memory=how.memory,
    )  # fmt: skip
    try:
        if not journal.blocked:
            progress("block", 0, 1)
            splink.block(journal.people, journal.pairs, parts=journal.parts)
            journal.blocked = True
            journal.keep()
        progress("block", 1, 1)
        for part in range(journal.parts):
            if part not in journal.scored:
                splink.score(journal.people, journal.pairs, part, journal.candidates(part))
                journal.scored.append(part)
                journal.keep()
            progress("weigh", part + 1, journal.parts)
        _judge(journal, how, splink, progress)
    finally:
        splink.close()


def _judge(journal: Journal, how: Search, splink: Engine, progress: Progress) -> None:
    """The online matcher looks at who is left, part by part; its processes stay for all of them."""
    left = [part for part in range(journal.parts) if part not in journal.judged]
    portions = ((part, pairs) for part in left for pairs in (*splink.pairs(journal.candidates(part)), []))
    found: list[Pair] = []
    for part, likely, is_last in in_order(_verdict, portions, jobs=how.jobs, begin=how.begin):
        found += likely
        if is_last:
            _keep(journal.verdicts(part), sorted(found))
            found = []
            journal.judged.append(part)
            journal.keep()
            progress("judge", len(journal.judged), journal.parts)


def _verdict(portion: tuple[int, list[tuple[str, str]]]) -> tuple[int, list[Pair], bool]:
    """Of a part's portion those whom the matcher does not call new, by what is on file now; the last one is empty."""
    part, pairs = portion
    if not pairs:
        return part, [], True
    policy = settings.KEYTURN_POLICY
    model = person_index.model(policy)
    ordered = [(one, other) if UUID(one) < UUID(other) else (other, one) for one, other in pairs]
    forms = everybody.forms({ident for pair in ordered for ident in pair})
    two = everybody.said_to_be_two(ordered)
    found = []
    for one, other in ordered:
        if (one, other) in two or one not in forms or other not in forms:
            continue
        (mine, ref), (theirs, other_ref) = forms[one], forms[other]
        pair = weigh(mine, theirs, other_id=other, model=model, policy=policy)
        if pair:
            scored = pair.ranked.scored
            found.append(Pair(-scored.weight, one, other, ref, other_ref, scored.probability, pair.zone))
    return part, found, False


def _keep(path: Path, found: Iterable[Pair]) -> None:
    written = path.with_suffix(".partial")
    with written.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(each) + "\n" for each in found)
    written.replace(path)


def _verdicts(path: Path) -> Iterator[Pair]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield Pair(*json.loads(line))


def _that_stand(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """Without those of whom somebody was merged, or said to be another, since they were judged: that may be days ago."""
    left = iter(pairs)
    while some := list(islice(left, QUEUED_AT_ONCE)):
        there = everybody.forms({ident for pair in some for ident in (pair.one, pair.other)})
        two = everybody.said_to_be_two([(pair.one, pair.other) for pair in some])
        yield from (
            pair for pair in some if pair.one in there and pair.other in there and (pair.one, pair.other) not in two
        )


def enter(pairs: Iterable[Pair], *, now: datetime, policy: Any, told: Callable[[int], None] | None = None) -> int:
    """Put pairs into the queue of staff, who see the likeliest first and never too many; how many are kept there.

    Who is only related (`matching.pairs.Pair.likely`) is not put there.
    """
    model, kept, left = person_index.model(policy), 0, iter(pairs)
    while some := list(islice(left, QUEUED_AT_ONCE)):
        forms = everybody.forms({ident for pair in some for ident in (pair.one, pair.other)})
        found = []
        for each in some:
            if each.one in forms and each.other in forms:
                pair = weigh(forms[each.one][0], forms[each.other][0], other_id=each.other, model=model, policy=policy)
                if pair and pair.likely:
                    found.append(Found(UUID(each.one), UUID(each.other), pair.zone, pair.ranked))
        kept += note_pairs(found, source="dedupe", now=now, policy=policy)
        if told:
            told(kept)
    return kept
