"""How does the simulated CC&B add and show accounts, and who stands on them (C.7, C.8)?"""

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg.types.json import Jsonb

from keyturn.connectors.cis.ccb.simulator import addresses, agreements, change_log, characteristics, customer_contacts
from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.ccb.simulator.numbers import RESERVED, new_number
from keyturn.connectors.cis.ccb.simulator.shapes import written
from keyturn.connectors.cis.reference.connection import Cursor

PORTAL = "SSPORTAL"
"""The relationship type that the self-service master configuration reserves: such a row is the portal's (BR-21)."""


def add(cursor: Cursor, said: Mapping[str, Any]) -> dict[str, Any]:
    """A new account with its persons, exactly one of them main; its id. Raises Refused."""
    if sum(each["isMainCustomer"] for each in said["persons"]) != 1:
        raise Refused("main_customer")
    acct_id = new_number(cursor)
    cursor.execute(
        "INSERT INTO acct (acct_id, cis_division, cust_cl, currency, mailing_prem_id, addr_source, address)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            acct_id,
            said["cisDivision"],
            said["customerClass"],
            said["currency"] or "USD",
            said["mailingPremiseId"] or None,
            said["addressSource"] or "PREM",
            Jsonb(said["overrideAddress"]) if said["overrideAddress"] else None,
        ),
    )
    cursor.executemany(
        "INSERT INTO acct_nbr VALUES (%s, %s, %s)",
        [(acct_id, each["accountNumberType"], each["accountNumber"]) for each in said["accountNumbers"]],
    )
    for each in said["characteristics"]:
        characteristics.enter(cursor, acct_id, each)
    for each in said["persons"]:
        cursor.execute("SELECT 1 FROM per WHERE per_id = %s", (each["personId"],))
        if cursor.fetchone() is None:
            raise Refused("person_not_found", each["personId"][:10])
        cursor.execute(
            "INSERT INTO acct_per VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (
                acct_id,
                each["personId"],
                each["accountRelationshipType"] or "MAIN",
                each["portalRole"],
                each["isMainCustomer"],
                each["isFinanciallyResponsible"],
                each["isGuarantor"],
            ),
        )
    key = next((each["accountNumber"] for each in said["accountNumbers"] if each["accountNumberType"] == RESERVED), "")
    change_log.note(cursor, key, accounts=[acct_id], persons=[each["personId"] for each in said["persons"]])
    return {"accountId": acct_id, "version": 1}


def by_number(cursor: Cursor, number_type: str, number: str) -> str:
    """The account that has this number; "" where none has."""
    cursor.execute("SELECT acct_id FROM acct_nbr WHERE nbr_type = %s AND nbr = %s", (number_type, number))
    return str((cursor.fetchone() or {}).get("acct_id", ""))


def read(cursor: Cursor, acct_id: str) -> dict[str, Any]:
    """Everything of one account; source and override address are today's. Raises Refused("account_not_found")."""
    cursor.execute("SELECT *, current_date AS today FROM acct WHERE acct_id = %s", (acct_id,))
    row = cursor.fetchone()
    if row is None:
        raise Refused("account_not_found", acct_id[:10])
    source, address = addresses.holding(cursor, row, row["today"])
    cursor.execute("SELECT * FROM acct_nbr WHERE acct_id = %s ORDER BY nbr_type", (acct_id,))
    numbers = [{"accountNumberType": each["nbr_type"], "accountNumber": each["nbr"]} for each in cursor.fetchall()]
    return {
        "accountId": acct_id,
        "cisDivision": row["cis_division"],
        "customerClass": row["cust_cl"],
        "currency": row["currency"],
        "setUpDate": written(row["setup_dt"]),
        "mailingPremiseId": row["mailing_prem_id"] or "",
        "addressSource": source,
        "overrideAddress": address,
        "version": row["version"],
        "accountNumbers": numbers,
        "persons": persons_of(cursor, acct_id),
        "datedAddresses": addresses.of(cursor, acct_id),
        "characteristics": characteristics.of(cursor, acct_id),
        "serviceAgreements": agreements.of(cursor, "g.acct_id", acct_id),
        "customerContacts": customer_contacts.of(cursor, "acct_id", acct_id),
    }


def persons_of(cursor: Cursor, acct_id: str) -> list[dict[str, Any]]:
    """The main customer first."""
    cursor.execute("SELECT * FROM acct_per WHERE acct_id = %s ORDER BY main_sw DESC, per_id", (acct_id,))
    return [
        {
            "personId": row["per_id"],
            "isMainCustomer": row["main_sw"],
            "isFinanciallyResponsible": row["fin_sw"],
            "isGuarantor": row["guar_sw"],
            "accountRelationshipType": row["rel_type"],
            "portalRole": row["role"],
        }
        for row in cursor.fetchall()
    ]


def main_person(cursor: Cursor, acct_id: str) -> str:
    """Raises Refused("account_not_found")."""
    cursor.execute("SELECT per_id FROM acct_per WHERE acct_id = %s AND main_sw", (acct_id,))
    row = cursor.fetchone()
    if row is None:
        raise Refused("account_not_found", acct_id[:10])
    return str(row["per_id"])


def must_pay(cursor: Cursor, acct_id: str, per_id: str) -> None:
    """Is the person financially responsible there? Raises Refused."""
    main_person(cursor, acct_id)
    cursor.execute("SELECT 1 FROM acct_per WHERE acct_id = %s AND per_id = %s AND fin_sw", (acct_id, per_id))
    if cursor.fetchone() is None:
        raise Refused("not_on_account", acct_id[:10])


def must_be_theirs(cursor: Cursor, acct_ids: Iterable[str], per_id: str) -> None:
    """Lock the accounts; the person must stand on each by more than the portal's word. Raises Refused."""
    for acct_id in sorted(set(acct_ids)):
        cursor.execute("SELECT 1 FROM acct WHERE acct_id = %s FOR NO KEY UPDATE", (acct_id,))
        if cursor.fetchone() is None:
            raise Refused("account_not_found", acct_id[:10])
        cursor.execute(
            "SELECT 1 FROM acct_per WHERE acct_id = %s AND per_id = %s AND rel_type <> %s", (acct_id, per_id, PORTAL)
        )
        if cursor.fetchone() is None:
            raise Refused("not_on_account", acct_id[:10])


def of_main_customer(cursor: Cursor, per_id: str) -> list[str]:
    """The accounts whose main customer this is, locked, in order."""
    cursor.execute(
        "SELECT acct_id FROM acct WHERE acct_id IN (SELECT acct_id FROM acct_per WHERE per_id = %s AND main_sw)"
        " ORDER BY acct_id FOR NO KEY UPDATE",
        (per_id,),
    )
    return [row["acct_id"] for row in cursor.fetchall()]


def remove(cursor: Cursor, acct_id: str) -> None:
    """Delete an account that never had service and of which nothing has been noted. Raises Refused."""
    main_person(cursor, acct_id)
    cursor.execute("DELETE FROM characteristic WHERE owner = %s", (acct_id,))
    for table in ("acct_nbr", "acct_per", "acct"):
        cursor.execute(f"DELETE FROM {table} WHERE acct_id = %s", (acct_id,))
