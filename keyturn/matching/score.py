"""How strongly do two records speak for one person, and what forbids to say so without a human?"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2
from typing import Any, Final

from keyturn.matching.calibration import forbidding
from keyturn.matching.compare import levels
from keyturn.matching.dates import EXACT, SLIPS
from keyturn.matching.features import Features
from keyturn.matching.model import Model
from keyturn.matching.vetoes import vetoes

GROUPS: Final[Mapping[str, frozenset[tuple[str, str]]]] = {
    "birth_date": frozenset(("birth_date", level) for level in {EXACT, *SLIPS}),
    "identifier": frozenset({("identifier", "equal"), ("identifier", "last4")}),
    "contact": frozenset({("email", "exact"), ("email", "same_mailbox"), ("phone", "exact")}),
    "address": frozenset(("address", level) for level in ("exact", "building", "similar", "near_number")),
}
"""Which levels make an independent group agree; a name needs both of its halves (see `_name_agrees`)."""

_GROUP_OF: Final = {pair: group for group, pairs in GROUPS.items() for pair in pairs}
_HOUSEHOLD: Final = "household"


@dataclass(frozen=True, slots=True)
class FieldScore:
    """One field's contribution in bits. Field "household" takes back what relatives or twins would agree on as well."""

    field: str
    level: str
    weight: float


@dataclass(frozen=True, slots=True)
class Scored:
    """What the matcher thinks of one candidate. `weight` is log2 of the odds: the prior and all fields together.
    `probability` is the calibrated one, for people: of a hundred candidates who look like this one, how many are the
    person; as if there were no other until `decide` has seen them all. What is decided goes by `odds`."""

    weight: float
    probability: float
    fields: tuple[FieldScore, ...]
    groups: frozenset[str]
    vetoes: tuple[str, ...]
    model_version: str = ""

    @property
    def odds(self) -> float:
        """The odds of the weight as a share: what thresholds are compared with."""
        return odds(self.weight)

    def level(self, field: str) -> str:
        """The level of `field`, "" where it could not be compared."""
        return next((each.level for each in self.fields if each.field == field), "")

    def as_json(self) -> dict[str, Any]:
        """For decision rows and the API: no personal data."""
        return {
            "weight": round(self.weight, 2),
            "probability": round(self.probability, 6),
            "fields": [
                {"field": each.field, "level": each.level, "weight": round(each.weight, 2)} for each in self.fields
            ],
            "groups": sorted(self.groups),
            "vetoes": list(self.vetoes),
            "model": self.model_version,
        }


def odds(weight: float) -> float:
    """Bits as a share, 1 / (1 + 2^-weight), not calibrated: what the thresholds `link` and `review` of a model, the two
    zones' limits, are compared with, wherever that is done."""
    return 1 / (1 + 2 ** -max(min(weight, 60.0), -200.0))


def score(probe: Features, candidate: Features, *, model: Model, at_the_door: int = 1) -> Scored:
    """Weigh `candidate` (a person on file, with flags) against `probe`. Weight and fields are symmetric.

    `at_the_door` is how many people are known to be on file behind the probe's door, where they are many.
    """
    found = levels(probe, candidate)
    kind = "person" if probe.is_person and candidate.is_person else "organisation"
    rows = {field: model.weights(field, level, kind=kind) for field, level in found.items()}
    for field in ("given", "family"):
        level = found.get(field, "")
        if level in ("exact", "slip"):
            rows[field] = (_name_weight(probe, candidate, field, level, model), *rows[field][1:])
    if at_the_door > 1 and "address" in rows:
        most = log2(model.population / at_the_door)
        rows["address"] = tuple(min(bits, most) for bits in rows["address"])
    _damp_second_contact(rows, model.second_contact)
    sums = [sum(each, prior) for prior, *each in zip(model.priors, *rows.values(), strict=True)]
    weight = _against_all(sums)
    fields = [FieldScore(field, found[field], row[0]) for field, row in rows.items()]
    if sums[0] - weight > 0.005:
        nearest = min(range(1, len(sums)), key=sums.__getitem__)
        fields.append(FieldScore(_HOUSEHOLD, model.alternatives[nearest], weight - sums[0]))
    codes = vetoes(probe, candidate, found, enabled=model.vetoes)
    return Scored(
        weight=weight,
        probability=model.calibration.probability(weight, codes=forbidding(codes, lambda field: found.get(field, ""))),
        fields=tuple(fields),
        groups=groups_of(found),
        vetoes=codes,
        model_version=model.version,
    )


def _name_weight(probe: Features, candidate: Features, field: str, level: str, model: Model) -> float:
    """The commoner of the two spellings decides."""
    mine, theirs = getattr(probe, field), getattr(candidate, field)
    weight = model.name_weight(field, level, mine)
    return weight if mine == theirs else min(weight, model.name_weight(field, level, theirs))


def _damp_second_contact(rows: dict[str, tuple[float, ...]], factor: float) -> None:
    """Who shares the telephone shares the mailbox too: the weaker of two agreements counts in part only."""
    email, phone = rows.get("email"), rows.get("phone")
    if email and phone and email[0] > 0 and phone[0] > 0:
        weaker = "phone" if phone[0] <= email[0] else "email"
        rows[weaker] = tuple(each * factor for each in rows[weaker])


def _against_all(sums: list[float]) -> float:
    """log2 odds of "the same person" against all alternatives together."""
    worst = min(sums)
    return worst - log2(sum(2 ** -min(each - worst, 200.0) for each in sums))


def groups_of(found: Mapping[str, str]) -> frozenset[str]:
    """The independent groups of evidence that agree (quality.md section 2, policy 2); the address counts once."""
    agree = {_GROUP_OF[pair] for pair in found.items() if pair in _GROUP_OF}
    if _name_agrees(found):
        agree.add("name")
    return frozenset(agree)


def _name_agrees(found: Mapping[str, str]) -> bool:
    if "organisation" in found:
        return found["organisation"] in ("exact", "similar")
    given, family = found.get("given"), found.get("family")
    if (given == "exact" and not family) or (family == "exact" and not given):  # half of it is known on both sides
        return found.get("middle") in ("exact", "initial")
    if given == family == "swapped":
        return True
    return given in ("exact", "nickname", "slip", "similar") and family in ("exact", "slip", "part")
