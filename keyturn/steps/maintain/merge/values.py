"""Which values of the one file is the CIS told after a merge, and which of its own file after an undoing?

The CIS keeps two records apart and moves accounts between them; what staff chose from the other file it learns by an update
of the survivor that follows, under a key of its own.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from keyturn.records.models import PersonAddress, PersonContact, PersonMerge, PersonName
from keyturn.records.models.dated import holds_at
from keyturn.terms.change import Change, ContactChange, DetailChange, MailingChange, NameChange
from keyturn.terms.merging import FIRST_CONTACTS, MAILING, NAME_FIELDS, OWN_FIELDS


def changes(merge: PersonMerge, fields: Iterable[str], *, at: datetime) -> Iterator[Change]:
    """What is on the survivor's file at that moment in each of these fields (`terms.merging.FIELDS`)."""
    wanted = set(fields)
    survivor: Any = merge.survivor
    name = PersonName.objects.filter(holds_at(at), person=survivor, name_type="primary").first()
    if name is not None and not wanted.isdisjoint(NAME_FIELDS):
        yield NameChange("primary", **{each: getattr(name, each) for each in NAME_FIELDS})
    for each in OWN_FIELDS:
        if each in wanted:
            yield DetailChange(each, _text(getattr(survivor, each)))
    for channel in FIRST_CONTACTS:
        if channel in wanted:
            yield from _contacts(merge, channel, at)
    if MAILING in wanted:
        general = PersonAddress.objects.filter(
            holds_at(at), person=survivor, purpose="mailing", account=None, season_from=None
        ).first()
        yield MailingChange(general.address if general else None)


def _contacts(merge: PersonMerge, channel: str, at: datetime) -> Iterator[ContactChange]:
    """The first one; and, once they are two again, what is the other's does not stay with the survivor."""
    held = PersonContact.objects.filter(holds_at(at), channel=channel)
    mine = list(held.filter(person=merge.survivor).order_by("pk"))
    for row in mine:
        if row.is_primary:
            yield ContactChange(channel, row.value, row.contact_type, is_primary=True)
    if merge.state == "undone":
        stay = {row.normalised for row in mine}
        for row in held.filter(person=merge.loser).exclude(normalised__in=stay).order_by("pk"):
            yield ContactChange(channel, replaces=row.value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return str(value or "")
