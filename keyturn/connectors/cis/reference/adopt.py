"""How does the reference CIS take over persons, premises and accounts that are imported (surface.md's rows)?

The caller's own references stay the CIS's. Rows go by COPY into a table that lives as long as the transaction, and from
there by upsert: adopting the same file again changes nothing.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from psycopg import sql
from psycopg.errors import LockNotAvailable

from keyturn.connectors.cis.reference import changes
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.terms.errors import Rejected
from keyturn.terms.premise import AgreementStatus

Rows = Iterable[Mapping[str, Any]]

_ADDRESS = ("line1", "line2", "city", "state", "postal_code", "country")
_NAME = ("given_name", "middle_name", "family_name", "suffix", "organisation_name")
_PERSON = ("ref", "kind", *_NAME, "date_of_birth", "email", "phone", "id_type", "id_value", *_ADDRESS, "language")
_ACCOUNT = ("ref", "person_ref", "premise_ref", "customer_class", "status", "start_date", "end_date", "balance")
_MAY_BE_NULL = {"date_of_birth", "start_date", "end_date"}
_TYPES = {"date_of_birth": "date", "start_date": "date", "end_date": "date", "balance": "numeric(14, 2)"}

_HOLDS = (
    "a.kind = 'mailing' AND a.season_from IS NULL AND (a.valid_from IS NULL OR a.valid_from <= current_date)"
    " AND (a.valid_to IS NULL OR a.valid_to > current_date)"
)
"""The mailing address that holds today, as an import knows it."""

_STATUS = {status.value: status.value for status in AgreementStatus} | {
    "": "active",
    "pending": "pending_start",
    "ended": "stopped",
    "closed": "stopped",
    "former": "stopped",
}
"""The words that an import may use for an account's agreements, and ours."""


def persons(cursor: Cursor, rows: Rows) -> int:
    """Persons with their name, identifier, contacts and mailing address; a changed mailing address ends the old one."""
    _stage(cursor, _PERSON, ({**row, "kind": row.get("kind") or "person"} for row in rows))
    _do(
        cursor,
        "INSERT INTO person (ref, kind, date_of_birth, language) SELECT ref, kind, date_of_birth, language FROM staged"
        f" ON CONFLICT (ref) DO UPDATE SET {_where_different('person', ('kind', 'date_of_birth'))} RETURNING person.ref",
        person="ref",
    )
    names = ", ".join(_NAME)
    _do(
        cursor,
        f"INSERT INTO person_name (person_ref, name_type, {names}) SELECT ref, 'primary', {names} FROM staged"
        " ON CONFLICT (person_ref, name_type, place) DO UPDATE SET"
        f" {_where_different('person_name', _NAME)} RETURNING person_name.person_ref",
        person="person_ref",
    )
    _do(
        cursor,
        "INSERT INTO person_identifier (person_ref, place, id_type, value) SELECT ref, 0, id_type, id_value FROM staged"
        " WHERE id_value <> '' ON CONFLICT (person_ref, place) DO UPDATE SET"
        f" {_where_different('person_identifier', ('id_type', 'value'))} RETURNING person_identifier.person_ref",
        person="person_ref",
    )
    _do(
        cursor,
        "INSERT INTO person_contact (person_ref, routing, place, value) SELECT ref, routing, 0, value FROM staged,"
        " LATERAL (VALUES ('email', email), ('phone', phone)) AS said (routing, value) WHERE value <> ''"
        f" ON CONFLICT (person_ref, routing, place) DO UPDATE SET {_where_different('person_contact', ('value',))}"
        " RETURNING person_contact.person_ref",
        person="person_ref",
    )
    _mailing_addresses(cursor)
    return _staged(cursor)


