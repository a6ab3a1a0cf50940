"""Who may enter the console, and what may each role do there?"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from keyturn.terms.request import Actor, Role

View = Callable[..., HttpResponse]

STAFF = frozenset({"reviewer", "supervisor", "engineer"})
DECIDERS = frozenset({"reviewer", "supervisor"})
RETRIERS = frozenset({"supervisor", "engineer"})


def only(roles: frozenset[str]) -> Callable[[View], View]:
    """The view is for these roles: others get 403, and who is not signed in is asked to sign in."""

    def guard(view: View) -> View:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                wanted = request.get_full_path() if request.method in ("GET", "HEAD") else "/console"
                return redirect_to_login(wanted, settings.LOGIN_URL)
            if role_of(request) not in roles:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.roles = roles  # type: ignore[attr-defined]
        return guarded

    return guard


def role_of(request: HttpRequest) -> str:
    """The staff role of who is signed in; "" for a customer."""
    return str(getattr(request.user, "staff_role", ""))


def actor_of(request: HttpRequest) -> Actor:
    return Actor(Role.STAFF, str(request.user.pk))
