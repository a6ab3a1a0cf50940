"""What became of a person on file: when was it recorded, and from when until when is it valid?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from keyturn.records.models import (
    AccountPerson,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonLink,
    PersonName,
)
from keyturn.records.models.dated import Dated

_THINGS: dict[type[Dated], tuple[str, str]] = {
    PersonName: ("name", "name_type"),
    PersonContact: ("contact", "channel"),
    PersonAddress: ("address", "purpose"),
    PersonIdentifier: ("identifier", "id_type"),
    AccountPerson: ("role", "relationship"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was recorded of a person at `at`. `detail` says which kind of name, contact, identifier or address.

    `valid_from` and `valid_to` are about the world: from when until when what was entered holds (None: open), or, of
    something that ended, held. `source` says who brought it.
    """

    at: datetime
    what: str
    detail: str = ""
    request_id: UUID | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    source: str = ""


def history(person: Person) -> list[Change]:
    """Everything that became of a person, oldest first, without what was entered: only that it was."""
    found = [Change(person.created_at, "person_entered")]
    for table, (thing, kind) in _THINGS.items():  # not through the relations: what was prefetched there is a part
        found += _told(thing, kind, list(table.ever.filter(person=person).order_by("recorded_at", "id")))
    found += _verified(person)
    for link in PersonLink.objects.filter(person=person):
        found.append(
            Change(link.made_at, "request_linked", "automatic" if link.automatic else "staff", link.request_id)
        )
        found += [Change(link.undone_at, "link_undone", "", link.request_id)] if link.undone_at else []
    return sorted(found, key=lambda each: (each.at, each.what, each.detail, each.valid_from or each.at))


def _verified(person: Person) -> Iterator[Change]:
    """Once for each value: copies of a row carry the moment of its proof with them."""
    rows = PersonIdentifier.ever.filter(person=person).exclude(verified_at=None)
    rows = rows.order_by("id_type", "digest", "verified_at")
    for (id_type, _digest, at), _copies in groupby(rows, key=lambda row: (row.id_type, row.digest, row.verified_at)):
        yield Change(at, "identifier_verified", id_type)


def _told(thing: str, kind: str, rows: list[Dated]) -> Iterator[Change]:
    """One line for each row that was recorded, and for each that was given up and put into no other words."""
    for row in rows:
        before = [each for each in rows if each.superseded_at == row.recorded_at and each.says_the_same(row)]
        yield _change(row, row.recorded_at, f"{thing}_{_what(row, before)}", getattr(row, kind))
        if row.superseded_at and not any(
            each.recorded_at == row.superseded_at and each.says_the_same(row) for each in rows
        ):
            yield _change(row, row.superseded_at, f"{thing}_withdrawn", getattr(row, kind))


def _what(row: Dated, before: Iterable[Dated]) -> str:
    """A copy of what was believed until the same moment ends it, or lets it go on for longer; all else is new."""
    ends = [each.valid_to for each in before]
    if not ends:
        return "entered"
    if row.valid_to is not None and all(end is None or row.valid_to < end for end in ends):
        return "ended"
    return "corrected"


def _change(row: Dated, at: datetime, what: str, detail: str) -> Change:
    kind, _, ident = row.source.partition(":")
    request_id = _uuid(ident) if kind == "request" else None
    return Change(at, what, detail, request_id, row.valid_from, row.valid_to, kind)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
