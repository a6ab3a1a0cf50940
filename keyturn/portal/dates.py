"""How does what somebody typed into three boxes become a date, and back, without losing anything?

A date is kept as text. What is no date is kept as "year-month-day" just as it was typed, so that the page can show it again
and the rule (V-03, V-10) can say what is wrong.
"""

from collections.abc import Mapping
from datetime import date

from django.utils.dates import MONTHS, MONTHS_3
from django.utils.formats import date_format
from django.utils.translation import override, pgettext

PIECES = ("month", "day", "year")
LEAP_YEAR = 2024


def typed(boxes: Mapping[str, str]) -> str:
    """ISO 8601 where the boxes hold a date, the pieces as typed where they do not, "" where all are empty."""
    year, month, day = (boxes.get(piece, "").replace("-", " ").strip()[:20] for piece in ("year", "month", "day"))
    if not (year or month or day):
        return ""
    month = month_number(month)
    if year.isdecimal() and month.isdecimal() and day.isdecimal() and len(year) == 4:
        return f"{year}-{int(month):02}-{int(day):02}"
    return f"{year}-{month}-{day}"


def typed_day_of_year(boxes: Mapping[str, str]) -> str:
    """MM-DD where the boxes hold a day of a month, the pieces as typed where they do not, "" where both are empty."""
    month, day = (boxes.get(piece, "").replace("-", " ").strip()[:20] for piece in ("month", "day"))
    if not (month or day):
        return ""
    month = month_number(month)
    if month.isdecimal() and day.isdecimal():
        return f"{int(month):02}-{int(day):02}"
    return f"{month}-{day}"


def month_number(text: str) -> str:
    """People write "March" or "mar" or "marzo": the number of the month, or the text unchanged."""
    wanted = text.casefold().rstrip(".")
    for language in ("en", "es"):
        with override(language):
            for number in MONTHS:
                if wanted and wanted in (str(MONTHS[number]).casefold(), str(MONTHS_3[number]).casefold()):
                    return str(number)
    return text


def boxes(value: object) -> dict[str, str]:
    """What to show in the three boxes for a kept value."""
    year, month, day = ([*str(value or "").split("-", 2), "", "", ""])[:3]
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return {"year": year, "month": month, "day": day}
    return {"year": str(int(year)), "month": str(int(month)), "day": str(int(day))}


def boxes_of_day(value: object) -> dict[str, str]:
    """What to show in the two boxes for a kept day of the year."""
    month, day = ([*str(value or "").split("-", 1), "", ""])[:2]
    return {name: str(int(text)) if text.isdecimal() else text for name, text in (("month", month), ("day", day))}


def shown_day_of_year(value: object) -> str:
    """A kept day of the year in the language of the page: "November 1"; what is none as it was typed."""
    try:
        day = date.fromisoformat(f"{LEAP_YEAR}-{value}")
    except ValueError:
        return str(value)
    return date_format(day, pgettext("the format of a day of any year, as Django's date filter has it", "F j"))


def shown(value: object) -> str:
    """A kept date in the language of the page; what is no date as it was typed."""
    try:
        return written(date.fromisoformat(str(value)))
    except ValueError:
        return str(value)


def written(day: date) -> str:
    """A day in full, with its weekday left out: "June 3, 2026"."""
    return date_format(day, pgettext("the format of a date, as Django's date filter has it", "F j, Y"))