def _mailing_addresses(cursor: Cursor) -> None:
    """Whoever moved keeps the old one with its end. What a customer has planned, or has for a season, still comes."""
    columns = ", ".join(_ADDRESS)
    theirs, ours = (", ".join(f"{table}.{name}" for name in _ADDRESS) for table in ("staged", "a"))
    said = "(staged.line1 <> '' OR staged.city <> '' OR staged.postal_code <> '')"
    _do(
        cursor,
        "UPDATE person_address a SET valid_to = greatest(current_date, valid_from) FROM staged"
        f" WHERE a.person_ref = staged.ref AND {_HOLDS} AND {said} AND ({ours}) IS DISTINCT FROM ({theirs})"
        " RETURNING a.person_ref",
        person="person_ref",
    )
    cursor.execute("DROP TABLE IF EXISTS pg_temp.planned")
    cursor.execute(  # few: a look for each row of the file, in a table that grows meanwhile, would take for ever
        "CREATE TEMPORARY TABLE planned ON COMMIT DROP AS SELECT person_ref, min(valid_from) - 1 AS eve"
        " FROM person_address WHERE kind = 'mailing' AND season_from IS NULL AND valid_from > current_date GROUP BY 1"
    )
    _do(
        cursor,
        f"INSERT INTO person_address (person_ref, kind, {columns}) SELECT ref, 'mailing', {columns} FROM staged"
        f" WHERE {said} AND ref NOT IN (SELECT person_ref FROM planned)"
        " ON CONFLICT (person_ref) WHERE kind = 'mailing' AND valid_to IS NULL AND season_from IS NULL DO NOTHING"
        " RETURNING person_address.person_ref",
        person="person_ref",
    )
    _do(
        cursor,
        f"INSERT INTO person_address (person_ref, kind, {columns}, valid_to) SELECT ref, 'mailing', {columns}, eve"
        f" FROM planned JOIN staged ON ref = person_ref WHERE {said}"
        f" AND NOT EXISTS (SELECT 1 FROM person_address a WHERE a.person_ref = ref AND {_HOLDS})"
        " RETURNING person_address.person_ref",
        person="person_ref",
    )


def premises(cursor: Cursor, rows: Rows) -> int:
    """Premises with one service point for each of their `service_types` ("electric;gas")."""
    columns = ("ref", "division", *_ADDRESS)
    _stage(cursor, (*columns, "service_types"), ({**row, "service_types": _listed(row)} for row in rows))
    names = ", ".join(columns)
    _do(
        cursor,
        f"INSERT INTO premise ({names}) SELECT {names} FROM staged ON CONFLICT (ref) DO UPDATE SET"
        f" {_where_different('premise', columns[1:])} RETURNING premise.ref",
        premise="ref",
    )
    _do(
        cursor,
        "INSERT INTO service_point (premise_ref, service)"
        " SELECT ref, trim(service) FROM staged, unnest(string_to_array(service_types, ';')) AS service"
        " WHERE trim(service) <> '' ON CONFLICT (premise_ref, service) DO NOTHING RETURNING premise_ref",
        premise="premise_ref",
    )
    return _staged(cursor)


def accounts(cursor: Cursor, rows: Rows) -> int:
    """Accounts of one main customer, with an agreement on every service point of their premise.

    A row may name `service_types` to take only those. Without a `premise_ref` it is an account without service.
    """
    _stage(
        cursor,
        (*_ACCOUNT, "service_types"),
        (
            {**row, "status": _status(row), "balance": row.get("balance") or 0, "service_types": _listed(row)}
            for row in rows
        ),
    )
    _do(
        cursor,
        "INSERT INTO account (ref, main_person_ref, division, customer_class, set_up_date, balance, mailing_source,"
        " mailing_premise) SELECT s.ref, s.person_ref, coalesce(p.division, ''), s.customer_class, s.start_date,"
        " s.balance, CASE WHEN a.id IS NULL THEN 'premise' ELSE 'person' END, p.ref FROM staged s"
        " LEFT JOIN premise p ON p.ref = s.premise_ref LEFT JOIN person_address a ON a.person_ref = s.person_ref"
        f" AND {_HOLDS}"
        f" ON CONFLICT (ref) DO UPDATE SET {_where_different('account', ('balance', 'customer_class'))}"
        " RETURNING account.ref",
        account="ref",
    )
    _do(
        cursor,
        "INSERT INTO account_person (account_ref, person_ref, main_customer, financially_responsible)"
        " SELECT ref, person_ref, true, true FROM staged ON CONFLICT (account_ref, person_ref) DO NOTHING"
        " RETURNING account_ref, person_ref",
        account="account_ref", person="person_ref",
    )  # fmt: skip
    _agreements(cursor)
    return _staged(cursor)


