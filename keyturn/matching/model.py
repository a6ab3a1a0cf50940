"""What is each agreement and each difference worth as evidence, and from where on is it enough?

Fellegi and Sunter (1969): a level's weight is log2 of how much more often it is seen between two records of one person
than between records of two. We ask this against several kinds of "two people", because agreements that single a
stranger out (surname, address, telephone) say nothing against a spouse.

A model is one JSON file (`models/<name>.json`, or a profile's own `matching.json`) with these parts:

- `format`: 2, this description. `label`: what the file is called; `note`: free text for whoever opens it.
- `thresholds`: `link` and `review`, from which a candidate may be linked and is looked at: odds of the weight itself, as
  a share (`score.Scored.odds`), so that a calibration moves nobody from one zone to another; `margin`, bits
  between the best and the second; `kept`, how many candidates a decision keeps; `namesakes`, how many other people of
  one name and birth date may be expected in the `population` for a link on these two alone (`decide`).
- `vetoes`: which of `vetoes.KNOWN` forbid a link; "none" for nothing at all.
- `keys`: `version`, of the keys that persons are filed under (`keys.KEYS_VERSION`; another one is refused).
- `population`: how many people there are who may apply, or be on file if that is more (`Model.sized`): the odds against
  one of them, chosen blindly, are one in so many. A small registry in a large town is no safer from namesakes: fewer of
  them are on file, and so are fewer of those who apply.
- `priors`: log2 odds, before anything is compared, that a candidate is the person rather than a `relative` of one
  household, a `twin`, or a `namesake` (somebody of that name elsewhere, whatever the tables say of its frequency).
- `second_contact`: the share that the weaker of an agreeing telephone and mailbox still counts.
- `names`: for `given` and `family`, the share of the population that the `rarest` name counts for, and how many times
  as many people bear a name that is a slip away (`slips`).
- `calibration`: what is reported as `probability`, and nothing else, goes by it (`calibration`). `on_file_twice`: the share of
  people of whom there is a second record on file, so that the strongest other candidate never takes all from one; `curve`:
  knots [bits, probability], the share that were the person where the truth was known, by the bits that the other
  candidates leave; `at_most`: veto, or a code of `calibration` -> the highest probability beside it, for what those data
  could not show, or what counts for more than its bits.
- `person`, `organisation`, `shared`: field -> level -> how often it is seen between two records of [one person, two
  strangers, two relatives, twins, namesakes]. The levels of a field exclude each other, so that each column adds up to 1;
  `identifier` is two questions, whole numbers (equal, different) and last four digits (last4, different_last4), and so is
  `middle`: whole names (exact, different) and, where one is but an initial, initials (initial, other_initial).

The version that every decision keeps is the label and a digest of all of this but the note.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property, lru_cache
from hashlib import sha256
from math import log2
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from keyturn.matching.calibration import Calibration, from_values
from keyturn.matching.keys import KEYS_VERSION
from keyturn.matching.names import frequency_of_family, frequency_of_given
from keyturn.matching.vetoes import KNOWN as KNOWN_VETOES

FORMAT: Final = 2
ALTERNATIVES: Final = ("stranger", "relative", "twin", "namesake")
"""Who the two could be if they are two, in the order of the columns behind the first."""

_PARTS: Final = frozenset({
    "format", "label", "note", "thresholds", "vetoes", "keys", "population", "priors", "second_contact", "names",
    "calibration", "person", "organisation", "shared",
})  # fmt: skip
LEVELS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "person": {
        "given": ("exact", "nickname", "initial", "middle", "slip", "similar", "garbled", "swapped", "different"),
        "middle": ("exact", "different", "initial", "other_initial"),
        "family": ("exact", "part", "slip", "phonetic", "garbled", "swapped", "crossed", "different"),
        "suffix": ("exact", "one_sided", "conflict"),
        "birth_date": (
            "exact", "transposed", "day_month", "one_digit", "day_off", "first_of_january", "year_month", "year", "month_day",
            "different",
        ),
    },
    "organisation": {"organisation": ("exact", "similar", "part", "different")},
    "shared": {
        "identifier": ("equal", "different", "last4", "different_last4"),
        "email": ("exact", "same_mailbox", "similar", "different"),
        "phone": ("exact", "one_digit", "different"),
        "address": (
            "exact", "building", "similar", "near_number", "number", "neighbour", "street", "locality", "different",
        ),
    },
}  # fmt: skip
"""Section -> field -> levels: all that a file must weigh, and nothing else."""

NO_VETOES: Final = "none"

_ADDS_UP: Final = 0.015
"""How far a column's sum may be from 1: figures are written with few digits."""

Weights = tuple[float, ...]
"""Bits for "the same person" against each alternative, in the order of `ALTERNATIVES`."""


