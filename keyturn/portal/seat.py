"""Which request is this browser working on, and may it see what was typed?

A signed cookie, HttpOnly and SameSite=Lax, holds an opaque name for the browser (the request's `begun_by`), the draft's
id and when it was last seen; nothing of it is ever in an address. After a while without a press the draft is locked:
what is posted is still saved, but nothing is shown until its e-mail has been proved again (WCAG 2.2.1, ER-34).
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from keyturn.terms.request import Actor, Role

COOKIE = "kt_seat"
IDLE = timedelta(minutes=60)
_RENEW_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Seat:
    """One browser. `open_until` says until when it may see the request `status` (proved by a code)."""

    ident: str
    draft: str = ""
    seen: float = 0.0  # seconds since the epoch
    status: str = ""
    open_until: float = 0.0

    @property
    def actor(self) -> Actor:
        return Actor(Role.CUSTOMER, self.ident)

    @property
    def draft_id(self) -> UUID | None:
        return UUID(self.draft) if self.draft else None

    def is_locked(self, now: datetime) -> bool:
        """Nobody pressed anything for a while: somebody else may sit here now."""
        return bool(self.draft) and now.timestamp() - self.seen > IDLE.total_seconds()

    def may_see(self, reference: str, now: datetime) -> bool:
        return bool(reference) and self.status == reference and now.timestamp() < self.open_until

    def working_on(self, draft: Any, now: datetime) -> "Seat":
        return replace(self, draft=str(draft), seen=now.timestamp())

    def seeing(self, reference: str, now: datetime) -> "Seat":
        minutes = settings.KEYTURN_POLICY.status_code_minutes
        return replace(self, status=reference, open_until=(now + timedelta(minutes=minutes)).timestamp())


def of(request: HttpRequest) -> Seat:
    """The seat of this browser; a new one where there is none or somebody has tampered with it."""
    try:
        values = signing.loads(
            request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=timedelta(days=settings.KEYTURN_POLICY.draft_days)
        )
        return Seat(**values)
    except (signing.BadSignature, TypeError):
        return Seat(ident=secrets.token_urlsafe(12))


def keep(response: HttpResponse, seat: Seat) -> HttpResponse:
    """Send the seat back to the browser; it ends with the browser's session."""
    values = {name: getattr(seat, name) for name in Seat.__slots__}
    response.set_cookie(
        COOKIE, signing.dumps(values, salt=COOKIE), httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    return response


def keep_alive(response: HttpResponse, seat: Seat, now: datetime) -> HttpResponse:
    """Note that somebody is there, at most once a minute."""
    if seat.draft and not seat.is_locked(now) and now.timestamp() - seat.seen > _RENEW_AFTER.total_seconds():
        return keep(response, replace(seat, seen=now.timestamp()))
    return response


def leave(response: HttpResponse) -> HttpResponse:
    """Forget everything on this device; the draft itself is kept."""
    response.delete_cookie(COOKIE, samesite="Lax")
    return response
