"""Which day does a text name, and which day is it at the utility?"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from keyturn.terms.policy import Policy

_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def day_of(text: object) -> date | None:
    """The day that YYYY-MM-DD names; None for everything else.

    ISO 8601 has more forms (19850327, 1985-W13-3), and Python reads them: who sends one means something else or tests us.
    03/04/2026 is a different day here and there.
    """
    if not isinstance(text, str) or not _WRITTEN.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def local_time(now: datetime, policy: Policy) -> datetime:
    """The utility's own clock."""
    return now.astimezone(ZoneInfo(policy.time_zone))


def local_date(now: datetime, policy: Policy) -> date:
    """The day that it is where the utility is (step 1.6)."""
    return local_time(now, policy).date()


def day_ends(day: date, policy: Policy) -> datetime:
    """The last moment, in UTC, of a day where the utility is: what "as of" that day means."""
    return day_begins(day + timedelta(days=1), policy) - timedelta(microseconds=1)


def day_begins(day: date, policy: Policy) -> datetime:
    """The moment, in UTC, at which a day begins where the utility is."""
    return datetime.combine(day, time(), ZoneInfo(policy.time_zone)).astimezone(UTC)


def start_is_late(start: date, *, today: date, policy: Policy) -> bool:
    """Whether service cannot start on that day any more: it lies further back than anybody may set a start."""
    return (today - start).days > policy.back_date_days


def business_days_after(day: date, days: int) -> date:
    """The day so many business days later; Saturdays and Sundays do not count (holidays are the utility's own: later)."""
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day
