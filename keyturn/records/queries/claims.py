"""Which claim of an account did a login make last?"""

from typing import Any

from keyturn.records.models import Request


def latest(user_id: Any) -> Request | None:
    """Whatever became of it; never anything that was found for it."""
    rows = Request.objects.filter(user_id=user_id, journey="link_account")
    return rows.order_by("-created_at", "-id").first()
