"""DuckDB and Spark find the same pairs, from the same files."""

import shutil
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from keyturn.linkage import bounds, columns
from keyturn.linkage.engines import engine
from keyturn.local.demo_utility.dataset import generate
from keyturn.matching.decide import wants_review
from keyturn.matching.features import Features
from keyturn.matching.keys import blocking_keys
from keyturn.matching.model import load
from keyturn.matching.score import score
from keyturn.records import person_index
from keyturn.steps.maintain.somebody import details_of
from tests.linkage import registry

pytest.importorskip("splink")

NAMED_OTHERWISE = [
    Features(given="xiao", middle="ming", family="zelenko", birth_date="1970-03-12"),
    Features(given="xiaoming", family="zelenko", birth_date="1970-03-12"),
    Features(given="lan", middle="thi thuy", family="le", birth_date="1971-04-13"),
    Features(given="le thi thuy", family="lan", birth_date="1971-04-13"),
]
"""Whose names the matcher holds to be one though they stand in other boxes."""

IN_A_HURRY = {
    "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "PYSPARK_SUBMIT_ARGS": "--conf spark.sql.codegen.wholeStage=false --conf spark.sql.adaptive.enabled=false"
    " --conf spark.default.parallelism=1 pyspark-shell",
}
"""A Java machine that lives for seconds needs no code that is fast for hours: half the time."""


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")
def test_both_find_the_same_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark")
    for name, value in IN_A_HURRY.items():
        monkeypatch.setenv(name, value)
    people, model = tmp_path / "people", load(settings.KEYTURN_POLICY.match_profile)
    people.mkdir()
    _write(people)
    values, found = bounds.raw(settings.KEYTURN_POLICY.match_profile), {}
    for name in ("duckdb", "spark"):
        condition, options = bounds.worth_a_look(values, model, name), {"work": tmp_path, "jobs": 1}
        splink = engine(name, settings=bounds.settings(values, model, name), condition=condition, **options)
        try:
            splink.block(people, tmp_path / f"blocked {name}", parts=1)
            splink.score(people, tmp_path / f"blocked {name}", 0, tmp_path / name)
            found[name] = sorted(pair for some in splink.pairs(tmp_path / name) for pair in some)
        finally:
            splink.close()
    assert len(found["duckdb"]) >= 10
    assert found["duckdb"] == found["spark"]


def test_nobody_weighs_more_for_the_matcher_than_for_splink(tmp_path: Path) -> None:
    """So that nobody whom the matcher would show is lost before it is asked: over all pairs that share a key."""
    people, model = tmp_path / "people", load(settings.KEYTURN_POLICY.match_profile)
    people.mkdir()
    forms = _write(people, persons=220, again=210)
    values = bounds.raw(settings.KEYTURN_POLICY.match_profile)
    options: dict[str, Any] = {"condition": "true", "work": tmp_path, "jobs": 1}
    splink: Any = engine("duckdb", settings=bounds.settings(values, model, "duckdb"), **options)

    def under(condition: str) -> set[tuple[str, str]]:
        splink.condition, out = condition, tmp_path / "out"
        shutil.rmtree(out, ignore_errors=True)
        splink.score(people, tmp_path / "blocked", 0, out)
        return {pair for some in splink.pairs(out) for pair in some}

    splink.block(people, tmp_path / "blocked", parts=1)
    said = {(one, other): score(forms[one], forms[other], model=model) for one, other in under("true")}
    assert len(said) > 400
    for least in (-24, -12, -6, -3, 0, 3, 6, 12):
        light = under(f"match_weight < {least}")
        assert [said[pair].fields for pair in light if said[pair].weight >= least + 0.001] == []
    wanted = {pair for pair, scored in said.items() if wants_review(scored, model)}
    assert wanted <= under(bounds.worth_a_look(values, model, "duckdb"))
    splink.close()


def _write(folder: Path, *, persons: int = 60, again: int = 12) -> dict[str, Features]:
    """So many people, and some of them again, by their ids; no database is asked."""
    rows = list(generate(today=registry.NOW.date(), persons=persons, seed=3).persons)
    rows += [registry.scrambled(row, Random(n)) for n, row in enumerate(rows[:again])]
    forms = [*NAMED_OTHERWISE, *(person_index.features(details_of(row)) for row in rows)]
    filed = [(UUID(int=number), form, blocking_keys(form)) for number, form in enumerate(forms, start=1)]
    columns.write_part(folder / "0.parquet", filed, first=0, hot=(), model=load(settings.KEYTURN_POLICY.match_profile))
    return {str(ident): form for ident, form, _keys in filed}
