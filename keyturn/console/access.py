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
            return redirect(_page_of(request, **kwargs))
        return HttpResponseNotAllowed(["POST"])

    return act


def too_old(request: HttpRequest, **where: Any) -> HttpResponse:
    """A form of ours whose token is not good any more, mostly because of signing in elsewhere: its page again."""
    if not kept.keep(request, _kept_as(request, **where)):
        messages.warning(request, _("This page was open for too long, so nothing was done. Please do it again."))
    return redirect(_page_of(request, **where))


def _sign_in_first(request: HttpRequest, **where: Any) -> HttpResponse:
    """What was typed waits until they are back. What a page fetches by itself gets no other page in its place."""
    if "HX-Request" in request.headers:
        return HttpResponse(status=401)
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    if kept.keep(request, _kept_as(request, **where)):
        messages.info(request, _("You were signed out. What you typed is kept: sign in, and go on where you were."))
    return redirect_to_login(_page_of(request, **where), settings.LOGIN_URL)


KEEPS = frozenset({"blind", "merge", "undo_merge"})
"""Addresses besides a request's whose page takes back what was typed there."""

PAGES = {
    "blind": "blind", "merge": "merge", "undo_merge": "undo_merge", "decide_duplicate": "duplicate",
    "decide_merge": "merge_made", "next_duplicate": "duplicates", "switch_links": "links", "merge_with": "merge_with",
    "whose_login": "merge_made", "settle_difference": "difference", "repair_drift": "reconciliation",
    "ask_cis": "operations", "take_back_apart": "person", "case": "cases", "care_act": "care",
}  # fmt: skip
"""On which page the form of an address stands."""

PLACES = ("person", "survivor", "loser", "pair", "merge", "difference")


def _name_of(request: HttpRequest) -> str:
    return str(request.resolver_match.url_name) if request.resolver_match else ""


def _kept_as(request: HttpRequest, reference: str = "", **where: Any) -> str:
    """Under which name what was typed waits; "" where nothing can."""
    name = _name_of(request)
    return reference or (kept.place(name, *where.values()) if name in KEEPS else "")


def _page_of(request: HttpRequest, reference: str = "", **where: Any) -> str:
    """Where the form of an address stands."""
    if page := PAGES.get(_name_of(request)):
        named = {name: where[name] for name in PLACES if name in where}
        return reverse(f"console:{page}", kwargs=named)
    if "person" in where:
        return reverse("console:keep", args=[where["person"]])
    if "account" in where:
        return reverse("console:care")
    return reverse("console:request", args=[reference]) if reference else reverse("console:queue")


def role_of(request: HttpRequest) -> str:
    """The staff role of who is signed in; "" for a customer."""
    return str(getattr(getattr(request, "user", None), "staff_role", ""))


def may_see_protected(request: HttpRequest) -> bool:
    return role_of(request) in SEE_PROTECTED


def actor_of(request: HttpRequest) -> Actor:
    return Actor(Role.STAFF, str(request.user.pk))
