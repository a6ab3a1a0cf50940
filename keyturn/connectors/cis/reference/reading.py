"""What does the reference CIS hold: one person, account or premise, and everything counted and checked?"""

from collections.abc import Mapping
from typing import Any

from keyturn.connectors.cis.reference import mailing, names, numbers
from keyturn.connectors.cis.reference.connection import Cursor, true_of
from keyturn.connectors.cis.reference.links import PORTAL

Row = dict[str, Any]

_TABLES = {
    "persons": "person",
    "accounts": "account",
    "premises": "premise",
    "service_points": "service_point",
    "agreements": "agreement",
    "customer_contacts": "customer_contact",
    "commands": "command",
}

_AUDIT = {
    "an account without exactly one main customer (BR-19)": """
        SELECT 1 FROM account a WHERE (SELECT count(*) FROM account_person l
        WHERE l.account_ref = a.ref AND l.main_customer) <> 1""",
    "an account without a person (BR-20)": """
        SELECT 1 FROM account a WHERE NOT EXISTS (SELECT 1 FROM account_person l WHERE l.account_ref = a.ref)""",
    "a main customer who does not pay or who guarantees (BR-19)": """
        SELECT 1 FROM account_person WHERE main_customer AND (guarantor OR NOT financially_responsible)""",
    "a person without exactly one primary name": """
        SELECT 1 FROM person p WHERE (SELECT count(*) FROM person_name n
        WHERE n.person_ref = p.ref AND n.name_type = 'primary') <> 1""",
    "two live agreements at one time on one service point": """
        SELECT 1 FROM agreement g JOIN agreement h ON h.service_point_ref = g.service_point_ref AND h.ref > g.ref
        AND daterange(g.start_date, g.end_date, '[]') && daterange(h.start_date, h.end_date, '[]')
        WHERE g.status IN ('pending_start', 'active', 'pending_stop')
        AND h.status IN ('pending_start', 'active', 'pending_stop')""",
    "something done without a customer contact (BR-39)": """
        SELECT 1 FROM command c WHERE c.answer IS NOT NULL AND NOT EXISTS (SELECT 1 FROM customer_contact k
        WHERE k.request_reference = c.request_reference AND CASE WHEN c.name IN ('UpdateCustomer', 'MergePersons', 'UnmergePersons')
        THEN k.person_ref = c.answer ->> 'person_ref' ELSE k.account_ref = c.answer ->> 'account_ref' END)""",
    "contacts of one routing without a primary one (BR-15)": """
        SELECT 1 FROM person_contact GROUP BY person_ref, routing HAVING min(place) <> 0""",
    "a row of the portal's that pays or guarantees (BR-64)": f"""
        SELECT 1 FROM account_person WHERE relationship = '{PORTAL}' AND (financially_responsible OR guarantor)""",
}


def person(cursor: Cursor, ref: str) -> Row | None:
    """A person with names, identifiers, contacts (the primary one first), addresses, details, accounts and contacts."""
    found = _one(cursor, "SELECT ref, kind, date_of_birth, language, merged_into FROM person WHERE ref = %s", ref)
    if found is None:
        return None
    parts = ", ".join(names.PARTS)
    their_names = (
        f"SELECT name_type, {parts}, valid_from, valid_to FROM person_name"
        " WHERE person_ref = %s ORDER BY name_type <> 'primary', name_type, place"
    )
    upcoming = (
        f"SELECT 'primary' AS name_type, {parts}, from_day AS valid_from FROM upcoming_name WHERE person_ref = %s"
    )
    identifiers = "SELECT id_type, value FROM person_identifier WHERE person_ref = %s ORDER BY place"
    contacts = "SELECT routing, value, contact_type FROM person_contact WHERE person_ref = %s ORDER BY routing, place"
    accounts = "SELECT account_ref FROM account_person WHERE person_ref = %s ORDER BY account_ref"
    return found | {
        "names": _all(cursor, their_names, ref),
        "upcoming_names": _all(cursor, f"{upcoming} ORDER BY from_day", ref),
        "identifiers": _all(cursor, identifiers, ref),
        "contacts": _all(cursor, contacts, ref),
        "addresses": _addresses(cursor, "kind", "person_address WHERE person_ref = %s", ref),
        "details": _details(cursor, "account_ref IS NULL AND person_ref = %s", ref),
        "accounts": [row["account_ref"] for row in _all(cursor, accounts, ref)],
        "customer_contacts": _customer_contacts(cursor, "person_ref", ref),
    }


