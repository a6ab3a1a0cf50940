"""`keyturn match`: each row of a file against everybody on file, by the matcher that decides about requests."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.cli import cli
from keyturn.connectors import cis
from keyturn.matching.decide import decide
from keyturn.records import person_index
from keyturn.records.models import PersonFeatures
from keyturn.terms.address import Address
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy
from tests.factories import a_person

HOME = Address("12 Lantern St", "Apt 3", "Lumen", "OR", "97890")
ADA = PersonDetails(
    given_name="Ada", family_name="Lindqvist", date_of_birth=date(1985, 3, 27), emails=("ada@example.com",),
    phones=("+15415550101",), addresses=(HOME,),
)  # fmt: skip
TWIN = replace(ADA, given_name="Berta", emails=("berta@example.com",))
HEADING = "ref,given_name,family_name,date_of_birth,email,phone,line1,line2,city,state,postal_code\n"
AGAIN = "r1,Ada,Lindqvist,1985-03-27,ada@example.com,541-555-0101,12 Lantern St,Apt 3,Lumen,OR,97890\n"
NOBODY = "r2,Zoltan,Quimby,1961-01-13,zq@example.org,,,,,,\n"


@pytest.fixture
def registry(db: None) -> None:
    """Nobody on file, and an empty CIS."""
    cis.install()
    cis.connector().empty()


@pytest.fixture
def probes(tmp_path: Path) -> Callable[..., Path]:
    def write(content: str, name: str = "probes.csv") -> Path:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return write


def out_of(probes: Callable[..., Path], name: str = "out.csv") -> Path:
    """Where the answers go: beside the probes."""
    return probes("", "beside").with_name(name)


def match(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["match", *map(str, arguments)])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.usefixtures("registry")
def test_each_probe_is_answered_with_the_best_candidate_and_the_matchers_word(probes: Callable[..., Path]) -> None:
    ada, out = a_person(ADA), out_of(probes)
    done = match(probes(HEADING + AGAIN + NOBODY), "--out", out)
    assert done.exit_code == 0, done.output
    assert out.read_text().splitlines()[0] == "probe_ref,person_ref,weight,probability,zone,relation"
    found, none = rows(out)
    assert (found["probe_ref"], found["person_ref"], found["zone"]) == ("r1", ada.ref, "link")
    assert float(found["weight"]) > 10 and float(found["probability"]) > 0.999
    assert (none["probe_ref"], none["person_ref"], none["weight"], none["zone"]) == ("r2", "", "", "new")
    assert "2 of 2 rows looked for: 1 link, 0 review, 1 new" in done.output


@pytest.mark.usefixtures("registry")
def test_more_candidates_have_ranks_and_say_how_they_belong_together(probes: Callable[..., Path]) -> None:
    ada, twin = a_person(ADA), a_person(TWIN)
    out = out_of(probes, "out.jsonl")
    assert match(probes(HEADING + AGAIN), "--out", out, "--top", "5").exit_code == 0
    first, second = map(json.loads, out.read_text().splitlines())
    assert (first["person_ref"], first["rank"], first["zone"]) == (ada.ref, 1, "link")
    assert (second["person_ref"], second["rank"], second["zone"]) == (twin.ref, 2, "review")
    assert "twin" in second["relation"]


@pytest.mark.usefixtures("registry")
def test_weights_and_zones_are_those_of_the_online_matcher(probes: Callable[..., Path]) -> None:
    for each in (ADA, TWIN, replace(ADA, family_name="Lindquist", phones=())):
        a_person(each)
    out, policy = out_of(probes), Policy()
    assert match(probes(HEADING + AGAIN), "--out", out, "--top", "9").exit_code == 0
    probe = person_index.features(ADA)
    said = decide(
        probe, person_index.candidates(probe), model=person_index.model(policy), verified=frozenset(), policy=policy
    )
    assert [float(each["weight"]) for each in rows(out)] == [round(each.scored.weight, 4) for each in said.ranked]
    assert rows(out)[0]["zone"] == said.matcher_zone


@pytest.mark.usefixtures("registry")
def test_a_person_without_a_reference_is_named_by_id_and_nobody_is_merged(probes: Callable[..., Path]) -> None:
    ada = a_person(ADA, in_cis=False)
    out = out_of(probes)
    assert match(probes(HEADING + AGAIN), "--out", out).exit_code == 0
    assert rows(out)[0]["person_ref"] == str(ada.pk)


@pytest.mark.usefixtures("registry")
def test_a_row_that_cannot_be_read_is_told_and_the_others_go_on(probes: Callable[..., Path]) -> None:
    ada = a_person(ADA)
    bad = AGAIN.replace("r1", "=1+2").replace("1985-03-27", "27/03/1985")
    out, rejects = out_of(probes), out_of(probes, "rejects.csv")
    phone_only = "r3,,,,,541-555-0101,,,,,\n"
    done = match(probes(HEADING + bad + AGAIN + phone_only), "--out", out, "--rejects", rejects)
    assert done.exit_code == 0
    assert [(each["probe_ref"], each["person_ref"]) for each in rows(out)] == [("r1", ada.ref), ("r3", ada.ref)]
    assert "row 1 (=1+2): date_of_birth: The date of birth must be a real date" in done.output
    assert [(each["row"], each["ref"], each["rule"]) for each in rows(rejects)] == [("1", "'=1+2", "K-07")]
    assert match(probes(HEADING + bad), "--out", out).exit_code == 1


@pytest.mark.usefixtures("registry")
def test_a_reference_that_looks_like_a_formula_is_shielded(probes: Callable[..., Path]) -> None:
    out = out_of(probes)
    assert match(probes(HEADING + NOBODY.replace("r2", "=cmd")), "--out", out).exit_code == 0
    assert rows(out)[0]["probe_ref"] == "'=cmd"


@pytest.mark.django_db(transaction=True)
def test_several_processes_answer_the_same_in_the_order_of_the_file(probes: Callable[..., Path]) -> None:
    cis.install()
    a_person(ADA)
    file = probes(HEADING + "".join(AGAIN.replace("r1", f"p{n}") for n in range(450)))
    one, two = file.with_name("one.csv"), file.with_name("two.csv")
    assert match(file, "--out", one, "--jobs", "1").exit_code == 0
    done = match(file, "--out", two, "--jobs", "2")
    assert done.exit_code == 0, done.output
    assert [each["probe_ref"] for each in rows(two)] == [f"p{n}" for n in range(450)]
    assert one.read_text() == two.read_text()
    cis.connector().empty()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("ref,given_nam\nr1,Ada\n", "did you mean given_name"),
        ("given_name\nAda\n", "the column 'ref' is missing"),
        ("ref,ref\n1,2\n", "stands twice"),
    ],
)
@pytest.mark.usefixtures("registry")
def test_a_file_of_another_kind_is_told_in_one_sentence(probes: Callable[..., Path], content: str, said: str) -> None:
    done = match(probes(content), "--out", out_of(probes))
    assert done.exit_code == 1
    assert said in done.output
    assert "Traceback" not in done.output


def test_wrong_use_is_told(probes: Callable[..., Path]) -> None:
    assert match(probes(HEADING)).exit_code == 2
    assert match("nowhere.csv", "--out", "x.csv").exit_code == 2
    assert match(probes(HEADING), "--out", "x.csv", "--top", "0").exit_code == 2
    assert "There is no folder" in match(probes(HEADING), "--out", "/nowhere/at/all.csv").output


@pytest.mark.usefixtures("registry")
def test_nobody_is_searched_for_by_keys_that_persons_are_not_filed_under(probes: Callable[..., Path]) -> None:
    """After an upgrade everybody would seem to be new."""
    a_person(ADA)
    PersonFeatures.objects.update(keys_version="1")
    done = match(probes(HEADING + AGAIN), "--out", out_of(probes))
    assert done.exit_code == 1
    assert (
        "filed under keys of version 1, and this Keyturn searches by version 3: run `keyturn matching rekey`"
        in done.output
    )
