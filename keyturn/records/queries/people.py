"""Who may do what for an account, how did they come to it, and who is still asked?"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from keyturn.records.models import AccountAccess, Act, Designee, Invitation, User
from keyturn.records.queries import access, persons
from keyturn.terms.levels import Level


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who may act. `name` is what we know them by, "" where that is their e-mail alone; `inviter` a login."""

    access: AccountAccess
    name: str
    inviter: User | None


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done about who may act. `email` is the login's that did it, "" for others than customers;
    `about` whom it was done to."""

    what: str
    at: datetime
    role: str
    user_id: str
    email: str
    behalf: str
    about: Holder | None = None


def holders(account_id: Any, *, at: datetime) -> list[Holder]:
    """Everybody who may act for the account, the owners first."""
    return described(access.logins_of(account_id, at=at), at=at)


def described(accesses: Collection[AccountAccess], *, at: datetime) -> list[Holder]:
    """The same accesses with the names behind them."""
    names = persons.names_of([each.person_id for each in accesses if each.person_id], at=at)
    invited = {
        row.access_id: row for row in Invitation.objects.filter(access__in=accesses).select_related("invited_by")
    }
    found = []
    for each in accesses:
        row = invited.get(each.pk)
        name = names.get(each.person_id, "") if each.person_id else row.invitee.get("name", "") if row else ""
        found.append(Holder(each, name, row.invited_by if row else None))
    return found


def is_last_owner(held: Collection[Holder], one: Holder) -> bool:
    """Whether among all who may act nobody else owns the account."""
    owners = [each for each in held if each.access.level == Level.OWNER and each.access.account_id]
    return owners == [one]


def invitations(account_id: Any, *, at: datetime) -> list[Invitation]:
    """Those that wait for an answer."""
    rows = Invitation.objects.filter(account=account_id, state="sent", expires_at__gt=at, request__ended_at=None)
    return list(rows.select_related("invited_by").order_by("sent_at"))


def designees(account_id: Any) -> list[Designee]:
    """Who gets copies of shut-off notices."""
    return list(Designee.objects.filter(account=account_id, ended_at=None).order_by("accepted_at"))


def deeds(subject: str, *, what: Collection[str], at: datetime, most: int = 20) -> list[Deed]:
    """What was done, the newest first."""
    rows = list(Act.objects.filter(subject=subject, what__in=list(what)).order_by("-number")[:most])
    ids = {each.actor.removeprefix("login:") for each in rows if each.actor.startswith("login:")}
    touched = AccountAccess.objects.filter(pk__in=[each.data["access"] for each in rows if "access" in each.data])
    about = {str(each.access.pk): each for each in described(touched.select_related("user"), at=at)}
    emails = {str(key): email for key, email in User.objects.filter(pk__in=ids).values_list("pk", "email")}
    return [
        Deed(
            each.what, each.at, each.role, each.actor.removeprefix("login:"),
            emails.get(each.actor.removeprefix("login:"), ""), each.on_behalf_of.removeprefix("person:"), about.get(each.data.get("access", "")),
        )
        for each in rows
    ]  # fmt: skip


def counts(account_ids: Collection[UUID], *, at: datetime) -> dict[UUID, int]:
    """Account -> how many may act for it themselves (groups left aside)."""
    found: dict[UUID, int] = {}
    rows = AccountAccess.objects.filter(access.live(at), account__in=list(account_ids))
    for account in rows.values_list("account_id", flat=True):
        found[account] = found.get(account, 0) + 1
    return found
