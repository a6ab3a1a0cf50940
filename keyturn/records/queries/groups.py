"""Which groups of accounts does an organisation have, what is in them, and who has been given them?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from keyturn.records.models import AccountAccess, AccountGroup, Invitation, Person
from keyturn.records.queries import access, my_accounts
from keyturn.terms.levels import Level


@dataclass(frozen=True, slots=True)
class Group:
    """`members` are the accesses that hold, `invited` the invitations that wait for an answer."""

    group: AccountGroup
    accounts: frozenset[UUID]
    members: tuple[AccountAccess, ...]
    invited: tuple[Invitation, ...]

    @property
    def is_used(self) -> bool:
        return bool(self.members or self.invited)


def organisations(user_id: Any, *, at: datetime) -> dict[UUID, frozenset[UUID]]:
    """Organisation -> those of its accounts that this login owns: whose groups it looks after, and what may be in them."""
    owned = [each.account.pk for each in access.accounts_of(user_id, at=at) if each.level == Level.OWNER]
    holders = my_accounts.holders_of(owned, at=at)
    ids = {person for _name, person in holders.values() if person}
    found: dict[UUID, set[UUID]] = {each: set() for each in _organisations(ids)}
    for account, (_name, person) in holders.items():
        if person in found:
            found[person].add(account)
    return {person: frozenset(accounts) for person, accounts in found.items()}


def _organisations(ids: Iterable[UUID]) -> Iterable[UUID]:
    return Person.objects.filter(pk__in=list(ids), kind="organisation").values_list("pk", flat=True)


def exists(group_id: str) -> bool:
    """Whether there is such a group; what is no id at all is none."""
    try:
        return AccountGroup.objects.filter(pk=UUID(group_id), ended_at=None).exists()
    except ValueError:
        return False


def looked_after_by(user_id: Any, *, at: datetime) -> list[Group]:
    """The groups of their organisations of which they own every account; by name."""
    theirs = organisations(user_id, at=at)
    rows = AccountGroup.objects.filter(person__in=theirs, ended_at=None).prefetch_related("accounts").order_by("name")
    mine = [(row, frozenset(each.pk for each in row.accounts.all())) for row in rows]
    mine = [(row, accounts) for row, accounts in mine if accounts <= theirs[row.person_id]]
    members, invited = _members([row for row, _accounts in mine], at), _invited([row for row, _accounts in mine], at)
    return [
        Group(row, accounts, tuple(members.get(row.pk, ())), tuple(invited.get(row.pk, ()))) for row, accounts in mine
    ]


def looked_after(user_id: Any, group_id: Any, *, at: datetime) -> Group | None:
    """One of them; None as for a group that does not exist."""
    return next((each for each in looked_after_by(user_id, at=at) if str(each.group.pk) == str(group_id)), None)


def _members(groups: list[AccountGroup], at: datetime) -> dict[UUID, list[AccountAccess]]:
    rows = AccountAccess.objects.filter(access.live(at), group__in=groups).select_related("user").order_by("since")
    return _by_group(rows)


def _invited(groups: list[AccountGroup], at: datetime) -> dict[UUID, list[Invitation]]:
    rows = Invitation.objects.filter(group__in=groups, state="sent", expires_at__gt=at, request__ended_at=None)
    return _by_group(rows.order_by("sent_at"))


def _by_group(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for each in rows:
        found.setdefault(each.group_id, []).append(each)
    return found
