"""Who stands on an account by self-service's word in the simulated CC&B, and what of that is still its own (BR-19..21)?"""

from collections.abc import Mapping
from typing import Any

from keyturn.connectors.cis.ccb.simulator import accounts, persons
from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.ccb.simulator.shapes import PERSON, checked
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.reference.contacts import folded


def change(cursor: Cursor, per_id: str, said: Mapping[str, Any]) -> tuple[str, bool]:
    """Enter somebody beside the customer, or remove them; the account is the customer's. Raises Refused."""
    if not said["emailAddress"] or not (said["fullName"] or said["remove"]):
        raise Refused("required", "emailAddress")
    there = _meant(cursor, per_id, said)
    on_it = next((row for row in there if row["acct_id"] == said["accountId"]), None)
    if said["remove"]:
        if on_it is None:
            return "Somebody no longer acts here.", False
        if on_it["rel_type"] != accounts.PORTAL:
            raise Refused("not_portal_owned")
        cursor.execute("DELETE FROM acct_per WHERE acct_id = %s AND per_id = %s", (said["accountId"], on_it["per_id"]))
        return "Somebody no longer acts here.", True
    text = f"Somebody acts here as {said['portalRole']}; they owe nothing."
    if on_it:
        cursor.execute(
            "UPDATE acct_per SET role = %s WHERE acct_id = %s AND per_id = %s AND rel_type = %s AND role <> %s",
            (said["portalRole"], said["accountId"], on_it["per_id"], accounts.PORTAL, said["portalRole"]),
        )
        return text, cursor.rowcount > 0
    them = there[0]["per_id"] if there else _add(cursor, said)
    cursor.execute(
        "INSERT INTO acct_per VALUES (%s, %s, %s, %s, false, false, false)",
        (said["accountId"], them, accounts.PORTAL, said["portalRole"]),
    )
    return text, True


def _meant(cursor: Cursor, per_id: str, said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of whoever bears this name and e-mail: on the account, or by self-service's word on another of the customer.

    To end a role the e-mail is enough where no name is given.
    """
    cursor.execute(
        "SELECT l.*, concat_ws(' ', nullif(first_name, ''), nullif(middle_name, ''), nullif(last_name, ''),"
        " nullif(name_suffix, ''), nullif(entity_name, '')) AS name FROM acct_per l"
        " JOIN per_name n ON n.per_id = l.per_id AND n.is_prim"
        " WHERE (l.acct_id = %(acct)s OR (l.rel_type = %(portal)s"
        " AND l.acct_id IN (SELECT acct_id FROM acct_per WHERE per_id = %(per)s AND main_sw)))"
        " AND EXISTS (SELECT 1 FROM per_contact c WHERE c.per_id = l.per_id AND route = 'EMAIL' AND folded = %(email)s)"
        " ORDER BY l.acct_id <> %(acct)s, l.rel_type <> %(portal)s, l.per_id",
        {
            "acct": said["accountId"],
            "per": per_id,
            "portal": accounts.PORTAL,
            "email": folded(said["emailAddress"], "email"),
        },
    )
    name = _folded(said["fullName"])
    return [row for row in cursor.fetchall() if _folded(row["name"]) == name or (said["remove"] and not name)]


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _add(cursor: Cursor, said: Mapping[str, Any]) -> str:
    """A person of whom nothing is known but name and e-mail; the name as given, nobody said how it divides."""
    name = {"nameType": "PRIM", "isPrimaryName": True, "lastName": " ".join(said["fullName"].split())[:50]}
    email = {"contactRoute": "EMAIL", "contactValue": said["emailAddress"]}
    person = {"personOrBusiness": "P", "names": [name], "contactDetails": [email]}
    return str(persons.add(cursor, checked(PERSON, person))["personId"])
