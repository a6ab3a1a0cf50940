"""What is on file, as rows of the public formats (`terms.rows`)?

A row has one e-mail, phone, identifier and address: of several, the primary one. An account's row tells of the service
that is live or, where none is, the latest. Whom the CIS does not know yet has no reference, and so no row.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from keyturn.records import crypto
from keyturn.records.models.dated import sql_holds
from keyturn.terms.rows import COLUMNS

READ_AT_ONCE = 2000


def export(kind: str, *, at: datetime, identifiers: bool = True) -> Iterator[dict[str, str]]:
    """Rows of "persons", "premises" or "accounts" by reference, read in portions: a million rows need no memory.

    What holds at that moment; an address for one account or one season is in no row.

    `identifiers=False` leaves them out.
    """
    statement, as_values = _KINDS[kind]
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, {"at": at})
        while portion := cursor.fetchmany(READ_AT_ONCE):
            for found in portion:
                yield dict(zip(COLUMNS[kind], map(_text, as_values(found, identifiers)), strict=True))


def unknown_to_the_cis(kind: str) -> int:
    """How many persons or accounts the CIS has not given a reference yet."""
    if kind == "premises":
        return 0
    table = {"persons": "person", "accounts": "account"}[kind]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE ref IS NULL")
        return int(cursor.fetchone()[0])


def _text(value: Any) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)


def _holds(rows: str) -> str:
    return sql_holds(rows, "%(at)s")


_PROTECTED = """
    ('protected_address' = ANY(p.flags) OR EXISTS (
        SELECT 1 FROM protection x WHERE x.person_id = p.id AND x.since <= %(at)s
        AND (x.ended_at IS NULL OR x.ended_at > %(at)s)))
"""
"""In SQL what `queries.shelter` says: where this person lives is in no row (C.20)."""

_PERSONS = f"""
    SELECT p.ref, p.kind, n.given_name, n.middle_name, n.family_name, n.suffix, n.organisation_name, p.date_of_birth,
           e.value, t.value, i.id_type, i.id, i.sealed_value, a.line1, a.line2, a.city, a.state, a.postal_code, a.country
      FROM person p
      LEFT JOIN person_name n ON n.person_id = p.id AND n.name_type = 'primary' AND {_holds("n")}
      LEFT JOIN LATERAL (SELECT value FROM person_contact c WHERE c.person_id = p.id AND c.channel = 'email'
                         AND {_holds("c")} ORDER BY c.is_primary DESC, c.id LIMIT 1) e ON true
      LEFT JOIN LATERAL (SELECT value FROM person_contact c WHERE c.person_id = p.id AND c.channel = 'phone'
                         AND {_holds("c")} ORDER BY c.is_primary DESC, c.id LIMIT 1) t ON true
      LEFT JOIN LATERAL (SELECT id, id_type, sealed_value FROM person_identifier c WHERE c.person_id = p.id
                         AND {_holds("c")} ORDER BY c.is_primary DESC, c.id LIMIT 1) i ON true
      LEFT JOIN LATERAL (SELECT line1, line2, city, state, postal_code, country FROM person_address c
                         WHERE c.person_id = p.id AND c.purpose = 'mailing'
                         AND c.account_id IS NULL AND c.season_from IS NULL AND {_holds("c")} AND NOT {_PROTECTED}
                         ORDER BY c.valid_from DESC LIMIT 1) a ON true
     WHERE p.ref IS NOT NULL AND p.redirect_to_id IS NULL
     ORDER BY p.ref
"""


def _person(found: Sequence[Any], identifiers: bool) -> Sequence[Any]:
    *first, id_type, ident, sealed = found[:13]
    if not identifiers or not ident:
        return (*first, "", "", *found[13:])
    return (*first, id_type, crypto.unseal(sealed, place=f"person_identifier:{ident}:sealed_value"), *found[13:])


_PREMISES = """
    SELECT ref, line1, line2, city, state, postal_code, country, division, array_to_string(services, ';')
      FROM premise ORDER BY ref
"""

_ACCOUNTS = f"""
    SELECT a.ref, p.ref, CASE WHEN {_PROTECTED} THEN NULL ELSE g.premise_ref END, a.customer_class, g.status, coalesce(g.start_date, a.set_up_on), g.end_date, a.balance
      FROM account a
      JOIN account_person m ON m.account_id = a.id AND m.is_main AND {_holds("m")}
      JOIN person p ON p.id = m.person_id
      LEFT JOIN LATERAL (
            SELECT r.ref AS premise_ref, c.status, c.start_date, c.end_date
              FROM service_agreement c JOIN service_point s ON s.id = c.service_point_id JOIN premise r ON r.id = s.premise_id
             WHERE c.account_id = a.id AND c.status <> 'cancelled'
             ORDER BY c.status = 'stopped', c.start_date DESC, r.ref LIMIT 1) g ON true
     WHERE a.ref IS NOT NULL AND p.ref IS NOT NULL
     ORDER BY a.ref
"""


def _as_it_is(found: Sequence[Any], _identifiers: bool) -> Sequence[Any]:
    return found


_KINDS: dict[str, tuple[str, Callable[[Sequence[Any], bool], Sequence[Any]]]] = {
    "persons": (_PERSONS, _person),
    "premises": (_PREMISES, _as_it_is),
    "accounts": (_ACCOUNTS, _as_it_is),
}
