"""Where does the simulated CIS keep what it knows?

In the tables of the reference CIS, in a schema of its own, and one table more: which external id each created thing
bears. What the reference CIS can do besides (`adopt`, `counts`, `audit`, `activate_due`) is for rehearsals and tests.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from psycopg.types.json import Jsonb

from keyturn.connectors.cis.reference import ReferenceCis, changes
from keyturn.connectors.cis.reference.connection import Cursor, Link
from keyturn.connectors.cis.rest.simulator.words import SERVICES

LAST = {
    "activity": "EstablishService",
    "cancellation": "CancelService",
    "maintenance": "UpdateCustomer",
    "merge": "MergePersons",
    "mergeReversal": "UnmergePersons",
}
"""The kinds with which a command of Keyturn's ends, and which one."""

_TABLE = """
    CREATE TABLE IF NOT EXISTS external (
        external_id text NOT NULL,
        type        text NOT NULL,
        id          text NOT NULL DEFAULT '',
        note        text NOT NULL,
        reference   text NOT NULL DEFAULT '',
        result      jsonb NOT NULL DEFAULT '{}',
        sequence    bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY (external_id, type)
    );
    CREATE INDEX IF NOT EXISTS external_thing ON external (type, id);
"""


class Taken(Exception):
    """Something of this kind bears the external id already."""


class Store(ReferenceCis):
    """The tables. `url` is a PostgreSQL address."""

    def __init__(self, url: str, *, schema: str = "rest_simulator", timeout_seconds: float = 30.0) -> None:
        super().__init__(url, schema=schema, timeout_seconds=timeout_seconds)
        self._link = Link(url, schema=schema, timeout_seconds=timeout_seconds, most=24)

    def install(self) -> None:
        super().install()
        with self._link.writing() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('keyturn rest simulator', 0))")
            cursor.execute(_TABLE)

    def empty(self) -> None:
        with self._link.writing() as cursor:
            cursor.execute("DELETE FROM external")
        super().empty()

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        """One call of the interface, one transaction."""
        with self._link.writing() as cursor:
            yield cursor

    @contextmanager
    def asking(self) -> Iterator[Cursor]:
        with self._link.reading() as cursor:
            yield cursor

    def number(self, cursor: Cursor) -> str:
        """The next free number of a person or an account."""
        return self._number(cursor)

    def effects(self) -> list[Mapping[str, Any]]:
        """What was done under which key, oldest first, as `ReferenceCis.effects` says it."""
        with self._link.reading() as cursor:
            cursor.execute(
                "SELECT external_id AS key, type, reference AS request_reference, result ->> 'personId' AS person_ref,"
                " coalesce(result ->> 'accountId', '') AS account_ref, result -> 'agreements' AS made"
                " FROM external WHERE type = ANY(%s) ORDER BY sequence",
                (list(LAST),),
            )
            return [_effect(row) for row in cursor.fetchall()]


def _effect(row: dict[str, Any]) -> dict[str, Any]:
    made = {SERVICES[each["service"]]: each["id"] for each in row.pop("made") or ()}
    return {**row, "command": LAST[row.pop("type")], "agreement_refs": made}


def enter(cursor: Cursor, kind: str, said: Mapping[str, Any]) -> None:
    """Take the external id for a thing of this kind, before the thing: a second call waits here. Raises Taken."""
    external_id = str(said.get("externalId") or "")
    if not external_id:
        return
    changes.sign(cursor, external_id)
    cursor.execute(
        "INSERT INTO external (external_id, type, note, reference) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING RETURNING type",
        (external_id, kind, str(said.get("externalNote") or ""), str(said.get("reference") or "")),
    )
    if cursor.fetchone() is None:
        raise Taken


def settle(cursor: Cursor, kind: str, said: Mapping[str, Any], ref: str, result: Mapping[str, Any]) -> None:
    """What became of it."""
    cursor.execute(
        "UPDATE external SET id = %s, result = %s WHERE external_id = %s AND type = %s",
        (ref, Jsonb(dict(result)), str(said.get("externalId") or ""), kind),
    )


def known(cursor: Cursor, external_id: str) -> list[dict[str, Any]]:
    """Everything that bears an external id, in the order in which it came."""
    cursor.execute(
        "SELECT type, id, note, result FROM external WHERE external_id = %s ORDER BY sequence", (external_id,)
    )
    rows = cursor.fetchall()
    return [{"type": row["type"], "id": row["id"], "externalNote": row["note"], **row["result"]} for row in rows]


def forget(cursor: Cursor, kind: str, ref: str) -> None:
    """The thing is gone, and so is its external id."""
    cursor.execute("DELETE FROM external WHERE type = %s AND id = %s", (kind, ref))
