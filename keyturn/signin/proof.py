"""Did who is signed in prove just now that it is still them, and how do they prove it again?

Asked before anything by which an account could be taken over (quality.md section 4). allauth keeps when and how somebody
proved who they are in the session; ten minutes are ACCOUNT_REAUTHENTICATION_TIMEOUT.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import suspend_request
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode

View = Callable[..., HttpResponse]


def recently_proved(request: HttpRequest) -> bool:
    """Signed in, or proved again, within the last ten minutes, in this session."""
    if not request.user.is_authenticated:
        return False
    records = get_authentication_records(request, request.user)
    latest = max((float(each.get("at", 0)) for each in records), default=0.0)
    return time.time() - latest < app_settings.REAUTHENTICATION_TIMEOUT


def prove_again(request: HttpRequest, next: str) -> HttpResponse:
    """To the page on which they prove it, and from there to `next` (a path of ours)."""
    return redirect(f"{_page(request)}?{urlencode({'next': next})}")


def proved_lately(view: View) -> View:
    """The view is for who is signed in and proved it lately; others prove it first. What they posted waits."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        if not recently_proved(request):
            response: HttpResponse = suspend_request(request, _page(request))
            return response
        return view(request, *args, **kwargs)

    return guarded


def _page(request: HttpRequest) -> str:
    methods = get_adapter(request).get_reauthentication_methods(request.user)
    return str(methods[0]["url"]) if methods else settings.LOGIN_URL
