"""Which dated rows are believed of the one person whom two become, and of the two whom one becomes again?

Names, identifiers, contacts, addresses, relations and parts in accounts are superseded on the loser and entered on the
survivor. Each row stands in a *slot* (`slot`): what became of a slot since tells what was edited after the merge. Rows
of before are on disk for ever, so that undoing enters them word for word.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from keyturn.records.models import (
    AccountPerson,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonName,
    PersonPerson,
)
from keyturn.terms.merging import MAILING, NAME_FIELDS, Side
from keyturn.terms.spans import Span, span_of

TABLES: dict[str, Any] = {
    each._meta.db_table: each
    for each in (PersonName, PersonIdentifier, PersonContact, PersonAddress, PersonPerson, AccountPerson)
}
BOTH = "both"
PRIMARY = ("primary", "legal")  # of these names one holds at a time


@dataclass(slots=True)
class Wanted:
    """A row to be believed: like `row`, over `span`, with other `values`. `origin`: survivor, loser or both."""

    row: Any
    span: Span
    values: dict[str, Any] = field(default_factory=dict)
    origin: str = Side.SURVIVOR

    def says(self, name: str) -> Any:
        return self.values.get(name, getattr(self.row, name))


def believed(table: Any, person_id: UUID) -> list[Any]:
    """Everything believed of a person, past and planned rows too; of relations, those to them as well."""
    rows = list(table.objects.filter(person_id=person_id))
    if table is PersonPerson:
        rows += list(table.objects.filter(other_id=person_id).exclude(person_id=person_id))
    return sorted(rows, key=lambda each: (each.valid_from, each.pk))


def slot(row: Any, loser_id: UUID, survivor_id: UUID) -> tuple[Any, ...]:
    """What a row is about, whoever of the two it is on."""

    def one(ident: Any) -> str:
        return str(survivor_id if ident == loser_id else ident)

    if isinstance(row, PersonName):
        parts = () if row.name_type in PRIMARY else tuple(getattr(row, each) for each in NAME_FIELDS)
        return (row.name_type, *parts)
    if isinstance(row, PersonIdentifier):
        return (row.id_type, row.digest)
    if isinstance(row, PersonContact):
        return (row.channel, row.normalised)
    if isinstance(row, PersonAddress):
        said = () if row.purpose == "mailing" else tuple(row.address.as_json().values())
        return (row.purpose, str(row.account_id or ""), row.season_from, row.season_to, *said)
    if isinstance(row, PersonPerson):
        return (one(row.person_id), one(row.other_id), row.relationship)
    return (str(row.account_id),)


# ---------------------------------------------------------------- two become one


def joined(
    table: Any, mine: list[Any], theirs: list[Any], choices: Mapping[str, str], at: datetime, pair: "Pair"
) -> list[Wanted]:
    """What is believed of the survivor when the two are one; `mine` are the survivor's rows, `theirs` the loser's."""
    return _JOINERS[table](mine, theirs, choices, at, pair)


@dataclass(frozen=True, slots=True)
class Pair:
    """The two persons, and the accounts on which each stood."""

    survivor_id: UUID
    loser_id: UUID
    survivor_accounts: frozenset[UUID] = frozenset()
    loser_accounts: frozenset[UUID] = frozenset()
    keeps_general: bool = True  # the survivor's address for all accounts stays that; False: the loser's becomes it
    has_general: frozenset[str] = frozenset()  # sides that have an address for all accounts, whatever the season


def _as_is(rows: Iterable[Any], origin: str = Side.SURVIVOR) -> list[Wanted]:
    return [Wanted(row, span_of(row), origin=origin) for row in rows]


def _beside(taken: list[Wanted], rows: Iterable[Wanted], rivals: Callable[[Wanted, Wanted], bool]) -> Iterator[Wanted]:
    """Each row where no row that is taken already holds; one that shares its slot makes that slot both's."""
    for each in rows:
        spans = [each.span]
        for other in taken:
            if rivals(other, each):
                other.origin = other.origin if other.origin == each.origin else BOTH
                spans = [left for span in spans for left in span.without(other.span)]
        for span in spans:
            yield Wanted(each.row, span, each.values, each.origin)


