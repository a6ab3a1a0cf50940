"""What does the CIS say about somebody, field by field, and when are two values one?

A value is JSON, as it is written; `folded` is what makes two spellings one. What the CIS does not show has no entry: a
connector that leaves a part out has said nothing about it.

    name             {"given_name", "middle_name", "family_name", "suffix", "organisation_name"}
    date_of_birth    ISO 8601
    language         a code
    email, phone     a list, the primary one first
    identifier.TYPE  the value
    mailing          {"line1", ...}: where letters go today; {}: nowhere of their own
    account          {"balance", "customer_class"}
    main_customer    the CIS's reference of a person
    agreement.REF    {"premise", "service", "status", "start", "end"}
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.matching.identifiers import normal_identifier
from keyturn.terms.address import Address

NAME_PARTS = ("given_name", "middle_name", "family_name", "suffix", "organisation_name")
LISTS = ("email", "phone")
Values = Mapping[str, Any]


def of_person(read: Mapping[str, Any], *, today: date, types: Iterable[str]) -> dict[str, Any]:
    """The fields of a person that a CIS shows. `types` are the identifiers that the utility knows."""
    found: dict[str, Any] = {}
    primary = next((each for each in read.get("names") or () if each.get("name_type") == "primary"), None)
    if primary:
        found["name"] = {part: _text(primary.get(part)) for part in NAME_PARTS}
    for field in ("date_of_birth", "language"):
        if field in read:
            found[field] = _text(read[field])
    if read.get("contacts") is not None:
        for channel in LISTS:
            said = [_text(each.get("value")) for each in read["contacts"] if each.get("routing") == channel]
            found[channel] = [each for each in dict.fromkeys(said) if each]
    known = set(types)
    for each in read.get("identifiers") or ():
        if each.get("id_type") in known and _text(each.get("value")):
            found.setdefault(f"identifier.{each['id_type']}", _text(each["value"]))
    if read.get("addresses") is not None:
        found["mailing"] = _mailing(read["addresses"], today)
    return found


def _mailing(rows: Iterable[Mapping[str, Any]], today: date) -> dict[str, str]:
    """The mailing address that holds today and has no season."""
    for row in rows:
        holds = (_day(row.get("valid_from")) or date.min) <= today <= (_day(row.get("valid_to")) or date.max)
        if row.get("kind") == "mailing" and not row.get("season") and holds:
            address = Address.from_mapping({name: _text(row.get(name)) for name in Address().as_json()})
            return address.as_json() if address else {}
    return {}


def of_account(read: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an account that a CIS shows."""
    found: dict[str, Any] = {}
    if "balance" in read and "customer_class" in read:
        found["account"] = {"balance": f"{read['balance'] or 0:.2f}", "customer_class": _text(read["customer_class"])}
    main = next((each["person_ref"] for each in read.get("persons") or () if each.get("main_customer")), "")
    if main:
        found["main_customer"] = _text(main)
    for each in read.get("agreements") or ():
        found[f"agreement.{each['ref']}"] = {
            "premise": _text(each.get("premise_ref")),
            "service": _text(each.get("service")),
            "status": _text(each.get("status")),
            "start": _text(each.get("start_date")),
            "end": _text(each.get("end_date")),
        }
    return found


def row_of(ref: str, said: Values, *, kind: str) -> dict[str, str]:
    """A person as a row of an import (surface.md): the first of each."""
    kinds = [name for name in said if name.startswith("identifier.")]
    return {
        "ref": ref,
        "kind": kind,
        **said.get("name", {}),
        "date_of_birth": said.get("date_of_birth", ""),
        **{channel: next(iter(said.get(channel, ())), "") for channel in LISTS},
        "id_type": kinds[0].partition(".")[2] if kinds else "",
        "id_value": said[kinds[0]] if kinds else "",
        **(said.get("mailing") or {}),
    }


def folded(field: str, value: Any, *, country: str) -> Any:
    """What two values must have in common to be one: capitals, spaces and ways to write a number tell none apart."""
    kind = field.partition(".")[0]
    if kind in LISTS:
        ways = [normal(kind, each, country=country) for each in value]
        return tuple(ways[:1]), frozenset(ways[1:])
    if kind == "identifier":
        return normal_identifier(str(value))
    if isinstance(value, Mapping):
        return tuple(_plain(value[name]) for name in sorted(value))
    return _plain(value)


def normal(channel: str, value: str, *, country: str) -> str:
    """A contact as it is kept beside what was typed."""
    if channel == "email":
        return normal_email(value) or value.casefold()
    return normal_phone(value, country=country) or value


def _plain(value: Any) -> str:
    return " ".join(_text(value).casefold().split())


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat()[:10] if isinstance(value, date) else str(value)


def _day(value: Any) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
