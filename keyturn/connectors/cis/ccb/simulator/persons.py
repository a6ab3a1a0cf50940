"""How does the simulated CC&B add, show and find persons (C.1 to C.4)?"""

from collections.abc import Mapping
from typing import Any

from keyturn.connectors.cis.ccb.simulator import addresses, change_log, characteristics, customer_contacts, identifiers
from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.ccb.simulator.numbers import RESERVED, new_number
from keyturn.connectors.cis.ccb.simulator.shapes import day, written
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.reference.contacts import folded

MOST = 50
_NAME = {
    "firstName": "first_name",
    "middleName": "middle_name",
    "lastName": "last_name",
    "nameSuffix": "name_suffix",
    "entityName": "entity_name",
}


def add(cursor: Cursor, said: Mapping[str, Any]) -> dict[str, Any]:
    """A new person with names, identifiers, contacts and addresses; its id. Raises Refused."""
    if sum(each["isPrimaryName"] for each in said["names"]) != 1:
        raise Refused("primary_name")
    per_id = new_number(cursor)
    cursor.execute(
        "INSERT INTO per (per_id, per_or_bus, birth_dt, language_cd) VALUES (%s, %s, %s, %s)",
        (per_id, said["personOrBusiness"] or "P", day(said["birthDate"], at="birthDate"), said["language"]),
    )
    _enter(cursor, per_id, said)
    addresses.keep(cursor, per_id, said["addresses"])
    key = next((each["personIdNumber"] for each in said["identifiers"] if each["idType"] == RESERVED), "")
    change_log.note(cursor, key, persons=[per_id])
    return {"personId": per_id, "version": 1}


