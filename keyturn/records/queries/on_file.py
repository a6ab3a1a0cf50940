"""Which values are on file about a person, each under the name of its slot (`terms/slots.py`)?"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from keyturn.matching.identifiers import normal_identifier
from keyturn.records.crypto import digest
from keyturn.records.models import (
    Account,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonName,
    Preference,
)
from keyturn.records.models.dated import holds_at
from keyturn.terms.slots import ALL, Wish

ON_BY_DEFAULT = tuple(f"preference.{topic}.email" for topic in ("bills", "payments", "outages", "appointments"))
"""News of their own service goes by e-mail until a customer turns it off (C-34, BR-18)."""

NAME_PARTS = ("given_name", "middle_name", "family_name", "suffix", "organisation_name")


def slots(person: Person, *, at: datetime) -> dict[str, Any]:
    """Everything that a customer can change, as it holds at a moment. Identifiers stand there as their blind index."""
    holds = Q(person=person) & holds_at(at)
    contacts = list(PersonContact.objects.filter(holds))
    return {
        **_names(PersonName.objects.filter(holds)),
        **_contacts(contacts),
        **{f"proof.{contact_key(each.channel, each.normalised)}": each.status for each in contacts},
        **_addresses(PersonAddress.objects.filter(holds, purpose="mailing")),
        **{f"identifier.{each.id_type}": each.digest for each in PersonIdentifier.objects.filter(holds)},
        **_details(person),
        **{f"paperless.{pk}": value for pk, value in _own_accounts(person, at).values_list("pk", "paperless")},
        **dict.fromkeys(ON_BY_DEFAULT, "on"),
        **{f"preference.{e.topic}.{e.channel}": _on(e.state) for e in Preference.objects.filter(person=person)},
    }


def _names(rows: Iterable[PersonName]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        parts = {part: getattr(row, part) for part in NAME_PARTS}
        if row.name_type == "primary":
            found |= {f"name.{part}": value for part, value in parts.items()}
        else:
            found[f"alias.{_key(row.name_type, *parts.values())}"] = {
                "name_type": row.name_type,
                **{k: v for k, v in parts.items() if v},
            }
    return found


def _contacts(rows: Iterable[PersonContact]) -> Mapping[str, Any]:
    return {
        f"contact.{contact_key(row.channel, row.normalised)}": {
            "channel": row.channel, "value": row.value, "contact_type": row.contact_type, "is_primary": row.is_primary,
        }
        for row in rows
    }  # fmt: skip


def contact_key(channel: str, normalised: str) -> str:
    """By which a contact is named outside: it stays while the contact does, and says nothing."""
    return _key(channel, normalised)


def _key(*parts: str) -> str:
    return digest("slot", "\x00".join(parts))[:16]


def _addresses(rows: Iterable[PersonAddress]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        scope = str(row.account_id or ALL)
        if row.season_from is None:
            found[f"mailing.{scope}"] = row.address.as_json()
        else:
            found[f"season.{scope}.{row.season_from:04}-{row.season_to:04}"] = row.address.as_json()
    return found


def _details(person: Person) -> Mapping[str, Any]:
    born = person.date_of_birth
    return {
        "detail.language": person.language,
        "detail.formats": sorted(person.formats),
        "detail.date_of_birth": born.isoformat() if born else "",
    }


def _own_accounts(person: Person, at: datetime) -> Any:
    return Account.objects.filter(holds_at(at, "people"), people__person=person)


def _on(state: str) -> str:
    return "off" if state == "off" else "on"


def is_on_file(person_id: UUID, wish: Wish, *, at: datetime) -> bool:
    """Whether an identifier that is wished for stands on this person's file already."""
    _, _, kind = wish.slot.partition(".")
    value = digest(kind, normal_identifier(str(wish.value)))
    rows = PersonIdentifier.objects.filter(holds_at(at), person_id=person_id, id_type=kind, digest=value)
    return rows.exists()
