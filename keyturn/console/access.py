"""Who may enter the console, and what may each role do there?"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from keyturn.console import kept
from keyturn.terms.request import Actor, Role

View = Callable[..., HttpResponse]

STAFF = frozenset({"reviewer", "supervisor", "engineer"})
DECIDERS = frozenset({"reviewer", "supervisor"})
RETRIERS = frozenset({"supervisor", "engineer"})
SEE_PROTECTED = frozenset({"supervisor"})
"""The right `see_protected`: addresses that are kept secret (C.20). Each look at one is written down."""
SUPERVISORS = frozenset({"supervisor"})


def only(roles: frozenset[str]) -> Callable[[View], View]:
    """The view is for these roles: others get 403, and who is not signed in is asked to sign in."""

    def guard(view: View) -> View:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _sign_in_first(request, **kwargs)
            if role_of(request) not in roles:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.roles = roles  # type: ignore[attr-defined]
        return guarded

    return guard


def acting(view: View) -> View:
    """The view takes a posted form. Its address stands in the address bar after a mistake: opened, it leads to its page."""

    @wraps(view)
    def act(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            return view(request, *args, **kwargs)
        if request.method in ("GET", "HEAD"):
            return redirect(_page_of(**kwargs))
        return HttpResponseNotAllowed(["POST"])

    return act


def too_old(request: HttpRequest, reference: str = "") -> HttpResponse:
    """A form of ours whose token is not good any more, mostly because of signing in elsewhere: its page again."""
    if kept.keep(request, reference):
        return redirect(_page_of(reference=reference))
    messages.warning(request, _("This page was open for too long, so nothing was done. Please do it again."))
    return redirect(_page_of(reference=reference))


def _sign_in_first(request: HttpRequest, reference: str = "", **where: Any) -> HttpResponse:
    """What was typed waits until they are back. What a page fetches by itself gets no other page in its place."""
    if "HX-Request" in request.headers:
        return HttpResponse(status=401)
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    if kept.keep(request, reference):
        messages.info(request, _("You were signed out. What you typed is kept: sign in, and go on where you were."))
    return redirect_to_login(_page_of(reference=reference, **where), settings.LOGIN_URL)


def _page_of(reference: str = "", person: Any = "", **rest: Any) -> str:
    """Where the form of an address stands."""
    if person:
        return reverse("console:keep", args=[person])
    if "care" in rest:
        return reverse("console:care")
    if "case" in rest:
        return reverse("console:cases")
    return reverse("console:request", args=[reference]) if reference else reverse("console:queue")


def role_of(request: HttpRequest) -> str:
    """The staff role of who is signed in; "" for a customer."""
    return str(getattr(getattr(request, "user", None), "staff_role", ""))


def may_see_protected(request: HttpRequest) -> bool:
    return role_of(request) in SEE_PROTECTED


def actor_of(request: HttpRequest) -> Actor:
    return Actor(Role.STAFF, str(request.user.pk))
