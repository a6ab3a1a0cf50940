"""What is two persons' weight at most, in the terms of Splink: the model's own figures, on comparisons made in SQL?

Splink scores millions of pairs so that the online matcher need look at thousands. A level here stands for one or
several of the model's (`matching.model.LEVELS`) and has the figures of the strongest of them, against a stranger: no
pair weighs more for the matcher than it does here. Names, dates and addresses are compared by what both engines have
built in (`levenshtein`, arrays), and so a little more generously than the matcher compares them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import log2
from pathlib import Path
from typing import Any, Final

from keyturn.linkage.columns import STEP, bucket
from keyturn.matching.model import Model, read, shipped

OVERLAP: Final = {"duckdb": "list_has_any", "spark": "arrays_overlap"}
CONTACT: Final = ("email", "phone")

Figures = tuple[float, float]
"""How often a level is seen between two records of one person, and between two strangers."""


@dataclass(frozen=True, slots=True)
class Level:
    """One WHEN of a comparison; `figures` None: cannot be compared, counts for nothing."""

    name: str
    sql: str
    figures: Figures | None


def raw(name: str) -> Mapping[str, Any]:
    """The figures of a model, as its file has them."""
    return read(Path(name) if name.endswith(".json") else shipped(name))


def settings(values: Mapping[str, Any], model: Model, engine: str) -> dict[str, Any]:
    """Splink's settings for the model's figures (`values`: `raw`) on an engine: "duckdb" or "spark"."""
    comparisons = [
        {"output_column_name": name, "comparison_levels": [_as_splink(each) for each in levels]}
        for name, levels in comparisons_of(values, engine).items()
    ]
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "n",
        "probability_two_random_records_match": 1 / (model.population + 1),
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": "l.keys = r.keys", "arrays_to_explode": ["keys"], "sql_dialect": engine}
        ],
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": False,
        "additional_columns_to_retain": ["id"],
    }


def worth_a_look(values: Mapping[str, Any], model: Model, engine: str) -> str:
    """A condition on Splink's predictions: whom the online matcher is asked about. All who reach its threshold for
    review at most, and who share a contact, a document, or a birth date with a surname (`relations.looked_at`)."""
    share = model.thresholds.review
    least = log2(share / (1 - share)) - 0.01 if share > 0 else -1e9
    levels = comparisons_of(values, engine)
    related = [
        *(_reaches(levels, field, "exact") for field in CONTACT),
        _reaches(levels, "identifier", "equal"),
        f"({_reaches(levels, 'birth_date', 'exact')} AND {_reaches(levels, 'family', 'alike')})",
    ]
    return f"match_weight >= {least!r} OR {' OR '.join(related)}"


def _reaches(levels: Mapping[str, list[Level]], field: str, level: str) -> str:
    """Splink numbers levels from the last one up, 0 being "else"."""
    known = [each.name for each in levels[field] if each.figures]
    return f"gamma_{field} >= {len(known) - 1 - known.index(level)}"


def _as_splink(level: Level) -> dict[str, Any]:
    row: dict[str, Any] = {"sql_condition": level.sql, "label_for_charts": level.name}
    if level.figures is None:
        return {**row, "is_null_level": True}
    same, stranger = level.figures
    return {**row, "m_probability": same, "u_probability": stranger}


def comparisons_of(values: Mapping[str, Any], engine: str) -> dict[str, list[Level]]:
    """Field -> levels, the strongest first; the last one is for everything else."""
    person, shared = values["person"], values["shared"]
    sql = _Sql(engine)
    return {
        "given": [_either_none("g"), *_given(person["given"], values["names"]["given"], sql)],
        "middle": [
            _either_none("m"),
            Level("exact", "m_l = m_r", best(person["middle"], "exact", "initial")),
            Level("initial", "left(m_l, 1) = left(m_r, 1)", best(person["middle"], "initial", "different")),
            _else(person["middle"]),
        ],
        "family": [_either_none("f"), *_family(person["family"], values["names"]["family"], sql)],
        "suffix": [
            Level("none", "s_l IS NULL AND s_r IS NULL", None),
            Level("exact", "s_l = s_r", best(person["suffix"], "exact")),
            Level("one_sided", "s_l IS NULL OR s_r IS NULL", best(person["suffix"], "one_sided")),
            Level("conflict", "ELSE", best(person["suffix"], "conflict")),
        ],
        "birth_date": [_either_none("b"), *_birth_date(person["birth_date"])],
        "organisation": [
            _either_none("o"),
            Level("exact", "o_l = o_r", best(values["organisation"]["organisation"], "exact")),
            Level("alike", "ELSE", best(values["organisation"]["organisation"], "exact", "similar", "part", "different")),
        ],
        "identifier": [
            Level("none", f"it_l IS NULL OR it_r IS NULL OR NOT {sql.shares('it')}", None),
            Level("equal", sql.shares("ix"), best(shared["identifier"], "equal", "last4")),
            Level("last4", sql.shares("ip"), best(shared["identifier"], "last4")),
            Level("different", "ELSE", best(shared["identifier"], "different", "different_last4")),
        ],
        "email": [_either_none("en"), *_contact(shared["email"], "e", ("exact", "same_mailbox"), "similar", sql)],
        "phone": [_either_none("pn"), *_contact(shared["phone"], "p", ("exact",), "one_digit", sql)],
        "address": [_either_none("an"), *_address(shared["address"], sql)],
    }  # fmt: skip


class _Sql:
    """What is said otherwise in another engine."""

    def __init__(self, engine: str) -> None:
        self.overlap = OVERLAP[engine]

    def shares(self, column: str) -> str:
        """Two lists have a member in common; false where one is missing."""
        return f"coalesce({self.overlap}({column}_l, {column}_r), false)"


def _near(one: str, other: str, *, slips: int = 1) -> str:
    """At most so many slips, and half of the longer text."""
    return f"levenshtein({one}, {other}) <= {slips} + greatest(length({one}), length({other})) / 2"


def _in_place_of(one: str, other: str) -> str:
    """The given name of one, or the first word of it, is near the surname of the other."""
    names = [(given, family) for given in ("g", "g1") for family in ("f", "fc")]
    return " OR ".join(_near(f"{given}_{one}", f"{family}_{other}") for given, family in names)


def _either_none(column: str) -> Level:
    return Level("none", f"{column}_l IS NULL OR {column}_r IS NULL", None)


def best(rows: Mapping[str, Any], *levels: str) -> Figures:
    """The figures of the level that speaks most for one person."""
    return max(((rows[each][0], rows[each][1]) for each in levels), key=lambda pair: pair[0] / pair[1])


def _else(rows: Mapping[str, Any]) -> Level:
    return Level("different", "ELSE", best(rows, "different"))


def _rare(rows: Mapping[str, Any], names: Mapping[str, Any], same: str, column: str) -> Iterator[Level]:
    """The same name, by how rare it is: Smith is not Zelenko."""
    exact, most = rows["exact"][0], bucket(names["rarest"])
    for bits in range(most, 0, -STEP):
        last = bits == STEP
        yield Level(
            f"exact_{bits}", same if last else f"({same}) AND {column}_l >= {bits}", (exact, min(2.0**-bits, 1 - 1e-9))
        )


def _slip(rows: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """The level's figures for the rarest name: others weigh less."""
    return {**rows, "slip": [rows["slip"][0], min(rows["slip"][1], names["rarest"] * names["slips"])]}


