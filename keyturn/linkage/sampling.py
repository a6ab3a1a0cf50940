"""Which pairs of persons on file does a model learn from, and at which levels do they agree?

Pairs come from the keys that persons are filed under, a session for each of some families of keys; and, for what
strangers have in common, from anybody with anybody.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from keyturn.matching.compare import levels
from keyturn.matching.dates import EXACT, SLIPS, a_generation_apart
from keyturn.matching.features import Features
from keyturn.matching.keys import key_texts
from keyturn.matching.model import LEVELS, questions

Levels = Mapping[str, str]
Told = Callable[[int], None] | None

QUESTIONS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    field if len(asked) == len(known) else f"{field} {asked[0]}": (field, asked)
    for fields in LEVELS.values()
    for field, known in fields.items()
    for asked in questions(field, known)
}
"""Question -> (field, the levels that exclude each other): a field is one question, or two ("identifier last4")."""

QUESTION_OF: Final[Mapping[tuple[str, str], str]] = {
    (field, level): name for name, (field, asked) in QUESTIONS.items() for level in asked
}

LEARNT: Final[Mapping[str, tuple[str, ...]]] = {
    name: asked for name, (field, asked) in QUESTIONS.items() if field != "organisation" and name != "identifier equal"
}
"""What can be learnt without labels, level by level. Two records of one person never share a whole number of a document
(BR-08: it is on one file only), so that nothing of those can be learnt from the registry; organisations are too few."""

LARGEST_BLOCK: Final = 300
"""A key that more persons share is somebody's default value and says nothing."""

PEOPLE_AT_RANDOM: Final = 3000

_SAME_FAMILY: Final = frozenset({"exact", "part", "slip", "phonetic", "swapped"})
_SAME_GIVEN: Final = frozenset({"exact", "nickname", "slip", "swapped"})
_SAME_DOOR: Final = frozenset({"exact", "building", "similar"})


@dataclass(frozen=True, slots=True)
class Session:
    """Pairs that share a key of one family. What the key is made of agrees by construction: only `fields` can be learnt."""

    name: str
    family: str
    fields: tuple[str, ...]

    @property
    def learns(self) -> tuple[str, ...]:
        """The questions about these fields."""
        return tuple(name for name in LEARNT if QUESTIONS[name][0] in self.fields)


_CONTACTS: Final = ("middle", "suffix", "email", "phone", "identifier")

SESSIONS: Final = (
    Session("birth date and postal code", "dp", ("given", "family", *_CONTACTS)),
    Session("birth date and initial of the surname", "d1", ("given", "address", *_CONTACTS)),
    Session("beginnings of the names and postal code", "np", ("birth_date", *_CONTACTS)),
    Session("sound of the names and day of birth", "nm", ("address", *_CONTACTS)),
    Session("sound of two rare names", "nn", ("birth_date", "address", *_CONTACTS)),
)


@dataclass(frozen=True)
class Seen:
    """Level codes of some pairs: question -> place in `LEARNT[question]` for each, -1 where there is no answer."""

    codes: Mapping[str, NDArray[np.int8]]

    def __len__(self) -> int:
        return len(next(iter(self.codes.values())))

    def counts(self, question: str) -> NDArray[np.int64]:
        """How often each level was seen."""
        found = self.codes[question]
        return np.bincount(found[found >= 0], minlength=len(LEARNT[question]))

    def shown(self, question: str) -> float:
        """The share of pairs that have an answer."""
        return float(np.mean(self.codes[question] >= 0)) if len(self) else 0.0


