"""What is the CIS that ships with Keyturn: a small but real system of record in a PostgreSQL schema of its own?

It serves the demo, the tests and utilities that have no system yet, and it is the worked example for whoever writes a
connector to theirs. It runs on its own clock and its own connections; Keyturn knows it only through `terms.cis.Cis`.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from importlib.resources import files
from typing import Any

from psycopg import sql

from keyturn.connectors.cis.reference import (
    adopt,
    changes,
    establish,
    keys,
    mailing,
    merge,
    names,
    numbers,
    occupancy,
    reading,
    searching,
    update,
)
from keyturn.connectors.cis.reference.connection import Cursor, Link
from keyturn.connectors.cis.reference.staff import Desk
from keyturn.terms.address import Address
from keyturn.terms.cis import (
    Answer,
    CancelService,
    Changes,
    Command,
    EstablishService,
    MergePersons,
    UnmergePersons,
    UpdateCustomer,
)
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from keyturn.terms.person import PersonDetails

_STEPS = ("schema.sql", "schema_2.sql", "schema_3.sql", "schema_4.sql")
"""What each version of the tables added, in order. A step that a release has brought is never changed again."""

_VERSION = str(len(_STEPS))
_REFERRING_FIRST = (
    *(
        "adjustment",
        "agreement",
        "customer_contact",
        "account_mailing",
        "detail",
        "upcoming_name",
        "command",
        "merge",
        "change",
    ),
    *("account_person", "account", "service_point", "premise"),
    *("person_name", "person_identifier", "person_contact", "person_address", "person"),
)
"""Every table but the settings, none before those that refer to it."""

_BULK_SECONDS = 900.0  # an import of millions takes longer than one request may


class _OnlyTried(Exception):
    """Ends a transaction that was meant to change nothing."""


class ReferenceCis:
    """The reference CIS behind the protocol `Cis`. `url` is a PostgreSQL address; `timeout_seconds` bounds each call.

    `desk` is where its own staff sit.
    """

    name = "reference"
    offers = frozenset({"search", "check", "changes"})

    def __init__(self, url: str, *, schema: str = "reference_cis", timeout_seconds: float = 10.0) -> None:
        self._link = Link(url, schema=schema, timeout_seconds=timeout_seconds)
        self._seed: int | None = None
        self.desk = Desk(self._link, self._number)

    # What every CIS can do

    def send(self, command: Command, *, key: str) -> Answer:
        with self._link.writing() as cursor:
            claimed = keys.claim(cursor, key, command)
            if isinstance(claimed, Answer):
                return claimed
            answer = self._carry_out(cursor, command, claimed)
            keys.settle(cursor, key, answer)
        return answer

    def find(self, key: str) -> Answer | None:
        with self._link.reading() as cursor:
            return keys.look_up(cursor, key)

    def read(self, noun: str, ref: str) -> Mapping[str, Any] | None:
        with self._link.reading() as cursor:
            return reading.NOUNS[noun](cursor, ref)

    def search(self, wanted: PersonDetails) -> tuple[str, ...]:
        with self._link.reading() as cursor:
            return searching.search(cursor, wanted)

    def check(self, command: EstablishService) -> tuple[str, ...]:
        """Done for trial, and taken back."""
        try:
            with self._link.writing() as cursor:
                establish.establish(cursor, command, number=self._number)
                raise _OnlyTried
        except Rejected as no:
            return (no.code,)
        except _OnlyTried:
            return ()

    def changes(self, since: str, *, limit: int) -> Changes:
        with self._link.reading() as cursor:
            return changes.since(cursor, since, limit=limit)

    def ping(self) -> None:
        with self._link.reading() as cursor:
            cursor.execute("SELECT value FROM setting WHERE name = 'version'")
            if (cursor.fetchone() or {}).get("value") != _VERSION:
                raise Unavailable("cis_not_installed")

    # What this one can do besides

    def install(self) -> None:
        """Create schema and tables, or bring those of an earlier version up; what they hold stays.

        Safe to run again, and by several at once.
        """
        schema = sql.Identifier(self._link.schema)
        with self._link.writing(seconds=_BULK_SECONDS) as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('keyturn reference cis', 0))")
            done = self._steps_taken(cursor)
            if done >= len(_STEPS):
                return
            cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
            cursor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public")
            cursor.execute(
                "SELECT set_config('search_path', %s || ', ' || quote_ident(nspname), true)"
                " FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'btree_gist'",
                (schema.as_string(),),
            )
            for step in _STEPS[done:]:
                cursor.execute(files(__package__).joinpath(step).read_bytes())
            cursor.execute(
                "INSERT INTO setting VALUES ('version', %s), ('number_seed', floor(random() * 1e9)::bigint::text)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE setting.name = 'version'",
                (_VERSION,),
            )

    def adopt(self, kind: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Take over imported rows of "persons", "premises" or "accounts" (surface.md), in that order; how many.

        All of `rows` or none: Rejected where one breaks a rule. References stay the caller's own. Safe to run again.
        """
        with self._link.writing(seconds=_BULK_SECONDS) as cursor:
            changes.sign(cursor, changes.IMPORT)
            return adopt.adopt(cursor, kind, rows)

    def activate_due(self, today: date) -> tuple[int, int]:
        """The CIS's own nightly run: how many pending starts began, and how many pending stops stopped."""
        with self._link.writing() as cursor:
            names.turn_the_day(cursor, today)
            return occupancy.turn_the_day(cursor, today)

    def where_bills_go(self, account_ref: str, day: date) -> Address:
        """What stands on the envelope for an account on `day`; an empty address where the CIS has none."""
        with self._link.reading() as cursor:
            return mailing.where_bills_go(cursor, account_ref, day)

    def counts(self) -> dict[str, int]:
        with self._link.reading() as cursor:
            return reading.counts(cursor)

    def effects(self) -> list[Mapping[str, Any]]:
        with self._link.reading() as cursor:
            return reading.effects(cursor)

    def audit(self) -> list[str]:
        """Sentences that must never be true and are; an empty list is good."""
        with self._link.reading() as cursor:
            return reading.audit(cursor)

    def send_partly(self, command: Command, *, key: str) -> None:
        """Write a new person, and fail before the account: what a CIS without transactions of its own can do to us.

        `find` knows nothing of the key afterwards, and `send` under the same key goes on with the same person.
        """
        with self._link.writing() as cursor:
            claimed = keys.claim(cursor, key, command)
            if claimed == "" and isinstance(command, EstablishService) and not command.person_ref:
                keys.note_person(cursor, key, establish.create_person(cursor, command, number=self._number))
        raise InDoubt("answered_in_part")

    def empty(self) -> None:
        """Forget everything but the settings. For tests: TRUNCATE takes long for few rows, DELETE for many."""
        with self._link.writing() as cursor:
            cursor.execute(
                "SELECT max(pg_relation_size(name::regclass)) > 50000 AS grown FROM unnest(%s::text[]) name",
                (list(_REFERRING_FIRST),),
            )
            if (cursor.fetchone() or {})["grown"]:
                cursor.execute(f"TRUNCATE {', '.join(_REFERRING_FIRST)}")
            else:
                cursor.execute("; ".join(f"DELETE FROM {table}" for table in _REFERRING_FIRST))

    def close(self) -> None:
        """Close the idle connections; the next call opens new ones."""
        self._link.close()

    def _carry_out(self, cursor: Cursor, command: Command, person_ref: str) -> Answer:
        match command:
            case EstablishService():
                return establish.establish(cursor, command, number=self._number, person_ref=person_ref)
            case CancelService():
                return establish.cancel(cursor, command)
            case UpdateCustomer():
                return update.update(cursor, command, number=self._number)
            case MergePersons():
                return merge.merge(cursor, command)
            case UnmergePersons():
                return merge.unmerge(cursor, command)
        raise Rejected("unknown_command")

    def _steps_taken(self, cursor: Cursor) -> int:
        """The version of the tables that are there; 0: none are."""
        table = sql.Identifier(self._link.schema, "setting")
        cursor.execute("SELECT to_regclass(%s) AS found", (table.as_string(),))
        if not (cursor.fetchone() or {})["found"]:
            return 0
        cursor.execute(sql.SQL("SELECT value FROM {} WHERE name = 'version'").format(table))
        return int((cursor.fetchone() or {"value": 0})["value"])

    def _number(self, cursor: Cursor) -> str:
        if self._seed is None:
            cursor.execute("SELECT value FROM setting WHERE name = 'number_seed'")
            self._seed = int((cursor.fetchone() or {})["value"])
        cursor.execute("SELECT nextval('number_seq') AS n")
        return numbers.number(int((cursor.fetchone() or {})["n"]), seed=self._seed)
