"""Does a model learn what the utility's own registry and its staff can teach it, and nothing else?"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise
from math import log2
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from keyturn.cli import cli
from keyturn.commands import matching as command
from keyturn.commands import matching_models
from keyturn.linkage import blending, files, sampling, train
from keyturn.linkage.labels import Label, labels
from keyturn.linkage.train import Learnt
from keyturn.matching import Features, NormalAddress, compare, model
from keyturn.matching.model import LEVELS, from_mapping
from keyturn.records.ids import new_id
from keyturn.records.models import BlindReview, Candidate, DuplicatePair, NotSamePerson, Person, PersonLink, Request
from keyturn.terms.errors import NotAllowed
from tests.linkage import people
from tests.linkage.people import LONG_AGO

TODAY = date(2026, 11, 22)
Values = dict[str, Any]

SAME = {"given": "exact", "family": "exact", "birth_date": "exact", "address": "different", "phone": "different"}
SPOUSES = {"given": "different", "family": "exact", "birth_date": "different", "address": "exact", "phone": "exact"}


@contextmanager
def unseen(what: str, total: int) -> Iterator[Any]:
    yield lambda done: None


def shipped() -> Values:
    return model.read(model.shipped("default"))


def wrecked() -> Values:
    """A model of somebody who got many things wrong, and yet one that loads."""
    values = deepcopy(shipped())
    for section, field in (("person", "given"), ("person", "family"), ("shared", "phone"), ("shared", "address")):
        rows = values[section][field]
        names = list(rows)
        own = [rows[name][0] for name in names]
        for name, share in zip(names, [*own[1:], own[0]], strict=True):
            rows[name][0] = share
    from_mapping(values)
    return values


def learnt(base: Values, *, pairs: int = 6_000, use_labels: bool = False, seed: int = 1) -> Learnt:
    return train.train(base, label="a test", today=TODAY, pairs=pairs, seed=seed, use_labels=use_labels, bar=unseen)


def blended(*said: Label, base: Values | None = None) -> Values:
    base = base or shipped()
    return blending.blend(base, strangers=None, sessions=(), labels=said, model=from_mapping(base))


def bits(values: Values, field: str, level: str, against: int = 1) -> float:
    row = next(part[field] for part in (values["person"], values["shared"]) if field in part)[level]
    return log2(row[0] / row[against])


def shares(values: Values, field: str) -> dict[str, float]:
    rows = next(part[field] for part in (values["person"], values["shared"]) if field in part)
    return {level: row[0] for level, row in rows.items()}


def a_request(**values: Any) -> Request:
    request = Request(
        journey="start_service", step="done", standing="nobody", channel="portal", begun_by="x", created_at=LONG_AGO,
        updated_at=LONG_AGO, **values,
    )  # fmt: skip
    request.answers = {}
    request.save()
    return request


def a_person() -> Person:
    return Person.objects.create(id=new_id(), kind="person", created_at=LONG_AGO, updated_at=LONG_AGO)


def a_candidate(request: Request, person: Person, levels: dict[str, str]) -> None:
    fields = [{"field": field, "level": level, "weight": 1.0} for field, level in levels.items()]
    fields.append({"field": "household", "level": "relative", "weight": -2.0})
    Candidate.objects.create(
        request=request, person=person, rank=1, weight=1, probability=0.5, fields=fields, model_version="m"
    )


# ---------------------------------------------------------------- from the registry


@pytest.mark.django_db
def test_a_registry_teaches_its_own_error_rates_and_repairs_a_wrecked_model():
    town, twice = people.a_town(Random(5), households=600, twice=0.4)
    filed = people.on_file(town)
    seen: dict[str, Counter[str]] = {}
    for one, other in twice:
        for field, level in compare.levels(filed[one][1], filed[other][1]).items():
            seen.setdefault(field, Counter())[level] += 1

    found = learnt(shipped())
    assert [each.trouble for each in found.sessions] == [""] * 5
    assert all(each.moved[-1] < 1e-3 for each in found.sessions), "EM came to rest"
    repaired = blending.blend(
        wrecked(), strangers=found.strangers, sessions=found.sessions, labels=(), model=from_mapping(wrecked())
    )
    from_mapping(repaired)
    for base, values, least, most in ((shipped(), found.values, 0.1, 2.0), (wrecked(), repaired, 0.25, 1 / 2)):
        for field in ("given", "family", "birth_date", "email", "phone", "address"):
            truth = {level: count / seen[field].total() for level, count in seen[field].items()}
            new, old = shares(values, field), shares(base, field)
            wrong, before = (sum(abs(truth.get(level, 0) - of[level]) for level in new) / 2 for of in (new, old))
            assert wrong < least, (field, truth, new)
            if field in ("given", "family", "phone", "address"):
                assert wrong < before * most, (field, wrong, before)
    _nothing_personal_in(found.values, town)
    assert "in 5 EM sessions of Splink" in found.values["note"]


def _nothing_personal_in(values: Values, town: list[Any]) -> None:
    text = files.as_text(values)
    assert json.loads(text) == values, "what is written is what was learnt"
    words = {word.strip('",:').lower() for word in text.split()}
    names = {each.family_name.lower() for each in town} - {
        "family",
        "person",
        "house",
        "street",
        "link",
        "label",
        "rare",
        "exact",
        "part",
    }
    assert not words & names
    assert not any(phone in text for each in town for phone in each.phones)


@pytest.mark.django_db
def test_too_small_a_registry_is_refused_with_how_much_is_needed():
    people.on_file(people.a_town(Random(1), households=20, twice=0.1)[0])
    with pytest.raises(NotAllowed) as refused:
        learnt(shipped())
    assert "at least 1,000 are needed" in refused.value.detail
    assert "100 pairs that staff called one person (there are 0)" in refused.value.detail


@pytest.mark.django_db
def test_a_registry_without_anybody_twice_is_refused_rather_than_believed():
    people.on_file(people.a_town(Random(2), households=700, twice=0.0)[0])
    with pytest.raises(NotAllowed) as refused:
        learnt(shipped(), pairs=3000)
    assert "at least 100 are needed" in refused.value.detail


HOME = (NormalAddress("12", "alder st", "alder", "", "97901", "millbrook", "or"),)
IVO = Features(given="ivo", family="marsh", birth_date="1980-05-17", addresses=HOME, phones=("+15035550101",))


@pytest.mark.parametrize(
    ("other", "is_family"),
    [
        (replace(IVO, given="uma"), True),  # a twin
        (replace(IVO, birth_date="1952-11-02"), True),  # a father of the same name
        (replace(IVO, birth_date="1950-05-17", addresses=(), phones=()), True),  # a digit, and a generation
        (replace(IVO, given="uma", birth_date="1984-01-30"), True),  # a sister
        (replace(IVO, given="iov", birth_date="1980-05-71"), False),  # two slips
        (replace(IVO, birth_date="1952-11-02", addresses=(), phones=()), False),  # a namesake elsewhere
        (replace(IVO, family="okafor", addresses=()), False),  # a changed name
    ],
)
def test_relatives_are_left_out_and_slips_are_not(other: Features, is_family: bool):
    assert sampling.are_two_of_a_family(IVO, other, compare.levels(IVO, other)) == is_family
    assert len(sampling.seen_in([(IVO, other)])) == (0 if is_family else 1)


def test_what_strangers_share_is_counted_among_strangers():
    wife, again = replace(IVO, given="uma", birth_date="1984-01-30"), replace(IVO, addresses=(), phones=())
    for other in (wife, again):
        assert len(sampling.at_random([IVO, other], pairs=5, random=Random(1))) == 0
    room_mate = replace(wife, family="okafor", phones=())
    seen = sampling.at_random([IVO, room_mate], pairs=5, random=Random(1))
    assert seen.counts("address")[0] == 5, "one door, and no relatives"


# ---------------------------------------------------------------- from what staff said


def test_labels_move_weights_the_right_way():
    before = shipped()
    few, many = (blended(*[Label(SAME, same=True)] * number) for number in (5, 500))
    assert bits(before, "address", "different") < bits(few, "address", "different") < bits(many, "address", "different")
    assert bits(before, "phone", "exact") > bits(few, "phone", "exact") > bits(many, "phone", "exact")
    assert abs(bits(few, "phone", "exact") - bits(before, "phone", "exact")) < 0.5, "a few words do not wreck it"

    relatives = blended(*[Label(SPOUSES, same=False)] * 200)
    assert bits(relatives, "phone", "exact", against=2) < bits(before, "phone", "exact", against=2)
    assert bits(relatives, "phone", "exact") == bits(before, "phone", "exact"), "strangers are none of their business"


def test_two_who_are_two_are_shared_out_among_those_whom_they_resemble():
    weighed = from_mapping(shipped())
    assert blending.who_if_two(Label(SPOUSES, same=False), weighed)["relative"] > 0.9
    twins = {**SPOUSES, "birth_date": "exact"}
    assert blending.who_if_two(Label(twins, same=False), weighed)["twin"] > 0.9
    namesakes = {"given": "exact", "family": "exact", "birth_date": "different", "address": "different"}
    found = blending.who_if_two(Label(namesakes, same=False), weighed)
    assert found["namesake"] + found["stranger"] > 0.99


def test_a_better_level_never_comes_to_speak_less_than_a_worse_one():
    odd = [Label({"birth_date": "transposed", "email": "different", "given": "slip"}, same=True)] * 3000
    values = blended(*odd)
    from_mapping(values)
    for field, chains in blending.CHAINS.items():
        if field in ("identifier", "organisation"):
            continue
        for chain in chains:
            weights = [bits(values, field, level) for level in chain]
            assert all(one > other - 0.05 for one, other in pairwise(weights)), (
                field,
                chain,
                weights,
            )


def test_without_evidence_nothing_moves():
    assert blended() == shipped()


@pytest.mark.django_db
def test_every_word_of_staff_is_heard_once():
    known, wife, other = a_person(), a_person(), a_person()
    same = a_request(person_decision={"same": str(known.pk), "by": "staff:1"}, person=known)
    a_candidate(same, known, SAME)
    a_candidate(same, wife, SPOUSES)  # nobody said anything of her
    made = a_person()
    new = a_request(person_decision={"new": [str(wife.pk)], "by": "staff:1"}, person=made)
    a_candidate(new, wife, SPOUSES)
    one, two = sorted((made, wife), key=lambda each: each.pk)
    NotSamePerson.objects.create(one=one, other=two, said_by="staff:1", said_at=LONG_AGO)  # what follows from `new`
    _pair(known, other, "merged", SAME)
    _pair(wife, other, "not_same", SPOUSES)
    _pair(known, wife, "open", SPOUSES)

    found = labels()
    assert sorted((each.source, each.same, each.weight) for each in found) == [
        ("pair", False, 1.0), ("pair", True, 1.0), ("review", False, 1.0), ("review", True, 1.0),
    ]  # fmt: skip
    assert all("household" not in each.levels for each in found)


def _pair(one: Person, other: Person, state: str, levels: dict[str, str]) -> None:
    first, second = sorted((one, other), key=lambda each: each.pk)
    DuplicatePair.objects.create(
        one=first, other=second, source="dedupe", weight=1, probability=0.5, zone="review", model_version="m", state=state,
        found_at=LONG_AGO, fields=[{"field": field, "level": level, "weight": 1.0} for field, level in levels.items()],
    )  # fmt: skip


@pytest.mark.django_db
def test_a_link_that_was_looked_at_again_stands_for_those_that_were_not():
    for number in range(10):
        person = a_person()
        request = a_request(person=person)
        a_candidate(request, person, SAME)
        link = PersonLink.objects.create(
            request=request, person=person, created_person=False, automatic=True, made_by="worker", made_at=LONG_AGO
        )
        if number < 2:
            _reviewed(request, person, "same", link=link)
    decoy, somebody = a_request(), a_person()
    a_candidate(decoy, somebody, SPOUSES)
    _reviewed(decoy, somebody, "other", decoy=True)
    found = sorted(labels(), key=lambda each: each.weight)
    assert [(each.same, each.weight) for each in found] == [(False, 1.0), (True, 5.0), (True, 5.0)]


def _reviewed(request: Request, person: Person, verdict: str, **values: Any) -> None:
    at = datetime(2026, 11, 20, 9, tzinfo=LONG_AGO.tzinfo)
    BlindReview.objects.create(
        request=request,
        person=person,
        model_version="m",
        chosen_at=at,
        verdict=verdict,
        decided_by="staff:2",
        decided_at=at,
        **values,
    )


@pytest.mark.django_db
def test_enough_labels_teach_where_the_registry_cannot():
    person = a_person()
    for _ in range(train.FEWEST_LABELS):
        request = a_request(person_decision={"same": str(person.pk)}, person=person)
        a_candidate(request, person, SAME)
    found = learnt(shipped(), use_labels=True)
    assert (found.labels_same, found.labels_two, found.sessions) == (100, 0, ())
    assert "100 pairs of one person and 0 of two" in found.values["note"]


# ---------------------------------------------------------------- the command


@pytest.mark.django_db
def test_the_command_refuses_in_one_sentence_and_writes_nothing(tmp_path: Path):
    out = tmp_path / "matching.json"
    done = CliRunner().invoke(cli, ["matching", "train", "--out", str(out)])
    assert done.exit_code == 1
    assert isinstance(done.exception, NotAllowed)
    assert not out.exists()


@pytest.mark.django_db
def test_the_command_writes_a_model_that_loads_and_warns_of_what_moved_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(command, "MOVED_MUCH", 0.2)
    person = a_person()
    for _ in range(train.FEWEST_LABELS):
        a_candidate(a_request(person_decision={"same": str(person.pk)}, person=person), person, SAME)
    out = tmp_path / "matching.json"
    done = CliRunner().invoke(cli, ["matching", "train", "--out", str(out), "--label", "ours"])
    assert done.exit_code == 0, done.output
    assert "Staff: 100 pairs of one person, 0 of two." in done.output
    assert "Warning: phone exact moves from +14.0 to" in done.output
    found = model.load(str(out))
    assert found.version.startswith("ours-")
    assert found.thresholds == from_mapping(shipped()).thresholds
    assert found.vetoes == from_mapping(shipped()).vetoes


@pytest.mark.django_db
def test_a_label_that_is_too_long_is_told_before_the_work():
    done = CliRunner().invoke(cli, ["matching", "train", "--out", "x.json", "--label", "x" * 41])
    assert done.exit_code == 1
    assert done.output == "Error: default: label must be a text of 1 to 40 characters\n"


def test_a_missing_extra_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        matching_models.importlib.util, "find_spec", lambda name: None if name == "splink" else object()
    )
    done = CliRunner().invoke(cli, ["matching", "train", "--out", "x.json"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: This needs splink, of the extra `matching`: pip install 'keyturn[matching]'")


@pytest.mark.parametrize("name", ["show", "train", "evaluate", "preview", "rekey"])
def test_each_of_its_commands_shows_an_example(name: str):
    done = CliRunner().invoke(cli, ["matching", name, "--help"])
    assert done.exit_code == 0
    assert "Example" in done.output and f"keyturn matching {name}" in done.output


def test_a_typing_error_gets_a_suggestion():
    done = CliRunner().invoke(cli, ["matching", "trian"])
    assert done.exit_code == 2
    assert "Did you mean 'train'?" in done.output


def test_a_file_is_written_as_the_models_that_ship_are():
    values = shipped()
    assert files.as_text(values) == model.shipped("default").read_text(encoding="utf-8")
    assert set(values["person"]) == set(LEVELS["person"])
