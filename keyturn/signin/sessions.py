"""How long does a sign-in last, and does staff have the second factor that the utility asks for?"""

import time
from collections.abc import Callable
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers

from keyturn.signin.second_factor import has_second_factor

BEGAN, SEEN = "kt_began", "kt_seen"
RENEW_AFTER_SECONDS = 60


class Limits:
    """Middleware: ends a sign-in that nobody used for a while, or that is old; leads staff to their second factor.

    The times are `signin_idle_minutes` and `signin_longest_hours` of the policy (ASVS 7.3).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            if is_over(request.session, time.time()):
                logout(request)
            else:
                _note(request, time.time())
                if _must_enrol(request):
                    return redirect("mfa_index")
        response = self.get_response(request)
        if request.path.startswith("/signin"):
            add_never_cache_headers(response)
        return response


def is_over(session: Any, now: float) -> bool:
    policy = settings.KEYTURN_POLICY
    idle = now - session.get(SEEN, now)
    age = now - session.get(BEGAN, now)
    return idle > policy.signin_idle_minutes * 60 or age > policy.signin_longest_hours * 3600


def _note(request: HttpRequest, now: float) -> None:
    """That somebody is there: at most once a minute, so that reading a page writes nothing."""
    session = request.session
    if BEGAN not in session:
        session[BEGAN] = session[SEEN] = now
    elif now - session[SEEN] > RENEW_AFTER_SECONDS:
        session[SEEN] = now
        UserSession.objects.create_from_request(request)


def _must_enrol(request: HttpRequest) -> bool:
    if not settings.KEYTURN_POLICY.staff_second_factor or not request.user.staff_role:
        return False
    inside = request.path == "/console" or request.path.startswith("/console/")
    return inside and not has_second_factor(request.user)