@dataclass(frozen=True, slots=True)
class Frequency:
    """`rarest` is the share of the population that a name counts for at least, in a table or not; so many names are
    one slip away from a name as `slips` times its share."""

    rarest: float
    slips: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a candidate is linked or looked at; see the module's words on `thresholds`. `link` and `review` are
    compared with `score.Scored.odds`, never with the probability that is reported."""

    link: float
    review: float
    margin: float
    kept: int
    namesakes: float


@dataclass(frozen=True)
class Model:
    """One model file, with its weights in bits."""

    label: str
    digest: str
    thresholds: Thresholds
    vetoes: frozenset[str]
    keys_version: int
    population: int
    own_priors: Mapping[str, float]
    second_contact: float
    person: Mapping[str, Mapping[str, Weights]]
    organisation: Mapping[str, Mapping[str, Weights]]
    frequencies: Mapping[str, Frequency]
    calibration: Calibration
    same: Mapping[tuple[str, str], float]  # (field, level) -> how often it is seen in one person's records
    alternatives: tuple[str, ...] = ALTERNATIVES

    @cached_property
    def version(self) -> str:
        """Label and digest: two models that differ in any value never share a version."""
        return f"{self.label}-{self.digest}"

    @cached_property
    def priors(self) -> Weights:
        """Log2 odds of "the same" against each alternative, before anything is compared."""
        return (-log2(self.population), *(self.own_priors[name] for name in ALTERNATIVES[1:]))

    def weights(self, field: str, level: str, *, kind: str = "person") -> Weights:
        """Bits of `level` in `field` against each alternative."""
        return (self.person if kind == "person" else self.organisation)[field][level]

    def name_weight(self, field: str, level: str, name: str) -> float:
        """Bits against a stranger of an exact agreement, or one but for a slip, on this very given name or surname:
        Smith is not Zelenko."""
        by_chance = self.share(field, name) * (self.frequencies[field].slips if level == "slip" else 1.0)
        return log2(self.same[field, level] / min(by_chance, 1.0))

    def share(self, field: str, name: str) -> float:
        """The share of people that a given name or surname counts for."""
        known = frequency_of_given(name) if field == "given" else frequency_of_family(name)
        return max(known or 0.0, self.frequencies[field].rarest)

    def sized(self, persons: int) -> "Model":
        """This model for a registry of so many persons, with a version that says so where it is more than `population`.

        In steps of two bits, so that it changes a few times in a registry's life and not with every new person.
        """
        size = self.population
        while size < persons:
            size *= 4
        if size == self.population:
            return self
        return replace(self, population=size, digest=sha256(f"{self.digest} {size}".encode()).hexdigest()[:8])


def from_mapping(values: Mapping[str, Any], *, source: str = "model") -> Model:
    """Build a model from the JSON's values; ValueError says in a sentence what is wrong."""
    try:
        return _built(values)
    except KeyError as missing:
        raise ValueError(f"{source}: {missing.args[0]} is missing") from None
    except (TypeError, AttributeError, IndexError):
        raise ValueError(f"{source}: a part has another shape than keyturn/matching/model.py describes") from None
    except ValueError as problem:
        raise ValueError(f"{source}: {problem}") from None


def _built(values: Mapping[str, Any]) -> Model:
    if values["format"] != FORMAT:
        raise ValueError(f"this is format {values['format']!r}; this Keyturn reads format {FORMAT}")
    _only(values, _PARTS, "the file")
    _tables_are_whole(values)
    shared = _weights(values["shared"])
    keys = values["keys"]
    _only(keys, ("version",), "keys")
    if keys["version"] != KEYS_VERSION:
        raise ValueError(
            f"keys.version is {keys['version']!r}, and this Keyturn files persons under keys of version {KEYS_VERSION}"
        )
    return Model(
        label=_label(values["label"]),
        digest=_digest(values),
        thresholds=_thresholds(values["thresholds"]),
        vetoes=_vetoes(values["vetoes"]),
        keys_version=keys["version"],
        population=int(_number(values["population"], "population", least=2, most=1e10)),
        own_priors=_priors(values["priors"]),
        second_contact=_number(values["second_contact"], "second_contact", most=1),
        person=MappingProxyType({**_weights(values["person"]), **shared}),
        organisation=MappingProxyType({**_weights(values["organisation"]), **shared}),
        frequencies=_frequencies(values["names"]),
        calibration=from_values(values["calibration"]),
        same=MappingProxyType(
            {
                (name, level): float(values["person"][name][level][0])
                for name in ("given", "family")
                for level in ("exact", "slip")
            }
        ),
    )


def _only(given: Any, known: Any, where: str) -> None:
    for name in given:
        if name not in known:
            near = get_close_matches(str(name), [*map(str, known)], n=1, cutoff=0.7)
            raise ValueError(f"{where} has no {name}" + (f" (did you mean {near[0]}?)" if near else ""))


def _names(given: Any, known: Any, where: str) -> None:
    """A list of names: an empty text or object is a slip of the pen, and not the wish for none of them."""
    if not isinstance(given, list):
        raise ValueError(f"{where} must be a list of names")
    _only(given, known, where)