def account(cursor: Cursor, ref: str) -> Row | None:
    """An account with its persons, details, agreements and customer contacts, and where its bills go.

    "mailing_source" and "mailing_address" are today's, by the CIS's own clock; "mailing" has every time for which
    something else is said than what holds usually.
    """
    found = _one(cursor, "SELECT *, current_date AS today FROM account WHERE ref = %s", ref)
    if found is None:
        return None
    persons = (
        "SELECT person_ref, main_customer, financially_responsible, guarantor, relationship, portal_role,"
        " relationship = %s AS portal_owned FROM account_person"
        " WHERE account_ref = %s ORDER BY main_customer DESC, person_ref"
    )
    cursor.execute(persons, (PORTAL, ref))
    on_it = cursor.fetchall()
    now = mailing.choice_on(cursor, found, found["today"])
    return {
        "ref": found["ref"],
        "division": found["division"],
        "customer_class": found["customer_class"],
        "set_up_date": found["set_up_date"],
        "balance": found["balance"],
        "main_person_ref": found["main_person_ref"],
        "persons": on_it,
        "mailing_source": now.source,
        "mailing_premise": found["mailing_premise"],
        "mailing_address": now.address.as_json(),
        "mailing": _addresses(cursor, "source", "account_mailing WHERE account_ref = %s", ref),
        "details": _details(cursor, "account_ref = %s", ref),
        "agreements": _agreements(cursor, "g.account_ref", ref),
        "customer_contacts": _customer_contacts(cursor, "account_ref", ref),
    }


def premise(cursor: Cursor, ref: str) -> Row | None:
    """A premise with its address, its service points and all agreements there."""
    found = _one(cursor, "SELECT * FROM premise WHERE ref = %s", ref)
    if found is None:
        return None
    points = _all(cursor, "SELECT service, ref FROM service_point WHERE premise_ref = %s ORDER BY service", ref)
    return found | {
        "services": {row["service"]: numbers.plain(row["ref"]) for row in points},
        "agreements": _agreements(cursor, "s.premise_ref", ref),
    }


NOUNS = {"person": person, "account": account, "premise": premise}


def counts(cursor: Cursor) -> dict[str, int]:
    """How many of each there are; a command counts once it has been answered."""
    parts = ", ".join(
        f"(SELECT count(*) FROM {table}) AS {name}" for name, table in _TABLES.items() if name != "commands"
    )
    done = "(SELECT count(*) FROM command WHERE answer IS NOT NULL) AS commands"
    cursor.execute(f"SELECT {parts}, {done}")
    return {name: int(value) for name, value in (cursor.fetchone() or {}).items()}


def effects(cursor: Cursor) -> list[Mapping[str, Any]]:
    """What was done under which key, oldest first: `key`, `command`, `request_reference` and the answer's references."""
    cursor.execute(
        "SELECT key, name AS command, request_reference, answer ->> 'person_ref' AS person_ref,"
        " answer ->> 'account_ref' AS account_ref, answer -> 'agreement_refs' AS agreement_refs"
        " FROM command WHERE answer IS NOT NULL ORDER BY sequence"
    )
    return list(cursor.fetchall())


def audit(cursor: Cursor) -> list[str]:
    """Every sentence that must never be true and is."""
    return true_of(cursor, _AUDIT)


def _agreements(cursor: Cursor, column: str, ref: str) -> list[Row]:
    query = (
        "SELECT g.ref, s.service, s.premise_ref, g.account_ref, g.status, g.start_date, g.end_date, g.request_reference"
        f" FROM agreement g JOIN service_point s ON s.ref = g.service_point_ref WHERE {column} = %s"
        " ORDER BY g.start_date, g.ref"
    )
    return [row | {"ref": numbers.plain(row["ref"])} for row in _all(cursor, query, ref)]


def _addresses(cursor: Cursor, what: str, where: str, ref: str) -> list[Row]:
    """Rows with an address and the days on which it holds; "season": two pairs of month and day, or None."""
    query = (
        f"SELECT {what}, {', '.join(mailing.COLUMNS)}, valid_from, valid_to, season_from, season_to FROM {where}"
        " ORDER BY season_from NULLS FIRST, valid_from NULLS FIRST, id"
    )
    return [row | {"season": _season(row)} for row in _all(cursor, query, ref)]


def _season(row: Row) -> tuple[tuple[int, int], tuple[int, int]] | None:
    first, last = row.pop("season_from"), row.pop("season_to")
    return None if first is None else mailing.as_season((first, last))


def _details(cursor: Cursor, where: str, ref: str) -> list[Row]:
    """What holds now ("ended_at" is None) and what held before, the newest last."""
    query = f"SELECT name, value, until, since, ended_at FROM detail WHERE {where} ORDER BY name, id"
    return _all(cursor, query, ref)


def _customer_contacts(cursor: Cursor, column: str, ref: str) -> list[Row]:
    query = (
        "SELECT at, contact_class, contact_type, text, request_reference, account_ref FROM customer_contact"
        f" WHERE {column} = %s ORDER BY id"
    )
    return _all(cursor, query, ref)


def _one(cursor: Cursor, query: str, ref: str) -> Row | None:
    cursor.execute(query, (ref,))
    return cursor.fetchone()


def _all(cursor: Cursor, query: str, ref: str) -> list[Row]:
    cursor.execute(query, (ref,))
    return cursor.fetchall()
