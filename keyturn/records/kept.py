"""What had somebody typed when their session ended, or when their page had grown too old to be sent?

It waits in the session of the same browser until the page that it was typed on opens again: sealed, because the
session's table is not, and never in an address.
"""

import base64
from collections.abc import Mapping, MutableMapping
from typing import Any

from cryptography.exceptions import InvalidTag

from keyturn.records import crypto

Session = MutableMapping[str, Any]


def keep(session: Session, slot: str, page: str, typed: Mapping[str, Any]) -> bool:
    """Keep what was typed on a page, in place of anything kept in this slot before. False: there is nothing to keep."""
    if typed and page:
        sealed = crypto.seal(dict(typed), place=_place(slot, page))
        session[slot] = [page, base64.b64encode(sealed).decode()]
    return bool(typed and page)


def waits(session: Session, slot: str, page: str) -> bool:
    """Whether something is kept about this page."""
    return bool(session.get(slot, ("", ""))[0] == page)


def take_back(session: Session, slot: str, page: str) -> Mapping[str, Any]:
    """What was kept about this page, once; empty where there is nothing."""
    if not waits(session, slot, page):
        return {}
    _page, sealed = session.pop(slot)
    try:
        typed: Mapping[str, Any] = crypto.unseal(base64.b64decode(sealed), place=_place(slot, page))
    except (InvalidTag, crypto.UnknownKey):  # sealed with a key that is gone
        return {}
    return typed


def _place(slot: str, page: str) -> str:
    return f"session:{page}:{slot}"
