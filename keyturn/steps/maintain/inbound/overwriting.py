"""Would an update overwrite what the CIS's own staff have changed since both last held the same?"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from keyturn.steps.maintain.inbound import base
from keyturn.steps.maintain.inbound.fields import LISTS, NAME_PARTS, folded, of_person
from keyturn.terms.change import Change, ContactChange, DetailChange, IdentifierChange, MailingChange, NameChange
from keyturn.terms.cis import UpdateCustomer
from keyturn.terms.days import local_date
from keyturn.terms.policy import Policy


def fields_of(changes: Iterable[Change]) -> list[str]:
    """The fields (`fields.py`) in whose place these changes put something else."""
    found = []
    for change in changes:
        match change:
            case NameChange(name_type="primary"):
                found.append("name")
            case ContactChange(channel=channel, replaces=replaced) if replaced and channel in LISTS:
                found.append(channel)
            case MailingChange(account_refs=(), season=None):
                found.append("mailing")
            case IdentifierChange(identifier=identifier):
                found.append(f"identifier.{identifier.id_type}")
            case DetailChange(name="date_of_birth" | "language" as name, account_ref=""):
                found.append(name)
    return list(dict.fromkeys(found))


def were_agreed(ref: str, fields: Iterable[str]) -> bool:
    """Is it known of one of these what both last held?"""
    return not set(fields).isdisjoint(base.agreed("person", ref))


def changed_there(command: UpdateCustomer, read: Mapping[str, Any], *, now: datetime, policy: Policy) -> list[str]:
    """Of the fields that the update writes, those in which the CIS holds something new, and something else than the update
    says. Of contacts: where the one that is to be replaced or to go is not there any more."""
    held = base.agreed("person", command.person_ref)
    types = {each.identifier.id_type for each in command.changes if isinstance(each, IdentifierChange)}
    theirs = of_person(read, today=local_date(now, policy), types=types)
    return [
        field
        for field in fields_of(command.changes)
        if field in held and field in theirs and _is_new(field, held[field], theirs[field], command.changes, policy)
    ]


def _wanted(change: Change) -> tuple[str, Any]:
    """The field that a change writes, and what in it."""
    match change:
        case NameChange(name_type="primary"):
            return "name", {part: getattr(change, part) for part in NAME_PARTS}
        case MailingChange(account_refs=(), season=None):
            return "mailing", change.address.as_json() if change.address else {}
        case IdentifierChange():
            return f"identifier.{change.identifier.id_type}", change.identifier.value
        case DetailChange(account_ref=""):
            return change.name, change.value
    return "", None


def _is_new(field: str, agreed: Any, theirs: Any, changes: tuple[Change, ...], policy: Policy) -> bool:
    country = policy.country
    if folded(field, agreed, country=country) == folded(field, theirs, country=country):
        return False
    if field not in LISTS:
        wanted = next(value for name, value in map(_wanted, changes) if name == field)
        return folded(field, wanted, country=country) != folded(field, theirs, country=country)
    there = {folded(field, [each], country=country) for each in theirs}
    before = {folded(field, [each], country=country) for each in agreed}
    replaced = {
        folded(field, [each.replaces], country=country)
        for each in changes
        if isinstance(each, ContactChange) and each.channel == field and each.replaces
    }
    return bool((replaced & before) - there)
