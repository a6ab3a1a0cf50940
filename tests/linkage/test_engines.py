"""DuckDB and Spark find the same pairs, from the same files."""

import shutil
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from django.conf import settings

from keyturn.linkage import bounds, columns
from keyturn.linkage.engines import engine
from keyturn.local.demo_utility.dataset import generate
from keyturn.matching.keys import blocking_keys
from keyturn.matching.model import load
from keyturn.records import person_index
from keyturn.steps.maintain.somebody import details_of
from tests.linkage import registry

pytest.importorskip("splink")

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


def _write(folder: Path) -> None:
    """Sixty people, and twelve of them again; no database is asked."""
    rows = list(generate(today=registry.NOW.date(), persons=60, seed=3).persons)
    rows += [registry.typed_again(row, Random(n)) for n, row in enumerate(rows[:12])]
    forms = [person_index.features(details_of(row)) for row in rows]
    persons = [(UUID(int=number), form, blocking_keys(form)) for number, form in enumerate(forms, start=1)]
    columns.write_part(
        folder / "0.parquet", persons, first=0, hot=(), model=load(settings.KEYTURN_POLICY.match_profile)
    )
