"""What is an account, who is on it, and what is served under it?"""

from typing import Any
from uuid import UUID

from keyturn.records.models import Account


def by_id(ident: Any) -> Account | None:
    """The account with its people and agreements, or None for anything else."""
    try:
        wanted = ident if isinstance(ident, UUID) else UUID(str(ident))
    except ValueError:
        return None
    rows = Account.objects.prefetch_related("people", "agreements__service_point")
    return rows.filter(pk=wanted).first()
