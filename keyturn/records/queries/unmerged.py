"""What did undoing a merge leave to be seen: which access has ended, whose login nobody can tell, what stands on both files?"""

from dataclasses import dataclass
from typing import Any

from keyturn.records.models import AccountAccess, PersonMerge, User
from keyturn.records.queries.joining import labels


@dataclass(frozen=True, slots=True)
class Login:
    """A login that was given accounts of both and has those of neither, until somebody says whose it is. `accounts` of the
    survivor, of the loser."""

    user_id: str
    email: str
    accounts: tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Left:
    """`ended`: what a login may not do any more, because it was given it as who it is not; `on_both`: codes of warnings."""

    ended: tuple[str, ...] = ()
    logins: tuple[Login, ...] = ()
    on_both: tuple[str, ...] = ()


def left(merge: PersonMerge) -> Left:
    """Of a merge that was undone; nothing of any other."""
    found = (merge.kept or {}).get("left") if merge.state == "undone" else None
    if not found:
        return Left()
    users = {str(each.pk): each for each in User.objects.filter(pk__in=list(found["held"]))}
    logins = tuple(
        Login(
            ident,
            str(users[ident].email or ident),
            (_accounts(sides.get("survivor", ())), _accounts(sides.get("loser", ()))),
        )
        for ident, sides in sorted(found["held"].items())
        if ident in users
    )
    held = {each for sides in found["held"].values() for ids in sides.values() for each in ids}
    ended = AccountAccess.objects.filter(pk__in=set(found["ended"]) - held).order_by("pk")
    return Left(tuple(labels.label(each) for each in ended), logins, tuple(found["on_both"]))


def _accounts(ids: Any) -> tuple[str, ...]:
    rows = AccountAccess.objects.filter(pk__in=ids).select_related("account", "group").order_by("pk")
    return tuple(str(each.group.name if each.group else each.account.ref or each.account_id) for each in rows)
