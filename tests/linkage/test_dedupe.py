"""`keyturn dedupe`: everybody who is on file twice, and nobody else, as the online matcher would say."""

import csv
import io
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from django.conf import settings

from keyturn.cli import cli
from keyturn.linkage import dedupe, journal
from keyturn.matching.pairs import weigh
from keyturn.records import person_index
from keyturn.records.bulk import everybody
from keyturn.records.models import DuplicatePair, NotSamePerson, Person, PersonFeatures
from keyturn.terms.errors import NotAllowed
from tests.linkage import registry

pytest.importorskip("splink")


def keyturn(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments])


def searched(work: Path, engine: str = "duckdb", **how: Any) -> list[dedupe.Pair]:
    found: list[dedupe.Pair] = []

    def write(pairs: Iterable[dedupe.Pair]) -> int:
        found.extend(pairs)
        return len(found)

    progress = how.pop("progress", lambda stage, done, total: None)
    dedupe.search(dedupe.Search(work, engine, **how), write=write, progress=progress)
    return found


def by_the_online_matcher() -> dict[tuple[str, str], dedupe.Pair]:
    """Everybody on file looked up by the search that requests are decided by, one after the other."""
    policy = settings.KEYTURN_POLICY
    model, refs, found = person_index.model(policy), registry.refs(), {}
    for ident, form, _keys in (each for some in everybody.everybody() for each in some):
        for other, features in person_index.candidates(form).items():
            one, two = sorted((ident, UUID(other)))
            if other != str(ident) and (str(one), str(two)) not in found:
                forms = (form, features) if one == ident else (features, form)
                if pair := weigh(*forms, model=model, policy=policy):
                    said = pair.ranked.scored
                    ids = str(one), str(two)
                    found[ids] = dedupe.Pair(
                        -said.weight, *ids, refs[ids[0]], refs[ids[1]], said.probability, pair.zone
                    )
    return found


@pytest.fixture
def people(db: None) -> None:
    registry.fill()


@pytest.mark.usefixtures("people")
def test_all_pairs_that_the_online_matcher_knows_are_found_with_its_own_weight_and_zone(tmp_path: Path) -> None:
    found = {(each.one, each.other): each for each in searched(tmp_path / "work")}
    expected = by_the_online_matcher()
    assert len(expected) > 20
    assert expected.items() <= found.items()
    forms = everybody.forms({ident for pair in found for ident in pair})
    policy = settings.KEYTURN_POLICY
    for (one, other), pair in found.items():
        said = weigh(forms[one][0], forms[other][0], model=person_index.model(policy), policy=policy)
        assert said and (said.zone, said.ranked.scored.weight) == (pair.zone, pair.weight)
    twice = {each for each in found.values() if each.person_ref_a == f"again-{each.person_ref_b}"
             or each.person_ref_b == f"again-{each.person_ref_a}"}  # fmt: skip
    assert len(twice) >= 22  # of 25


@pytest.mark.usefixtures("people")
def test_the_merged_and_those_who_were_said_to_be_two_are_left_out(tmp_path: Path) -> None:
    first, second, *others = searched(tmp_path / "work")
    NotSamePerson.objects.create(one_id=first.one, other_id=first.other, said_by="staff:1", said_at=registry.NOW)
    Person.objects.filter(pk=second.one).update(redirect_to=second.other)
    found = searched(tmp_path / "work")
    assert found == [each for each in others if second.one not in (each.one, each.other)]


@pytest.mark.usefixtures("people")
def test_who_is_merged_or_told_apart_before_a_killed_run_goes_on_is_left_out(tmp_path: Path) -> None:
    def killed(stage: str, _done: int, _total: int) -> None:
        if stage == "judge":
            raise KeyboardInterrupt

    first, second, *others = searched(tmp_path / "work")
    with pytest.raises(KeyboardInterrupt):
        searched(tmp_path / "work", progress=killed)
    NotSamePerson.objects.create(one_id=first.one, other_id=first.other, said_by="staff:1", said_at=registry.NOW)
    Person.objects.filter(pk=second.one).update(redirect_to=second.other)
    assert searched(tmp_path / "work") == [each for each in others if second.one not in (each.one, each.other)]


def test_a_full_disk_costs_no_work(db: None, tmp_path: Path) -> None:
    assert keyturn("dedupe", "--out", "/dev/full", "--work", tmp_path / "work").exit_code == 1
    assert (tmp_path / "work" / "manifest.json").exists()


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("killed_at", ["read", "block", "weigh", "judge"])
def test_a_run_that_was_killed_goes_on_where_it_stood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    monkeypatch.setattr(everybody, "AT_ONCE", 60)
    monkeypatch.setattr(everybody.keyed, "__kwdefaults__", {"after": everybody.NOBODY, "most": 60})
    work, seen = tmp_path / "work", []

    def killed(stage: str, done: int, total: int) -> None:
        if stage == killed_at and (stage != "block" or done):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        searched(work, progress=killed)
    assert stat.S_IMODE(os.stat(work).st_mode) == 0o700
    found = searched(work, progress=lambda stage, done, total: seen.append((stage, done)))
    assert seen[0] == ("read", 120 if killed_at == "read" else 175)
    assert not work.exists()
    assert found and found == searched(work)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("left_by", ["the end", "--fresh"])
