"""How are thousands of accounts written at once, with the agreements on every service point of their premise?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from keyturn.records import ids
from keyturn.records.bulk.staging import as_csv, checked_afterwards, stage
from keyturn.records.models.dated import sql_holds, sql_now
from keyturn.records.queries.premises import LIVE

_STAGED = {
    "row_id": "uuid", "ref": "text", "person_id": "uuid", "premise_id": "uuid null", "division": "text",
    "customer_class": "text", "status": "text", "start_date": "date", "end_date": "date null",
    "balance": "numeric(12, 2)", "set_up_on": "date",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Incoming:
    """One account to write. Without a premise it is an account without service (BR-25)."""

    ref: str
    person_id: UUID
    premise_id: UUID | None
    division: str
    customer_class: str
    status: str
    start_date: date
    end_date: date | None
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Stay:
    """An agreement on file: on which premise, whose account, which days."""

    premise_ref: str
    account_ref: str
    start_date: date
    end_date: date | None
    is_live: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """An account on file. `stays` are its agreements that are not cancelled, the live ones first."""

    division: str
    customer_class: str
    balance: Decimal
    stays: tuple[Stay, ...]


def on_file(refs: Iterable[str]) -> dict[str, Known]:
    """The accounts with these references."""
    rows = _read("SELECT ref, division, customer_class, balance FROM account WHERE ref = ANY(%s)", refs)
    stays: dict[str, list[Stay]] = {}
    for row in _read(
        "WITH asked AS (SELECT id, ref FROM account WHERE ref = ANY(%s))"
        " SELECT p.ref, a.ref, g.start_date, g.end_date, g.status = ANY(%s) AS live FROM asked a"
        " JOIN service_agreement g ON g.account_id = a.id JOIN service_point s ON s.id = g.service_point_id"
        " JOIN premise p ON p.id = s.premise_id WHERE g.status <> 'cancelled'"
        " ORDER BY live DESC, g.start_date DESC, g.id",
        refs,
        list(LIVE),
    ):
        stays.setdefault(row[1], []).append(Stay(*row))
    return {ref: Known(*values, tuple(stays.get(ref, ()))) for ref, *values in rows}


def customers(refs: Iterable[str]) -> dict[str, tuple[UUID, str]]:
    """Id and kind of the persons with these references; where one was merged into another, the other's id."""
    rows = _read("SELECT ref, coalesce(redirect_to_id, id), kind FROM person WHERE ref = ANY(%s)", refs)
    return {ref: (ident, kind) for ref, ident, kind in rows}


def places(refs: Iterable[str]) -> dict[str, tuple[UUID, str]]:
    """Id and division of the premises with these references."""
    rows = _read("SELECT ref, id, division FROM premise WHERE ref = ANY(%s)", refs)
    return {ref: (ident, division) for ref, ident, division in rows}


def live_stays(premise_refs: Iterable[str]) -> set[Stay]:
    """Who is, or will be, served at these premises."""
    rows = _read(
        "SELECT DISTINCT p.ref, coalesce(a.ref, ''), g.start_date, g.end_date FROM premise p"
        " JOIN service_point s ON s.premise_id = p.id JOIN service_agreement g ON g.service_point_id = s.id"
        " JOIN account a ON a.id = g.account_id WHERE p.ref = ANY(%s) AND g.status = ANY(%s)",
        premise_refs,
        list(LIVE),
    )
    return {Stay(*row) for row in rows}


