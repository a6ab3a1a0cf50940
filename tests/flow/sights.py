"""What lies in the registry's tables now, read in as few and as short statements as can be?

For who looks after every step: no models, prepared once in a connection, whole tables of a few hundred rows.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.db import connection

Row = Mapping[str, Any]
DATED = ("person_name", "person_identifier", "person_contact", "person_address", "person_person")
CHAINED = ("request_event", "act")
"""Nothing is ever done to these but adding to them."""
WATCHED = (
    "request", *CHAINED, "person", *DATED, "person_link", "person_merge", "account", "account_person", "cis_delivery",
    "message", "idempotent_call", "procrastinate_jobs",
)  # fmt: skip
WHERE_AND_BY_WHOM = "hashtidextended(ctid, xmin::text::bigint)"


def _mark(table: str) -> str:
    old = (
        f"count(*) FILTER (WHERE id <= ${CHAINED.index(table) + 1}),"
        f" coalesce(bit_xor({WHERE_AND_BY_WHOM}) FILTER (WHERE id <= ${CHAINED.index(table) + 1}), 0)"
        if table in CHAINED
        else "0, 0"
    )
    return f"SELECT '{table}', count(*), coalesce(bit_xor({WHERE_AND_BY_WHOM}), 0), {old} FROM {table}"


def _of_file(table: str) -> str:
    left_out = "- '{superseded_at,valid_to,sealed_value}'::text[]"
    return (
        f"SELECT '{table}', id::text, person_id::text, source, superseded_at IS NULL,"
        f" (to_jsonb(t) {left_out})::text FROM {table} t"
    )


STATEMENTS = {
    "marks": ("(bigint, bigint)", " UNION ALL ".join(_mark(table) for table in WATCHED)),
    "requests": (
        "",
        "SELECT r.id, r.reference, journey, step, standing, outcome, r.version, events_written, chain_head, person_id,"
        " account_id, a.ref AS account_ref, submitted_at IS NOT NULL AS submitted, due_at IS NOT NULL AS due,"
        " promised_at IS NOT NULL AS promised, ended_at IS NOT NULL AS ended, begun_by, channel"
        " FROM request r LEFT JOIN account a ON a.id = account_id ORDER BY r.id",
    ),
    "events": (
        "(bigint)",
        "SELECT id, request_id, number, at, what, role, actor, on_behalf_of, step, standing, outcome, data::text AS data,"
        " hash FROM request_event WHERE id > $1 ORDER BY id",
    ),
    "acts": ("(bigint)", "SELECT id, subject FROM act WHERE id > $1 ORDER BY id"),
    "links": ("", "SELECT id, request_id, person_id, made_at, undone_at, undone_by FROM person_link"),
    "merges": (
        "",
        "SELECT id, request_id, survivor_id, loser_id, state, proposed_by, decided_by, undone_by, undo_request_id"
        " FROM person_merge",
    ),
    "file": (
        "",
        "SELECT 'person' AS name, id::text AS id, id::text AS person_id, '' AS source, true AS believed,"
        " (to_jsonb(t) - '{ref}'::text[])::text AS content FROM person t UNION ALL "
        + " UNION ALL ".join(_of_file(table) for table in DATED),
    ),
    "accounts_of_nobody": (
        "",
        "SELECT id FROM account a WHERE NOT EXISTS (SELECT FROM account_person p WHERE p.account_id = a.id AND is_main)",
    ),
    "deliveries": ("", "SELECT request_id, state, tries, parked_at IS NOT NULL AS parked FROM cis_delivery"),
    "jobs": (
        "",
        "SELECT task_name, args ->> 'request_id' AS request_id FROM procrastinate_jobs WHERE status IN ('todo', 'doing')",
    ),
    "messages": ("", "SELECT id, request_id, channel, template, state, sealed_content FROM message ORDER BY id"),
    "calls": ("", "SELECT key, about FROM idempotent_call"),
}
_prepared: list[Any] = []  # the connection in which they are


def _run(name: str, *values: int) -> list[tuple[Any, ...]]:
    connection.ensure_connection()
    bare = connection.connection
    if not _prepared or _prepared[0] is not bare:
        with connection.cursor() as cursor:
            for each, (types, query) in STATEMENTS.items():
                cursor.execute(f"PREPARE sight_{each} {types} AS {query}")
        _prepared[:] = [bare]
    with connection.cursor() as cursor:
        given = f"({', '.join(map(str, values))})" if values else ""
        cursor.execute(f"EXECUTE sight_{name}{given}")
        _names[name] = [each.name for each in cursor.description]
        return cursor.fetchall()  # type: ignore[no-any-return]


_names: dict[str, list[str]] = {}


def rows(name: str, *values: int) -> list[dict[str, Any]]:
    """Every row of a sight."""
    found = _run(name, *values)
    return [dict(zip(_names[name], each, strict=True)) for each in found]


def marks(last: Mapping[str, int]) -> dict[str, tuple[Any, ...]]:
    """Of each watched table what changes when any row of it does; of a chained one, also of its rows up to `last`."""
    found = _run("marks", *(last.get(table, 0) for table in CHAINED))
    return {name: tuple(mark) for name, *mark in found}


def requests() -> dict[Any, Row]:
    return {each["id"]: each for each in rows("requests")}


def events(after: int) -> list[dict[str, Any]]:
    return [{**each, "data": json.loads(each["data"])} for each in rows("events", after)]


def file() -> dict[tuple[str, str], Row]:
    """Every row about every person, believed or not, with what it says (but for when it ends)."""
    return {(each["name"], each["id"]): each for each in rows("file")}
