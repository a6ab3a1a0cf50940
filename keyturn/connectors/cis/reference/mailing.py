"""Where do a customer's bills and letters go, on which day (C.5, C.8, BR-22, BR-23)?

An account has an address source with a row for every time for which something else was said than stands on the account
itself; a person has mailing addresses that count where the source says "person". A season goes before what has none.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from keyturn.connectors.cis.reference import links
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.reference.note import Note
from keyturn.connectors.cis.reference.spans import Span, lay
from keyturn.terms.address import Address
from keyturn.terms.change import MailingChange
from keyturn.terms.errors import Rejected

Season = tuple[int, int] | None
"""First and last day of each year as month * 100 + day."""

COLUMNS = ("line1", "line2", "city", "state", "postal_code", "country")
NOWHERE = Address(country="")
_A_LEAP_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Choice:
    """An account's address source, and the address where it is the account's own."""

    source: str  # premise, person, account
    address: Address = NOWHERE


def change(cursor: Cursor, person_ref: str, change: MailingChange, *, today: date, **_: Any) -> Note:
    """Lay the new choice over what was said before, for the accounts named or for the person. Raises Rejected."""
    first, last, season = change.from_day or today, change.to_day, as_days(change.season)
    if (last and last < first) or (change.address is not None and not change.address):
        raise Rejected("incomplete_change")
    named = tuple(dict.fromkeys(change.account_refs))
    if named:
        links.must_be_theirs(cursor, person_ref, named)
        done = [_of_account(cursor, each, first, last, season, change.address, own=True) for each in named]
    else:
        done = [_of_person(cursor, person_ref, first, last, season, change.address)]
        done += [
            _of_account(cursor, each, first, last, season, change.address, own=False)
            for each in links.of_main_customer(cursor, person_ref)
        ]
    text = "The mailing address was changed" if change.address else "Letters go to the service address"
    season_text = " for a season each year" if season else ""
    return Note("mailing_changed", f"{text}{season_text}, from {first} on.", any(done), account_refs=named)


def as_days(season: Any) -> Season:
    """Two pairs of month and day as two numbers. Raises Rejected where there is no such day."""
    if season is None:
        return None
    try:
        first, last = (date(_A_LEAP_YEAR, int(month), int(day)) for month, day in season)
    except (ValueError, TypeError):
        raise Rejected("unreadable_value") from None
    return first.month * 100 + first.day, last.month * 100 + last.day


def as_season(days: Season) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """The way back."""
    return (divmod(days[0], 100), divmod(days[1], 100)) if days else None


def base(account: dict[str, Any]) -> Choice:
    """What holds on an account on every day for which nothing else was said."""
    if account["mailing_source"] != "account":
        return Choice(account["mailing_source"])
    return Choice("account", Address(**{name: account[f"mail_{name}"] for name in COLUMNS}))


def choice_on(cursor: Cursor, account: dict[str, Any], day: date) -> Choice:
    """The address source of an account on `day`."""
    rows = _rows(cursor, "account_mailing", "account_ref", account["ref"])
    return next((row.value for row in _holding(rows, day)), base(account))


def where_bills_go(cursor: Cursor, account_ref: str, day: date) -> Address:
    """The address on an envelope for this account on `day`; an empty one where there is none."""
    cursor.execute("SELECT * FROM account WHERE ref = %s", (account_ref,))
    account = cursor.fetchone()
    if account is None:
        raise Rejected("unknown_account")
    choice = choice_on(cursor, account, day)
    if choice.source == "account":
        return choice.address
    rows = (
        _rows(cursor, "person_address", "person_ref", account["main_person_ref"]) if choice.source == "person" else []
    )
    for row in _holding(rows, day):
        return row.value.address
    cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM premise WHERE ref = %s", (account["mailing_premise"],))
    found = cursor.fetchone()
    return Address(**found) if found else NOWHERE


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of one of the two tables."""

    id: int
    season: Season
    span: Span[Choice]

    @property
    def value(self) -> Choice:
        return self.span.value

    def holds(self, day: date) -> bool:
        if not self.span.covers(day):
            return False
        if self.season is None:
            return True
        (first, last), number = self.season, day.month * 100 + day.day
        return first <= number <= last if first <= last else number >= first or number <= last


