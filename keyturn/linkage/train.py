"""What does the utility's own registry, and what do its staff, teach the matching model?"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from math import ceil, log2
from random import Random
from typing import Any, Final

from keyturn.linkage import blending, sampling, sessions
from keyturn.linkage.labels import Label, labels
from keyturn.linkage.sampling import LEARNT, SESSIONS, Blocks, Seen
from keyturn.linkage.sessions import Trained
from keyturn.matching.model import ALTERNATIVES, LEVELS, Model, from_mapping
from keyturn.records.queries import learning
from keyturn.terms.errors import NotAllowed

FEWEST_PERSONS: Final = 1000
FEWEST_LABELS: Final = 100
"""Labels of one person from which a model is learnt even where the registry says nothing."""

KEYS_KEPT_OF: Final = 1_500_000
"""Persons on file of whom all keys are kept in memory; of more, the same number of keys."""

Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""(what is done, how many) -> something to enter, that takes how many are done."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a level says against a stranger, in bits, before and after."""

    field: str
    level: str
    before: float
    after: float

    @property
    def by(self) -> float:
        return self.after - self.before


@dataclass(frozen=True)
class Learnt:
    """A new model file's values, and what they were learnt from."""

    values: Mapping[str, Any]
    persons: int
    strangers: Seen | None
    sessions: tuple[Trained, ...]
    labels_same: int
    labels_two: int
    moved: tuple[Moved, ...]

    @property
    def random_pairs(self) -> int:
        return len(self.strangers) if self.strangers is not None else 0

    def moved_by_more_than(self, bits: float) -> tuple[Moved, ...]:
        """The levels whose weight has moved by more, the farthest first."""
        return tuple(sorted((each for each in self.moved if abs(each.by) > bits), key=lambda each: -abs(each.by)))


def train(
    base: Mapping[str, Any], *, label: str, today: date, pairs: int, seed: int, use_labels: bool, bar: Bar
) -> Learnt:
    """Learn from everybody on file and, where wanted, from what staff said. `pairs`: of each session, and at random.

    Raises NotAllowed("too_little_to_learn_from") with a sentence that says how much is needed.
    """
    model = from_mapping(base)
    random = Random(seed)  # noqa: S311 (a sample, not a secret)
    said = labels() if use_labels else []
    persons = learning.how_many()
    strangers, trained = _from_the_registry(persons, pairs, random, bar) if persons >= FEWEST_PERSONS else (None, ())
    _must_be_enough(persons, trained, said)
    values = blending.blend(base, strangers=strangers, sessions=trained, labels=said, model=model)
    found = Learnt(
        values=values,
        persons=persons,
        strangers=strangers,
        sessions=trained,
        labels_same=sum(each.same for each in said),
        labels_two=sum(not each.same for each in said),
        moved=tuple(_moved(model, values)),
    )
    values.update(label=label, note=_note(found, model, today))
    from_mapping(values)  # what is written is what can be read
    return found


def _from_the_registry(persons: int, pairs: int, random: Random, bar: Bar) -> tuple[Seen, tuple[Trained, ...]]:
    blocks = Blocks(every=ceil(persons / KEYS_KEPT_OF))
    people = []
    with bar("Persons", persons) as told:
        for number, (ident, form) in enumerate(learning.forms()):
            blocks.add(ident, form)
            if number < sampling.PEOPLE_AT_RANDOM:
                people.append(form)
            elif (place := random.randrange(number + 1)) < sampling.PEOPLE_AT_RANDOM:
                people[place] = form
            if number % 1000 == 0:
                told(number)
    with bar("Pairs at random", pairs) as told:
        strangers = sampling.at_random(people, pairs=pairs, random=random, told=told)
    by_chance = _by_chance(strangers)
    trained = []
    for session in SESSIONS:
        chosen = blocks.pairs(session, most=pairs, random=random)
        forms = learning.forms_of({ident for pair in chosen for ident in pair})
        with bar(f"Pairs by {session.name}", len(chosen)) as told:
            seen = sampling.seen_in(((forms[one], forms[other]) for one, other in chosen), told=told)
        trained.append(sessions.train(session, seen, by_chance))
    return strangers, tuple(trained)


def _by_chance(strangers: Seen) -> dict[str, tuple[float, ...]]:
    """How often strangers agree at each level; half a pair stands for a level that was never seen."""
    found = {}
    for name in LEARNT:
        counts = [float(each) + 0.5 for each in strangers.counts(name)]
        found[name] = tuple(each / sum(counts) for each in counts)
    return found


def _must_be_enough(persons: int, trained: Sequence[Trained], said: Sequence[Label]) -> None:
    same = sum(each.same for each in said)
    if any(not each.trouble for each in trained) or same >= FEWEST_LABELS:
        return
    if persons < FEWEST_PERSONS:
        found = f"{persons:,} persons are on file, and at least {FEWEST_PERSONS:,} are needed"
    else:
        best = max((each.matches for each in trained), default=0.0)
        found = (
            f"among {persons:,} persons no more than about {best:,.0f} pairs of one person were found by one kind of key,"
            f" and at least {sessions.FEWEST_PAIRS} are needed"
        )
    raise NotAllowed(
        "too_little_to_learn_from",
        detail=f"There is too little to learn from: {found}; or {FEWEST_LABELS} pairs that staff called one person"
        f" (there are {same}). The model in force stays. No file was written.",
    )


def _moved(before: Model, values: Mapping[str, Any]) -> list[Moved]:
    found = []
    for section, fields in LEVELS.items():
        kind = "organisation" if section == "organisation" else "person"
        for field, known in fields.items():
            for level in known:
                row = values[section][field][level]
                found.append(Moved(field, level, before.weights(field, level, kind=kind)[0], log2(row[0] / row[1])))
    return found


def _note(found: Learnt, base: Model, today: date) -> str:
    """Where the numbers come from, for whoever opens the file; counts only."""
    matches = sum(each.matches for each in found.sessions if not each.trouble)
    kept = ", ".join(ALTERNATIVES[1:])
    return (
        f"Learnt on {today.isoformat()} from {found.persons:,} persons on file ({found.random_pairs:,} pairs at random;"
        f" about {matches:,.0f} pairs of one person in {sum(not each.trouble for each in found.sessions)} EM sessions of"
        f" Splink) and from staff's word on {found.labels_same:,} pairs of one person and {found.labels_two:,} of two,"
        f" on the base of {base.version}. Kept from the base: thresholds, vetoes, keys, priors, calibration, name"
        f" frequencies, identifiers in full, organisations and the columns of {kept}, but for what staff said."
    )
