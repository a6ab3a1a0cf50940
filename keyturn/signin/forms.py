"""Under which name are sign-ins counted, so that guessing is stopped?"""

from collections.abc import Mapping
from typing import Any

from allauth.account.forms import LoginForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest


class SignIn(LoginForm):  # type: ignore[misc]
    """allauth's own form; what was typed as the name goes along for the lock-out."""

    def user_credentials(self) -> dict[str, Any]:
        """The name once only: given as user name and as address, an address on file would cost a second password hash,
        and the time of the answer would tell that it is on file (I7). allauth tries one name as both."""
        login = self.cleaned_data["login"]
        return {"username": login, "password": self.cleaned_data["password"], "login": login}

    def clean(self) -> dict[str, Any] | None:
        """Somebody who was switched off is told what everybody is told."""
        cleaned: dict[str, Any] | None = super().clean()
        if self.user is not None and not self.user.is_active:
            raise ValidationError("mismatch")
        return cleaned


def name_typed(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """The name that axes counts by: "Rosa" and "rosa" are one, whether or not there is such a login."""
    typed = (credentials or {}).get("login") or request.POST.get("login", "")
    return str(typed).strip().casefold()[:254]