def test_a_run_that_was_killed_while_it_cleared_its_folder_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left_by: str
) -> None:
    work = tmp_path / "work"
    with journal.opened(work, model="m", keys=1, engine="duckdb", fresh=False):
        pass

    def killed(path: Path, **_how: Any) -> None:
        raise KeyboardInterrupt

    def clear() -> None:
        if left_by == "the end":
            journal.forget(work)
        with journal.opened(work, model="m", keys=1, engine="duckdb", fresh=True):
            pass

    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            clear()
    with journal.opened(work, model="m", keys=1, engine="duckdb", fresh=False) as (_left, goes_on):
        assert not goes_on
    assert len(searched(work)) > 20


@pytest.mark.usefixtures("people")
def test_under_another_model_it_begins_anew(tmp_path: Path) -> None:
    work = tmp_path / "work"
    with journal.opened(work, model="old", keys=1, engine="duckdb", fresh=False) as (left, goes_on):
        assert not goes_on
        left.read, left.persons = True, 7
        left.keep()
    assert len(searched(work)) > 20


@pytest.mark.usefixtures("people")
def test_the_command_writes_the_pairs_and_feeds_the_queue(tmp_path: Path) -> None:
    out = tmp_path / "pairs.csv"
    done = keyturn("dedupe", "--out", out, "--queue", "--jobs", "1")
    assert done.exit_code == 0, done.output
    pairs = list(registry.rows(out))
    assert list(pairs[0]) == ["person_ref_a", "person_ref_b", "weight", "probability", "zone"]
    weights = [float(each["weight"]) for each in pairs]
    assert weights == sorted(weights, reverse=True)
    assert {each["zone"] for each in pairs} == {"link", "review"}
    least = person_index.model(settings.KEYTURN_POLICY).thresholds.review
    likely = [each for each in pairs if float(each["probability"]) >= least]
    assert f"{len(pairs)} pairs: " in done.output and f"{len(likely)} are in the queue" in done.output
    kept = DuplicatePair.objects.order_by("-weight")
    assert [round(each.weight, 4) for each in kept] == weights[: len(likely)]
    assert {each.source for each in kept} == {"dedupe"}
    assert not out.with_name("pairs.csv.work").exists()
    done = keyturn("dedupe", "--out", out, "--least", least, "--jobs", "1")
    assert list(registry.rows(out)) == likely


@pytest.mark.usefixtures("people")
def test_one_line_of_json_for_each_pair(tmp_path: Path) -> None:
    done = keyturn("dedupe", "--out", "-", "--format", "jsonl", "--work", tmp_path / "w", "--jobs", "1")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith('{"person_ref_a": "')


def test_nobody_on_file_gives_a_heading_and_no_pairs(db: None, tmp_path: Path) -> None:
    out = tmp_path / "pairs.csv"
    done = keyturn("dedupe", "--out", out, "--jobs", "1")
    assert done.exit_code == 0, done.output
    assert list(csv.reader(io.StringIO(out.read_text()))) == [
        ["person_ref_a", "person_ref_b", "weight", "probability", "zone"]
    ]


def test_without_the_extra_it_says_how_to_install_it(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for missing in ("duckdb", "pyarrow"):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, missing, None)
            done = keyturn("dedupe", "--out", tmp_path / "pairs.csv")
        assert done.exit_code == 1
        assert "requirements/matching.txt" in str(done.exception) and missing in str(done.exception)


def test_wrong_use_is_told(db: None, tmp_path: Path) -> None:
    assert keyturn("dedupe").exit_code == 2
    assert keyturn("dedupe", "--out", "-").exit_code == 2
    assert keyturn("dedupe", "--out", tmp_path / "p.csv", "--spark-master", "spark://x:7077").exit_code == 2
    assert keyturn("dedupe", "--out", tmp_path / "p.csv", "--engine", "sqlite").exit_code == 2
    assert keyturn("dedupe", "--out", tmp_path / "p.csv", "--memory", "plenty").exit_code == 2
    assert keyturn("dedupe", "--out", tmp_path / "p.csv", "--memory", "1GB").exit_code == 0
    assert "There is no folder" in keyturn("dedupe", "--out", "/nowhere/at/all.csv").output
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    done = keyturn("dedupe", "--out", tmp_path / "p.csv", "--work", tmp_path / "mine")
    assert (done.exit_code, (tmp_path / "mine" / "letter.txt").read_text()) == (1, "keep me")


def test_two_searches_do_not_share_a_folder(db: None, tmp_path: Path) -> None:
    with journal.opened(tmp_path / "work", model="m", keys=1, engine="duckdb", fresh=False):
        done = keyturn("dedupe", "--out", tmp_path / "p.csv", "--work", tmp_path / "work")
    assert done.exit_code == 1


@pytest.mark.usefixtures("people")
def test_persons_under_other_keys_must_be_filed_anew_first(tmp_path: Path) -> None:
    PersonFeatures.objects.filter(person__ref="P-000001").update(keys_version="1")
    with pytest.raises(NotAllowed, match="rekey"):
        searched(tmp_path / "work")
    assert not (tmp_path / "work").exists()
