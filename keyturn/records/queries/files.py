"""What do staff see of somebody on file: values with their keys, accounts, who has access, what is proposed?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keyturn.records.models import (
    AccountAccess,
    AccountPerson,
    MedicalCertification,
    Person,
    PersonAddress,
    PersonContact,
    Proposal,
)
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import access, on_file, persons, shelter


@dataclass(frozen=True, slots=True)
class Contact:
    key: str
    channel: str
    kind: str
    value: str
    is_primary: bool
    proved: bool


@dataclass(frozen=True, slots=True)
class File:
    """One person, whole. `addresses` is empty where it is `protected` and was not asked for by who has the right."""

    person: Person
    name: str
    names: tuple[tuple[str, str], ...]  # (type, name) of the others
    contacts: tuple[Contact, ...]
    addresses: tuple[PersonAddress, ...]
    protected: bool
    roles: tuple[AccountPerson, ...]
    accesses: tuple[AccountAccess, ...]
    proposals: tuple[Proposal, ...]
    medical: tuple[MedicalCertification, ...]


def read(person_id: Any, *, at: datetime, with_protected: bool = False) -> File | None:
    """The file of a person; of one who was merged into another, that other one's."""
    found = persons.by_id(str(person_id))
    if found is None:
        return None
    person = persons.with_parts(at=at).get(pk=found.pk)
    hidden = shelter.is_protected(person.pk, at=at)
    roles = tuple(person.accounts.filter(holds_at(at)).select_related("account").order_by("account__set_up_on"))
    accounts = [each.account_id for each in roles]
    others = [each for each in person.names.all() if each.name_type != "primary"]
    return File(
        person=person,
        name=persons.details_of(person, open_identifiers=False).display_name,
        names=tuple((each.name_type, _whole(each)) for each in others),
        contacts=tuple(_contact(each) for each in person.contacts.all()),
        addresses=() if hidden and not with_protected else tuple(person.addresses.filter(holds_at(at))),
        protected=hidden,
        roles=roles,
        accesses=tuple(_accesses(accounts, at)),
        proposals=tuple(open_proposals(person)),
        medical=tuple(MedicalCertification.objects.filter(account__in=accounts, ended_at=None)),
    )


def _whole(name: Any) -> str:
    return " ".join(getattr(name, part) for part in on_file.NAME_PARTS if getattr(name, part))


def _contact(row: PersonContact) -> Contact:
    key = on_file.contact_key(row.channel, row.normalised)
    return Contact(key, row.channel, row.contact_type, row.value, row.is_primary, row.verified_at is not None)


def _accesses(accounts: list[Any], at: datetime) -> list[AccountAccess]:
    rows = AccountAccess.objects.filter(access.live(at), account_id__in=accounts)
    return list(rows.select_related("user", "account").order_by("account_id", "since"))


def open_proposals(person: Person) -> list[Proposal]:
    return list(person.proposals.filter(state="open").select_related("request").order_by("created_at", "id"))
