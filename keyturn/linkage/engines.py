"""Where does Splink block and score: DuckDB on this machine, or Spark here or on a cluster?

Both do the same in the same steps, from the same files: `block` finds all pairs that share a key, in parts; `score` has
Splink weigh one part and keeps who is worth a look. What they write appears when it is whole.
"""

import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from keyturn.terms.errors import Unavailable

INSTALL = "pip install --no-deps --require-hashes -r requirements/matching.txt"


class Engine(Protocol):
    """What both can do. Folders: `people` has the parts of persons, `blocked` a folder for each part of pairs."""

    name: str

    def block(self, people: Path, blocked: Path, *, parts: int) -> None: ...

    def score(self, people: Path, blocked: Path, part: int, out: Path) -> None: ...

    def pairs(self, out: Path) -> Iterator[list[tuple[str, str]]]: ...

    def close(self) -> None: ...


def must_be_installed(name: str) -> None:
    """Unavailable says in a sentence what an engine ("duckdb", "spark") lacks here."""
    engine_needs = {"duckdb": ("duckdb",), "spark": ("pyspark",)}[name]
    for each in ("pyarrow", "splink", *engine_needs):
        try:
            import_module(each)
        except ImportError:
            extra = f"{INSTALL} and pip install 'pyspark~=4.0'" if each == "pyspark" else INSTALL
            text = f"This needs {each}, which is not installed here: {extra} (or keyturn[matching], keyturn[spark])."
            raise Unavailable("not_installed", text) from None
    if name == "spark" and not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise Unavailable("no_java", "Spark needs Java 17 or newer: install it, or take --engine duckdb.")


