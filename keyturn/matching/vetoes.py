"""What forbids the machine to say "the same person", however high the score (quality.md section 2, policy 3)?"""

from collections.abc import Callable, Container, Mapping
from typing import Final

from keyturn.matching.dates import EXACT, SLIPS, a_generation_apart
from keyturn.matching.features import Features, nothing_else_is_known

Levels = Mapping[str, str]

FLAG_VETOES: Final = ("deceased", "fraud_flag", "protected_address", "already_linked")
"""Flags of a person on file that always bring a human in."""

_ONE_DATE: Final = SLIPS | {EXACT}
_NEARLY_SAME_GIVEN: Final = frozenset({"slip", "swapped", "nickname", "similar"})
_ONE_NAME: Final = frozenset({"swapped", "nickname"})
_ANOTHER_MIDDLE: Final = frozenset({"different", "other_initial"})
_SAME_MAILBOX: Final = frozenset({"exact", "same_mailbox"})
_SAME_FAMILY: Final = frozenset({"exact", "slip", "phonetic", "part", "crossed", "swapped"})
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
    called Julia at home, or have a sister Julia; Maria Jose may have a sister Maria Luisa."""
    if found.get("birth_date") != "exact" or found.get("family") not in _SAME_FAMILY or "given" not in found:
        return False
    if _is_surely_one(probe, candidate, found):
        return False
    return found.get("address") in _SAME_HOUSE or found.get("phone") == "exact" or found.get("email") in _SAME_MAILBOX


def _is_surely_one(probe: Features, candidate: Features, found: Levels) -> bool:
    """Whether a slip of the fingers stands between two given names, or a sister (Ivan and Ivana), no table of names can
    tell: one document says it. The middle name does not, though it tells whether Bill is the William: in half of the world it
    is the father's, and Hassan's twin Hussain has it too. Where nothing is known that one could ask for, it must do."""
    given, middle = found["given"], found.get("middle")
    if (probe.given, probe.family) == (candidate.family, candidate.given):
        given = "exact"
    if found.get("identifier") == "equal":
        return given in _NEARLY_SAME_GIVEN or given == "exact"
    if given == "exact":
        return middle not in _ANOTHER_MIDDLE
    if nothing_else_is_known(probe, candidate):
        return given in _NEARLY_SAME_GIVEN and middle in ("exact", "initial")
    return given in _ONE_NAME and middle == "exact"


def suffix_conflict(probe: Features, candidate: Features, found: Levels) -> bool:
    """Jr is not Sr."""
    return found.get("suffix") == "conflict"


_VETOES: Final[Mapping[str, Callable[[Features, Features, Levels], bool]]] = {
    each.__name__: each
    for each in (different_kind, different_identifier, different_birth_date, generation_gap, twin, suffix_conflict)
}

KNOWN: Final = (*_VETOES, *FLAG_VETOES)
"""All codes, as a model file names them."""
