"""What does allauth ask us to decide about signing in?"""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


class Adapter(DefaultAccountAdapter):
    """Staff are made by an engineer (`keyturn staff create`); nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: whoever came in sees the page that they wanted, and allauth's own words are not ours."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Behind our proxy the last of X-Forwarded-For, for those before are the caller's own words; else who calls us."""
        try:
            return str(super().get_client_ip(request))
        except PermissionDenied:  # the header is no address
            return str(request.META.get("REMOTE_ADDR", ""))

    def get_login_redirect_url(self, request: HttpRequest) -> Any:
        return "/console" if getattr(request.user, "staff_role", "") else "/"


def address_of(request: HttpRequest) -> str:
    """The caller's address, by which axes counts as well."""
    return str(get_adapter(request).get_client_ip(request))