def _given(rows: Mapping[str, Any], names: Mapping[str, Any], sql: _Sql) -> Iterator[Level]:
    rows = _slip(rows, names)
    yield from _rare(rows, names, "g1_l = g1_r", "gb")
    parted = (
        "coalesce(g_l || replace(m_l, ' ', '') = g_r, false) OR coalesce(g_r || replace(m_r, ' ', '') = g_l, false)"
    )
    yield Level("squeezed", f"g_l = g_r OR {parted}", (rows["exact"][0], names["rarest"]))
    crossed = f"({_in_place_of('l', 'r')}) AND ({_in_place_of('r', 'l')})"
    yield Level(
        "swapped",
        f"coalesce({crossed}, false)",
        best(rows, "swapped", "nickname", "initial", "middle", "slip", "similar", "garbled"),
    )
    alike = (
        f"gx_l = 1 OR gx_r = 1 OR {sql.shares('nick')} OR {_near('g_l', 'g_r')}"
        " OR coalesce(g1_l = split_part(m_r, ' ', 1) OR g1_r = split_part(m_l, ' ', 1), false)"
    )
    yield Level("alike", alike, best(rows, "nickname", "initial", "middle", "slip", "similar", "garbled", "different"))
    yield _else(rows)


def _family(rows: Mapping[str, Any], names: Mapping[str, Any], sql: _Sql) -> Iterator[Level]:
    rows = _slip(rows, names)
    yield from _rare(rows, names, "f_l = f_r OR fc_l = fc_r", "fb")
    near = f"coalesce({_in_place_of('l', 'r')} OR {_in_place_of('r', 'l')}, false)"
    yield Level("crossed", near, best(rows, "swapped", "crossed", "part", "slip", "phonetic", "garbled"))
    alike = f"fx_l = 1 OR fx_r = 1 OR {sql.shares('fw')} OR {_near('f_l', 'f_r')}"
    yield Level("alike", alike, best(rows, "part", "slip", "phonetic", "garbled", "different"))
    yield _else(rows)