def engine(
    name: str,
    *,
    settings: Mapping[str, Any],
    condition: str,
    work: Path,
    jobs: int,
    master: str = "",
    memory: str = "",
) -> Engine:
    """Start "duckdb" or "spark"."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    must_be_installed(name)
    if name == "duckdb":
        return DuckDb(settings, condition, work, jobs, memory)
    return Spark(settings, condition, work, jobs, master)


class DuckDb:
    """On one machine, within its memory: what does not fit goes to the work folder."""

    name = "duckdb"

    def __init__(self, settings: Mapping[str, Any], condition: str, work: Path, jobs: int, memory: str) -> None:
        import duckdb

        self.settings, self.condition = dict(settings), condition
        self.spill = work / "spill"
        self.spill.mkdir(exist_ok=True)
        self.connection = duckdb.connect()
        self.connection.execute(f"SET threads = {jobs}")
        self.connection.execute(f"SET memory_limit = '{memory or _half_of_it()}'")
        self.connection.execute("SET preserve_insertion_order = false")
        self.connection.execute("SET enable_progress_bar = false")
        self.connection.execute(f"SET temp_directory = '{_quoted(self.spill)}'")
        self._linker: Any = None

    def _opened(self, people: Path) -> Any:
        from splink import DuckDBAPI, Linker

        if self._linker is None:
            self.connection.execute(
                f"CREATE OR REPLACE VIEW people AS SELECT * FROM read_parquet('{_quoted(people)}/*.parquet')"
            )
            self._api = DuckDBAPI(connection=self.connection)
            self._linker = Linker(self._api.register("people"), self.settings, log_level=None, validate_settings=False)
        return self._linker

    def block(self, people: Path, blocked: Path, *, parts: int) -> None:
        found = self._opened(people).inference.compute_blocked_pairs_for_predict()
        partial = _fresh(blocked)
        self.connection.execute(
            f"COPY (SELECT *, hash(join_key_l) % {parts} AS part FROM {found.physical_name})"
            f" TO '{_quoted(partial)}' (FORMAT parquet, PARTITION_BY (part))"
        )
        found.drop_table_from_database_and_remove_from_cache()
        partial.rename(blocked)

    def score(self, people: Path, blocked: Path, part: int, out: Path) -> None:
        folder, partial = blocked / f"part={part}", _fresh(out)
        partial.mkdir()
        if folder.is_dir():
            linker = self._opened(people)
            self.connection.execute(
                f"CREATE OR REPLACE TEMP VIEW blocked_{part} AS SELECT match_key, join_key_l, join_key_r"
                f" FROM read_parquet('{_quoted(folder)}/*.parquet')"
            )
            linker.table_management.register_blocked_pairs_for_predict(self._api.register(f"blocked_{part}"))
            found = linker.inference.predict(warning_mode="never")
            self.connection.execute(
                f"COPY (SELECT id_l, id_r FROM {found.physical_name} WHERE {self.condition} ORDER BY id_l)"
                f" TO '{_quoted(partial)}/pairs.parquet' (FORMAT parquet)"
            )
            found.drop_table_from_database_and_remove_from_cache()
        partial.rename(out)

    def pairs(self, out: Path) -> Iterator[list[tuple[str, str]]]:
        return _pairs(out)

    def close(self) -> None:
        self.connection.close()
        shutil.rmtree(self.spill, ignore_errors=True)


class Spark:
    """On as many machines as there are; all must see the work folder. Nothing is fetched: only built-in functions."""

    name = "spark"

    def __init__(self, settings: Mapping[str, Any], condition: str, work: Path, jobs: int, master: str) -> None:
        from pyspark.sql import SparkSession

        self.settings, self.condition = dict(settings), condition
        builder = SparkSession.builder.appName("keyturn dedupe")
        for name, value in _spark_options(work, jobs, master).items():
            builder = builder.config(name, value)
        self.session = builder.getOrCreate()
        self.session.sparkContext.setLogLevel("ERROR")
        self._linker: Any = None

    def _opened(self, people: Path) -> Any:
        from splink import Linker, SparkAPI

        if self._linker is None:
            self._api: Any = SparkAPI(  # type: ignore[no-untyped-call]
                spark_session=self.session, break_lineage_method="persist", register_udfs_automatically=False
            )
            self.session.read.parquet(str(people)).createOrReplaceTempView("people")
            self._linker = Linker(self._api.register("people"), self.settings, log_level=None, validate_settings=False)
        return self._linker

    def block(self, people: Path, blocked: Path, *, parts: int) -> None:
        found = self._opened(people).inference.compute_blocked_pairs_for_predict()
        partial = _fresh(blocked)
        self.session.sql(
            f"SELECT *, pmod(xxhash64(join_key_l), {parts}) AS part FROM {found.physical_name}"
        ).write.partitionBy("part").parquet(str(partial))
        found.drop_table_from_database_and_remove_from_cache()
        partial.rename(blocked)

    def score(self, people: Path, blocked: Path, part: int, out: Path) -> None:
        folder, partial = blocked / f"part={part}", _fresh(out)
        if folder.is_dir():
            linker = self._opened(people)
            self.session.read.parquet(str(folder)).createOrReplaceTempView(f"blocked_{part}")
            linker.table_management.register_blocked_pairs_for_predict(self._api.register(f"blocked_{part}"))
            found = linker.inference.predict(warning_mode="never")
            chosen = f"SELECT id_l, id_r FROM {found.physical_name} WHERE {self.condition}"
            self.session.sql(chosen).sort("id_l").write.parquet(str(partial))
            found.drop_table_from_database_and_remove_from_cache()
        else:
            partial.mkdir()
        partial.rename(out)

    def pairs(self, out: Path) -> Iterator[list[tuple[str, str]]]:
        return _pairs(out)

    def close(self) -> None:
        self.session.stop()


def _spark_options(work: Path, jobs: int, master: str) -> dict[str, str]:
    """What Spark is told. Who starts it with spark-submit, or names a cluster, says the rest there."""
    options = {"spark.ui.showConsoleProgress": "false", "spark.sql.catalogImplementation": "in-memory"}
    if master:
        return {**options, "spark.master": master}
    if "SPARK_ENV_LOADED" in os.environ:  # spark-submit
        return options
    return {
        **options,
        "spark.master": f"local[{jobs}]",
        "spark.sql.shuffle.partitions": str(jobs),
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.warehouse.dir": str(work / "spill"),
        "spark.local.dir": str(work / "spill"),
    }


def _pairs(out: Path) -> Iterator[list[tuple[str, str]]]:
    """The pairs of ids that a part has left, in portions."""
    import pyarrow.parquet as pq

    for file in sorted(out.glob("*.parquet")):
        with pq.ParquetFile(file) as opened:
            for batch in opened.iter_batches(batch_size=2_000):
                columns = batch.to_pydict()
                yield list(zip(columns["id_l"], columns["id_r"], strict=True))


def _fresh(folder: Path) -> Path:
    """Where something is written until it is whole; what an interrupted run left there goes."""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    return partial


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _half_of_it() -> str:
    """Half of this machine's memory: PostgreSQL may live on it, too."""
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') // 2**21}MB"
