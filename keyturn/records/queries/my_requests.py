"""Which requests and messages may somebody who is signed in see?

Their own; those about who they are; and changes by others of an account that they may manage. What somebody else typed
when they asked for service (their documents, their birthday) is seen by whom the account belongs to only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from keyturn.records.models import Event, Message, Request, User
from keyturn.records.queries import access
from keyturn.records.queries.access import Seen
from keyturn.terms.levels import Level, allows

_START = "start_service"
_OF_ACCOUNT = ("change_mailing_address", "change_paperless")  # the rest says who somebody is: for them alone
_OF_OURS = ("merge_persons", "unmerge_persons", "merged_values", "put_right")  # how the utility keeps its files
_WHO_MAY_ACT = ("invite_delegate", "name_designee", "end_access")  # names and addresses of others: the owners' alone


def _visible(user_id: Any, at: datetime) -> Q:
    seen = access.accounts_of(user_id, at=at)
    own = [each.account.pk for each in seen if each.is_own and each.level == Level.OWNER]
    managed = [each.account.pk for each in seen if allows(each.level, Level.MANAGE)]
    persons = {each.person.pk for each in seen if each.is_own and each.person}
    owned = [each.account.pk for each in seen if each.level == Level.OWNER]
    by_others = Q(account_id__in=managed, user__isnull=False, journey__in=_OF_ACCOUNT)
    others = (
        Q(account_id__in=own, journey__in=(_START, *_OF_ACCOUNT))
        | by_others
        | Q(account_id__in=owned, journey__in=_WHO_MAY_ACT)
    )
    of_them = Q(person_id__in=persons) & ~Q(journey__in=_OF_OURS)
    return Q(user_id=user_id) | Q(submitted_at__isnull=False) & (others | of_them)


def listed(user_id: Any, *, at: datetime, start: int = 0, most: int = 25) -> list[Request]:
    """The newest first; drafts are there for who began them."""
    rows = Request.objects.filter(_visible(user_id, at)).exclude(submitted_at=None, ended_at__isnull=False)
    rows = rows.select_related("account", "person", "user").order_by("-created_at", "-id")
    return list(rows[start : start + most])


def seen_by(user_id: Any, reference: str, *, at: datetime) -> Request | None:
    """The request with this reference, if they may see it; None as for one that does not exist."""
    rows = Request.objects.filter(_visible(user_id, at), reference=reference)
    return rows.select_related("account", "person", "premise", "user").first()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, and for whom: `email` of the login, or "" with what else they came through; `behalf` is a person's id."""

    user_id: Any
    email: str
    role: str
    behalf: str


def askers(requests: Iterable[Request]) -> dict[Any, Asker]:
    """Request -> who began it."""
    rows = list(requests)
    begun = {each.request_id: each for each in Event.objects.filter(request__in=rows, number=1)}
    users = dict(User.objects.filter(pk__in=[each.user_id for each in rows if each.user_id]).values_list("pk", "email"))
    found = {}
    for each in rows:
        event = begun.get(each.pk)
        behalf = event.on_behalf_of.removeprefix("person:") if event else ""
        found[each.pk] = Asker(each.user_id, users.get(each.user_id, ""), event.role if event else "", behalf)
    return found


def messages(user_id: Any, *, at: datetime, start: int = 0, most: int = 25) -> list[Message]:
    """What was sent to the login, to who they are, and about accounts of their own, the newest first."""
    seen: list[Seen] = access.accounts_of(user_id, at=at)
    own = [each.account.pk for each in seen if each.is_own and each.level == Level.OWNER]
    persons = {each.person.pk for each in seen if each.is_own and each.person}
    of_account = Q(account_id__in=own) & (
        Q(request=None) | Q(request__journey__in=(_START, *_OF_ACCOUNT, *_WHO_MAY_ACT))
    )
    mine = Q(user_id=user_id) | Q(person_id__in=persons) | of_account | Q(request__user_id=user_id)
    rows = Message.objects.filter(mine, state="sent").select_related("request__premise")
    return list(rows.order_by("-created_at", "-id")[start : start + most])


def message(user_id: Any, ident: Any, *, at: datetime) -> Message | None:
    """One of them."""
    return next((each for each in messages(user_id, at=at, most=500) if str(each.pk) == str(ident)), None)
