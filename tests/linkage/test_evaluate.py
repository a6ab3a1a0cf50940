"""Is a model measured rightly, honestly, and without a word about anybody?"""

import csv
import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from keyturn.cli import cli
from keyturn.linkage import evaluate as measuring
from keyturn.linkage import origins
from keyturn.linkage.evaluate import Share, evaluate
from keyturn.linkage.trials import Trial, Trials, of_reviews
from keyturn.matching import Features
from keyturn.matching.model import load
from keyturn.records.models import Person, Request
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy
from tests.factories import a_person
from tests.flow.town import ANA, BEN, Town
from tests.linkage import people

MODEL, POLICY = load(), Policy()
PLOTS = {
    f"{name}.{ending}" for name in ("thresholds", "calibration", "review-load", "fairness") for ending in ("png", "svg")
}

KNOWN = Features(
    given="mariela", family="zelenko", birth_date="1985-03-27", emails=("mz@example.com",), phones=("+15035550142",)
)
TWIN = replace(KNOWN, given="olena", emails=(), phones=("+15035550142",))
STRANGER = Features(given="otto", family="brandt", birth_date="1950-01-02", emails=("ob@example.com",))


def measured(*cases: Trial) -> measuring.Evaluation:
    return evaluate(Trials("file", cases), model=MODEL, policy=POLICY)


def trial(probe: Features, truth: str, *, group: str = "other", **candidates: Features) -> Trial:
    return Trial(probe, candidates, truth, group)


# ---------------------------------------------------------------- measures


def test_a_share_comes_with_wilsons_interval():
    low, high = Share(0, 3000).interval
    assert low == pytest.approx(0.0) and high == pytest.approx(0.00128, abs=1e-5), (
        "none of 3,000 wrong is not 'never wrong'"
    )
    low, high = Share(9, 10).interval
    assert (round(low, 4), round(high, 4)) == (0.5958, 0.9821)
    assert Share(0, 0).interval == (0.0, 1.0)


def test_links_reviews_and_misses_are_counted_for_what_they_are():
    found = measured(
        trial(KNOWN, "a", a=KNOWN, b=STRANGER),  # linked, rightly
        trial(KNOWN, "", a=KNOWN),  # linked to somebody else
        trial(TWIN, "", a=KNOWN),  # a twin is shown to staff
        trial(STRANGER, "", a=KNOWN),  # a newcomer
        trial(STRANGER, "a", a=KNOWN),  # not known again
    )
    assert found.precision == Share(1, 2)
    assert found.recall == Share(1, 2 + 0)
    assert found.automatic == Share(1, 2)
    assert found.review_load == Share(1, 5)


def test_calibration_puts_what_was_said_beside_what_was_true():
    found = measured(*[trial(KNOWN, "a", a=KNOWN, b=STRANGER)] * 5, trial(TWIN, "", a=KNOWN))
    last, first = found.calibration[-1], found.calibration[0]
    assert last.least == 0.9 and last.said > 0.99
    assert last.true == Share(5, 5)
    assert first.said < 0.1 and first.true.of == 0


def test_who_is_known_again_less_often_is_seen_by_group():
    found = measured(
        *[trial(KNOWN, "a", group="one", a=KNOWN)] * 40,
        *[trial(KNOWN, "a", group="two", a=KNOWN)] * 30,
        *[trial(STRANGER, "a", group="two", a=KNOWN)] * 10,
        *[trial(STRANGER, "a", group="small", a=KNOWN)] * 5,
    )
    assert found.groups["one"][0] == Share(40, 40)
    assert found.groups["two"][0] == Share(30, 40)
    assert found.gap == 0.25, "five people are no group"


def test_thresholds_are_tried_without_asking_the_model_again():
    found = measured(*[trial(KNOWN, "a", a=KNOWN)] * 3, trial(STRANGER, "", a=KNOWN))
    precision, automatic = found.at_link_threshold(MODEL.thresholds.link)
    assert (precision, automatic) == (found.precision, found.automatic)
    assert found.at_link_threshold(1.0)[1] == Share(0, 3)
    assert found.at_review_threshold(MODEL.thresholds.review)[0] == found.review_load


def test_a_guess_at_an_origin_is_by_spelling_and_never_fails():
    assert [origins.guess(each) for each in ("nguyen", "garcia lopez", "kovalenko", "al masri", "patel", "smith", "")] == [
        "East Asian", "Spanish", "Slavic", "Arabic", "South Asian", "other", "no surname",
    ]  # fmt: skip


# ---------------------------------------------------------------- from what staff said


