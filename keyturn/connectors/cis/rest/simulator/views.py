"""How does the simulated CIS show a person, an account or a premise, in its own words?"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from keyturn.connectors.cis.rest.simulator.words import CHANNELS, NAMES, SERVICES, STATUSES, address_as

Row = Mapping[str, Any]


def person(row: Row) -> dict[str, Any]:
    return {
        "id": row["ref"],
        "type": "ORG" if row["kind"] == "organisation" else "IND",
        "birthDate": _shown(row["date_of_birth"]),
        "language": row["language"],
        "mergedInto": row["merged_into"],
        "names": [_name(each) for each in row["names"]],
        "comingNames": [_name(each) for each in row["upcoming_names"]],
        "identifiers": [{"type": each["id_type"], "number": each["value"]} for each in row["identifiers"]],
        "contacts": [
            {"channel": _code(CHANNELS, each["routing"]), "value": each["value"], "use": each["contact_type"]}
            for each in row["contacts"]
        ],
        "addresses": [
            {"use": "MAIL" if each["kind"] == "mailing" else "OTHER", **_dated(each)} for each in row["addresses"]
        ],
        "attributes": _attributes(row["details"]),
        "accountIds": row["accounts"],
        "activities": _activities(row["customer_contacts"]),
    }


def account(row: Row) -> dict[str, Any]:
    return {
        "id": row["ref"],
        "division": row["division"],
        "class": row["customer_class"],
        "opened": _shown(row["set_up_date"]),
        "balance": _shown(row["balance"]),
        "mainPersonId": row["main_person_ref"],
        "persons": [
            {
                "personId": each["person_ref"],
                "main": each["main_customer"],
                "responsible": each["financially_responsible"],
                "guarantor": each["guarantor"],
                "relation": each["relationship"],
                "selfService": each["portal_owned"],
                "role": each["portal_role"],
            }
            for each in row["persons"]
        ],
        "billsGoTo": row["mailing_source"].upper(),
        "billsPremiseId": row["mailing_premise"],
        "billsAddress": address_as(row["mailing_address"]),
        "billing": [{"goTo": each["source"].upper(), **_dated(each)} for each in row["mailing"]],
        "attributes": _attributes(row["details"]),
        "agreements": [_agreement(each) for each in row["agreements"]],
        "activities": _activities(row["customer_contacts"]),
    }


def premise(row: Row) -> dict[str, Any]:
    return {
        "id": row["ref"],
        "division": row["division"],
        "address": address_as(row),
        "servicePoints": [{"service": _code(SERVICES, name), "id": ref} for name, ref in row["services"].items()],
        "agreements": [_agreement(each) for each in row["agreements"]],
    }


VIEWS = {"person": person, "account": account, "premise": premise}


def _name(row: Row) -> dict[str, Any]:
    return {
        "type": _code(NAMES, row["name_type"]),
        "first": row["given_name"],
        "middle": row["middle_name"],
        "last": row["family_name"],
        "suffix": row["suffix"],
        "organization": row["organisation_name"],
        "from": _shown(row["valid_from"]),
        "to": _shown(row.get("valid_to")),
    }


def _dated(row: Row) -> dict[str, Any]:
    season = row["season"]
    years = season and {
        "fromMonth": season[0][0],
        "fromDay": season[0][1],
        "toMonth": season[1][0],
        "toDay": season[1][1],
    }
    return {**address_as(row), "from": _shown(row["valid_from"]), "to": _shown(row["valid_to"]), "season": years}


def _agreement(row: Row) -> dict[str, Any]:
    return {
        "id": row["ref"],
        "service": _code(SERVICES, row["service"]),
        "premiseId": row["premise_ref"],
        "accountId": row["account_ref"],
        "status": _code(STATUSES, row["status"]),
        "start": _shown(row["start_date"]),
        "end": _shown(row["end_date"]),
        "reference": row["request_reference"],
    }


def _attributes(rows: list[Row]) -> list[dict[str, Any]]:
    return [
        {
            "name": each["name"],
            "value": each["value"],
            "untilDate": _shown(each["until"]),
            "since": _shown(each["since"]),
            "endedAt": _shown(each["ended_at"]),
        }
        for each in rows
    ]


def _activities(rows: list[Row]) -> list[dict[str, Any]]:
    return [
        {
            "at": _shown(each["at"]),
            "class": each["contact_class"],
            "type": each["contact_type"],
            "text": each["text"],
            "reference": each["request_reference"],
            "accountId": each["account_ref"],
        }
        for each in rows
    ]


def _code(table: Mapping[str, str], word: str) -> str:
    return next((code for code, known in table.items() if known == word), word.upper())


def _shown(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
