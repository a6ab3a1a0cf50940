"""Has this browser been signed in to this login before?

A signed cookie, kept for a year, holds a random name for the browser and digests of the logins that were in it. It
opens nothing: it only says whose notice "a new device" is due, and whose wrong guesses are counted apart.
"""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

COOKIE = "kt_device"
DAYS = 365
MOST = 12  # digests: four logins, each by id, user name and e-mail


def is_known(request: HttpRequest, user: Any) -> bool:
    return _digest(f"id:{user.pk}") in _read(request)[1]


def ident(request: HttpRequest, name: str) -> str:
    """The browser's own name where somebody with this user name or e-mail was signed in with it; else ""."""
    browser, known = _read(request)
    return browser if _digest(f"name:{name}") in known else ""


def remember(request: HttpRequest, response: HttpResponse, user: Any) -> HttpResponse:
    browser, known = _read(request)
    new = [
        _digest(f"id:{user.pk}"),
        *(_digest(f"name:{name.casefold()}") for name in (user.username, user.email) if name),
    ]
    kept = [*new, *(each for each in known if each not in new)][:MOST]
    response.set_cookie(
        COOKIE,
        signing.dumps([browser or secrets.token_urlsafe(9), kept], salt=COOKIE),
        max_age=DAYS * 86400,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        browser, known = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=DAYS * 86400)
    except (signing.BadSignature, TypeError, ValueError):
        return "", []
    return str(browser), list(known)


def _digest(value: str) -> str:
    return salted_hmac(COOKIE, value).hexdigest()[:16]