def _birth_date(rows: Mapping[str, Any]) -> Iterator[Level]:
    yield Level("exact", "b_l = b_r", best(rows, "exact"))
    turned = "left(b_l, 4) = left(b_r, 4) AND substr(b_l, 6, 2) = substr(b_r, 9, 2) AND substr(b_l, 9, 2) = substr(b_r, 6, 2)"
    slips = f"levenshtein(b_l, b_r) <= 2 OR abs(bd_l - bd_r) = 1 OR ({turned})"
    yield Level(
        "slip", slips, best(rows, "transposed", "day_month", "one_digit", "day_off", "year_month", "first_of_january")
    )
    year = "left(b_l, 4) = left(b_r, 4)"
    january = f"{year} AND (substr(b_l, 6) = '01-01' OR substr(b_r, 6) = '01-01')"
    yield Level("first_of_january", january, best(rows, "first_of_january", "year_month", "year"))
    yield Level("year_month", "left(b_l, 7) = left(b_r, 7)", best(rows, "year_month"))
    yield Level("year", year, best(rows, "year", "different"))
    yield Level("month_day", "substr(b_l, 6) = substr(b_r, 6)", best(rows, "month_day", "different"))
    yield _else(rows)


def _contact(rows: Mapping[str, Any], column: str, same: Iterable[str], slip: str, sql: _Sql) -> Iterator[Level]:
    yield Level("exact", sql.shares(f"{column}x"), best(rows, *same))
    several = f"{column}n_l > 1 OR {column}n_r > 1"
    yield Level("slip", f"{several} OR levenshtein({column}1_l, {column}1_r) <= 2", best(rows, slip, "different"))
    yield _else(rows)


def _address(rows: Mapping[str, Any], sql: _Sql) -> Iterator[Level]:
    yield Level("exact", sql.shares("ax"), best(rows, "exact"))
    yield Level(
        "house",
        sql.shares("num"),
        best(rows, "building", "similar", "near_number", "number", "neighbour", "street", "locality"),
    )
    here = "zip_l IS NULL OR zip_r IS NULL OR levenshtein(zip_l, zip_r) <= 2 OR city_l IS NULL OR city_r IS NULL OR levenshtein(city_l, city_r) <= 4"
    yield Level("near", f"an_l > 1 OR an_r > 1 OR {here}", best(rows, "near_number", "street", "locality", "different"))
    yield _else(rows)