class Blocks:
    """The keys of everybody, by session: filled person by person, then asked for pairs.

    Of `every` so many keys one is kept, with all who hold it: ten millions fit into memory, and no pair is torn apart.
    """

    def __init__(self, *, every: int = 1) -> None:
        self._every = every
        self._persons: list[UUID] = []
        self._keys = {each.family: array("q") for each in SESSIONS}
        self._holders = {each.family: array("q") for each in SESSIONS}

    def add(self, ident: UUID, form: Features) -> None:
        """File one person."""
        place = len(self._persons)
        self._persons.append(ident)
        for text in key_texts(form):
            family = text.partition(" ")[0]
            if family in self._keys:
                key = int.from_bytes(
                    blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), signed=True
                )
                if key % self._every == 0:
                    self._keys[family].append(key)
                    self._holders[family].append(place)

    def __len__(self) -> int:
        return len(self._persons)

    def pairs(self, session: Session, *, most: int, random: Random) -> list[tuple[UUID, UUID]]:
        """Up to about `most` different pairs of persons who share a key, whole blocks at a time."""
        keys = np.array(self._keys[session.family], dtype=np.int64)
        holders = np.array(self._holders[session.family], dtype=np.int64)
        order = np.lexsort((holders, keys))
        keys, holders = keys[order], holders[order]
        starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.array([], dtype=np.int64)
        ends = np.r_[starts[1:], len(keys)]
        blocks = [
            (int(start), int(end)) for start, end in zip(starts, ends, strict=True) if 1 < end - start <= LARGEST_BLOCK
        ]
        random.shuffle(blocks)
        found: set[tuple[int, int]] = set()
        for start, end in blocks:
            if len(found) >= most:
                break
            members = sorted(set(holders[start:end].tolist()))
            found.update((one, other) for n, one in enumerate(members) for other in members[n + 1 :])
        return [(self._persons[one], self._persons[other]) for one, other in sorted(found)]


def seen_in(pairs: Iterable[tuple[Features, Features]], *, told: Told = None) -> Seen:
    """Compare the two of each pair, but leave out organisations and those who are surely two of one household."""
    rows: dict[str, list[int]] = {name: [] for name in LEARNT}
    for done, (one, other) in enumerate(pairs, start=1):
        if told and done % 1000 == 0:
            told(done)
        if not (one.is_person and other.is_person):
            continue
        found = levels(one, other)
        if not are_two_of_a_family(one, other, found):
            _note(rows, found)
    return _as_seen(rows)


def at_random(forms: Sequence[Features], *, pairs: int, random: Random, told: Told = None) -> Seen:
    """Compare anybody with anybody; but leave out who live together, and who seem to be one."""
    rows: dict[str, list[int]] = {name: [] for name in LEARNT}
    people = [each for each in forms if each.is_person]
    for done in range(pairs if len(people) > 1 else 0):
        if told and done % 1000 == 0:
            told(done)
        one, other = random.sample(people, 2)
        found = levels(one, other)
        if not (_live_together(found) and found.get("family") in _SAME_FAMILY) and not _seem_one(found):
            _note(rows, found)
    return _as_seen(rows)


def are_two_of_a_family(one: Features, other: Features, found: Levels) -> bool:
    """Relatives at one door or telephone: a model of two kinds of pairs would take them for one person's.

    Those of one person whose birth date or given name is simply wrong go with them, so that `HIDDEN` cannot be learnt.
    """
    born = found.get("birth_date", EXACT)
    if born in SLIPS and a_generation_apart(one.birth_date, other.birth_date):
        return True
    if not _live_together(found):
        return False
    return (born != EXACT and born not in SLIPS) or (
        found.get("given") == "different" and found.get("family") in _SAME_FAMILY
    )


HIDDEN: Final[Mapping[str, frozenset[str]]] = {
    "birth_date": frozenset(LEVELS["person"]["birth_date"]) - SLIPS - {EXACT},
    "given": frozenset({"different"}),
}
"""Levels behind which relatives hide."""


def _live_together(found: Levels) -> bool:
    return found.get("address") in _SAME_DOOR or "exact" in (found.get("email"), found.get("phone"))


def _seem_one(found: Levels) -> bool:
    names = found.get("given") in _SAME_GIVEN and found.get("family") in _SAME_FAMILY
    return names and (found.get("birth_date", EXACT) == EXACT or found.get("birth_date") in SLIPS)


def _note(rows: Mapping[str, list[int]], found: Levels) -> None:
    for name, asked in LEARNT.items():
        level = found.get(QUESTIONS[name][0])
        rows[name].append(asked.index(level) if level in asked else -1)


def _as_seen(rows: Mapping[str, list[int]]) -> Seen:
    return Seen({name: np.array(codes, dtype=np.int8) for name, codes in rows.items()})
