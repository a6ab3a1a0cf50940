"""Which row does an id in an address name? Ids are opaque to callers: whatever is none of ours is nothing that exists."""

from uuid import UUID

from keyturn.api.v1.problems import Problem


def ident(text: str) -> UUID:
    """The id as this API gave it; a 404 for any other text."""
    try:
        return UUID(text)
    except ValueError:
        raise Problem("not_found") from None