def _names(mine: list[Any], theirs: list[Any], choices: Mapping[str, str], at: datetime, pair: Pair) -> list[Wanted]:
    """The loser's names stay on file as further ones, unless the survivor goes by the same."""
    now_mine, now_theirs = _primary(mine, at), _primary(theirs, at)
    chosen = [each for each in NAME_FIELDS if choices.get(each) == Side.LOSER]
    wanted = _as_is(mine)
    aliases = [Wanted(row, span_of(row), {"name_type": _further(row)}, Side.LOSER) for row in theirs]
    if chosen and now_mine and now_theirs:
        first = next(each for each in wanted if each.row is now_mine)
        first.values = {name: getattr(now_theirs, name) for name in chosen}
        first.origin = BOTH
        aliases.append(Wanted(now_mine, span_of(now_mine), {"name_type": "alias"}, Side.SURVIVOR))
    for each in aliases:
        if not any(_one_name(each, other) and other.span.overlaps(each.span) for other in wanted):
            wanted.append(each)
    return wanted


def _primary(rows: Iterable[Any], at: datetime) -> Any:
    return next((row for row in rows if row.name_type == "primary" and span_of(row).holds_at(at)), None)


def _further(row: Any) -> str:
    return "alias" if row.name_type in PRIMARY else str(row.name_type)


def _one_name(one: Wanted, other: Wanted) -> bool:
    return all(str(one.says(each)).casefold() == str(other.says(each)).casefold() for each in NAME_FIELDS)


def _contacts(mine: list[Any], theirs: list[Any], choices: Mapping[str, str], at: datetime, pair: Pair) -> list[Wanted]:
    """Every contact stays on file; one for each channel is the first one."""
    wanted = _as_is(mine)
    wanted += _beside(
        wanted, _as_is(theirs, Side.LOSER),
        lambda one, other: (one.row.channel, one.row.normalised) == (other.row.channel, other.row.normalised),
    )  # fmt: skip
    for channel in {each.row.channel for each in wanted}:
        _one_first([each for each in wanted if each.row.channel == channel], choices.get(channel), mine, theirs)
    return wanted


def _identifiers(
    mine: list[Any], theirs: list[Any], choices: Mapping[str, str], at: datetime, pair: Pair
) -> list[Wanted]:
    wanted = _as_is(mine)
    wanted += _beside(
        wanted, _as_is(theirs, Side.LOSER),
        lambda one, other: (one.row.id_type, one.row.digest) == (other.row.id_type, other.row.digest),
    )  # fmt: skip
    unique = {(row.id_type, row.digest) for row in (*mine, *theirs) if row.unique_by_nature and row.valid_to is None}
    for each in wanted:
        if each.span.end is None and (each.row.id_type, each.row.digest) in unique:
            each.values = {**each.values, "unique_by_nature": True}
    _one_first(wanted, None, mine, theirs)
    return wanted


def _one_first(rows: list[Wanted], chosen: str | None, mine: list[Any], theirs: list[Any]) -> None:
    """The first place is that of the side that was chosen; the other's steps back wherever both would stand there.

    Chosen from the loser, a contact that stood on both files takes the first place, too.
    """
    if chosen == Side.LOSER:
        wished = {(row.channel, row.normalised) for row in theirs if row.is_primary and row.valid_to is None}
        for each in rows:
            if each.span.end is None and (each.row.channel, each.row.normalised) in wished:
                each.values = {**each.values, "is_primary": True}
        firm = {row.pk for row in theirs} | {e.row.pk for e in rows if (e.row.channel, e.row.normalised) in wished}
    else:
        firm = {row.pk for row in mine}
    first = [each for each in rows if each.says("is_primary")]
    stays = [each for each in first if each.row.pk in firm]
    for each in first:
        if each.row.pk not in firm and any(other.span.overlaps(each.span) for other in stays):
            each.values = {**each.values, "is_primary": False}