def _read(statement: str, refs: Iterable[str], *more: Any) -> list[tuple[Any, ...]]:
    """Rows for many references: as one array, since a parameter for each would be parsed one by one."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(refs), *more])
        return cursor.fetchall()


def write(rows: Sequence[Incoming], *, now: datetime) -> set[str]:
    """Write accounts, main customers and agreements, inside the caller's transaction; answers with the references of
    those that are new or changed."""
    with connection.cursor() as cursor:
        stage(cursor, "staged_account", _STAGED, as_csv(_staged(row) for row in rows))
        with checked_afterwards(cursor, "account_person", "service_agreement"):
            touched = _accounts(cursor) | _main_customers(cursor, now) | _agreements(cursor)
        cursor.execute(
            "UPDATE account a SET version = version + 1 FROM staged_account s WHERE a.ref = s.ref AND a.id <> s.row_id"
            " AND a.ref = ANY(%s)",
            [list(touched)],
        )
    return touched


def _staged(row: Incoming) -> tuple[Any, ...]:
    return (
        ids.new_id(), row.ref, row.person_id, row.premise_id, row.division, row.customer_class, row.status,
        row.start_date, row.end_date, row.balance, row.start_date,
    )  # fmt: skip


def _refs(cursor: CursorWrapper, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> set[str]:
    cursor.execute(statement, values)
    return {row[0] for row in cursor.fetchall()}


def _accounts(cursor: CursorWrapper) -> set[str]:
    columns = ("division", "customer_class", "balance")
    new, old = (", ".join(f"{source}.{name}" for name in columns) for source in ("excluded", "account"))
    return _refs(
        cursor,
        "INSERT INTO account (id, ref, division, customer_class, balance, language, paperless, version, set_up_on)"
        " SELECT row_id, ref, division, customer_class, balance, 'en', false, 1, set_up_on FROM staged_account"
        f" ON CONFLICT (ref) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in columns)}"
        f" WHERE ({old}) IS DISTINCT FROM ({new}) RETURNING ref",
    )


_NOW, _HOLDS = sql_now("m", "%(now)s"), sql_holds("m", "%(now)s")
_PART = "account_id, person_id, is_main, is_responsible, is_guarantor, relationship, receives_bill, address_source, owned_by"
_DATED = "valid_from, valid_to, recorded_at, source"


def _main_customers(cursor: CursorWrapper, now: datetime) -> set[str]:
    """BR-19: exactly one. Where it is another one now, the old one's part ends, and so does a lesser part of the new
    one's: superseded by copies that end now, as `records/dated.py` does it."""
    values: dict[str, Any] = {"now": now}
    values["these"] = list(_refs(
        cursor,
        "SELECT s.ref FROM staged_account s JOIN account a USING (ref) WHERE NOT EXISTS (SELECT FROM account_person m"
        f" WHERE m.account_id = a.id AND m.is_main AND m.person_id = s.person_id AND {_HOLDS})",
        values,
    ))  # fmt: skip
    cursor.execute("SELECT id FROM account WHERE ref = ANY(%(these)s) ORDER BY id FOR UPDATE", values)
    cursor.execute(
        "WITH gone AS (UPDATE account_person m SET superseded_at = %(now)s FROM staged_account s JOIN account a USING (ref)"
        " WHERE a.ref = ANY(%(these)s) AND m.account_id = a.id AND (m.is_main OR m.person_id = s.person_id)"
        f" AND {_HOLDS} RETURNING m.*) INSERT INTO account_person (id, {_PART}, {_DATED})"
        f" SELECT gen_random_uuid(), {_PART}, valid_from, %(now)s, %(now)s, 'import' FROM gone"
        " WHERE valid_from < %(now)s",
        values,
    )
    cursor.execute(
        f"INSERT INTO account_person (id, {_PART}, {_DATED})"
        " SELECT s.row_id, a.id, s.person_id, true, true, false, 'main', true, 'person', 'cis', %(now)s,"
        " (SELECT min(m.valid_from) FROM account_person m WHERE m.account_id = a.id AND m.superseded_at IS NULL"
        f" AND m.valid_from > {_NOW} AND (m.is_main OR m.person_id = s.person_id)), %(now)s, 'import'"
        " FROM staged_account s JOIN account a USING (ref) WHERE a.ref = ANY(%(these)s)",
        values,
    )
    return set(values["these"])


def _agreements(cursor: CursorWrapper) -> set[str]:
    """One on every service point of the premise, unless some are on file: a row does not say which services it means, and
    somebody may have asked for one of three. Those that are meant are the live ones, else those with the same first day
    (BR-43): a service that has ended stays so while another goes on."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.meant")
    cursor.execute(
        "CREATE TEMPORARY TABLE meant ON COMMIT DROP AS SELECT DISTINCT ON (s.ref, p.id) s.ref, a.id AS account_id,"
        " p.id AS point_id, g.id AS agreement_id, coalesce(g.status = ANY(%s), false) AS is_live, s.status, s.start_date,"
        " s.end_date FROM staged_account s"
        " JOIN account a USING (ref) JOIN service_point p USING (premise_id) LEFT JOIN service_agreement g"
        " ON g.account_id = a.id AND g.service_point_id = p.id AND (g.start_date = s.start_date OR g.status = ANY(%s))"
        " ORDER BY s.ref, p.id, (g.status = ANY(%s)) DESC NULLS LAST",
        [list(LIVE)] * 3,
    )
    touched = _refs(
        cursor,
        "UPDATE service_agreement g SET status = m.status, start_date = m.start_date, end_date = m.end_date"
        " FROM meant m WHERE g.id = m.agreement_id AND (g.status, g.start_date, g.end_date) IS DISTINCT FROM"
        " (m.status, m.start_date, m.end_date)"
        " AND (m.is_live OR NOT EXISTS (SELECT FROM meant o WHERE o.ref = m.ref AND o.is_live)) RETURNING m.ref",
    )
    return touched | _refs(
        cursor,
        "INSERT INTO service_agreement (id, account_id, service_point_id, status, start_date, end_date)"
        " SELECT gen_random_uuid(), account_id, point_id, status, start_date, end_date FROM meant m"
        " WHERE NOT EXISTS (SELECT FROM meant o WHERE o.ref = m.ref AND o.agreement_id IS NOT NULL) RETURNING (SELECT ref FROM account WHERE id = account_id)",
    )
