"""Does changing the model show first what would be decided differently, the dangerous things before all others?"""

import csv
import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from keyturn.cli import cli
from keyturn.commands import doctor
from keyturn.linkage import files
from keyturn.linkage.preview import Change, Preview, View, in_order, preview
from keyturn.matching import keys, model
from keyturn.matching.model import from_mapping
from keyturn.records import person_index
from keyturn.records.models import DuplicatePair, MatchKey, Person, PersonFeatures, Request
from keyturn.records.queries import learning
from tests.factories import a_person
from tests.flow.town import ANA, BEN, Town
from tests.linkage.people import LONG_AGO

Values = dict[str, Any]


def shipped() -> Values:
    return model.read(model.shipped("default"))


def lax() -> Values:
    """A model without vetoes that links from a toss of a coin on."""
    values = deepcopy(shipped())
    values["label"], values["vetoes"] = "lax", "none"
    values["thresholds"] |= {"link": 0.5, "margin": 0.0, "review": 0.01}
    return values


def strict() -> Values:
    values = deepcopy(shipped())
    values["label"] = "strict"
    values["thresholds"] |= {"link": 1.0}
    return values


def compared(town: Town, after: Values) -> Preview:
    now, then = (from_mapping(each).sized(person_index.population()) for each in (shipped(), after))
    return preview(before=now, after=then, policy=town.policy, most=100)


@pytest.fixture
def doubtful(town: Town) -> Request:
    """A request of somebody whose birth date on file differs by more than a slip: staff look at it."""
    assert ANA.date_of_birth
    a_person(replace(ANA, date_of_birth=ANA.date_of_birth.replace(year=1990, day=11)))
    return _as_of_then(town.moves_in(ANA).id, "review")


@pytest.fixture
def sure(town: Town) -> Request:
    """A request that the machine linked."""
    a_person(BEN)
    return _as_of_then(town.moves_in(BEN).id, "link")


def _as_of_then(request_id: Any, zone: str) -> Request:
    Person.objects.filter(links=None).update(created_at=LONG_AGO)
    Person.objects.filter(ref__startswith="C").update(created_at=LONG_AGO)
    request = Request.objects.get(pk=request_id)
    assert request.match_zone == zone
    return request


def test_the_same_model_decides_as_it_did(town: Town, doubtful: Request, sure: Request):
    found = compared(town, shipped())
    assert found.requests == {("review", "review"): 1, ("link", "link"): 1}
    assert found.changes == ()


def test_a_new_automatic_link_is_told_first(town: Town, doubtful: Request, sure: Request):
    found = compared(town, lax())
    assert found.requests == {("review", "link"): 1, ("link", "link"): 1}
    (change,) = found.new_links
    assert (change.reference, change.before.zone, change.after.zone) == (doubtful.reference, "review", "link")
    assert "different_birth_date" in change.before.why and not change.after.why
    assert not change.against_staff


def test_links_that_nobody_would_look_at_come_before_looks_saved_or_added():
    zones = [("review", "new"), ("link", "review"), ("new", "link"), ("review", "link"), ("new", "review")]
    changes = [
        Change("request", f"R{n}", "", View(before), View(after), n == 3) for n, (before, after) in enumerate(zones)
    ]
    changes.append(Change("pair", "P", "", View("review"), View("link", probability=1.0)))
    assert [each.reference for each in in_order(changes)] == ["R3", "R2", "R0", "R1", "R4", "P"]


def test_a_link_against_staffs_word_is_before_all_others(town: Town, doubtful: Request):
    on_file = Person.objects.exclude(requests=doubtful).get(ref__startswith="C")
    Request.objects.filter(pk=doubtful.pk).update(person_decision={"new": [str(on_file.pk)]})
    (change,) = compared(town, lax()).new_links
    assert change.against_staff and change.danger == 0


def test_a_stricter_model_shows_what_goes_to_staff(town: Town, sure: Request):
    found = compared(town, strict())
    assert found.requests == {("link", "review"): 1}
    assert found.new_links == () and found.changes[0].danger == 3


