"""Are two birth dates the same, the same but for a slip of the fingers, or two different days?"""

from datetime import date
from typing import Final

EXACT: Final = "exact"
TRANSPOSED: Final = "transposed"  # two neighbouring digits changed places
DAY_MONTH: Final = "day_month"  # 04/03 read as 03/04
ONE_DIGIT: Final = "one_digit"
DAY_OFF: Final = "day_off"  # the day before or after
FIRST_OF_JANUARY: Final = "first_of_january"  # of the same year: somebody knew only that
YEAR_MONTH: Final = "year_month"  # another day of the same month
YEAR: Final = "year"
MONTH_DAY: Final = "month_day"  # the same day of another year
DIFFERENT: Final = "different"

SLIPS: Final = frozenset({TRANSPOSED, DAY_MONTH, ONE_DIGIT, DAY_OFF})
"""What typing does to a date (quality.md section 2, policy 3); every other difference is a veto."""

GENERATION_YEARS: Final = range(13, 61)
"""A slip that makes somebody this much older is as likely a parent: 1951 and 1981 differ by one digit. Nobody's parent
was born in 1681, or in 4004, or 70 years before them: that is a slip."""

_FIRST_OF_JANUARY: Final = "-01-01"
"""The birthday of everybody of whom only the year is known, brothers and sisters among them: of two such dates the years
are all that anybody wrote, and a digit between them is as likely another person as a slip."""

_PLACEHOLDERS: Final = frozenset(
    {"0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1901-01-01", "9999-12-31"}
)
"""What systems store where nobody gave a date: they would make thousands of people look born together."""


def normal_date(born: date | None) -> str:
    """ISO 8601, or "" where the date is missing or a placeholder."""
    text = born.isoformat()[:10] if born else ""
    return "" if text in _PLACEHOLDERS else text


def compare_dates(one: str, other: str) -> str:
    """The level at which two ISO dates agree; "" where one is missing. Symmetric."""
    if not one or not other:
        return ""
    if one == other:
        return EXACT
    if one[4:] == other[4:] == _FIRST_OF_JANUARY:
        return MONTH_DAY
    if one[:4] == other[:4] and one[5:7] == other[8:] and one[8:] == other[5:7]:
        return DAY_MONTH
    wrong = [place for place in range(len(one)) if one[place] != other[place]]
    if len(wrong) == 1:
        return ONE_DIGIT
    if len(wrong) == 2 and _changed_places(one, other, wrong[0], wrong[1]):
        return TRANSPOSED
    if _are_neighbours(one, other):
        return DAY_OFF
    if one[:4] == other[:4] and _FIRST_OF_JANUARY in (one[4:], other[4:]):
        return FIRST_OF_JANUARY
    if one[:7] == other[:7]:
        return YEAR_MONTH
    if one[:4] == other[:4]:
        return YEAR
    return MONTH_DAY if one[5:] == other[5:] else DIFFERENT


def _changed_places(one: str, other: str, first: int, second: int) -> bool:
    """Neighbours within the eight digits; the hyphens of ISO dates do not separate them."""
    apart = second - first - (1 if "-" in one[first:second] else 0)
    return apart == 1 and one[first] == other[second] and one[second] == other[first]


def _are_neighbours(one: str, other: str) -> bool:
    """Whether one is the day before the other."""
    if one[:7] != other[:7] and not {one[8:], other[8:]} & {"01"}:  # most pairs: no need to count days
        return False
    return abs((date.fromisoformat(one) - date.fromisoformat(other)).days) == 1


def a_generation_apart(one: str, other: str) -> bool:
    """Whether two ISO dates could be those of a parent and a child."""
    return abs(int(one[:4]) - int(other[:4])) in GENERATION_YEARS
