"""Which fields do the simulated CC&B's messages have, and how long may each be?

A shape maps a field to the greatest length of its text, to bool or int, to another shape, or to a list of one of these.
Lengths are those that Oracle's public documentation states (ids 10, task 14, names 50, entity name 254, and so on) and
else this simulator's own. Dates are text, year-month-day.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from keyturn.connectors.cis.ccb.simulator.messages import Refused

Shape = Mapping[str, Any]

NAME: Final[Shape] = {
    "nameType": 8,
    "isPrimaryName": bool,
    "firstName": 50,
    "middleName": 50,
    "lastName": 50,
    "nameSuffix": 30,
    "entityName": 254,
    "startDate": 10,
    "endDate": 10,
    "isComing": bool,
}
IDENTIFIER: Final[Shape] = {"idType": 8, "personIdNumber": 100, "isPrimaryId": bool}
CONTACT: Final[Shape] = {"contactRoute": 8, "contactType": 30, "contactValue": 254, "isPrimary": bool}
ADDRESS: Final[Shape] = {
    "address1": 254,
    "address2": 254,
    "city": 90,
    "state": 60,
    "postal": 12,
    "country": 3,
}
DATED_ADDRESS: Final[Shape] = {
    "addressKind": 8,
    "addressSource": 4,
    "address": ADDRESS,
    "startDate": 10,
    "endDate": 10,
    "seasonStart": 5,
    "seasonEnd": 5,
}
CHARACTERISTIC: Final[Shape] = {"characteristicType": 100, "value": 4000, "untilDate": 10}
AGREEMENT: Final[Shape] = {
    "serviceAgreementId": 10,
    "serviceType": 8,
    "premiseId": 10,
    "spId": 10,
    "accountId": 10,
    "status": 2,
    "startDate": 10,
    "endDate": 10,
    "externalReference": 254,
}
CUSTOMER_CONTACT: Final[Shape] = {
    "customerContactId": 10,
    "contactDateTime": 32,
    "contactClass": 8,
    "contactType": 16,
    "text": 4000,
    "personId": 10,
    "accountId": 10,
    "externalReference": 254,
    "requestReference": 254,
    "digest": 64,
    "serviceAgreements": [{"serviceType": 8, "serviceAgreementId": 10}],
}
PERSON: Final[Shape] = {
    "personId": 10,
    "personOrBusiness": 1,
    "birthDate": 10,
    "language": 3,
    "version": int,
    "names": [NAME],
    "identifiers": [IDENTIFIER],
    "contactDetails": [CONTACT],
    "addresses": [DATED_ADDRESS],
    "characteristics": [CHARACTERISTIC],
    "accountIds": [10],
    "mergedIntoPersonId": 10,
    "customerContacts": [CUSTOMER_CONTACT],
}
ACCOUNT_PERSON: Final[Shape] = {
    "personId": 10,
    "isMainCustomer": bool,
    "isFinanciallyResponsible": bool,
    "isGuarantor": bool,
    "accountRelationshipType": 8,
    "portalRole": 30,
}
ACCOUNT: Final[Shape] = {
    "accountId": 10,
    "cisDivision": 5,
    "customerClass": 8,
    "currency": 3,
    "setUpDate": 10,
    "mailingPremiseId": 10,
    "addressSource": 4,
    "overrideAddress": ADDRESS,
    "version": int,
    "accountNumbers": [{"accountNumberType": 8, "accountNumber": 100}],
    "persons": [ACCOUNT_PERSON],
    "datedAddresses": [DATED_ADDRESS],
    "characteristics": [CHARACTERISTIC],
    "serviceAgreements": [AGREEMENT],
    "customerContacts": [CUSTOMER_CONTACT],
}
PREMISE: Final[Shape] = {
    "premiseId": 10,
    "cisDivision": 5,
    "address": ADDRESS,
    "servicePoints": [{"spId": 10, "serviceType": 8, "badgeNumber": 30}],
    "serviceAgreements": [AGREEMENT],
}
TASK: Final[Shape] = {
    "serviceTaskId": 14,
    "status": 10,
    "externalReference": 254,
    "digest": 64,
    "requestReference": 254,
    "premiseId": 10,
    "startDate": 10,
    "customerClass": 8,
    "cisDivision": 5,
    "personId": 10,
    "accountId": 10,
    "newCustomer": bool,
    "serviceTypes": [8],
    "services": [{"serviceType": 8, "spId": 10}],
    "serviceAgreements": [{"serviceType": 8, "serviceAgreementId": 10}],
}
MESSAGE: Final[Shape] = {"messageCategory": int, "messageNumber": int, "messageText": 254}
CHANGE: Final[Shape] = {
    "changeType": 16,
    "name": NAME,
    "contact": CONTACT,
    "replacesValue": 254,
    "identifier": IDENTIFIER,
    "mailing": DATED_ADDRESS,
    "accountIds": [10],
    "characteristic": CHARACTERISTIC,
    "accountId": 10,
    "fullName": 254,
    "emailAddress": 254,
    "portalRole": 30,
    "remove": bool,
}
SEARCH: Final[Shape] = {
    "identifiers": [IDENTIFIER],
    "emailAddresses": [254],
    "phoneNumbers": [254],
    "firstName": 50,
    "lastName": 50,
    "birthDate": 10,
    "entityName": 254,
}
WEB_USER: Final[Shape] = {
    "webUserId": 10,
    "clientWebUserId": 254,
    "name": 254,
    "role": 254,
    "isActive": bool,
    "personId": 10,
    "version": int,
}
WEB_USER_ACCOUNT: Final[Shape] = {
    "webUserId": 10,
    "accountId": 10,
    "nickname": 254,
    "role": 254,
    "isActive": bool,
    "isVerified": bool,
    "version": int,
}


def checked(shape: Shape, said: Any, *, at: str = "") -> dict[str, Any]:
    """`said` with every field of `shape`: "" or False or [] or None where nothing was said. Raises Refused."""
    if not isinstance(said, Mapping):
        raise Refused("invalid_value", at or "body")
    for name in said:
        if name not in shape:
            raise Refused("unknown_field", f"{at}{name}"[:200] if name.isidentifier() else at)
    return {name: _field(kind, said.get(name), at=f"{at}{name}") for name, kind in shape.items()}


def _field(kind: Any, value: Any, *, at: str) -> Any:
    if isinstance(kind, list):
        if not isinstance(value, list | None):
            raise Refused("invalid_value", at)
        return [_field(kind[0], each, at=at) for each in value or []]
    if isinstance(kind, Mapping):
        return None if value is None else checked(kind, value, at=f"{at}.")
    if kind is bool:
        if value not in (None, "", True, False, "true", "false", "1", "0", "Y", "N"):
            raise Refused("invalid_value", at)
        return value in (True, "true", "1", "Y")
    if kind is int:
        if value in (None, ""):
            return 0
        if not str(value).isdigit():
            raise Refused("invalid_value", at)
        return int(value)
    if not isinstance(value, str | None) or "\x00" in (value or ""):
        raise Refused("invalid_value", at)
    if len(value or "") > kind and not at.endswith(("Id", "Ids")):  # an id that is too long is one that does not exist
        raise Refused("too_long", at)
    return (value or "").strip()


def day(text: str, *, at: str) -> date | None:
    """A date as the messages write it; None where nothing was said. Raises Refused."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused("invalid_value", at) from None


def written(when: date | None) -> str:
    """The way back."""
    return when.isoformat() if when else ""
