"""Under which name are sign-ins counted, so that guessing is stopped?"""

from collections.abc import Mapping
from typing import Any

from allauth.account.forms import LoginForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest


class SignIn(LoginForm):  # type: ignore[misc]
    """allauth's own form; what was typed as the name goes along for the lock-out."""

    def user_credentials(self) -> dict[str, Any]:
        return {**super().user_credentials(), "login": self.cleaned_data["login"]}

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