def put(cursor: Cursor, per_id: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Names, identifiers and contacts as they are said, and nothing else of these. Raises Refused("stale")."""
    if locked(cursor, per_id)["version"] != said["version"]:
        raise Refused("stale", status=409)
    if sum(each["isPrimaryName"] for each in said["names"]) != 1:
        raise Refused("primary_name")
    cursor.execute(
        "UPDATE per SET language_cd = %s, birth_dt = %s, version = version + 1 WHERE per_id = %s",
        (said["language"], day(said["birthDate"], at="birthDate"), per_id),
    )
    for table in ("per_name", "per_id"):
        cursor.execute(f"DELETE FROM {table} WHERE per_id = %s", (per_id,))
    _enter(cursor, per_id, said)
    change_log.note(cursor, persons=[per_id])
    return read(cursor, per_id)


def _enter(cursor: Cursor, per_id: str, said: Mapping[str, Any]) -> None:
    for name in said["names"]:
        add_name(cursor, per_id, name, primary=name["isPrimaryName"])
    for each in said["identifiers"]:
        identifiers.add(cursor, per_id, each)
    for route in ("EMAIL", "PHONE"):
        given: dict[str, Mapping[str, Any]] = {}
        for each in said["contactDetails"]:
            if each["contactRoute"] == route:
                given.setdefault(folded(each["contactValue"], route.lower()), each)  # what is said twice is kept once
        ordered = sorted(given.values(), key=lambda contact: not contact["isPrimary"])
        write_contacts(cursor, per_id, route, [(each["contactValue"], each["contactType"]) for each in ordered])


def read(cursor: Cursor, per_id: str) -> dict[str, Any]:
    """Everything of one person. Raises Refused("person_not_found")."""
    cursor.execute("SELECT * FROM per WHERE per_id = %s", (per_id,))
    row = cursor.fetchone()
    if row is None:
        raise Refused("person_not_found", per_id[:10])
    cursor.execute("SELECT acct_id FROM acct_per WHERE per_id = %s ORDER BY acct_id", (per_id,))
    accounts = [each["acct_id"] for each in cursor.fetchall()]
    return {
        "personId": per_id,
        "personOrBusiness": row["per_or_bus"],
        "birthDate": written(row["birth_dt"]),
        "language": row["language_cd"],
        "version": row["version"],
        "names": names_of(cursor, per_id),
        "identifiers": identifiers.of_person(cursor, per_id),
        "contactDetails": [
            {"contactRoute": route, "contactType": kind, "contactValue": value, "isPrimary": place == 0}
            for route in ("EMAIL", "PHONE")
            for place, (value, kind) in enumerate(contacts_of(cursor, per_id, route))
        ],
        "addresses": addresses.of(cursor, per_id),
        "characteristics": characteristics.of(cursor, per_id),
        "accountIds": accounts,
        "mergedIntoPersonId": merged_into(cursor, per_id),
        "customerContacts": customer_contacts.of(cursor, "per_id", per_id),
    }


def merged_into(cursor: Cursor, per_id: str) -> str:
    """The person of whom this one was made part; "" where of none."""
    cursor.execute("SELECT survivor FROM per_merge WHERE merged = %s AND reversed IS NULL", (per_id,))
    return str((cursor.fetchone() or {}).get("survivor", ""))


def locked(cursor: Cursor, per_id: str) -> dict[str, Any]:
    """The row of one person, for this transaction alone. Raises Refused("person_not_found")."""
    cursor.execute("SELECT *, current_date AS today FROM per WHERE per_id = %s FOR NO KEY UPDATE", (per_id,))
    row = cursor.fetchone()
    if row is None:
        raise Refused("person_not_found", per_id[:10])
    return row


def search(cursor: Cursor, said: Mapping[str, Any]) -> list[str]:
    """Ids of persons with an identifier or a contact of `said`, or its name and birth date; some fifty at most."""
    named = bool(said["lastName"] and said["birthDate"])
    cursor.execute(
        "SELECT per_id FROM per_id JOIN unnest(%(types)s::text[], %(values)s::text[]) AS w(t, v)"
        " ON id_type = w.t AND id_folded = w.v"
        " UNION SELECT per_id FROM per_contact WHERE route = 'EMAIL' AND folded = ANY(%(emails)s)"
        " UNION SELECT per_id FROM per_contact WHERE route = 'PHONE' AND folded = ANY(%(phones)s)"
        " UNION SELECT per_id FROM per_name JOIN per USING (per_id) WHERE %(named)s AND lower(last_name) = lower(%(last)s)"
        " AND lower(first_name) = lower(%(first)s) AND birth_dt = %(born)s"
        " UNION SELECT per_id FROM per_name WHERE entity_name <> '' AND lower(entity_name) = lower(%(entity)s)"
        f" ORDER BY 1 LIMIT {MOST}",
        {
            "types": [each["idType"] for each in said["identifiers"]],
            "values": [identifiers.folded(each["personIdNumber"]) for each in said["identifiers"]],
            "emails": [folded(each, "email") for each in said["emailAddresses"]],
            "phones": [folded(each, "phone") for each in said["phoneNumbers"]],
            "named": named,
            "last": said["lastName"],
            "first": said["firstName"],
            "born": day(said["birthDate"], at="birthDate"),
            "entity": said["entityName"],
        },
    )
    return [row["per_id"] for row in cursor.fetchall()]


def names_of(cursor: Cursor, per_id: str) -> list[dict[str, Any]]:
    """The primary name first."""
    cursor.execute("SELECT * FROM per_name WHERE per_id = %s ORDER BY NOT is_prim, name_type, seq", (per_id,))
    return [
        {
            "nameType": row["name_type"],
            "isPrimaryName": row["is_prim"],
            "startDate": written(row["start_dt"]),
            "endDate": written(row["end_dt"]),
            "isComing": row["coming"],
            **{field: row[column] for field, column in _NAME.items()},
        }
        for row in cursor.fetchall()
    ]


def add_name(
    cursor: Cursor, per_id: str, name: Mapping[str, Any], *, primary: bool = False, coming: bool = False
) -> bool:
    """Enter a name; False where the same stands there already. Raises Refused where nothing is in it."""
    if not any(name[field] for field in _NAME):
        raise Refused("required", "name")
    kind = "PRIM" if primary else name["nameType"]
    alike = [each for each in names_of(cursor, per_id) if each["nameType"] == kind and same_name(each, name)]
    if any(each["isComing"] == coming for each in alike):
        return False
    cursor.execute(
        f"INSERT INTO per_name (per_id, name_type, is_prim, start_dt, end_dt, coming, {', '.join(_NAME.values())})"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            per_id,
            kind,
            primary and not coming,
            day(name["startDate"], at="startDate"),
            day(name["endDate"], at="endDate"),
            coming,
            *(name[field] for field in _NAME),
        ),
    )
    return True


def same_name(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one[field] == other[field] for field in _NAME)


def contacts_of(cursor: Cursor, per_id: str, route: str) -> list[tuple[str, str]]:
    """Value and type, the primary one first."""
    cursor.execute(
        "SELECT value, cnt_type FROM per_contact WHERE per_id = %s AND route = %s ORDER BY seq", (per_id, route)
    )
    return [(row["value"], row["cnt_type"]) for row in cursor.fetchall()]


def write_contacts(cursor: Cursor, per_id: str, route: str, wanted: list[tuple[str, str]]) -> None:
    """These and no others; the first is the primary one."""
    cursor.execute("DELETE FROM per_contact WHERE per_id = %s AND route = %s", (per_id, route))
    cursor.executemany(
        "INSERT INTO per_contact VALUES (%s, %s, %s, %s, %s, %s)",
        [(per_id, route, seq, value, folded(value, route.lower()), kind) for seq, (value, kind) in enumerate(wanted)],
    )


def remove(cursor: Cursor, per_id: str) -> None:
    """Delete a person who stands on no account and of whom nothing has been noted. Raises Refused."""
    locked(cursor, per_id)
    cursor.execute("DELETE FROM dated_address WHERE owner = %s", (per_id,))
    cursor.execute("DELETE FROM characteristic WHERE owner = %s", (per_id,))
    cursor.execute("DELETE FROM per WHERE per_id = %s", (per_id,))
