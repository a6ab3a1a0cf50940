"""Which accounts may a login see or change, and as whom?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from keyturn.records.models import Account, AccountAccess, Person
from keyturn.terms.levels import Level, allows, highest


@dataclass(frozen=True, slots=True)
class Seen:
    """One account as a login may see it. `person` is who they are on it, None for a delegate."""

    account: Account
    level: str
    capacity: str
    person: Person | None
    access_ids: tuple[UUID, ...]
    nickname: str = ""

    @property
    def is_own(self) -> bool:
        return self.person is not None and self.capacity == "self"


def live(at: datetime) -> Q:
    """Accesses that hold at a moment."""
    return Q(ended_at=None, since__lte=at) & (Q(until=None) | Q(until__gt=at))


def accounts_of(user_id: Any, *, at: datetime) -> list[Seen]:
    """Every account of a login, its own first; what several grants allow together counts."""
    found: dict[UUID, list[tuple[AccountAccess, Account]]] = {}
    for access in _accesses(user_id, at):
        accounts = [access.account] if access.account else list(access.group.accounts.all())
        for account in accounts:
            found.setdefault(account.pk, []).append((access, account))
    seen = [_seen(rows) for rows in found.values()]
    return sorted(seen, key=lambda each: (not each.is_own, each.account.set_up_on, str(each.account.pk)))


def _accesses(user_id: Any, at: datetime) -> Iterable[AccountAccess]:
    return (
        AccountAccess.objects.filter(live(at), user_id=user_id)
        .select_related("account", "group", "person__redirect_to")
        .prefetch_related("group__accounts")
        .order_by("since", "id")
    )


def _seen(rows: list[tuple[AccountAccess, Account]]) -> Seen:
    best = max(rows, key=lambda row: (row[0].capacity == "self", allows(row[0].level, Level.MANAGE)))[0]
    return Seen(
        account=rows[0][1],
        level=highest([access.level for access, _account in rows]),
        capacity=best.capacity,
        person=best.person and (best.person.redirect_to or best.person),
        access_ids=tuple(access.pk for access, _account in rows),
        nickname=next((access.nickname for access, _account in rows if access.nickname), ""),
    )


def to_account(user_id: Any, account_id: Any, *, at: datetime) -> Seen | None:
    """What this login may do for this account; None: to them it does not exist."""
    return next((each for each in accounts_of(user_id, at=at) if str(each.account.pk) == str(account_id)), None)


def own_persons(user_id: Any, *, at: datetime) -> list[Person]:
    """Who this login is: the persons whose own information they keep."""
    found = {each.person.pk: each.person for each in accounts_of(user_id, at=at) if each.is_own and each.person}
    return list(found.values())


def logins_of(account_id: Any, *, at: datetime) -> list[AccountAccess]:
    """Every access to an account, the owners first; through groups, too."""
    rows = AccountAccess.objects.filter(live(at)).filter(Q(account_id=account_id) | Q(group__accounts=account_id))
    return sorted(
        rows.select_related("user", "person", "group").distinct(),
        key=lambda each: (each.level != Level.OWNER, each.since),
    )


def is_last_owner(access: AccountAccess, *, at: datetime) -> bool:
    """Whether nobody else owns the account: then this access is not ended by its holder (issue: last owner protected)."""
    if access.level != Level.OWNER or access.account_id is None:
        return False
    others = AccountAccess.objects.filter(live(at), account_id=access.account_id, level=Level.OWNER)
    return not others.exclude(pk=access.pk).exists()


def accounts_meant(account_id: Any, group_id: str) -> set[str]:
    """The ids of the account, or of all accounts in the group; one that is in neither stands for a group without any."""
    if not group_id:
        return {str(account_id)}
    found = Account.objects.filter(groups=UUID(group_id)).values_list("pk", flat=True)
    return {str(each) for each in found} or {""}
