"""From when until when does a change hold that was asked for by day, and what becomes of it when it comes to nothing before?

Only mailing addresses are planned. What stands now was never touched by a plan, so there is nothing to put back: the
plan is called off, and what it would have ended goes on.
"""

from datetime import date, datetime, timedelta
from typing import Any

from keyturn.records import dated
from keyturn.records.dated import Changes
from keyturn.records.models import AccountPerson, PersonAddress, Request
from keyturn.terms.address import Address
from keyturn.terms.days import day_begins, day_of, local_date
from keyturn.terms.policy import Policy
from keyturn.terms.slots import ALL, Wish


def start_of(wish: Wish, now: datetime, policy: Policy) -> datetime:
    """The beginning of the day that was named; at once where it has begun already."""
    day = day_of(wish.from_day)
    return day_begins(day, policy) if day and day > local_date(now, policy) else now


def end_of(wish: Wish, policy: Policy) -> datetime | None:
    day: date | None = day_of(wish.to_day)
    return day_begins(day + timedelta(days=1), policy) if day else None


def call_off(request: Request, *, now: datetime, policy: Policy) -> None:
    """What this request planned for a day that has not come never holds (I6); what somebody has planned since stays."""
    assert request.person and request.established_at
    for wish in (Wish(**each) for each in request.written):
        start = start_of(wish, request.established_at, policy)
        if not wish.slot.startswith("mailing.") or start <= now:
            continue
        with dated.changing(person=request.person, now=now, source=f"request:{request.pk}") as file:
            stood = _no_end(file, wish, start) if wish.value is None else _no_address(file, wish, start)
        if stood:
            _no_switch(request, wish, start, now)


def _rows(file: Changes, wish: Wish) -> list[Any]:
    rows: list[Any] = file.rows(PersonAddress, purpose="mailing", season_from=None)
    return [row for row in rows if str(row.account_id or ALL) == wish.slot.split(".")[1]]


def _no_address(file: Changes, wish: Wish, start: datetime) -> bool:
    """By what it says and not by its source: a later change that cut it short, or that it cut short, left its own there."""
    planned = Address.from_mapping(wish.value)
    mine = [row for row in _rows(file, wish) if row.valid_from >= start and row.address == planned]
    for row in mine:
        file.withdraw(row)
        _join(file, _rows(file, wish), row.valid_to)
    return bool(mine)


def _join(file: Changes, rows: list[Any], at: datetime | None) -> None:
    """What was cut in two is one again."""
    before = [row for row in rows if row.valid_to == at]
    for after in [row for row in rows if row.valid_from == at]:
        if any(after.says_the_same(each) for each in before):
            file.withdraw(after)


def _no_end(file: Changes, wish: Wish, start: datetime) -> bool:
    """Letters were to go to the service address again: the address that was to end goes on."""
    ended = [row for row in _rows(file, wish) if row.valid_to == start and row.source == file.source]
    for row in ended:
        file.enter(dated.copy_of(row), start=start)
    return bool(ended)


def _no_switch(request: Request, wish: Wish, start: datetime, now: datetime) -> None:
    """Nor does the account look elsewhere for its mailing address from that day on."""
    source, scope = f"request:{request.pk}", wish.slot.split(".")[1]
    roles: Any = AccountPerson.objects.filter(person=request.person, source=source, valid_from__gte=start)
    if scope != ALL:
        roles = roles.filter(account_id=scope)
    for role in roles.select_related("account"):
        with dated.changing(account=role.account, now=now, source=source) as file:
            file.withdraw(next(row for row in file.rows(AccountPerson) if row.pk == role.pk))
