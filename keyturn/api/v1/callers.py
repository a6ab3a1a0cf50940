"""Who is calling, and may they? Bearer keys with scopes."""

import time
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest

from keyturn.api.v1.problems import Problem
from keyturn.records.crypto import fingerprint
from keyturn.records.queries import api_keys
from keyturn.terms.request import Actor, Role

KEPT_SECONDS = 3.0
"""How long a key that was good may go on being good in this process after it was revoked."""

MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of a key."""

    key_id: UUID
    scopes: frozenset[str]

    @property
    def actor(self) -> Actor:
        return Actor(Role.PARTNER, str(self.key_id))

    def may(self, *any_of: str) -> bool:
        return bool(self.scopes.intersection(any_of))


_known: dict[str, tuple[float, Caller]] = {}


def caller_with(secret: str) -> Caller | None:
    """The holder of this secret. Looked up by its fingerprint, so that no comparison depends on the secret."""
    now = time.monotonic()
    mark = fingerprint(secret)
    good_until, caller = _known.get(mark, (0.0, None))
    if caller is not None and now < good_until:
        return caller
    key = api_keys.by_secret(secret)
    if key is None:
        _known.pop(mark, None)
        return None
    if len(_known) >= MOST_KEPT:
        _known.clear()
    caller = Caller(key.pk, frozenset(key.scopes))
    _known[mark] = (now + KEPT_SECONDS, caller)
    return caller


def forget() -> None:
    """Look every key up again (tests)."""
    _known.clear()


def let_in(request: HttpRequest, *any_of: str) -> Caller:
    """The caller, if their key is good and has one of these scopes; with none named, every key will do."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    found = caller_with(secret.strip()) if scheme.lower() == "bearer" and secret else None
    if found is None:
        raise Problem("no_key", headers={"WWW-Authenticate": "Bearer"})
    if any_of and not found.may(*any_of):
        raise lacks(*any_of)
    return found


def lacks(*any_of: str) -> Problem:
    """403, with the scopes of which one would do (RFC 6750)."""
    wanted = " ".join(any_of)
    return Problem(
        "scope_missing",
        more={"scopes": list(any_of)},
        headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{wanted}"'},
    )


def of(request: HttpRequest) -> Caller:
    """The caller who was let in."""
    found: Caller = request.auth  # type: ignore[attr-defined]
    return found