def _addresses(
    mine: list[Any], theirs: list[Any], choices: Mapping[str, str], at: datetime, pair: Pair
) -> list[Wanted]:
    """Letters go on going where they went: the one address for all accounts that is not chosen becomes that of the
    accounts which it was for."""
    sides = ((Side.SURVIVOR, mine, pair.survivor_accounts), (Side.LOSER, theirs, pair.loser_accounts))
    general = Side.SURVIVOR if pair.keeps_general else Side.LOSER
    wanted: list[Wanted] = []
    for side, rows, _accounts in sorted(sides, key=lambda each: each[0] != general):
        stay = [row for row in rows if side == general or not _is_general(row)]
        wanted += _beside(wanted, _as_is(stay, side), _rival_addresses)
    for side, rows, accounts in sides:
        narrowed = [
            Wanted(row, span_of(row), {"account_id": account}, side)
            for row in rows if side != general and _is_general(row) for account in sorted(accounts)
        ]  # fmt: skip
        wanted += _beside(wanted, narrowed, _rival_addresses)
    return wanted


def _is_general(row: Any) -> bool:
    return bool(row.purpose == "mailing" and row.account_id is None)


def _rival_addresses(one: Wanted, other: Wanted) -> bool:
    names = ("purpose", "account_id", "season_from", "season_to")
    same = all(one.says(each) == other.says(each) for each in names)
    return same and (one.says("purpose") == "mailing" or one.row.address == other.row.address)


def _relations(
    mine: list[Any], theirs: list[Any], choices: Mapping[str, str], at: datetime, pair: Pair
) -> list[Wanted]:
    """Relations to others; one between the two would be to oneself."""
    wanted: list[Wanted] = []
    for side, rows in ((Side.SURVIVOR, mine), (Side.LOSER, theirs)):
        ends = [(row, _turned(row.person_id, pair), _turned(row.other_id, pair)) for row in rows]
        found = [
            Wanted(row, span_of(row), {"person_id": person, "other_id": other} if side == Side.LOSER else {}, side)
            for row, person, other in ends if person != other
        ]  # fmt: skip
        wanted += _beside(
            wanted, found,
            lambda one, two: all(one.says(each) == two.says(each) for each in ("person_id", "other_id", "relationship")),
        )  # fmt: skip
    return wanted


def _turned(ident: UUID, pair: Pair) -> UUID:
    return pair.survivor_id if ident == pair.loser_id else ident


def _parts(mine: list[Any], theirs: list[Any], choices: Mapping[str, str], at: datetime, pair: Pair) -> list[Wanted]:
    """Of two parts in one account the stronger stays. Where letters about it go stays as it was."""
    found = [*_as_is(mine), *_as_is(theirs, Side.LOSER)]
    for each in found:
        source = _address_source(each.row, str(each.origin), pair)
        if source != each.row.address_source:
            each.values = {"address_source": source}
    wanted: list[Wanted] = []
    for each in sorted(found, key=lambda one: _strength(one.row), reverse=True):
        wanted += _beside(wanted, [each], lambda one, two: one.row.account_id == two.row.account_id)
    return wanted


def _strength(row: Any) -> tuple[Any, ...]:
    return (row.is_main, row.is_responsible, not row.is_guarantor, row.owned_by == "cis", row.receives_bill)


def _address_source(row: Any, side: str, pair: Pair) -> str:
    """By which address letters about an account go when the person has another one for all accounts."""
    general = Side.SURVIVOR if pair.keeps_general else Side.LOSER
    if side == general or row.address_source != "person" or not pair.has_general:
        return str(row.address_source)
    return "account" if side in pair.has_general else "premise"


_JOINERS: dict[Any, Callable[..., list[Wanted]]] = {
    PersonName: _names,
    PersonIdentifier: _identifiers,
    PersonContact: _contacts,
    PersonAddress: _addresses,
    PersonPerson: _relations,
    AccountPerson: _parts,
}


def pair_of(
    survivor: Person, loser: Person, choices: Mapping[str, str], rows: Mapping[Any, Mapping[str, list[Any]]]
) -> Pair:
    """What the joiners need to know of both. `rows`: table -> side -> believed rows."""
    accounts = {side: frozenset(row.account_id for row in rows[AccountPerson][side]) for side in Side}
    general = {
        side: [row for row in rows[PersonAddress][side] if _is_general(row)] for side in Side
    }  # fmt: skip
    keeps = choices.get(MAILING) != Side.LOSER
    return Pair(
        survivor.pk, loser.pk, accounts[Side.SURVIVOR], accounts[Side.LOSER], keeps,
        frozenset(side for side in Side if general[side]),
    )  # fmt: skip
