"""Which rows that are not dated came to a merged person since, and whose are they?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from keyturn.records.models import AccountAccess, AccountGroup, Person, Request
from keyturn.records.queries.joining.logins import Access, Evidence
from keyturn.records.queries.joining.tables import MOVES, Moving
from keyturn.terms.merging import Side

Ids = dict[str, list[str]]
Kept = dict[str, Any]


def of_person(table: Moving, person_id: UUID, *, but: tuple[UUID, ...] = ()) -> list[str]:
    """Ids of somebody's rows in a table, oldest first; `but` are requests that are the merge's own."""
    rows = table.model.objects.filter(person_id=person_id)
    if table.model is Request:
        rows = rows.exclude(pk__in=but).exclude(journey="merged_values")  # stays whose file it told the CIS about
    elif table.request and but:
        rows = rows.exclude(**{f"{table.request}__in": but})
    return [str(pk) for pk in rows.order_by("pk").values_list("pk", flat=True)]


@dataclass(slots=True)
class Later:
    """What came since the merge: whose each row is, as far as that can be told."""

    survivor: Person
    loser: Person
    accounts: Mapping[str, Side]  # account id -> whose
    choices: Mapping[str, str]
    requests: dict[str, Side] = field(default_factory=dict)
    groups: dict[str, Side] = field(default_factory=dict)
    logins: dict[int, Side] = field(default_factory=dict)
    open: list[tuple[str, str, Any]] = field(default_factory=list)  # (item, table, row)
    going: Ids = field(default_factory=dict)
    ending: list[str] = field(default_factory=list)  # access that a login was given as who it is not
    newcomers: dict[int, list[Access]] = field(default_factory=dict)  # logins that were neither of the two before
    unclear: dict[int, Any] = field(default_factory=dict)  # of these, whose side nothing tells: the user
    held: dict[int, dict[str, list[str]]] = field(
        default_factory=dict
    )  # and nobody said: access, by whose account it is

    def side_of(self, table: Moving, row: Any) -> Side | None:
        """By the account or the group that it is about, else by its request, else by the login that it is of."""
        for column, known in (
            (table.account, self.accounts),
            (table.group, self.groups),
            (table.request, self.requests),
        ):
            ident = str(getattr(row, column)) if column and getattr(row, column) else ""
            if ident in known:
                return known[ident]
        user = getattr(row, table.user) if table.user else None
        return self.logins.get(user) if user else None


def later(
    survivor: Person, loser: Person, *, moved: Ids, kept: Kept, accounts: Mapping[str, Side], choices: Mapping[str, str],
    but: tuple[UUID, ...],
) -> Later:  # fmt: skip
    """Look through everything of the survivor's: what came from the loser, and what came since."""
    found = Later(survivor, loser, accounts, choices)
    found.logins, were_both = _logins(moved, kept)
    for side, noted in ((Side.SURVIVOR, kept["own"]), (Side.LOSER, moved)):
        found.requests |= dict.fromkeys(noted.get("request", ()), side)
        found.groups |= dict.fromkeys(noted.get("account_group", ()), side)
    for name, table in MOVES.items():
        now = set(of_person(table, survivor.pk, but=but))
        came = set(moved.get(name, ()))
        found.going[name] = sorted(now & came)
        new = now - came - set(kept["own"].get(name, ()))
        rows = table.model.objects.filter(pk__in=new).order_by("pk")
        for row in rows.select_related("user") if table.model is AccountAccess else rows:
            _give(found, name, table, row)
    _tell_newcomers(found, Evidence(kept, moved), were_both)
    return found


def _give(found: Later, name: str, table: Moving, row: Any) -> None:
    side = found.side_of(table, row)
    if side is None:
        item = f"{name}:{row.pk}"
        found.open.append((item, name, row))
        side = Side(found.choices.get(item, Side.SURVIVOR))
    if table.model is Request:
        found.requests[str(row.pk)] = side
    if table.model is AccountGroup:
        found.groups[str(row.pk)] = side
    if table.model is AccountAccess and row.capacity == "self" and row.ended_at is None:
        _come_in(found, row, side)
    if side is Side.LOSER:
        found.going[name].append(str(row.pk))


def _come_in(found: Later, row: Any, side: Side) -> None:
    """A login of the one was taken for the other: it proved by the one's details what is the other's."""
    if row.user_id not in found.logins:
        found.newcomers.setdefault(row.user_id, []).append((row, side))
    elif found.logins[row.user_id] != side:
        found.ending.append(str(row.pk))


def _tell_newcomers(found: Later, evidence: Evidence, were_both: set[int]) -> None:
    """A login that was neither of the two keeps the accounts of whose it is by what it proved, or by what staff say.

    Where nobody can tell, and it has accounts of both, it keeps none of them until somebody says.
    """
    for user_id, accesses in found.newcomers.items():
        side = evidence.side_of(accesses)
        of_both = len({whose for _row, whose in accesses}) == 2
        if user_id in were_both or (side is None and not of_both):
            continue
        if side is None:
            found.unclear[user_id] = accesses[0][0].user
            said = found.choices.get(f"login:{user_id}")
            side = Side(said) if said in list(Side) else None
        if side is None:
            for row, whose in accesses:
                found.held.setdefault(user_id, {}).setdefault(str(whose), []).append(str(row.pk))
        found.ending += [str(row.pk) for row, whose in accesses if whose != side]


def _logins(moved: Ids, kept: Kept) -> tuple[dict[int, Side], set[int]]:
    """Logins that were one of the two before the merge, and those that were both, who tell nothing."""
    mine, theirs = (
        set(AccountAccess.objects.filter(pk__in=ids, capacity="self").values_list("user_id", flat=True))
        for ids in (kept["own"].get("account_access", ()), moved.get("account_access", ()))
    )
    return dict.fromkeys(mine - theirs, Side.SURVIVOR) | dict.fromkeys(theirs - mine, Side.LOSER), mine & theirs
