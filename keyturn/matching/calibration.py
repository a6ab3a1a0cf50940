"""Of a hundred candidates who look like this one, beside the others whom the search found, how many are the person?

The odds of a weight (`score.Scored.odds`) would be right if fields were independent, and they know nothing of who else is
on file: of two who fit equally well, one at most is the person. So what is said follows from three things:

1. *Beside the others.* Fellegi and Sunter's odds of each candidate against "nobody on file" are shared out among all of
   them, as Bayes has it where at most one can be true: weight - log2(1 + the others' odds). But some people are on file
   twice, and then two are true: the others take no more than `on_file_twice` leaves them (`beside`).
2. *As it was seen.* A curve from those bits to the share that was seen where the truth was known: knots (bits,
   probability), between which the odds change evenly on a logarithmic scale, and outside which a bit is a bit.
3. *Where something forbids a link* that counts for more than its bits, or that the curve's data could not show: no more than
   `at_most` of it. Its keys are vetoes, and the codes below.

What is said rises with the candidate's own weight, falls with the others', and nothing is decided by it (`model`: `thresholds`).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log2
from types import MappingProxyType
from typing import Any, Final

from keyturn.matching.vetoes import KNOWN as KNOWN_VETOES

PARTS: Final = ("on_file_twice", "curve", "at_most")
"""Of a model file's `calibration`."""

ANOTHER_SURNAME: Final = "another_surname_and_birth_date"
"""Surname and birth date are other ones, both: whoever is asked says no, however much of the household agrees, but for one
document."""

ANOTHER_GIVEN_NAME: Final = "another_given_name"
"""Born on one day in one household, and the given names are two: a twin, where no middle name or document says otherwise."""

FATHER_AND_SON: Final = "perhaps_father_and_son"
"""One of them is a Jr or the like, and the birth dates are two."""

ANY_OF_THEM: Final = "anybody_of_the_household"
"""Neither given name nor birth date could be compared: surname, door and telephone are those of all who live there."""

_CODES: Final = (*KNOWN_VETOES, ANOTHER_SURNAME, ANOTHER_GIVEN_NAME, FATHER_AND_SON, ANY_OF_THEM)

_SUREST: Final = 50.0
"""Bits, either way, so that nothing is ever said to be certain: a float beside 1 knows no more than 53."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A curve through (bits, log2 odds) pairs: at least two, bits strictly rising, odds never falling. `at_most`: code ->
    log2 odds. `on_file_twice`: the share of people of whom there is a second record."""

    knots: tuple[tuple[float, float], ...]
    on_file_twice: float
    at_most: Mapping[str, float]

    def probability(self, weight: float, *, others: float = 0.0, codes: Iterable[str] = ()) -> float:
        """The share of such candidates who are the person; more than 0 and less than 1. `weight`: bits. `others`: the odds
        of all other candidates together (sum of 2^weight). `codes`: what forbids a link to this one (`forbidding`)."""
        least = (self.at_most[code] for code in codes if code in self.at_most)
        log_odds = min((self._log_odds(self.beside(weight, others)), *least))
        return 1 / (1 + 2 ** -max(-_SUREST, min(_SUREST, log_odds)))

    def beside(self, weight: float, others: float) -> float:
        """Bits that are left of `weight` where the other candidates' odds add up to `others`."""
        return weight + log2((1 + self.on_file_twice * others) / (1 + others))

    def _log_odds(self, bits: float) -> float:
        (first, least), (last, most) = self.knots[0], self.knots[-1]
        if bits <= first:
            return least + (bits - first)
        if bits >= last:
            return most + (bits - last)
        after = bisect_right(self.knots, (bits, float("inf")))
        (left, low), (right, high) = self.knots[after - 1], self.knots[after]
        return min(high, low + (high - low) * (bits - left) / (right - left))


def forbidding(vetoes: tuple[str, ...], level: Callable[[str], str]) -> tuple[str, ...]:
    """The codes that `at_most` may know: the vetoes of a candidate, and what its levels add to them. `level`: of a field,
    "" where it could not be compared."""
    if level("identifier") == "equal":
        return vetoes
    codes, agrees = vetoes, ("exact", "initial")
    if not (vetoes or level("given") or level("birth_date") or level("organisation")) and level("middle") not in agrees:
        return (ANY_OF_THEM,)
    if "different_birth_date" in vetoes and level("family") in ("different", "crossed"):
        codes = (*codes, ANOTHER_SURNAME)
    if "different_birth_date" in vetoes and level("suffix") == "one_sided":
        codes = (*codes, FATHER_AND_SON)
    if "twin" in vetoes and level("given") in ("different", "middle") and level("middle") not in agrees:
        codes = (*codes, ANOTHER_GIVEN_NAME)
    return codes


def from_values(values: Any) -> Calibration:
    """Read a model file's `calibration`: {"on_file_twice": share, "curve": [[bits, probability], ...], "at_most": {code:
    probability}}; ValueError says in a sentence what is wrong."""
    if not isinstance(values, dict) or set(values) != set(PARTS):
        raise ValueError(f"calibration must have {PARTS[0]}, {PARTS[1]} and {PARTS[2]}, and nothing else")
    at_most = values["at_most"]
    if not isinstance(at_most, dict):
        raise ValueError("calibration.at_most must say of some vetoes which probability is the highest")
    for code, share in at_most.items():
        if code not in _CODES:
            raise ValueError(f"calibration.at_most: there is no veto {code}, nor is it one of the module's own")
        _share(share, f"calibration.at_most.{code}")
    return Calibration(
        knots=_knots(values["curve"]),
        on_file_twice=_share(values["on_file_twice"], "calibration.on_file_twice"),
        at_most=MappingProxyType({code: _bits(share) for code, share in at_most.items()}),
    )


def _knots(knots: Any) -> tuple[tuple[float, float], ...]:
    where = "calibration.curve"
    if not isinstance(knots, list) or len(knots) < 2:
        raise ValueError(f"{where} must be a list of at least two knots, [bits, probability]")
    for knot in knots:
        if not isinstance(knot, list) or len(knot) != 2 or not all(map(_is_number, knot)):
            raise ValueError(f"{where}: a knot must be [bits, probability], two numbers, not {knot!r}")
        if not -200 <= knot[0] <= 200:
            raise ValueError(f"{where}: bits must be from -200 to 200, not {knot[0]!r}")
        _share(knot[1], where)
    for (bits, share), (next_bits, next_share) in pairwise(knots):
        if next_bits <= bits:
            raise ValueError(f"{where}: the bits must rise from knot to knot, and {next_bits!r} follows {bits!r}")
        if next_share < share:
            raise ValueError(f"{where}: the probabilities must never fall, and {next_share!r} follows {share!r}")
    return tuple((float(bits), _bits(share)) for bits, share in knots)


def _share(value: Any, where: str) -> float:
    if not _is_number(value) or not 1e-12 <= value <= 1 - 1e-12:
        raise ValueError(f"{where}: a probability must be more than 0 and less than 1, not {value!r}")
    return float(value)


def _bits(share: float) -> float:
    return log2(share / (1 - share))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