def _agreements(cursor: Cursor) -> None:
    """Update, then insert what is not there: ON CONFLICT would ask the constraint one_at_a_time twice for each row.

    The agreement that is meant is the account's live one at the service point, else the one with the same first day:
    a start that was put off moves it, and one that a request made is not made again. Where the row does not say which
    services it means and some are on file, these are meant: somebody may have asked for one of three. Of these the live
    ones, while there are any: a service that has ended stays so while another goes on.
    """
    place = "(SELECT premise_ref FROM service_point WHERE ref = service_point_ref) AS place"
    cursor.execute("DROP TABLE IF EXISTS pg_temp.meant")
    cursor.execute(
        "CREATE TEMPORARY TABLE meant ON COMMIT DROP AS SELECT DISTINCT ON (s.ref, p.ref) s.ref AS account_ref,"
        " p.ref AS point_ref, g.ref AS agreement_ref, coalesce(g.status IN ('pending_start', 'active', 'pending_stop'), false)"
        " AS is_live, s.status, s.start_date, s.end_date, s.service_types FROM staged s"
        " JOIN service_point p ON p.premise_ref = s.premise_ref AND (s.service_types = ''"
        " OR p.service = ANY(string_to_array(s.service_types, ';')))"
        " LEFT JOIN agreement g ON g.account_ref = s.ref AND g.service_point_ref = p.ref AND (g.start_date = s.start_date"
        " OR g.status IN ('pending_start', 'active', 'pending_stop'))"
        " ORDER BY s.ref, p.ref, g.status IN ('pending_start', 'active', 'pending_stop') DESC NULLS LAST, g.ref"
    )
    _do(
        cursor,
        "UPDATE agreement g SET status = m.status, start_date = m.start_date, end_date = m.end_date FROM meant m"
        " WHERE g.ref = m.agreement_ref AND (g.status, g.start_date, g.end_date)"
        " IS DISTINCT FROM (m.status, m.start_date, m.end_date) AND (service_types <> '' OR is_live OR NOT EXISTS"
        f" (SELECT FROM meant o WHERE o.account_ref = m.account_ref AND o.is_live)) RETURNING g.account_ref, {place}",
        account="account_ref", premise="place",
    )  # fmt: skip
    _do(
        cursor,
        "INSERT INTO agreement (service_point_ref, account_ref, status, start_date, end_date)"
        " SELECT point_ref, account_ref, status, start_date, end_date FROM meant m WHERE agreement_ref IS NULL AND"
        " (service_types <> '' OR NOT EXISTS (SELECT FROM meant o WHERE o.account_ref = m.account_ref"
        f" AND o.agreement_ref IS NOT NULL)) RETURNING account_ref, {place}",
        account="account_ref", premise="place",
    )  # fmt: skip


@contextmanager
def _checked_afterwards(cursor: Cursor, *tables: str) -> Iterator[None]:
    """On the first take-over, check foreign keys and overlaps once at the end: half the time of row by row.

    Only tables that are still empty, so that nobody else waits for their lock, and that nobody uses just now.
    """
    cursor.execute(
        "SELECT conrelid::regclass::text AS of_table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS text,"
        " nullif(confrelid, 0)::regclass::text AS other FROM pg_constraint WHERE contype IN ('f', 'x') AND conrelid = ANY(%s::regclass[])",
        ([table for table in tables if _is_empty(cursor, table)],),
    )
    constraints = cursor.fetchall()
    if not _are_ours_alone(cursor, {each[side] for each in constraints for side in ("of_table", "other")} - {None}):
        constraints = []
    for each in constraints:
        cursor.execute(f"ALTER TABLE {each['of_table']} DROP CONSTRAINT {each['name']}")
    yield
    for each in constraints:
        cursor.execute(f"ALTER TABLE {each['of_table']} ADD CONSTRAINT {each['name']} {each['text']}")