def _vetoes(given: Any) -> frozenset[str]:
    """None at all is something to say in a word, and not to be left by a list that somebody emptied."""
    if given == NO_VETOES:
        return frozenset()
    _names(given, KNOWN_VETOES, "vetoes")
    if not given:
        raise ValueError(f'vetoes is empty: name what forbids a link, or write "{NO_VETOES}" for nothing at all')
    return frozenset(given)


def _number(value: Any, name: str, *, least: float = 0.0, most: float = 1e9) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{name} must be a number from {least:g} to {most:g}, not {value!r}")
    return float(value)


def _label(text: Any) -> str:
    if not isinstance(text, str) or not 0 < len(text) <= 40 or not text.isprintable():
        raise ValueError("label must be a text of 1 to 40 characters")
    return text


def _thresholds(given: Mapping[str, Any]) -> Thresholds:
    _only(given, Thresholds.__slots__, "thresholds")
    found = Thresholds(
        link=_number(given["link"], "thresholds.link", least=0.5, most=1),
        review=_number(given["review"], "thresholds.review", most=1),
        margin=_number(given["margin"], "thresholds.margin", most=100),
        kept=int(_number(given["kept"], "thresholds.kept", least=1, most=100)),
        namesakes=_number(given["namesakes"], "thresholds.namesakes", most=1e6),
    )
    if not found.review:
        raise ValueError(
            "thresholds.review must be more than 0: with 0, staff would look at everybody who was compared"
        )
    if found.review > found.link:
        raise ValueError("thresholds.review must not be over thresholds.link")
    return found


def _priors(given: Mapping[str, Any]) -> Mapping[str, float]:
    _only(given, ALTERNATIVES[1:], "priors")
    return MappingProxyType(
        {name: _number(given[name], f"priors.{name}", least=-60, most=60) for name in ALTERNATIVES[1:]}
    )


def _frequencies(given: Mapping[str, Any]) -> Mapping[str, Frequency]:
    _only(given, ("given", "family"), "names")
    found = {}
    for name in ("given", "family"):
        _only(given[name], Frequency.__slots__, f"names.{name}")
        rarest = _number(given[name]["rarest"], f"names.{name}.rarest", least=1e-9, most=1)
        slips = _number(given[name]["slips"], f"names.{name}.slips", least=1, most=1000)
        found[name] = Frequency(rarest, slips)
    return MappingProxyType(found)


def _tables_are_whole(values: Mapping[str, Any]) -> None:
    """Every field and level is weighed, once for each alternative, with columns that add up."""
    for section, fields in LEVELS.items():
        _only(values[section], fields, section)
        for field, levels in fields.items():
            where = f"{section}.{field}"
            rows = values[section][field]
            _only(rows, levels, where)
            for level in levels:
                if len(rows[level]) != 1 + len(ALTERNATIVES):
                    raise ValueError(f"{where}.{level} must have {1 + len(ALTERNATIVES)} numbers")
                for share in rows[level]:
                    _number(share, f"{where}.{level}", least=1e-12, most=1)
            for names in questions(field, levels):
                for column, whom in enumerate(("same", *ALTERNATIVES)):
                    total = sum(rows[level][column] for level in names)
                    if abs(total - 1) > _ADDS_UP:
                        raise ValueError(f"{where}: the column of {whom} adds up to {total:.4g}, not 1")


def questions(field: str, levels: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The levels that exclude each other: four digits are only asked for where no whole number is shown, and initials
    where one middle name is no more than that."""
    if field in ("identifier", "middle"):
        yield levels[:2]
        yield levels[2:]
    else:
        yield levels


def _weights(fields: Mapping[str, Mapping[str, list[float]]]) -> dict[str, Mapping[str, Weights]]:
    return {
        field: MappingProxyType(
            {level: tuple(log2(row[0] / other) for other in row[1:]) for level, row in levels.items()}
        )
        for field, levels in fields.items()
    }


def _digest(values: Mapping[str, Any]) -> str:
    said = {name: value for name, value in values.items() if name != "note"}
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:8]


@lru_cache(maxsize=16)
def load(name: str = "default") -> Model:
    """A shipped model (`models/<name>.json`) or, where `name` ends in ".json", the file there; kept for the life of the
    process. ValueError says in a sentence what is wrong with it."""
    path = Path(name) if name.endswith(".json") else shipped(name)
    return from_mapping(read(path), source=path.name)


def shipped(name: str) -> Path:
    """Where a model that comes with Keyturn lies."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise ValueError("the name of a model has letters, digits, - and _ only")
    return Path(__file__).parent / "models" / f"{name}.json"


def read(path: Path) -> dict[str, Any]:
    """The plain values of a model file, unchecked: what training changes and `from_mapping` reads."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"there is no model {path.name}") from None
    except (ValueError, RecursionError, OSError) as problem:  # not JSON, not UTF-8, nested without end; a folder
        said = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise ValueError(f"{path.name} cannot be read: {said}") from None
    if not isinstance(values, dict):
        raise ValueError(f"{path.name} must be one JSON object")
    return values
