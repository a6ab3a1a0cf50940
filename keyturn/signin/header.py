"""What does the head of every page say about who is signed in? Asked only when it is shown, and never in the way of a page."""

from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject


def context(request: HttpRequest) -> dict[str, Any]:
    """`login`: the e-mail of who is signed in, "" for nobody, and where the database is away."""
    return {"login": SimpleLazyObject(lambda: _login(request))}


def _login(request: HttpRequest) -> str:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return ""
    user = getattr(request, "user", None)
    try:
        return str(user.email or user.get_username()) if user is not None and user.is_authenticated else ""
    except (DatabaseError, InterfaceError):
        return ""