def _holding(rows: Iterable[_Row], day: date) -> list[_Row]:
    """The rows that hold on `day`, a season's before the others."""
    return sorted((row for row in rows if row.holds(day)), key=lambda row: (row.season is None, -row.id))


def _rows(cursor: Cursor, table: str, column: str, ref: str) -> list[_Row]:
    what = ", source" if table == "account_mailing" else " "
    only = " AND kind = 'mailing'" if table == "person_address" else ""
    cursor.execute(
        f"SELECT id, {', '.join(COLUMNS)}, valid_from, valid_to, season_from, season_to{what}"
        f" FROM {table} WHERE {column} = %s{only} ORDER BY id",
        (ref,),
    )
    return [
        _Row(
            row["id"],
            None if row["season_from"] is None else (row["season_from"], row["season_to"]),
            Span(
                row["valid_from"],
                row["valid_to"],
                Choice(row.get("source", "person"), Address(**{name: row[name] for name in COLUMNS})),
            ),
        )
        for row in cursor.fetchall()
    ]


def _of_person(
    cursor: Cursor, person_ref: str, first: date, last: date | None, season: Season, address: Address | None
) -> bool:
    rows = [row for row in _rows(cursor, "person_address", "person_ref", person_ref) if row.season == season]
    laid = lay([row.span for row in rows], first, last, Choice("person", address) if address else None)
    return _write(cursor, "person_address", ("person_ref", person_ref), rows, laid, season)


def _of_account(
    cursor: Cursor,
    account_ref: str,
    first: date,
    last: date | None,
    season: Season,
    address: Address | None,
    *,
    own: bool,
) -> bool:
    """`own`: the address is the account's, not the person's. None ends a season, and else means the premise."""
    cursor.execute("SELECT * FROM account WHERE ref = %s", (account_ref,))
    usual = base(cursor.fetchone() or {})
    rows = [row for row in _rows(cursor, "account_mailing", "account_ref", account_ref) if row.season == season]
    choice = Choice("account", address) if address and own else Choice("person") if address else Choice("premise")
    if season and address is None:
        rows = [row for row in rows if own or row.value.source == "person"]
        laid = lay([row.span for row in rows], first, last, None)
    else:
        laid = lay([row.span for row in rows], first, last, choice)
    if season is None:
        laid = [span for span in laid if span.value != usual]
    return _write(cursor, "account_mailing", ("account_ref", account_ref), rows, laid, season)


def _write(
    cursor: Cursor, table: str, owner: tuple[str, str], rows: list[_Row], laid: list[Span[Choice]], season: Season
) -> bool:
    """Let `laid` stand in place of `rows`; what is in both stays as it is. Whether anything changed."""
    gone = [row for row in rows if row.span not in laid]
    held = [row.span for row in rows]
    new = [span for span in laid if span not in held]
    column, ref = owner
    cursor.execute(f"DELETE FROM {table} WHERE {column} = %s AND id = ANY(%s)", (ref, [row.id for row in gone]))
    what = "source" if table == "account_mailing" else "kind"
    cursor.executemany(
        f"INSERT INTO {table} ({column}, {what}, {', '.join(COLUMNS)}, valid_from, valid_to, season_from, season_to)"
        f" VALUES ({', '.join(['%s'] * 12)})",
        [
            (
                ref,
                span.value.source if table == "account_mailing" else "mailing",
                *(getattr(span.value.address, name) for name in COLUMNS),
                span.first,
                span.last,
                *(season or (None, None)),
            )
            for span in new
        ],
    )
    return bool(gone or new)
