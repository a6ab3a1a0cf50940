"""On whom is a model tried: who comes, who on file comes into question, and whom do we know it to be?"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from random import Random
from typing import Any, Final

from keyturn.flow.intake import somebody
from keyturn.journeys.applicant import applicant
from keyturn.linkage import origins
from keyturn.matching.decide import NEW
from keyturn.matching.features import Features
from keyturn.matching.model import Model
from keyturn.matching.pairs import weigh
from keyturn.records import person_index
from keyturn.records.bulk.persons import ids_by_ref
from keyturn.records.queries import learning, persons
from keyturn.terms.errors import NotAllowed
from keyturn.terms.policy import Policy
from keyturn.terms.rows import PERSON_COLUMNS, unshielded

TRUTH: Final = "truth"
GROUP: Final = "group"

SYNTHETIC_PERSONS: Final = 1000


@dataclass(frozen=True, slots=True)
class Trial:
    """Somebody comes. `truth` is the id of the person on file whom they are, "" where they are nobody's. `judged`: of
    these candidates is known whether they are the person; None: of all. `group`: in which they are counted."""

    probe: Features
    candidates: Mapping[str, Features]
    truth: str
    group: str
    judged: frozenset[str] | None = None


@dataclass(frozen=True)
class Trials:
    """What a model is tried on, where it is from, and how many cases could not be used."""

    source: str
    cases: tuple[Trial, ...]
    left_out: int = 0

    @property
    def synthetic(self) -> bool:
        return self.source == "synthetic"


# ---------------------------------------------------------------- from what staff said


def of_reviews() -> Trials:
    """The requests of which staff said who the applicant is, the blind reviews, and pairs on file that were told apart."""
    found = list(_of_requests())
    found += _of_blind_reviews()
    found += _told_apart()
    cases = [each for each in found if each is not None]
    return Trials("reviews", tuple(cases), len(found) - len(cases))


def _of_requests() -> Iterator[Trial | None]:
    for request in learning.spoken_about():
        who = situation(request)
        same = request.person_decision.get("same")
        if who is None:
            yield None
        elif same is None:
            yield Trial(who.probe, who.candidates, "", who.group)
        else:
            person = persons.by_id(same)
            truth = str(person.pk) if person else ""
            yield Trial(who.probe, who.candidates, truth, who.group) if truth else None


def _of_blind_reviews() -> Iterator[Trial | None]:
    for request, person_id, same in learning.blindly_judged():
        who = situation(request)
        if who is None or person_id not in who.candidates:
            yield None
        else:
            yield replace(who, truth=person_id if same else "", judged=None if same else frozenset({person_id}))


def _told_apart() -> Iterator[Trial | None]:
    pairs = [(each.one, each.other) for each in learning.said() if each.source == "pair" and not each.same]
    forms = {str(ident): form for ident, form in learning.forms_of(ident for pair in pairs for ident in pair).items()}
    for one, other in pairs:
        if one in forms and other in forms:
            yield Trial(forms[one], {other: forms[other]}, "", origins.guess(forms[one].family), frozenset({other}))
        else:
            yield None


def situation(request: Any) -> Trial | None:
    """A request's applicant among the persons who were on file when it was sent, as they stand on file now; None where
    the answers have been forgotten, as they must be (retention)."""
    answers = request.answers
    if not answers:
        return None
    probe = person_index.features(applicant(answers))
    candidates = person_index.candidates(probe)
    shown = {str(each.person_id) for each in request.candidates.all()} - candidates.keys()
    candidates |= {str(ident): form for ident, form in learning.forms_of(shown).items()}
    if request.submitted_at is not None:
        for ident in learning.entered_after(candidates, request.submitted_at):
            candidates.pop(ident, None)
    return Trial(probe, candidates, "", origins.guess(probe.family))


# ---------------------------------------------------------------- from a file


def of_file(path: Path, *, now: datetime, policy: Policy) -> Trials:
    """The rows of a CSV file: columns as for `keyturn import persons`, `truth` (the reference of the person on file whom
    the row is about; empty: nobody) and, where wanted, `group`. Raises NotAllowed("cannot_read") with a sentence."""
    rows = list(_rows(path))
    known = ids_by_ref(sorted({row[TRUTH] for row in rows if row[TRUTH]}))
    cases = []
    for row in rows:
        truth = str(known.get(row[TRUTH], "")) if row[TRUTH] else ""
        _, who, _ = somebody({name: row.get(name, "") for name in PERSON_COLUMNS}, now=now, policy=policy)
        if who is None or (row[TRUTH] and not truth):
            continue
        probe = person_index.features(who)
        cases.append(Trial(probe, person_index.candidates(probe), truth, row.get(GROUP) or origins.guess(probe.family)))
    return Trials("file", tuple(cases), len(rows) - len(cases))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    known = (*PERSON_COLUMNS, TRUTH, GROUP)
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        delimiter = max(",;\t", key=first.count)
        heading = [name.strip().casefold() for name in next(csv.reader([first], delimiter=delimiter), [])]
        lines = csv.reader(file, delimiter=delimiter, strict=True)
        wrong = [_unknown(name, known) for name in heading if name not in known]
        wrong += [f"the column {name!r} stands twice" for name in known if heading.count(name) > 1]
        if "ref" not in heading:
            wrong.append("the column 'ref' is missing")
        if TRUTH not in heading:
            wrong.append("the column 'truth' is missing")
        if wrong:
            raise NotAllowed("cannot_read", f"{path.name}: {'; '.join(wrong)}. Columns: {', '.join(known)}.")
        try:
            for cells in lines:
                if cells:
                    said = {name: unshielded(cell.strip()) for name, cell in zip(heading, cells, strict=False)}
                    yield dict.fromkeys(heading, "") | said
        except csv.Error as problem:
            raise NotAllowed("cannot_read", f"{path.name}, line {lines.line_num + 1}: {problem}.") from None


def _unknown(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name.replace(" ", "_"), tuple(known), n=1, cutoff=0.6)
    return f"there is no column {name!r}" + (f" (did you mean {near[0]}?)" if near else "")


# ---------------------------------------------------------------- made up


def synthetic(*, model: Model, policy: Policy, seed: int, bar: "Bar", most: int = SYNTHETIC_PERSONS) -> Trials:
    """Persons on file come back with errors that people make, and relatives and namesakes of theirs come for the first
    time. A self-test where nothing better is at hand: the errors are ours, so that it flatters."""
    random = Random(seed)  # noqa: S311 (a sample, not a secret)
    chosen = _sample(random, most, bar)
    cases, doubtful = [], 0
    others = [form for _, form in chosen]
    with bar("Cases", len(chosen)) as told:
        for number, (ident, form) in enumerate(chosen):
            told(number)
            if _has_a_double(ident, form, model, policy):
                doubtful += 1
                continue
            probe = _came_back(random, form, random.choice(others))
            cases.append(Trial(probe, person_index.candidates(probe), ident, origins.guess(form.family)))
            if number % 3 == 0:
                probe = _somebody_else(random, form, *random.choices(others, k=2))
                cases.append(Trial(probe, person_index.candidates(probe), "", origins.guess(form.family)))
    return Trials("synthetic", tuple(cases), doubtful)


Bar = Any
"""(what is done, how many) -> something to enter, that takes how many are done; as in `train`."""


def _sample(random: Random, most: int, bar: Bar) -> list[tuple[str, Features]]:
    chosen: list[tuple[str, Features]] = []
    seen = 0
    entered: AbstractContextManager[Any] = bar("Persons", learning.how_many())
    with entered as told:
        for ident, form in learning.forms():
            if not (form.is_person and form.given and form.family):
                continue
            seen += 1
            if len(chosen) < most:
                chosen.append((str(ident), form))
            elif (place := random.randrange(seen)) < most:
                chosen[place] = (str(ident), form)
            if seen % 1000 == 0:
                told(seen)
    return chosen


def _has_a_double(ident: str, form: Features, model: Model, policy: Policy) -> bool:
    """Somebody else on file may be this person, so that nobody knows whom a link should go to."""
    alike = person_index.candidates(form)
    pairs = (weigh(form, other, model=model, policy=policy) for who, other in alike.items() if who != ident)
    return any(each is not None and each.zone != NEW for each in pairs)


def _came_back(random: Random, form: Features, other: Features) -> Features:
    """One in three moved; telephones, mailboxes, names and dates change or are mistyped as forms see it."""
    changed: dict[str, Any] = {"flags": frozenset()}
    if random.random() < 0.33:
        changed["addresses"] = other.addresses
    if random.random() < 0.3:
        changed["phones"] = (_a_phone(random),)
    if random.random() < 0.3:
        changed["emails"] = ()
    chance = random.random()
    if chance < 0.06:
        changed["given"] = _slip(random, form.given)
    elif chance < 0.1:
        changed["given"] = form.given[:1]
    chance = random.random()
    if chance < 0.06:
        changed["family"] = _slip(random, form.family)
    elif chance < 0.1:
        changed["family"] = other.family
    if form.birth_date and random.random() < 0.04:
        changed["birth_date"] = _another_year(random, form.birth_date)
    if random.random() < 0.4:
        changed["identifiers"] = ()
    return replace(form, **changed)


def _somebody_else(random: Random, form: Features, other: Features, third: Features) -> Features:
    """A relative at the same door and telephone, somebody of the same name, or the next tenant: a name of one, a birth
    date of another, so that they are nobody on file."""
    stranger = Features(given=other.given, family=other.family, birth_date=third.birth_date, phones=(_a_phone(random),))
    kind = random.randrange(3)
    if kind == 0:
        return replace(stranger, family=form.family, addresses=form.addresses, phones=form.phones)
    if kind == 1:
        return replace(stranger, given=form.given, family=form.family, addresses=third.addresses)
    return replace(stranger, addresses=form.addresses)


def _a_phone(random: Random) -> str:
    return f"+1{random.randrange(2_000_000_000, 10_000_000_000)}"


def _another_year(random: Random, born: str) -> str:
    """One digit of the year mistyped; a day that there is in every year."""
    year = f"{born[:3]}{random.randrange(10)}"
    return f"{year}-{born[5:7]}-{min(int(born[8:]), 28):02}"


def _slip(random: Random, word: str) -> str:
    if len(word) < 3:
        return word
    place = random.randrange(1, len(word) - 1)
    return word[:place] + word[place : place + 2][::-1] + word[place + 2 :]
