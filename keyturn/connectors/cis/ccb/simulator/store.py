"""Where does the simulated CC&B keep what it knows: a schema of its own, on connections of its own?

Each operation of a wire is one transaction here, and no two are ever one: partial writes really happen. What stands
below the operations (`premise`, `customer`, `counts`, ...) is for rehearsals and tests, which reach it here and over no wire.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from importlib.resources import files
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from keyturn.connectors.cis.ccb.simulator import accounts, agreements, change_log, merging, persons
from keyturn.connectors.cis.ccb.simulator.messages import by_constraint
from keyturn.connectors.cis.ccb.simulator.numbers import new_number
from keyturn.connectors.cis.ccb.simulator.shapes import ACCOUNT, PERSON, checked
from keyturn.connectors.cis.reference.connection import Cursor, Link, true_of
from keyturn.terms.errors import Rejected

_TABLES = (
    *(
        "change",
        "per_merge",
        "sa_change",
        "sa",
        "task",
        "cust_contact",
        "web_user_acct",
        "web_user",
        "characteristic",
        "dated_address",
    ),
    *("acct_nbr", "acct_per", "acct", "sp", "prem", "per_contact", "per_id", "per_name", "per"),
)
_AUDIT = {
    "an account without exactly one main customer (BR-19)": """
        SELECT 1 FROM acct a WHERE (SELECT count(*) FROM acct_per l WHERE l.acct_id = a.acct_id AND main_sw) <> 1""",
    "a person without exactly one primary name": """
        SELECT 1 FROM per p WHERE (SELECT count(*) FROM per_name n WHERE n.per_id = p.per_id AND is_prim) <> 1""",
    "two live agreements at one time at one service point": """
        SELECT 1 FROM sa g JOIN sa h ON h.sp_id = g.sp_id AND h.sa_id > g.sa_id
        AND daterange(g.start_dt, g.end_dt, '[]') && daterange(h.start_dt, h.end_dt, '[]')
        WHERE g.status IN ('10', '20', '30') AND h.status IN ('10', '20', '30')""",
    "a completed task without a customer contact (BR-39)": """
        SELECT 1 FROM task t WHERE status = 'COMPLETE'
        AND NOT EXISTS (SELECT 1 FROM cust_contact c WHERE c.ext_ref = t.ext_ref)""",
}


class Store:
    """The tables. `url` is a PostgreSQL address."""

    def __init__(self, url: str, *, schema: str = "ccb_simulator", timeout_seconds: float = 30.0) -> None:
        self._link = Link(url, schema=schema, timeout_seconds=timeout_seconds, most=24)
        self._places = itertools.count(1)

    @contextmanager
    def operation(self) -> Iterator[Cursor]:
        """One transaction. Raises Refused where the tables say no."""
        try:
            with self._link.writing() as cursor:
                yield cursor
                change_log.write(cursor)
        except Rejected as no:
            raise by_constraint(no.detail) from None

    def install(self) -> None:
        """Make schema and tables where they are not there. Safe to run again, and by several at once."""
        with self._link.writing() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('keyturn ccb simulator', 0))")
            cursor.execute("SELECT to_regclass(%s) AS found", (sql.Identifier(self._link.schema, "per").as_string(),))
            if not (cursor.fetchone() or {})["found"]:
                cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(self._link.schema)))
                cursor.execute(files(__package__).joinpath("schema.sql").read_bytes())
            cursor.execute(merging.TABLE)  # came later

    def close(self) -> None:
        self._link.close()

    # For rehearsals and tests

    def empty(self) -> None:
        """Forget everything."""
        with self._link.writing() as cursor:
            cursor.execute("; ".join(f"DELETE FROM {table}" for table in _TABLES))

    def premise(self, *service_types: str, prem_id: str = "") -> str:
        """A premise that has a service point of each type (E, G, W)."""
        with self.operation() as cursor:
            ref = prem_id or new_number(cursor)
            cursor.execute(
                "INSERT INTO prem VALUES (%s, 'NORTH', jsonb_build_object('address1', %s::text, 'address2', '',"
                " 'city', 'Lumen', 'state', 'CA', 'postal', '90001', 'country', 'US'))",
                (ref, f"{next(self._places)} Mill Lane"),
            )
            for each in service_types or ("E", "G"):
                cursor.execute("INSERT INTO sp VALUES (%s, %s, %s)", (new_number(cursor), ref, each))
        return ref

    def adopt_premises(self, rows: Iterable[Mapping[str, str]]) -> int:
        """Premises of an import's file that are not there yet (docs/howto/import.md); how many."""
        types = {"electric": "E", "gas": "G", "water": "W"}
        made = 0
        with self.operation() as cursor:
            for row in rows:
                lines = {"address1": "line1", "address2": "line2", "postal": "postal_code"}
                names = ("address1", "address2", "city", "state", "postal", "country")
                address = {name: row.get(lines.get(name, name)) or "" for name in names}
                cursor.execute(
                    "INSERT INTO prem VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                    (row["ref"], row.get("division") or "", Jsonb(address)),
                )
                if cursor.rowcount:
                    made += 1
                    for each in (row.get("service_types") or "").split(";"):
                        if each in types:
                            cursor.execute(
                                "INSERT INTO sp VALUES (%s, %s, %s)", (new_number(cursor), row["ref"], types[each])
                            )
        return made

    def customer(self, *, customer_class: str = "RES") -> tuple[str, str]:
        """A person and an account of theirs, without service."""
        place = next(self._places)
        name = {"nameType": "PRIM", "isPrimaryName": True, "firstName": "Ada", "lastName": f"Lind{place}"}
        email = {"contactRoute": "EMAIL", "contactValue": f"ada{place}@example.org"}
        person = {"personOrBusiness": "P", "language": "ENG", "names": [name], "contactDetails": [email]}
        with self.operation() as cursor:
            per_id = persons.add(cursor, checked(PERSON, person))["personId"]
            main = {"personId": per_id, "isMainCustomer": True, "isFinanciallyResponsible": True}
            account = {"customerClass": customer_class, "cisDivision": "NORTH", "persons": [main]}
            return per_id, accounts.add(cursor, checked(ACCOUNT, account))["accountId"]

    def serve(self, acct_id: str, prem_id: str, *, until: date | None = None) -> None:
        """Let the account be served there since long ago, for good or with a stop on `until`."""
        with self.operation() as cursor:
            cursor.execute("SELECT sp_id FROM sp WHERE prem_id = %s ORDER BY svc_type", (prem_id,))
            for row in cursor.fetchall():
                cursor.execute(
                    "INSERT INTO sa (sa_id, acct_id, sp_id, status, start_dt, end_dt) VALUES (%s, %s, %s, %s, %s, %s)",
                    (new_number(cursor), acct_id, row["sp_id"], "30" if until else "20", date(2019, 3, 1), until),
                )

    def staff_change(self, per_id: str) -> None:
        """Somebody at a desk changes a number."""
        with self.operation() as cursor:
            persons.write_contacts(cursor, per_id, "PHONE", [("+12025550199", "")])
            change_log.note(cursor, persons=[per_id])

    def activate_due(self, today: date) -> tuple[int, int]:
        """The nightly run: how many agreements began, how many stopped."""
        with self.operation() as cursor:
            return agreements.turn_the_day(cursor, today)

    def counts(self) -> dict[str, int]:
        with self._link.reading() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM per) AS persons, (SELECT count(*) FROM acct) AS accounts,"
                " (SELECT count(*) FROM sa) AS agreements, (SELECT count(*) FROM cust_contact) AS customer_contacts"
            )
            return {name: int(count) for name, count in (cursor.fetchone() or {}).items()}

    def effects(self) -> list[Mapping[str, Any]]:
        """What was done under which key, oldest first."""
        with self._link.reading() as cursor:
            cursor.execute(
                "SELECT ext_ref AS key, cc_type AS command, request AS request_reference, per_id AS person_ref,"
                " acct_id AS account_ref, sas AS agreements FROM cust_contact WHERE ext_ref IS NOT NULL ORDER BY seq"
            )
            return list(cursor.fetchall())

    def audit(self) -> list[str]:
        """Sentences that must never be true and are; an empty list is good."""
        with self._link.reading() as cursor:
            return true_of(cursor, _AUDIT)
