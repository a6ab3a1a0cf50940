"""Which people of the demo utility can sign in, to which accounts, and as what?

Each for a story: one account; two accounts and somebody who helps with them; a helper with an account of her own; a son
who looks after his father's; a landlord with several.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from keyturn.local.demo_utility import cast


@dataclass(frozen=True, slots=True)
class Customer:
    """`person`: whose accounts are their own; `helps`: those for whom they act."""

    email: str
    person: str = ""
    helps: tuple[str, ...] = ()


CUSTOMERS = {
    "priya": Customer("priya.raman@example.com", cast.OCCUPANT),
    "linh": Customer("linh.nguyen@example.com", cast.MOVER),
    "marisol": Customer("marisol.quintanilla@example.com", cast.TWIN, helps=(cast.MOVER,)),
    "walter": Customer("walt.brannigan@example.com", helps=(cast.SENIOR,)),
    "stillwater": Customer("stillwater@example.com", cast.LANDLORD),
}


def make_logins(passwords: Mapping[str, str], *, renew: bool) -> None:
    """The logins with their proved e-mail addresses. `renew` sets the password of one who is there already."""
    from allauth.account.models import EmailAddress
    from django.contrib.auth import get_user_model

    users: Any = get_user_model().objects
    for name, each in CUSTOMERS.items():
        user = users.filter(email__iexact=each.email).first()
        if user is None:
            user = users.create_user(f"demo-{name}", email=each.email, password=passwords[name])
            EmailAddress.objects.create(user=user, email=each.email, verified=True, primary=True)
        elif renew:
            user.set_password(passwords[name])
            user.save(update_fields=["password"])


def open_accounts(passwords: Mapping[str, str]) -> tuple[Mapping[str, str], ...]:
    """Give each login its accounts, once; answers with who can sign in: email, password, account_number.

    In a database that does not hold the demo utility nobody can.
    """
    found = []
    for name, each in CUSTOMERS.items():
        own, others = _accounts_of([each.person]), _accounts_of(each.helps)
        if not own and not others:
            continue
        _give(each.email, own, capacity="self", level="owner")
        _give(each.email, others, capacity="delegate", level="manage")
        number = (own or others)[0][0].ref
        found.append({"email": each.email, "password": passwords[name], "account_number": number})
    return tuple(found)


def _accounts_of(refs: Iterable[str]) -> list[tuple[Any, Any]]:
    """Accounts and main customers, the newest account first."""
    from keyturn.records.models import AccountPerson

    rows: Any = AccountPerson.objects.filter(
        person__ref__in=[each for each in refs if each], is_main=True, valid_to=None
    )
    return [
        (row.account, row.person) for row in rows.select_related("account", "person").order_by("-account__set_up_on")
    ]


def _give(email: str, accounts: list[tuple[Any, Any]], *, capacity: str, level: str) -> None:
    from django.contrib.auth import get_user_model

    from keyturn.records.models import AccountAccess

    user = get_user_model().objects.get(email__iexact=email)
    if AccountAccess.objects.filter(user=user, capacity=capacity).exists():
        return  # theirs to end, too
    since = datetime.now(UTC) - timedelta(days=200)
    AccountAccess.objects.bulk_create(
        AccountAccess(
            user=user, account=account, person=person if capacity == "self" else None, level=level, capacity=capacity,
            proof="staff" if capacity == "self" else "invitation", since=since, granted_by="staff:demo",
        )
        for account, person in accounts
    )  # fmt: skip