def _are_ours_alone(cursor: Cursor, tables: set[str]) -> bool:
    """Take all of these for ourselves until the transaction ends, or none: nobody is waited for."""
    if not tables:
        return True
    try:
        with cursor.connection.transaction():
            cursor.execute(f"LOCK TABLE {', '.join(sorted(tables))} IN ACCESS EXCLUSIVE MODE NOWAIT")
    except LockNotAvailable:
        return False
    return True


def _is_empty(cursor: Cursor, table: str) -> bool:
    cursor.execute(f"SELECT NOT EXISTS (SELECT 1 FROM {table}) AS empty")
    return bool((cursor.fetchone() or {})["empty"])


def adopt(cursor: Cursor, kind: str, rows: Rows) -> int:
    """Take over `rows` of "persons", "premises" or "accounts"; how many. Raises Rejected."""
    take_over, tables = _KINDS[kind]
    cursor.execute("DROP TABLE IF EXISTS pg_temp.touched")
    cursor.execute("CREATE TEMPORARY TABLE touched (noun text, ref text) ON COMMIT DROP")
    with _checked_afterwards(cursor, *tables):
        taken = take_over(cursor, rows)
    changes.note_all(cursor, "SELECT DISTINCT noun, ref FROM touched")
    return taken


def _do(cursor: Cursor, statement: str, **touched: str) -> None:
    """Carry out a statement; whom it touched is kept for the feed: noun to one of the columns that it returns."""
    kept = " UNION ALL ".join(f"SELECT '{noun}', {column} FROM done" for noun, column in touched.items())
    cursor.execute(f"WITH done AS ({statement}) INSERT INTO touched {kept}")


_KINDS: dict[str, tuple[Callable[[Cursor, Rows], int], tuple[str, ...]]] = {
    "persons": (persons, ("person_name", "person_identifier", "person_contact", "person_address")),
    "premises": (premises, ("service_point",)),
    "accounts": (accounts, ("account", "account_person", "agreement")),
}


def _where_different(table: str, columns: tuple[str, ...]) -> str:
    """The end of an upsert that leaves alone what is already so."""
    new, old = (", ".join(f"{source}.{name}" for name in columns) for source in ("excluded", table))
    return f"{', '.join(f'{name} = excluded.{name}' for name in columns)} WHERE ({old}) IS DISTINCT FROM ({new})"


def _status(row: Mapping[str, Any]) -> str:
    word = str(row.get("status") or "")
    if word not in _STATUS:
        raise Rejected("unknown_status")
    return _STATUS[word]


def _listed(row: Mapping[str, Any]) -> str:
    services = row.get("service_types") or ""
    return services if isinstance(services, str) else ";".join(str(each) for each in services)


def _stage(cursor: Cursor, columns: tuple[str, ...], rows: Rows) -> None:
    """COPY `rows` into the table "staged", one caller at a time; what a row does not say is an empty text, or NULL for a date."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('keyturn reference cis adopt', 0))")
    typed = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in columns)
    cursor.execute("DROP TABLE IF EXISTS pg_temp.staged")
    cursor.execute(f"CREATE TEMPORARY TABLE staged ({typed}) ON COMMIT DROP")
    texts = sql.SQL(", ").join(sql.Identifier(name) for name in columns if name not in _MAY_BE_NULL)
    block = io.StringIO()
    writer = csv.writer(block)
    writer.writerows([row.get(name, "") for name in columns] for row in rows)
    with cursor.copy(sql.SQL("COPY staged FROM STDIN (FORMAT csv, FORCE_NOT_NULL ({}))").format(texts)) as copy:
        copy.write(block.getvalue())


def _staged(cursor: Cursor) -> int:
    cursor.execute("SELECT count(*) AS rows FROM staged")
    return int((cursor.fetchone() or {})["rows"])
