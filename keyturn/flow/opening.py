"""On which days can service start? Asked by the doors before somebody chooses one; the same rule (V-10) judges the choice."""

from datetime import date, datetime

from keyturn.steps.validate import rules
from keyturn.terms.days import local_time
from keyturn.terms.policy import Policy


def start_days(*, now: datetime, policy: Policy) -> tuple[date, date]:
    """The first day on which something starts and the last that can be chosen, for a customer (BR-44)."""
    local = local_time(now, policy)
    first, last = rules.start_window(policy, today=local.date(), hour=local.hour, strict=True)
    return rules.first_open_day(policy, first, last), last