def test_pairs_that_wait_are_judged_again(town: Town):
    one, other = a_person(ANA), a_person(replace(ANA, identifiers=()))
    first, second = sorted((one, other), key=lambda each: each.pk)
    DuplicatePair.objects.create(
        one=first, other=second, source="dedupe", weight=1, probability=0.5, zone="review", model_version="m",
        state="open", found_at=town.now,
    )  # fmt: skip
    found = compared(town, strict())
    assert found.pairs == {("link", "review"): 1}
    assert found.new_links == (), "no machine merges anybody"
    assert [each.what for each in found.changes] == ["pair"]


def test_the_command_tells_by_reference_and_about_nobody(town: Town, doubtful: Request, sure: Request, tmp_path: Path):
    new, out = tmp_path / "matching.json", tmp_path / "changes.csv"
    files.write(lax(), new)
    done = CliRunner().invoke(cli, ["matching", "preview", "--model", str(new), "--out", str(out)])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "1 new automatic links, 1 changes in all." in done.output
    assert f"request {doubtful.reference}: review -> link" in done.output
    with out.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["reference"], row["before"], row["after"]) == (doubtful.reference, "review", "link")
    written = done.output + out.read_text()
    persons = [str(each) for each in Person.objects.values_list("pk", flat=True)]
    for word in (*persons, "Zelenko", "zelenko", "ana@example.com", "1985"):
        assert word not in written


def test_a_model_that_cannot_be_read_is_one_sentence(db: None, tmp_path: Path):
    wrong = tmp_path / "matching.json"
    wrong.write_text(json.dumps({**shipped(), "vetoes": ["twins"]}))
    done = CliRunner().invoke(cli, ["matching", "preview", "--model", str(wrong)])
    assert done.exit_code == 1
    assert done.output == "Error: matching.json: vetoes has no twins (did you mean twin?)\n"


@pytest.mark.parametrize(
    ("text", "told"), [("", "is empty"), (" \n", "is empty"), ("ref,name", "is no JSON (Expecting")]
)
def test_a_file_that_is_no_model_is_said_to_be_none(db: None, tmp_path: Path, text: str, told: str):
    wrong = tmp_path / "matching.json"
    wrong.write_text(text)
    done = CliRunner().invoke(cli, ["matching", "preview", "--model", str(wrong)])
    assert done.exit_code == 1
    assert done.output.startswith(f"Error: matching.json {told}")
    assert done.output.endswith("Name a file that `keyturn matching train --out FILE` has written.\n")


# ---------------------------------------------------------------- show


def test_show_prints_the_model_in_force_level_by_level(db: None, tmp_path: Path):
    done = CliRunner().invoke(cli, ["matching", "show"])
    assert done.exit_code == 0, done.output
    known = model.load()
    assert done.output.startswith(f"{known.version}: in force, default of Keyturn's own")
    assert f"Link from {known.thresholds.link:g}, review from" in done.output
    for field, levels in {**model.LEVELS["person"], **model.LEVELS["shared"]}.items():
        assert f"\n{field:<13}{levels[0]:<18}" in done.output
    other = tmp_path / "matching.json"
    files.write(lax(), other)
    beside = CliRunner().invoke(cli, ["matching", "show", "--against", str(other)])
    assert beside.exit_code == 0 and "change" in beside.output


# ---------------------------------------------------------------- rekey


def test_everybody_is_filed_anew_in_portions_and_only_once(town: Town):
    filed = [a_person(replace(ANA, given_name=name, identifiers=())).pk for name in ("Ana", "Bea", "Cleo")]
    PersonFeatures.objects.filter(person_id__in=filed[1:]).update(keys_version="0")
    MatchKey.objects.filter(person_id__in=filed[1:]).delete()
    assert learning.filed_under() == {str(keys.KEYS_VERSION): 1, "0": 2}
    with pytest.raises(doctor.Ill, match=r"keys of version 0, and are not found .*: run `keyturn matching rekey`"):
        doctor.filing()
    done = CliRunner().invoke(cli, ["matching", "rekey", "--batch", "1"])
    assert done.exit_code == 0, (done.output, done.exception)
    assert done.output == f"2 persons filed under keys of version {keys.KEYS_VERSION}.\n"
    assert learning.filed_under() == {str(keys.KEYS_VERSION): 3}
    assert all(MatchKey.objects.filter(person_id=each).exists() for each in filed)
    assert doctor.filing().startswith(f"under keys of version {keys.KEYS_VERSION}; model 20")
    again = CliRunner().invoke(cli, ["matching", "rekey"])
    assert again.output.endswith("nothing to do.\n")
