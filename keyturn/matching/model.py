"""What is each agreement and each difference worth as evidence, and how sure are we before we look?

Fellegi and Sunter (1969): a level's weight is log2 of how much more often it is seen between two records of one person
than between records of two. We ask this against three kinds of "two people": strangers, relatives of one household and
twins, because agreements that single a stranger out (surname, address, telephone) say nothing against a spouse.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log2
from pathlib import Path
from types import MappingProxyType
from typing import Any

from keyturn.matching.names import frequency_of_family, frequency_of_given

Weights = tuple[float, ...]
"""Bits for "the same person" against each alternative, in the order of `Model.alternatives`."""


@dataclass(frozen=True, slots=True)
class Frequency:
    """`rarest` is the share of the population that a name counts for at least, in a table or not; so many names are
    one slip away from a name as `slips` times its share."""

    rarest: float
    slips: float


@dataclass(frozen=True, slots=True)
class Model:
    """The weights of one model file. Thresholds are the policy's, not the model's."""

    version: str
    alternatives: tuple[str, ...]
    priors: Weights
    second_contact: float
    person: Mapping[str, Mapping[str, Weights]]
    organisation: Mapping[str, Mapping[str, Weights]]
    frequencies: Mapping[str, Frequency]
    same: Mapping[tuple[str, str], float]  # (field, level) -> how often it is seen in one person's records

    def weights(self, field: str, level: str, *, kind: str = "person") -> Weights:
        """Bits of `level` in `field` against each alternative."""
        return (self.person if kind == "person" else self.organisation)[field][level]

    def name_weight(self, field: str, level: str, name: str) -> float:
        """Bits against a stranger of an exact agreement, or one but for a slip, on this very given name or surname:
        Smith is not Zelenko."""
        share = frequency_of_given(name) if field == "given" else frequency_of_family(name)
        known = self.frequencies[field]
        by_chance = max(share or 0.0, known.rarest) * (known.slips if level == "slip" else 1.0)
        return log2(self.same[field, level] / by_chance)


def from_mapping(values: Mapping[str, Any]) -> Model:
    """Build a model from the JSON's values; a KeyError or ValueError says what is wrong."""
    shared = _weights(values["shared"])
    return Model(
        version=str(values["version"]),
        alternatives=tuple(values["alternatives"]),
        priors=tuple(map(float, values["priors"])),
        second_contact=float(values["second_contact"]),
        person=MappingProxyType({**_weights(values["person"]), **shared}),
        organisation=MappingProxyType({**_weights(values["organisation"]), **shared}),
        frequencies=MappingProxyType({name: Frequency(**row) for name, row in values["names"].items()}),
        same=MappingProxyType(
            {
                (name, level): float(values["person"][name][level][0])
                for name in values["names"]
                for level in ("exact", "slip")
            }
        ),
    )


def _weights(fields: Mapping[str, Mapping[str, list[float]]]) -> dict[str, Mapping[str, Weights]]:
    return {
        field: MappingProxyType(
            {level: tuple(log2(row[0] / other) for other in row[1:]) for level, row in levels.items()}
        )
        for field, levels in fields.items()
    }


@lru_cache(maxsize=8)
def load(name: str = "default") -> Model:
    """Read `models/<name>.json`; kept for the life of the process."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise ValueError("the name of a model has letters, digits, - and _ only")
    path = Path(__file__).parent / "models" / f"{name}.json"
    return from_mapping(json.loads(path.read_text(encoding="utf-8")))
