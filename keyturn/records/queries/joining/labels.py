"""In which words does staff know a row again: an account by its number, a login by its address, a paper by its name?"""

from collections.abc import Callable, Iterable
from typing import Any

from keyturn.records.models import (
    AccountAccess,
    AccountGroup,
    AccountPerson,
    BlindReview,
    ClaimCode,
    Consent,
    Document,
    MedicalCertification,
    Message,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonLink,
    PersonName,
    PersonPerson,
    Preference,
    PrivacyCase,
    Proposal,
    Protection,
    RedFlag,
    Request,
)
from keyturn.records.queries import persons


def label(row: Any) -> str:
    """What a row says, in few words: values and codes, nothing to be translated."""
    return _LABELS[type(row)](row)


def some(rows: Iterable[Any], most: int) -> tuple[str, ...]:
    """The first of them, each once."""
    return tuple(dict.fromkeys(label(row) for row in list(rows)[:most]))


def _account(row: Any) -> str:
    return str(row.account.ref or row.account_id) if row.account_id else ""


def _joined(*parts: Any) -> str:
    return " · ".join(str(each) for each in parts if each)


_LABELS: dict[type, Callable[[Any], str]] = {
    PersonName: lambda row: _joined(persons.as_one(row), row.name_type),
    PersonIdentifier: lambda row: _joined(row.id_type, f"…{row.last_four}"),
    PersonContact: lambda row: str(row.value),
    PersonAddress: lambda row: _joined(", ".join(row.address.lines()), _account(row)),
    PersonPerson: lambda row: str(row.relationship),
    AccountPerson: lambda row: _joined(_account(row), row.relationship),
    Request: lambda row: _joined(row.reference, row.journey),
    AccountAccess: lambda row: _joined(row.user.email or row.user_id, row.level, _account(row)),
    AccountGroup: lambda row: str(row.name),
    PersonLink: lambda row: str(row.request.reference),
    Proposal: lambda row: _joined(row.field, row.request.reference),
    ClaimCode: lambda row: _joined(row.channel, row.request.reference),
    Consent: lambda row: _joined(row.purpose, row.channel, row.act),
    Document: lambda row: _joined(row.purpose, row.name),
    Message: lambda row: _joined(row.template, row.channel),
    MedicalCertification: lambda row: _joined(_account(row), row.state),
    RedFlag: lambda row: _joined(row.trigger, row.state),
    PrivacyCase: lambda row: _joined(row.kind, row.request.reference),
    BlindReview: lambda row: str(row.request.reference),
    Protection: lambda row: str(row.programme),
    Preference: lambda row: _joined(row.topic, row.channel, row.state),
}
