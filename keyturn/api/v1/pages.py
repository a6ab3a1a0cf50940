"""How does a caller go through a long list? By cursor: `next` of one page is `after` of the following one."""

import base64
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from keyturn.api.v1 import shape_errors


def cursor(ident: UUID) -> str:
    """The opaque mark of a row."""
    return base64.urlsafe_b64encode(ident.bytes).decode().rstrip("=")


def position(after: str) -> UUID | None:
    """The row that a cursor marks; None for the first page."""
    if not after:
        return None
    try:
        ident = UUID(bytes=base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    except ValueError:
        raise shape_errors.one("bad_cursor", "after") from None
    if cursor(ident) != after:
        raise shape_errors.one("bad_cursor", "after")
    return ident


def page(rows: Sequence[Any], limit: int, show: Callable[[Any], Any]) -> dict[str, Any]:
    """`rows` holds one more than `limit` where there is a next page."""
    kept = rows[:limit]
    return {"items": [show(row) for row in kept], "next": cursor(kept[-1].pk) if len(rows) > limit else None}
