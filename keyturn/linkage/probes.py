"""Which person on file is each row of a file, by the online matcher?

A portion of rows at a time, in several processes where there are several; what comes out is in the order of the file.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from django.conf import settings

from keyturn.flow.intake import somebody
from keyturn.linkage.processes import in_order
from keyturn.matching.decide import LINK, NEW, REVIEW, Ranked, decide, wants_review
from keyturn.matching.model import Model
from keyturn.records import person_index
from keyturn.records.queries import persons
from keyturn.terms.finding import Finding
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy

AT_ONCE = 200

NumberedRow = tuple[int, Mapping[str, Any] | Finding]


@dataclass(frozen=True, slots=True)
class Answer:
    """Whom on file a probe resembles; `person_ref` is "" where there is nobody. `weight` is in bits."""

    probe_ref: str
    person_ref: str
    weight: float
    probability: float
    zone: str
    rank: int = 1
    relation: tuple[str, ...] = ()


@dataclass(slots=True)
class Portion:
    """What came of some rows: answers, and (row number, ref, finding) of those that could not be read."""

    rows: int = 0
    answers: list[Answer] = field(default_factory=list)
    unreadable: list[tuple[int, str, Finding]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Asking:
    """What every process must know. The policy is that of the settings: each process reads it itself."""

    top: int
    now: datetime

    @property
    def policy(self) -> Policy:
        return settings.KEYTURN_POLICY  # type: ignore[no-any-return]

    def model(self) -> Model:
        found = person_index.model(self.policy)
        kept = max(self.top, found.thresholds.kept)
        return replace(found, thresholds=replace(found.thresholds, kept=kept))


def answers(
    rows: Iterable[NumberedRow],
    *,
    top: int = 1,
    jobs: int = 1,
    now: datetime,
    begin: Callable[[], None] | None = None,
) -> Iterator[Portion]:
    """The best `top` candidates of each row. `jobs`: how many processes; each calls `begin` first (settings)."""
    asking = _Asking(top, now)
    yield from in_order(partial(_answered, asking), _portions(rows), jobs=jobs, begin=begin)


def _portions(rows: Iterable[NumberedRow]) -> Iterator[list[NumberedRow]]:
    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _answered(asking: _Asking, rows: list[NumberedRow]) -> Portion:
    done, model = Portion(len(rows)), asking.model()
    found: list[tuple[str, str, tuple[Ranked, ...]]] = []
    for number, cells in rows:
        if isinstance(cells, Finding):
            done.unreadable.append((number, "", cells))
            continue
        ref, who, problems = somebody(cells, now=asking.now, policy=asking.policy)
        done.unreadable += [(number, ref, each) for each in problems]
        if who is not None:
            found.append((ref, *_look_up(who, model, asking)))
    refs = persons.refs_of({each.person_id for _ref, _zone, ranked in found for each in ranked})
    for ref, zone, ranked in found:
        done.answers += _lines(ref, zone, ranked, refs, model)
    return done


def _look_up(who: PersonDetails, model: Model, asking: _Asking) -> tuple[str, tuple[Ranked, ...]]:
    probe = person_index.features(who)
    decision = decide(probe, person_index.candidates(probe), model=model, verified=frozenset(), policy=asking.policy)
    return decision.matcher_zone, decision.ranked[: asking.top]


def _lines(ref: str, zone: str, ranked: tuple[Ranked, ...], refs: Mapping[str, str], model: Model) -> Iterator[Answer]:
    """The first says what the matcher says of the probe; the others, what it thinks of each of them."""
    if not ranked:
        yield Answer(ref, "", 0.0, 0.0, NEW)
    for rank, each in enumerate(ranked, start=1):
        own = zone if rank == 1 else REVIEW if wants_review(each.scored, model) else NEW
        relation = () if own == LINK else each.relation  # of two who are one there is none
        yield Answer(
            ref, refs[each.person_id], each.scored.weight, each.scored.probability, own, rank, relation
        )  # fmt: skip
