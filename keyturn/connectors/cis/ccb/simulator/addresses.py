"""Where do letters of a person or an account go, from which day to which (C.5, C.8, BR-22, BR-23)?

An account has an address source (PREM, PER, ACCT) for all days, and rows for the days on which something else was said;
a person has override mailing addresses with their days. A season holds each year and goes before what has none.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.ccb.simulator.shapes import day, written
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.reference.spans import Span, lay

MAILING = "MAILING"
_A_LEAP_YEAR = 2000

Choice = tuple[str, str]
"""A source, and the address as JSON ("" where the source needs none)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for: from `first` to `last`, in every year between two days where `season` is set."""

    address: str
    first: date
    last: date | None
    season: tuple[str, str]


def wish(said: Mapping[str, Any], today: date) -> Wish:
    """Raises Refused where the days do not fit."""
    first, last = day(said["startDate"], at="startDate") or today, day(said["endDate"], at="endDate")
    season = (_day_of_year(said["seasonStart"]), _day_of_year(said["seasonEnd"]))
    if (last and last < first) or bool(season[0]) != bool(season[1]):
        raise Refused("required", "endDate")
    address = said["address"]
    if address is not None and not (address["address1"] or address["city"] or address["postal"]):
        raise Refused("required", "address")
    return Wish(json.dumps(address, sort_keys=True) if address else "", first, last, season)


def _day_of_year(text: str) -> str:
    """Month and day ("3/31"), as they can be compared."""
    try:
        return date(_A_LEAP_YEAR, *map(int, text.split("/"))).strftime("%m/%d") if text else ""
    except (ValueError, TypeError):
        raise Refused("invalid_value", "seasonStart") from None


def keep(cursor: Cursor, owner: str, said: Iterable[Mapping[str, Any]]) -> None:
    """The addresses with which a person is added."""
    for each in said:
        cursor.execute(
            "INSERT INTO dated_address (owner, kind, source, address, start_dt, end_dt) VALUES (%s, %s, 'PER', %s, %s, %s)",
            (
                owner,
                each["addressKind"] or MAILING,
                json.dumps(each["address"]),
                day(each["startDate"], at="startDate"),
                day(each["endDate"], at="endDate"),
            ),
        )


def of_person(cursor: Cursor, per_id: str, wanted: Wish) -> bool:
    """The person's own address; whether anything changed."""
    rows = [row for row in _rows(cursor, per_id) if row["kind"] == MAILING and _season(row) == wanted.season]
    choice = ("PER", wanted.address) if wanted.address else None
    return _write(cursor, per_id, rows, wanted, lay(map(_span, rows), wanted.first, wanted.last, choice))


def of_account(cursor: Cursor, acct_id: str, wanted: Wish, *, own: bool) -> bool:
    """The account's address source, with the account's `own` address or to the person's; without address: the premise."""
    cursor.execute("SELECT addr_source, address FROM acct WHERE acct_id = %s", (acct_id,))
    usual = _usual(cursor.fetchone() or {})
    rows = [row for row in _rows(cursor, acct_id) if _season(row) == wanted.season]
    choice: Choice | None = ("ACCT", wanted.address) if own else ("PER", "")
    if not wanted.address:
        choice = None if wanted.season[0] else ("PREM", "")
        if choice is None and not own:
            rows = [row for row in rows if row["source"] == "PER"]
    laid = lay(map(_span, rows), wanted.first, wanted.last, choice)
    if not wanted.season[0]:
        laid = [span for span in laid if span.value != usual]
    return _write(cursor, acct_id, rows, wanted, laid)


def of(cursor: Cursor, owner: str) -> list[dict[str, Any]]:
    """Every row of a person or an account."""
    return [
        {
            "addressKind": row["kind"],
            "addressSource": row["source"],
            "address": row["address"],
            "startDate": written(row["start_dt"]),
            "endDate": written(row["end_dt"]),
            "seasonStart": row["season_from"],
            "seasonEnd": row["season_to"],
        }
        for row in _rows(cursor, owner)
    ]


def holding(cursor: Cursor, account: Mapping[str, Any], today: date) -> tuple[str, Any]:
    """Address source and override address of an account on a day."""
    rows = [row for row in _rows(cursor, account["acct_id"]) if _span(row).covers(today) and _in_season(row, today)]
    for row in sorted(rows, key=lambda row: (not row["season_from"], -row["seq"])):
        return row["source"], row["address"]
    return account["addr_source"], account["address"]


def _usual(account: Mapping[str, Any]) -> Choice:
    address = json.dumps(account["address"], sort_keys=True) if account["address"] else ""
    return account["addr_source"], address


def _rows(cursor: Cursor, owner: str) -> list[dict[str, Any]]:
    cursor.execute(
        "SELECT * FROM dated_address WHERE owner = %s ORDER BY season_from, start_dt NULLS FIRST, seq", (owner,)
    )
    return cursor.fetchall()


def _season(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["season_from"], row["season_to"]


def _span(row: Mapping[str, Any]) -> Span[Choice]:
    address = json.dumps(row["address"], sort_keys=True) if row["address"] else ""
    return Span(row["start_dt"], row["end_dt"], (row["source"], address))


def _in_season(row: Mapping[str, Any], today: date) -> bool:
    first, last = _season(row)
    now = today.strftime("%m/%d")
    return not first or (first <= now <= last if first <= last else now >= first or now <= last)


def _write(cursor: Cursor, owner: str, rows: list[dict[str, Any]], wanted: Wish, laid: list[Span[Choice]]) -> bool:
    """Let `laid` stand in place of `rows`; what is in both stays as it is. Whether anything changed."""
    gone = [row["seq"] for row in rows if _span(row) not in laid]
    held = [_span(row) for row in rows]
    new = [span for span in laid if span not in held]
    cursor.execute("DELETE FROM dated_address WHERE seq = ANY(%s)", (gone,))
    if wanted.season[0]:
        others = [row for row in _rows(cursor, owner) if row["season_from"] and _season(row) != wanted.season]
        if any(_share_a_day(_season(row), wanted.season) and _meet(_span(row), span) for row in others for span in new):
            raise Refused("overlapping_season")
    cursor.executemany(
        "INSERT INTO dated_address (owner, kind, source, address, start_dt, end_dt, season_from, season_to)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [(owner, MAILING, span.value[0], span.value[1] or None, span.first, span.last, *wanted.season) for span in new],
    )
    return bool(gone or new)


def _meet(one: Span[Choice], other: Span[Choice]) -> bool:
    return (one.first or date.min) <= (other.last or date.max) and (other.first or date.min) <= (one.last or date.max)


def _share_a_day(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return any(a <= d and c <= b for a, b in _parts(one) for c, d in _parts(other))


def _parts(season: tuple[str, str]) -> list[tuple[str, str]]:
    """A season over New Year's Eve is two."""
    first, last = season
    return [(first, last)] if first <= last else [(first, "12/31"), ("01/01", last)]
