"""Who may come in through an OpenID provider, and whose login may they enter?

A provider's word that an e-mail is verified makes a login, or enters a customer's login with this proved e-mail; an
unverified e-mail only begins a sign-up, which our own code must prove. Staff come in through a provider only where they
connected it themselves: a state's provider knows nobody's role here.
"""

from typing import Any

import requests
import structlog
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthError
from allauth.socialaccount.providers.openid_connect.views import login as oidc_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

log = structlog.get_logger("keyturn.signin")


class SocialAdapter(DefaultSocialAccountAdapter):
    """Names of people are asked in the journeys, never taken from a provider."""

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        user = super().populate_user(request, sociallogin, data)
        user.first_name = user.last_name = user.username = ""
        return user

    def is_email_verified(self, provider: Any, email: str) -> bool:
        """Only what the provider itself says about each e-mail counts."""
        return False

    def authenticate_by_email(self, sociallogin: Any) -> tuple[Any, str] | None:
        """Only a customer whose e-mail was proved here too: else somebody who never owned it could have reserved it."""
        found: tuple[Any, str] | None = super().authenticate_by_email(sociallogin)
        if found is None:
            return None
        user, email = found
        proved = EmailAddress.objects.filter(user=user, email__iexact=email, verified=True).exists()
        return found if proved and not user.staff_role and user.is_active else None

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Our page, and a line in the log that names the kind of trouble only."""
        if error == AuthError.CANCELLED:
            return  # allauth leads to the page that says so
        log.warning("provider_failed", error=str(error or "")[:60], kind=type(exception).__name__)
        raise ImmediateHttpResponse(_failed(request))


@method_decorator(never_cache, name="dispatch")
class Leave(View):
    """On the way to a provider. The browser goes there by a page, not by a redirect of the form, for our security policy
    lets forms go to ourselves only."""

    def get(self, request: HttpRequest, provider_id: str) -> HttpResponse:
        return redirect("account_login")

    def post(self, request: HttpRequest, provider_id: str) -> HttpResponse:
        try:
            response: HttpResponse = oidc_login(request, provider_id)
        except requests.RequestException as problem:  # it does not even say where it is
            log.warning("provider_failed", kind=type(problem).__name__)
            return _failed(request)
        where = response.headers.get("Location", "")
        if response.status_code == 302 and where.startswith(("https://", "http://")):
            return render(request, "signin/leave.html", {"where": where})
        return response


def _failed(request: HttpRequest) -> HttpResponse:
    return render(request, "socialaccount/authentication_error.html", status=502)
