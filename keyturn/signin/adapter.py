"""What does allauth ask us to decide about signing in?"""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class Adapter(DefaultAccountAdapter):
    """Staff are made by an engineer (`keyturn staff create`); nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: whoever came in sees the page that they wanted, and allauth's own words are not ours."""

    def get_login_redirect_url(self, request: HttpRequest) -> Any:
        return "/console" if getattr(request.user, "staff_role", "") else "/"
