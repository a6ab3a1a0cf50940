"""What is an account, who is on it, and what is served under it?"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from keyturn.records.models import Account, AccountPerson
from keyturn.records.models.dated import holds_at


def by_id(ident: Any, *, at: datetime) -> Account | None:
    """The account with the people on it at a moment and its agreements, or None for anything else."""
    wanted = uuid_of(ident)
    if wanted is None:
        return None
    rows = Account.objects.prefetch_related(
        Prefetch("people", AccountPerson.objects.filter(holds_at(at)).order_by("-is_main", "id")),
        "agreements__service_point",
    )
    return rows.filter(pk=wanted).first()


def uuid_of(ident: Any) -> UUID | None:
    """The id that a text names; None for anything else."""
    try:
        return ident if isinstance(ident, UUID) else UUID(str(ident))
    except ValueError:
        return None
