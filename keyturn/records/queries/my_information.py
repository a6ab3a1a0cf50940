"""What is on file about a person, row by row, as they themselves read it: now, or as it was on another day?"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from keyturn.records.models import (
    AccountPerson,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonName,
    Preference,
    Request,
)
from keyturn.records.models.dated import held_at, holds_at, not_over_at
from keyturn.records.queries.on_file import contact_key
from keyturn.records.queries.persons import as_one
from keyturn.terms.address import Address
from keyturn.terms.season import Season


@dataclass(frozen=True, slots=True)
class Name:
    name_type: str
    text: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Contact:
    """`key` is how a change names it (`terms/slots.py`); `status` is verified, pending or bounced."""

    key: str
    channel: str
    contact_type: str
    value: str
    status: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """A mailing address: for one account ("" for all), from and until a moment or each year between two days."""

    account_id: str
    address: Address
    since: datetime
    until: datetime | None
    season_from: int | None
    season_to: int | None
    planned: bool

    @property
    def slot(self) -> str:
        scope = self.account_id or "all"
        return (
            f"mailing.{scope}"
            if self.season_from is None
            else f"season.{scope}.{self.season_from:04}-{self.season_to:04}"
        )


@dataclass(frozen=True, slots=True)
class Paper:
    id_type: str
    last_four: str


@dataclass(frozen=True, slots=True)
class Mine:
    """Everything about one person that they may see. Preferences: topic -> channels that are on."""

    person: Person
    name: str
    other_names: tuple[Name, ...]
    born: date | None
    contacts: tuple[Contact, ...]
    mail: tuple[Mail, ...]
    papers: tuple[Paper, ...]
    language: str
    formats: tuple[str, ...]
    preferences: dict[str, list[str]]


def about(person: Person, *, at: datetime, is_past: bool = False) -> Mine:
    """As it holds now, with addresses that are to hold later; or, where `at` is another time, as it held then."""
    rows = Q(person=person) & (held_at(at) if is_past else holds_at(at))
    mailed = rows if is_past else Q(person=person) & not_over_at(at)
    names = list(PersonName.objects.filter(rows).order_by("valid_from", "id"))
    mails = PersonAddress.objects.filter(mailed, purpose="mailing")
    contacts = PersonContact.objects.filter(rows).order_by("channel", "-is_primary", "valid_from", "id")
    papers = PersonIdentifier.objects.filter(rows).order_by("-is_primary", "id_type")
    return Mine(
        person=person,
        name=next((as_one(each) for each in names if each.name_type == "primary"), ""),
        other_names=tuple(
            Name(each.name_type, as_one(each), each.valid_from, each.valid_to) for each in names if each.name_type != "primary"
        ),
        born=person.date_of_birth,
        contacts=tuple(
            Contact(contact_key(e.channel, e.normalised), e.channel, e.contact_type, e.value, e.status, e.is_primary)
            for e in contacts
        ),
        mail=tuple(_mail(each, at) for each in mails.order_by("season_from", "valid_from", "id")),
        papers=tuple(Paper(each.id_type, each.last_four) for each in papers),
        language=person.language,
        formats=tuple(sorted(person.formats)),
        preferences=_preferences(person),
    )  # fmt: skip


def _mail(row: PersonAddress, at: datetime) -> Mail:
    return Mail(
        str(row.account_id or ""), row.address, row.valid_from, row.valid_to, row.season_from, row.season_to,
        row.valid_from > at,
    )  # fmt: skip


def _preferences(person: Person) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in Preference.objects.filter(person=person).exclude(state="off").order_by("topic", "channel"):
        found.setdefault(each.topic, []).append(each.channel)
    return found


def last_fours(person: Person, *, at: datetime) -> dict[str, str]:
    """Type of document -> the last characters of the one on file."""
    rows = PersonIdentifier.objects.filter(Q(person=person) & holds_at(at))
    return dict(rows.values_list("id_type", "last_four"))


def under_way(person: Person) -> list[Request]:
    """Changes about this person that were sent and are not made yet."""
    rows = Request.objects.filter(person=person, submitted_at__isnull=False, ended_at=None, user__isnull=False)
    return list(rows.order_by("submitted_at", "id"))


def brought_by(person: Person, slot: str) -> str:
    """Who brought the newest row that this slot's value comes from: "request:<id>", "staff:<id>", "import", "cis"; ""."""
    kind, _, rest = slot.partition(".")
    rows: Any = {
        "name": PersonName.objects.filter(person=person, name_type="primary"),
        "contact": PersonContact.objects.filter(person=person),
        "mailing": PersonAddress.objects.filter(person=person, purpose="mailing", season_from=None),
        "season": PersonAddress.objects.filter(person=person, purpose="mailing").exclude(season_from=None),
        "identifier": PersonIdentifier.objects.filter(person=person, id_type=rest),
    }.get(kind)
    if rows is None:
        return ""
    found = list(rows.order_by("-recorded_at", "-valid_from", "-id")[:50])
    if kind == "contact":
        found = [each for each in found if contact_key(each.channel, each.normalised) == rest]
    if kind in ("mailing", "season"):
        scope = rest.partition(".")[0]
        found = [each for each in found if str(each.account_id or "all") == scope]
    return found[0].source if found else ""


def asked_by(source: str) -> Any:
    """The login whose request brought a row; None for staff, the CIS and imports."""
    kind, _, ident = source.partition(":")
    if kind != "request":
        return None
    return Request.objects.filter(pk=ident).values_list("user_id", flat=True).first()


def letters_go_to(person_id: Any, account: Any, *, at: datetime, today: date) -> list[str]:
    """The lines of the address to which letters about an account go today; empty: the service address (BR-22)."""
    rows = PersonAddress.objects.filter(Q(person_id=person_id) & holds_at(at), purpose="mailing")
    part = AccountPerson.objects.filter(holds_at(at), account=account, person_id=person_id).first()
    scopes = (account.pk,) if part is not None and part.address_source == "premise" else (None, account.pk)
    holding = [
        each
        for each in rows
        if each.account_id in scopes
        and (each.season_from is None or Season(each.season_from, each.season_to or 0).holds_on(today))
    ]
    # An address for the season stands before one without, one for this account before one for all.
    holding.sort(key=lambda row: (row.season_from is None, row.account_id is None))
    return holding[0].address.lines() if holding else []
