"""What would undoing a merge do now: what each gets back, what came since and whose it is, what nobody can tell?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from keyturn.records.models import AccountPerson, Person, PersonMerge
from keyturn.records.queries.joining import file, parted
from keyturn.records.queries.joining.later import Later, later
from keyturn.records.queries.joining.parted import Before, Parted
from keyturn.terms.merging import OWN_FIELDS, Side


@dataclass(frozen=True, slots=True)
class Plan:
    """`fields`: columns of the person that were chosen from the loser and edited since, with who gets what was edited.
    `on_both`: warnings that came since and stand on both files then, for nobody can tell whom they were about."""

    file: Mapping[Any, Parted]
    came: Later
    fields: Mapping[str, Side]
    on_both: tuple[str, ...]

    @property
    def items(self) -> tuple[str, ...]:
        """Everything that staff may decide, by the name that a choice uses."""
        dated = [each.item for part in self.file.values() for each in part.open]
        came = (item for item, _table, _row in self.came.open)
        return (*(f"person:{name}" for name in self.fields), *dated, *came, *(f"login:{u}" for u in self.came.unclear))


def parting(
    merge: PersonMerge, survivor: Person, loser: Person, *, choices: Mapping[str, str], but: tuple[UUID, ...] = ()
) -> Plan:
    """Plan the undoing of a merge that stands. `but`: requests that are its own, besides the one that made it."""
    kept = merge.kept
    since = datetime.fromisoformat(kept["at"])
    but = (*but, merge.request_id)
    accounts = {ident: Side(side) for ident, side in kept["accounts"].items()}
    # Two passes over requests and accounts: a new account tells whose a request is, and a request whose an account is.
    first = later(survivor, loser, moved=merge.moved, kept=kept, accounts=accounts, choices=choices, but=but)
    parts = _part(AccountPerson, merge, survivor, loser, since, _whose(accounts, first), choices)
    accounts |= _new_accounts(parts, accounts, loser)
    came = later(survivor, loser, moved=merge.moved, kept=kept, accounts=accounts, choices=choices, but=but)
    found = {
        table: parts if table is AccountPerson
        else _part(table, merge, survivor, loser, since, _whose(accounts, came), choices)
        for table in file.TABLES.values()
    }  # fmt: skip
    on_both = tuple(sorted(set(survivor.flags) - set(kept["persons"]["after"]["flags"])))
    return Plan(found, came, _fields(survivor, kept["persons"], choices), on_both)


def _part(
    table: Any, merge: PersonMerge, survivor: Person, loser: Person, since: datetime, whose: parted.Whose,
    choices: Mapping[str, str],
) -> Parted:  # fmt: skip
    noted = merge.kept["file"][table._meta.db_table]
    mine = file.believed(table, survivor.pk)
    known = {row.pk for row in mine}
    before = Before(tuple(noted["survivor"]), tuple(noted["loser"]), noted["after"])
    return parted.part(
        table, before, mine, strays=[row for row in file.believed(table, loser.pk) if row.pk not in known], survivor_id=survivor.pk, loser_id=loser.pk, since=since,
        whose=whose, choices=choices,
    )  # fmt: skip


def _whose(accounts: Mapping[str, Side], came: Later) -> parted.Whose:
    """By the account that a row is about, else by the request that brought it, or the login that asked for that."""

    def whose(row: Any) -> Side | None:
        account = str(getattr(row, "account_id", None) or "")
        if account in accounts:
            return accounts[account]
        kind, _, ident = row.source.partition(":")
        if kind != "request":
            return None
        if ident in came.requests and f"request:{ident}" not in {item for item, _t, _r in came.open}:
            return came.requests[ident]
        return None

    return whose


def _new_accounts(parts: Parted, known: Mapping[str, Side], loser: Person) -> dict[str, Side]:
    """Whose each account is that came since."""
    found: dict[str, Side] = {}
    for wish, _person in parts.wanted:
        ident = str(wish.row.account_id)
        if ident not in known:
            found[ident] = Side.LOSER if wish.says("person_id") == loser.pk else Side.SURVIVOR
    return found


def _fields(survivor: Person, kept: Mapping[str, Any], choices: Mapping[str, str]) -> dict[str, Side]:
    born = survivor.date_of_birth.isoformat() if survivor.date_of_birth else None
    there = {"date_of_birth": born, "language": survivor.language, "formats": survivor.formats}
    after, theirs = kept["after"], kept["loser"]
    edited = [each for each in OWN_FIELDS if there[each] != after[each] == theirs[each]]
    return {each: Side(choices.get(f"person:{each}", Side.SURVIVOR)) for each in edited}
