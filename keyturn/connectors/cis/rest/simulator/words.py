"""Which words does the simulated CIS use, and how does it read what it is told?"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from keyturn.terms.address import Address

SERVICES: Final = {"ELE": "electric", "GAS": "gas", "WAT": "water"}
NAMES: Final = {"PRI": "primary", "LEG": "legal", "AKA": "alias", "DBA": "dba", "FMR": "former", "ALT": "alternate"}
CHANNELS: Final = {"EML": "email", "TEL": "phone"}
STATUSES: Final = {
    "PENDING": "pending_start",
    "ACTIVE": "active",
    "ENDING": "pending_stop",
    "ENDED": "stopped",
    "VOID": "cancelled",
}
REFUSALS: Final = {
    "no_person": (422, "PERSON_MISSING"),
    "no_services": (422, "SERVICES_MISSING"),
    "no_changes": (422, "CHANGES_MISSING"),
    "incomplete_change": (422, "CHANGE_INCOMPLETE"),
    "unknown_person": (422, "PERSON_UNKNOWN"),
    "unknown_account": (422, "ACCOUNT_UNKNOWN"),
    "unknown_premise": (422, "PREMISE_UNKNOWN"),
    "not_their_account": (409, "ACCOUNT_OF_ANOTHER"),
    "no_service_point": (409, "SERVICE_NOT_AT_PREMISE"),
    "premise_occupied": (409, "PREMISE_TAKEN"),
    "already_served": (409, "SERVED_ALREADY"),
    "nothing_to_cancel": (409, "NOTHING_PENDING"),
    "already_active": (409, "ACTIVE_ALREADY"),
    "identifier_in_use": (409, "IDENTIFIER_OF_ANOTHER"),
    "overlapping_season": (409, "SEASONS_OVERLAP"),
    "not_portal_owned": (409, "RELATION_OF_STAFF"),
    "already_merged": (409, "MERGED_ALREADY"),
    "not_merged": (409, "NOT_MERGED"),
    "unreadable_value": (422, "VALUE_UNREADABLE"),
}
"""Our codes, as the brain says them: status and code on the wire. Any other is 422 RULE_BROKEN."""

_ADDRESS = {
    "line1": "street1",
    "line2": "street2",
    "city": "city",
    "state": "region",
    "postal_code": "postcode",
    "country": "country",
}


class Malformed(ValueError):
    """The body is not what this call takes."""


def text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if value is not None and not isinstance(value, str):
        raise Malformed(name)
    return value or ""


def texts(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = said.get(name) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Malformed(name)
    return tuple(value)


def day(said: Mapping[str, Any], name: str) -> date | None:
    value = text(said, name)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise Malformed(name) from None


def address_of(said: Any) -> Address | None:
    return None if said is None else Address(**{ours: text(said, theirs) for ours, theirs in _ADDRESS.items()})


def address_as(row: Mapping[str, Any]) -> dict[str, str]:
    return {theirs: row[ours] for ours, theirs in _ADDRESS.items()}
