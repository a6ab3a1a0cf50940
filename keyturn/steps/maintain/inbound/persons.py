"""What do we hold about a person, in the fields in which the CIS speaks of one, and how is what it changed written down?

Every write goes through `records.dated`, with the source "cis": what stood before can be read as of any day.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import F

from keyturn.matching.identifiers import PARTIAL_TYPES, normal_identifier
from keyturn.records import dated
from keyturn.records.bulk import persons as bulk
from keyturn.records.crypto import digest
from keyturn.records.dated import Changes
from keyturn.records.models import Person, PersonAddress, PersonContact, PersonIdentifier, PersonName
from keyturn.records.models.dated import holds_at, not_over_at
from keyturn.records.prepared import Prepared, at_once
from keyturn.steps.maintain.inbound.fields import LISTS, NAME_PARTS, Values, normal
from keyturn.terms.address import Address
from keyturn.terms.policy import Policy

SOURCE = "cis"
FOUND_BY = frozenset({"name", "date_of_birth", "email", "phone", "identifier", "mailing"})


def ours(person: Person, *, at: datetime) -> dict[str, Any]:
    """Field to value, as it holds at a moment; what is not on file has no entry, but lists and the mailing address."""
    return ours_and_own(person, at=at)[0]


def ours_and_own(person: Person, *, at: datetime) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """`ours`; and channel to the contacts that neither the CIS nor an import brought."""
    names, addresses, contacts, identifiers = at_once(*(each.asked(person=person.pk, at=at) for each in _HELD))
    own = [each for each in contacts if each.source not in (SOURCE, "import")]
    held = {
        **({"name": {part: getattr(names[0], part) for part in NAME_PARTS}} if names else {}),
        "date_of_birth": person.date_of_birth.isoformat() if person.date_of_birth else "",
        "language": person.language,
        **_by_channel(contacts),
        **{f"identifier.{each.id_type}": each.value for each in identifiers},
        "mailing": addresses[0].address.as_json() if addresses else {},
    }
    return held, _by_channel(own)


def _by_channel(contacts: Iterable[PersonContact]) -> dict[str, list[str]]:
    return {channel: [each.value for each in contacts if each.channel == channel] for channel in LISTS}


_HELD: tuple[Prepared[Any], ...] = (
    Prepared(lambda person, at: PersonName.objects.filter(holds_at(at), person=person, name_type="primary")),
    Prepared(
        lambda person, at: PersonAddress.objects.filter(
            holds_at(at), person=person, purpose="mailing", account=None, season_from=None
        ).order_by("-valid_from")
    ),
    Prepared(
        lambda person, at: PersonContact.objects.filter(holds_at(at), person=person).order_by(
            "-is_primary", "valid_from", "id"
        )
    ),
    Prepared(lambda person, at: PersonIdentifier.objects.filter(holds_at(at), person=person)),
)


def taken_elsewhere(person: Person, field: str, value: Any, *, at: datetime, policy: Policy) -> bool:
    """Does a document of this type and number stand on somebody else (BR-08)?"""
    kind = field.partition(".")[2]
    if not field.startswith("identifier.") or kind not in policy.unique_identifiers:
        return False
    found = PersonIdentifier.objects.filter(
        not_over_at(at), id_type=kind, digest=digest(kind, normal_identifier(str(value)))
    )
    return found.exclude(person=person).exists()


def write(person: Person, values: Values, *, now: datetime, policy: Policy) -> None:
    """These are so from now on. Under the person's lock, which is taken here, too."""
    columns = {name: values[name] for name in ("date_of_birth", "language") if name in values}
    with dated.changing(person=person, now=now, source=SOURCE) as file:
        for field, value in values.items():
            writer = _WRITERS.get(field.partition(".")[0])
            if writer:
                writer(file, field, value, policy)
    if columns:
        if "date_of_birth" in columns:
            columns["date_of_birth"] = date.fromisoformat(columns["date_of_birth"]) if values["date_of_birth"] else None
        Person.objects.filter(pk=person.pk).update(**columns, version=F("version") + 1, updated_at=now)
    if "date_of_birth" in columns:  # no dated row says that somebody is found by another day now
        bulk.reindex([person.pk], now=now)


def _name(file: Changes, field: str, value: Any, policy: Policy) -> None:
    """The old name stays on file as a former one (C.2)."""
    old = next(iter(file.holding(PersonName, name_type="primary")), None)
    parts = {part: getattr(old, part) for part in NAME_PARTS} if old else {}
    file.enter(PersonName(name_type="primary", **value))
    if old:
        file.enter(PersonName(name_type="former", **parts))


def _contacts(file: Changes, field: str, value: Any, policy: Policy) -> None:
    """The list as the CIS has it, the first of it in first place; what both have keeps its proof."""
    wanted = {normal(field, each, country=policy.country): each for each in value}
    for row in file.holding(PersonContact, channel=field):
        if row.normalised not in wanted:
            file.end(row)
    for place, (normalised, text) in enumerate(wanted.items()):
        held = next(iter(file.holding(PersonContact, channel=field, normalised=normalised)), None)
        if held is None:
            new = PersonContact(channel=field, value=text, normalised=normalised, is_primary=place == 0)
            file.enter(new)
        elif held.is_primary != (place == 0):
            file.alter(held, is_primary=place == 0)


def _identifier(file: Changes, field: str, value: Any, policy: Policy) -> None:
    kind, normalised = field.partition(".")[2], normal_identifier(str(value))
    row = PersonIdentifier(
        id_type=kind, digest=digest(kind, normalised), last_four=normalised[-4:],
        is_primary=kind not in PARTIAL_TYPES and not file.holding(PersonIdentifier, is_primary=True),
        unique_by_nature=kind in policy.unique_identifiers,
    )  # fmt: skip
    row.value = str(value)
    file.enter(row)


def _mailing(file: Changes, field: str, value: Mapping[str, Any], policy: Policy) -> None:
    if value:
        file.enter(PersonAddress(purpose="mailing", account_id=None, **Address.from_mapping(value).as_json()))
        return
    for row in file.holding(PersonAddress, purpose="mailing", account_id=None, season_from=None):
        file.end(row)


_WRITERS: dict[str, Callable[[Changes, str, Any, Policy], None]] = {
    "name": _name,
    "email": _contacts,
    "phone": _contacts,
    "identifier": _identifier,
    "mailing": _mailing,
}
