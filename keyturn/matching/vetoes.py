"""What forbids the machine to say "the same person", however high the score (quality.md section 2, policy 3)?"""

from collections.abc import Callable, Container, Mapping
from typing import Final

from keyturn.matching.dates import EXACT, SLIPS, a_generation_apart
from keyturn.matching.features import Features

Levels = Mapping[str, str]

FLAG_VETOES: Final = ("deceased", "fraud_flag", "protected_address", "already_linked")
"""Flags of a person on file that always bring a human in."""

_ONE_DATE: Final = SLIPS | {EXACT}
_SAME_GIVEN: Final = frozenset({"exact", "slip", "swapped"})
_NEARLY_SAME_GIVEN: Final = frozenset({"nickname", "similar"})
_AGREES: Final = frozenset({"exact", "initial"})
_SAME_FAMILY: Final = frozenset({"exact", "slip", "phonetic", "part", "crossed"})
_SAME_HOUSE: Final = frozenset({"exact", "building", "similar", "near_number", "number", "neighbour"})


def vetoes(probe: Features, candidate: Features, found: Levels, *, enabled: Container[str]) -> tuple[str, ...]:
    """The codes of all that applies, in a fixed order; only what the model has `enabled`."""
    codes = [code for code, applies in _VETOES.items() if code in enabled and applies(probe, candidate, found)]
    return (*codes, *(flag for flag in FLAG_VETOES if flag in enabled and flag in candidate.flags))


def different_kind(probe: Features, candidate: Features, found: Levels) -> bool:
    """A human being is not an organisation."""
    return probe.kind != candidate.kind


def different_identifier(probe: Features, candidate: Features, found: Levels) -> bool:
    """Both have an identifier of one type, and they are two."""
    return found.get("identifier") in ("different", "different_last4")


def different_birth_date(probe: Features, candidate: Features, found: Levels) -> bool:
    """The birth dates differ by more than a slip of the fingers."""
    return found.get("birth_date", EXACT) not in _ONE_DATE


def generation_gap(probe: Features, candidate: Features, found: Levels) -> bool:
    """One digit lies between 1951 and 1981, and a generation: father and son of one name."""
    return found.get("birth_date") in SLIPS and a_generation_apart(probe.birth_date, candidate.birth_date)


def twin(probe: Features, candidate: Features, found: Levels) -> bool:
    """One surname, birth date and house, and not surely one given name. "J" may be James or his twin John; Julie may be
    called Julia at home, or have a sister Julia: then one document says it, or the middle name."""
    if found.get("birth_date") != "exact" or found.get("family") not in _SAME_FAMILY or "given" not in found:
        return False
    if found["given"] in _SAME_GIVEN:
        return False
    told_apart = found.get("middle") in _AGREES or found.get("identifier") == "equal"
    if found["given"] in _NEARLY_SAME_GIVEN and told_apart:
        return False
    return found.get("address") in _SAME_HOUSE or "exact" in (found.get("email"), found.get("phone"))


def suffix_conflict(probe: Features, candidate: Features, found: Levels) -> bool:
    """Jr is not Sr."""
    return found.get("suffix") == "conflict"


_VETOES: Final[Mapping[str, Callable[[Features, Features, Levels], bool]]] = {
    each.__name__: each
    for each in (different_kind, different_identifier, different_birth_date, generation_gap, twin, suffix_conflict)
}

KNOWN: Final = (*_VETOES, *FLAG_VETOES)
"""All codes, as a model file names them."""
