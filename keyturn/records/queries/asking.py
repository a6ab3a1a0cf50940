"""Who asks for something about an account or a person, since when may they, and how did they show that they may?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from keyturn.matching.contacts import normal_email
from keyturn.records.models import (
    Account,
    AccountAccess,
    AccountPerson,
    Person,
    PersonContact,
    PersonIdentifier,
    Request,
    User,
)
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import access
from keyturn.records.queries.accounts import uuid_of


@dataclass(frozen=True, slots=True)
class Asker:
    """The login behind a request. `since` is None where it has no access (any more); `email` may be "" (a stop link)."""

    email: str
    joined: datetime
    capacity: str = ""
    level: str = ""
    proof: str = ""
    since: datetime | None = None
    until: datetime | None = None
    on_behalf_of: str = ""  # "person:<id>" where it is not for themselves


def asker(request: Request, *, at: datetime) -> Asker | None:
    """The login that asks, with its oldest access to what the request is about; None where staff or a program asks."""
    user = request.user
    if user is None:
        return None
    rows = AccountAccess.objects.filter(access.live(at), user=user)
    about = Q(account=request.account) | Q(group__accounts=request.account) if request.account_id else Q()
    if request.account_id is None and request.person_id:
        about = Q(person=request.person)
    held = rows.filter(about).order_by("since").first() or rows.order_by("since").first()
    begun = request.events.order_by("number").first()
    behalf = begun.on_behalf_of if begun else ""
    if held is None:
        return Asker(user.email, user.date_joined, on_behalf_of=behalf)
    return Asker(
        user.email, user.date_joined, held.capacity, held.level, held.proof, held.since, held.until, on_behalf_of=behalf
    )


def contact_changed(request: Request) -> datetime | None:
    """When a contact of the person was last changed by a request of theirs, before this one."""
    rows = PersonContact.ever.filter(person_id=request.person_id, source__startswith="request:")
    mine = rows.exclude(source=f"request:{request.pk}").order_by("-recorded_at")
    return mine.values_list("recorded_at", flat=True).first()


def ending_of(person_id: Any, id_type: str) -> str:
    """The last four characters of the identifier of this type that stands on file; "" where none does."""
    row = PersonIdentifier.objects.filter(person_id=person_id, id_type=id_type).order_by("-valid_from").first()
    return row.last_four if row else ""


def is_of_staff(request: Request, *, user_id: Any, at: datetime) -> bool:
    """Whether a member of staff has a hand in it themselves: access to the account, or their address on the file (R-01)."""
    own = AccountAccess.objects.filter(access.live(at), user_id=user_id)
    if request.account_id and own.filter(Q(account=request.account) | Q(group__accounts=request.account)).exists():
        return True
    if request.person_id is None:
        return False
    if own.filter(person_id=request.person_id).exists():
        return True
    email = normal_email(User.objects.filter(pk=user_id).values_list("email", flat=True).first() or "")
    rows = PersonContact.objects.filter(person_id=request.person_id, channel="email", valid_to=None)
    return bool(email) and rows.filter(normalised=email).exists()


def account_ref(account_id: Any) -> str:
    """The CIS's own number of an account; "" where it has none yet."""
    wanted = uuid_of(account_id)
    return (Account.objects.filter(pk=wanted).values_list("ref", flat=True).first() or "") if wanted else ""


def accounts_of(person_id: Any, *, at: datetime) -> list[Account]:
    """The accounts that a person stands on."""
    roles = AccountPerson.objects.filter(holds_at(at), person_id=person_id).select_related("account")
    return [each.account for each in roles.order_by("account__set_up_on", "account_id")]


def main_person(account_id: Any, *, at: datetime) -> Person | None:
    """Whose account it is."""
    wanted = uuid_of(account_id)
    role = AccountPerson.objects.filter(holds_at(at), account_id=wanted, is_main=True).select_related("person").first()
    return role.person if wanted and role else None


def login_with(email: str) -> User | None:
    """The customer's login whose proved address this is; nobody of staff."""
    wanted = email.strip()
    if not wanted:
        return None
    return User.objects.filter(email__iexact=wanted, is_active=True, staff_role="").order_by("pk").first()
