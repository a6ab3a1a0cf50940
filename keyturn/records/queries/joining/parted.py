"""Which dated rows are believed of each of two persons when their merge is undone, with what was edited since?

A slot that nobody touched gets its rows of before back, on both files. What was edited in a slot goes to whose slot it
was. A slot that came since goes where it came from: with the value that it replaced, with the account or the request it
hangs on. Else nobody but staff can say.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from keyturn.records.models import (
    AccountPerson,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonName,
    PersonPerson,
)
from keyturn.records.queries.joining.file import BOTH, Wanted, slot
from keyturn.terms.merging import Side
from keyturn.terms.spans import span_of

Slot = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """Something that nobody but staff can give to one of the two. `item` names it in the choices."""

    item: str
    table: str
    rows: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Parted:
    """What shall be believed of each, and what staff must decide."""

    wanted: tuple[tuple[Wanted, UUID | None], ...]
    open: tuple[Open, ...]


@dataclass(frozen=True, slots=True)
class Before:
    """One table as the merge left it: ids of the rows of each before, and of those after with whose they were."""

    survivor: tuple[str, ...]
    loser: tuple[str, ...]
    after: Mapping[str, str]


Whose = Callable[[Any], Side | None]
"""Whose a row is that came since, as far as its account or its request tells."""


def part(
    table: Any,
    before: Before,
    current: list[Any],
    *,
    strays: list[Any],
    survivor_id: UUID,
    loser_id: UUID,
    since: datetime,
    whose: Whose,
    choices: Mapping[str, str],
) -> Parted:
    """Plan one table. `current`: what is believed of the survivor now, `strays` of the loser (written by somebody who
    did not know of the merge): theirs; `since`: when the merge was written."""

    def place(row: Any) -> Slot:
        return slot(row, loser_id, survivor_id)

    mine, theirs = _by_slot(table, before.survivor, place), _by_slot(table, before.loser, place)
    now, late = _grouped(current, place), _grouped(strays, place)
    left = _grouped(table.ever.filter(pk__in=list(before.after)), place)
    origins, replaced = _origins(table, before, left, place, _history(table, survivor_id, loser_id, since))
    wanted: list[tuple[Wanted, UUID | None]] = []
    undecided: list[Open] = []
    for key in {**mine, **theirs, **left, **now, **late}:
        rows = now.get(key, [])
        touched = not _same_rows(rows, left.get(key, []))
        gets: Side | None = None
        if touched:
            gets, item = _goes_to(table, key, rows, origins, whose, choices)
            if item is not None:
                undecided.append(item)
            made = _narrowed(left.get(key, []), [*mine.get(key, []), *theirs.get(key, [])])
            wanted += [_given(row, gets, survivor_id, loser_id) for row in rows if not _is_rest_of(row, made)]
        if gets is not Side.SURVIVOR:
            wanted += [_as_before(row) for row in mine.get(key, [])]
        if gets is not Side.LOSER:
            wanted += [_as_before(row) for row in late.get(key) or theirs.get(key, [])]
    return Parted(tuple(_with_first_places(table, wanted, mine, theirs, place, replaced)), tuple(undecided))


def _by_slot(table: Any, ids: Iterable[str], place: Callable[[Any], Slot]) -> dict[Slot, list[Any]]:
    return _grouped(table.ever.filter(pk__in=list(ids)), place)


def _grouped(rows: Iterable[Any], place: Callable[[Any], Slot]) -> dict[Slot, list[Any]]:
    found: dict[Slot, list[Any]] = {}
    for row in sorted(rows, key=lambda each: (each.valid_from, each.pk)):
        found.setdefault(place(row), []).append(row)
    return found


def _same_rows(one: list[Any], other: list[Any]) -> bool:
    """Word for word, and from when until when; under other ids where another merge was undone in between."""
    if len(one) != len(other):
        return False
    left = list(other)
    for row in one:
        same = next((each for each in left if span_of(each) == span_of(row) and each.says_the_same(row)), None)
        if same is None:
            return False
        left.remove(same)
    return True


def _narrowed(left: list[Any], had: list[Any]) -> list[Any]:
    """Addresses for all accounts that the merge wrote for each of them: nobody had them there before."""
    before = [row.address for row in had if isinstance(row, PersonAddress)]
    return [row for row in left if isinstance(row, PersonAddress) and row.address not in before]


def _is_rest_of(row: Any, made: list[Any]) -> bool:
    """What is left of a row that the merge itself made: what it was made from is there again."""
    return any(each.valid_from == row.valid_from and each.says_the_same(row) for each in made)


def _as_before(row: Any) -> tuple[Wanted, UUID | None]:
    return Wanted(row, span_of(row)), None


def _given(row: Any, side: Side, survivor_id: UUID, loser_id: UUID) -> tuple[Wanted, UUID | None]:
    """A row of now, for one of the two."""
    if side is Side.SURVIVOR:
        return Wanted(row, span_of(row)), None
    ends = ("person_id", "other_id") if isinstance(row, PersonPerson) else ("person_id",)
    return Wanted(row, span_of(row), {each: loser_id for each in ends if getattr(row, each) == survivor_id}), None


def _goes_to(
    table: Any, key: Slot, rows: list[Any], origins: Mapping[Slot, str], whose: Whose, choices: Mapping[str, str]
) -> tuple[Side, Open | None]:
    """Who gets what a slot holds now, and what to ask where nobody can tell."""
    origin = origins.get(key)
    if origin in (Side.SURVIVOR, Side.LOSER):
        return Side(origin), None
    if not rows:  # what both had was ended: nothing is there to be given
        return Side.SURVIVOR, None
    known = {side for row in rows if (side := whose(row))} if origin is None else set()
    if len(known) == 1:
        return known.pop(), None
    name = table._meta.db_table
    item = Open(f"{name}:{rows[-1].pk}", name, tuple(rows))
    return Side(choices.get(item.item, Side.SURVIVOR)), item


def _history(table: Any, survivor_id: UUID, loser_id: UUID, since: datetime) -> list[Any]:
    """Every row of the two that was recorded since the merge, superseded again or not, oldest first."""
    return list(
        table.ever.filter(person_id__in=[survivor_id, loser_id], recorded_at__gte=since).order_by("recorded_at")
    )


def _origins(
    table: Any, before: Before, left: Mapping[Slot, list[Any]], place: Callable[[Any], Slot], history: list[Any]
) -> tuple[dict[Slot, str], dict[Slot, Slot]]:
    """Whose each slot is: as the merge left it, and for one that came since, whose value it took the place of.

    Also which slot each of those took the place of.
    """
    origins: dict[Slot, str] = {}
    replaced: dict[Slot, Slot] = {}
    for key, rows in left.items():
        sides = {before.after[str(row.pk)] for row in rows}
        origins[key] = sides.pop() if len(sides) == 1 else BOTH
    came = [row for row in history if str(row.pk) not in before.after]
    known = [*(row for rows in left.values() for row in rows), *came]
    for moment in sorted({row.recorded_at for row in came}):
        entered = [row for row in came if row.recorded_at == moment]
        goes_on = {place(row) for row in entered if row.valid_to is None}
        ended = [row for row in known if row.superseded_at == moment and place(row) not in goes_on]
        for row in entered:
            key = place(row)
            if key in origins:
                continue
            if table is PersonName and ("primary",) in {place(each) for each in entered}:
                sides = {origins.get(("primary",))}  # a former name goes with the name that took its place
            else:
                kin = [place(each) for each in ended if _kin(row, each)]
                sides = {origins.get(each) for each in kin}
                if kin:
                    replaced[key] = kin[0]
            if len(sides) == 1 and (side := sides.pop()):
                origins[key] = side
    return origins, replaced


def _kin(new: Any, old: Any) -> bool:
    """Could the one have taken the place of the other?"""
    if isinstance(new, PersonContact):
        return bool(new.channel == old.channel)
    if isinstance(new, PersonIdentifier):
        return bool(new.id_type == old.id_type)
    return not isinstance(new, AccountPerson | PersonPerson | PersonAddress | PersonName)


def _with_first_places(
    table: Any,
    wanted: list[tuple[Wanted, UUID | None]],
    mine: Mapping[Slot, list[Any]],
    theirs: Mapping[Slot, list[Any]],
    place: Callable[[Any], Slot],
    replaced: Mapping[Slot, Slot],
) -> list[tuple[Wanted, UUID | None]]:
    """Each person has one first contact per channel (BR-15), one first identifier: what was edited last says which.

    Where the first one went to the other, the one that was first before is it again, or what took its place.
    """

    def is_first_again(person_id: UUID, row: Any) -> bool:
        key = place(row)
        while (person_id, key) not in was_first and key in replaced:
            key = replaced[key]
        return (person_id, key) in was_first

    if table not in (PersonContact, PersonIdentifier):
        return wanted
    before = (row for rows in (*mine.values(), *theirs.values()) for row in rows)
    was_first = {(row.person_id, place(row)) for row in before if row.is_primary and row.valid_to is None}
    groups: dict[tuple[Any, ...], list[Wanted]] = {}
    for wish, _person in wanted:
        groups.setdefault((wish.says("person_id"), getattr(wish.row, "channel", "")), []).append(wish)
    for (person_id, _channel), rows in groups.items():
        open_ones = [each for each in rows if each.span.end is None]
        first = [each for each in open_ones if each.says("is_primary")]
        latest = max(first, key=lambda each: (each.row.superseded_at is None, each.row.recorded_at), default=None)
        for each in first:
            if each is not latest:
                each.values = {**each.values, "is_primary": False}
        if not first and (again := [each for each in open_ones if is_first_again(person_id, each.row)]):
            again[0].values = {**again[0].values, "is_primary": True}
    return wanted