def test_what_staff_said_of_requests_is_the_truth_and_who_came_later_is_no_candidate(town: Town):
    ana = a_person(replace(ANA, phones=(), identifiers=()))
    Person.objects.update(created_at=people.LONG_AGO)
    case = town.moves_in(replace(ANA, emails=("other@example.com",), phones=(), identifiers=()))
    ben = town.moves_in(BEN)
    _staff_said(case.id, same=str(ana.pk))
    _staff_said(ben.id, new=[str(ana.pk)])
    found = of_reviews()
    assert (found.source, len(found.cases), found.left_out) == ("reviews", 2, 0)
    known, new = sorted(found.cases, key=lambda each: not each.truth)
    assert known.truth == str(ana.pk)
    assert set(known.candidates) == {str(ana.pk)}, "the file that a request made is not held against it"
    assert not new.truth and set(new.candidates) <= {str(ana.pk)}

    request = Request.objects.get(pk=case.id)
    request.answers = {}
    request.save()
    assert of_reviews().left_out == 1, "what had to be forgotten is forgotten"


def _staff_said(request_id: object, **said: object) -> None:
    Request.objects.filter(pk=request_id).update(person_decision=said)


# ---------------------------------------------------------------- the command


@pytest.fixture
def registry(db: None) -> list[PersonDetails]:
    """A few dozen people on file who are all different."""
    random = Random(11)
    who = [people.somebody(random) for _ in range(60)]
    people.on_file(who, keys=True)
    return who


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["matching", "evaluate", *arguments])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def test_without_any_truth_it_says_that_its_cases_are_made_up(registry: list[PersonDetails], tmp_path: Path):
    out = tmp_path / "evaluation"
    told = run("--out", str(out))
    assert "Staff have not said of anybody who they are yet: made-up cases instead." in told
    assert "MADE-UP cases" in told
    found = json.loads((out / "evaluation.json").read_text())
    assert found["synthetic"] is True and found["cases"] == 80
    assert found["recall"]["share"] > 0.9 and found["precision"]["share"] > 0.95
    assert {path.name for path in out.iterdir()} == PLOTS | {"evaluation.json"}
    _nothing_personal(out, told, registry)


def _nothing_personal(out: Path, told: str, who: list[PersonDetails]) -> None:
    texts = [told, *(path.read_text() for path in out.iterdir() if path.suffix in (".json", ".svg"))]
    for each in who:
        for value in (*each.phones, *each.emails, f"{each.given_name} {each.family_name}"):
            assert not any(value in text for text in texts)


def test_a_labelled_file_with_groups_of_its_own_is_measured(db: None, tmp_path: Path):
    known = [replace(ANA, emails=(f"ana{n}@example.com",), phones=(f"+1503555{1000 + n}",), identifiers=(), family_name=name)
             for n, name in enumerate(("Zelenko", "Quispe", "Haugland"))]  # fmt: skip
    refs = [a_person(each).ref for each in known]
    path = tmp_path / "labelled.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ref", "given_name", "family_name", "date_of_birth", "email", "phone", "truth", "group"])
        for number, (each, ref) in enumerate(zip(known, refs, strict=True)):
            row = [f"r{number}", each.given_name, each.family_name, "1985-03-27", each.emails[0], each.phones[0], ref]
            writer.writerow([*row, "north" if number else "south"])
        writer.writerow(["r9", "Otto", "Brandt", "1950-01-02", "", "", "", "north"])
        writer.writerow(["r10", "Otto", "Brandt", "1950-01-02", "", "", "nobody-on-file", "north"])
    told = run("--pairs", str(path))
    assert "on 4 rows of the labelled file." in told
    assert "1 more could not be used" in told
    assert "north" in told and "south" in told
    assert "100.00%" in told


def test_a_column_that_is_none_is_told_with_what_may_have_been_meant(db: None, tmp_path: Path):
    path = tmp_path / "labelled.csv"
    path.write_text("ref,given nam,truht\n")
    done = CliRunner().invoke(cli, ["matching", "evaluate", "--pairs", str(path)])
    assert done.exit_code == 1
    assert "there is no column 'given nam' (did you mean given_name?)" in str(done.exception)
    assert "(did you mean truth?)" in str(done.exception)
    assert "the column 'truth' is missing" in str(done.exception)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"ref,given_name,truth\nr1,Jos\xe9,P1\n", "line 2, is not UTF-8"),
        (b"", "is empty"),
        (b"given_name,truth\nOtto,\n", "the column 'ref' is missing"),
        (b"ref,truth,truth\nr1,P1,P2\n", "the column 'truth' stands twice"),
        (b'ref,given_name,truth\nr1,"Otto,P1\nr2,Ann,P2\n', "labelled.csv, line "),
        (b"ref;given_nam;truth\n", "there is no column 'given_nam' (did you mean given_name?)"),
    ],
)
def test_a_labelled_file_that_cannot_be_read_is_one_sentence(db: None, tmp_path: Path, content: bytes, says: str):
    path = tmp_path / "labelled.csv"
    path.write_bytes(content)
    done = CliRunner().invoke(cli, ["matching", "evaluate", "--pairs", str(path)])
    assert done.exit_code == 1
    assert says in done.output + str(done.exception)


def test_an_empty_registry_is_one_sentence(db: None):
    done = CliRunner().invoke(cli, ["matching", "evaluate"])
    assert done.exit_code == 1
    assert "There is nothing to measure it on" in done.output
