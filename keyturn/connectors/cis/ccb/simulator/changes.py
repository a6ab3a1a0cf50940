"""How does the simulated CC&B carry out CM-CustomerChange: a list of changes of one customer, all of them or none?

A utility defines such a service over its own business objects; one call is one transaction there too. Each change leaves
a customer contact (BR-39) that says what was done and never the value; the first bears the external reference.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from keyturn.connectors.cis.ccb.simulator import (
    accounts,
    addresses,
    change_log,
    characteristics,
    customer_contacts,
    identifiers,
    persons,
    roles,
)
from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.ccb.simulator.shapes import day
from keyturn.connectors.cis.reference import contacts
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.terms.change import ContactChange

_COLUMNS = {"LANGUAGE": "language_cd", "BIRTHDATE": "birth_dt"}


def carry_out(cursor: Cursor, said: Mapping[str, Any]) -> dict[str, Any]:
    """Every change, in order. Raises Refused, and nothing is changed."""
    customer_contacts.must_be_new(cursor, said)
    if not said["changes"]:
        raise Refused("no_changes")
    per_id = said["personId"]
    today = persons.locked(cursor, per_id)["today"]
    for place, change in enumerate(said["changes"]):
        if change["changeType"] not in _KINDS:
            raise Refused("invalid_value", "changeType")
        text, changed = _KINDS[change["changeType"]](cursor, per_id, change, today)
        customer_contacts.add(
            cursor,
            per_id,
            "CHANGE",
            text if changed else f"{text} It was so already.",
            acct_id=change["accountId"] or next(iter(change["accountIds"]), ""),
            request=said["requestReference"],
            external=said if place == 0 else None,
        )
    cursor.execute("UPDATE per SET version = version + 1 WHERE per_id = %s", (per_id,))
    named = [ref for each in said["changes"] for ref in (each["accountId"], *each["accountIds"])]
    theirs = accounts.of_main_customer(cursor, per_id) if any(each["mailing"] for each in said["changes"]) else []
    change_log.note(cursor, said["externalReference"], persons=[per_id], accounts=[*named, *theirs])
    return {"personId": per_id}


def _name(cursor: Cursor, per_id: str, change: Mapping[str, Any], today: date) -> tuple[str, bool]:
    name = _needed(change, "name")
    if name["nameType"] != "PRIM":
        return "Another name was entered.", persons.add_name(cursor, per_id, name)
    first = day(name["startDate"], at="startDate") or today
    if first > today:
        return f"The primary name changes on {first}.", persons.add_name(
            cursor, per_id, name, primary=True, coming=True
        )
    text = "The primary name was changed; the old one is kept."
    if not any(name[part] for part in ("firstName", "middleName", "lastName", "nameSuffix", "entityName")):
        raise Refused("required", "name")
    old = next(each for each in persons.names_of(cursor, per_id) if each["isPrimaryName"])
    if persons.same_name(old, name):
        return text, False
    cursor.execute("DELETE FROM per_name WHERE per_id = %s AND is_prim", (per_id,))
    last = (first - timedelta(days=1)).isoformat()
    since = old["startDate"] if old["startDate"] <= last else ""
    persons.add_name(cursor, per_id, {**old, "nameType": "FORM", "startDate": since, "endDate": last})
    persons.add_name(cursor, per_id, {**name, "startDate": first.isoformat()}, primary=True)
    return text, True


def _contact(cursor: Cursor, per_id: str, change: Mapping[str, Any], today: date) -> tuple[str, bool]:
    said = _needed(change, "contact")
    route = said["contactRoute"]
    if route not in ("EMAIL", "PHONE") or not (said["contactValue"] or change["replacesValue"]):
        raise Refused("required", "contact")
    wish = ContactChange(
        route.lower(), said["contactValue"], said["contactType"], change["replacesValue"], said["isPrimary"]
    )
    held = persons.contacts_of(cursor, per_id, route)
    wanted = [(c.value, c.contact_type) for c in contacts.after([contacts.Contact(*each) for each in held], wish)]
    if wanted != held:
        persons.write_contacts(cursor, per_id, route, wanted)
    return f"A contact was changed ({route}).", wanted != held


def _identifier(cursor: Cursor, per_id: str, change: Mapping[str, Any], today: date) -> tuple[str, bool]:
    said = _needed(change, "identifier")
    return f"An identifier was entered ({said['idType']}).", identifiers.add(cursor, per_id, said, warn=True)


def _mailing(cursor: Cursor, per_id: str, change: Mapping[str, Any], today: date) -> tuple[str, bool]:
    wanted = addresses.wish(_needed(change, "mailing"), today)
    text = f"The mailing address was changed, from {wanted.first} on."
    if change["accountIds"]:
        accounts.must_be_theirs(cursor, change["accountIds"], per_id)
        done = [addresses.of_account(cursor, each, wanted, own=True) for each in dict.fromkeys(change["accountIds"])]
        return text, any(done)
    done = [addresses.of_person(cursor, per_id, wanted)]
    done += [
        addresses.of_account(cursor, each, wanted, own=False) for each in accounts.of_main_customer(cursor, per_id)
    ]
    return text, any(done)


def _characteristic(cursor: Cursor, per_id: str, change: Mapping[str, Any], today: date) -> tuple[str, bool]:
    said = _needed(change, "characteristic")
    text = f"Changed: {said['characteristicType']}."
    if change["accountId"]:
        accounts.must_be_theirs(cursor, [change["accountId"]], per_id)
        return text, characteristics.enter(cursor, change["accountId"], said)
    column = _COLUMNS.get(said["characteristicType"])
    if column is None:
        return text, characteristics.enter(cursor, per_id, said)
    value: Any = day(said["value"], at="value") if column == "birth_dt" else said["value"]
    cursor.execute(
        f"UPDATE per SET {column} = %(value)s WHERE per_id = %(id)s AND {column} IS DISTINCT FROM %(value)s",
        {"value": value, "id": per_id},
    )
    return text, cursor.rowcount > 0


def _account_person(cursor: Cursor, per_id: str, change: Mapping[str, Any], today: date) -> tuple[str, bool]:
    accounts.must_be_theirs(cursor, [change["accountId"]], per_id)
    return roles.change(cursor, per_id, change)


def _needed(change: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    if change[part] is None:
        raise Refused("required", part)
    return change[part]


_KINDS: dict[str, Callable[[Cursor, str, Mapping[str, Any], date], tuple[str, bool]]] = {
    "NAME": _name,
    "CONTACT": _contact,
    "IDENTIFIER": _identifier,
    "MAILING": _mailing,
    "CHARACTERISTIC": _characteristic,
    "ACCOUNTPERSON": _account_person,
}
