"""What do people type to sign in, and under which name are wrong guesses counted?"""

from collections.abc import Mapping
from typing import Any

from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    RequestLoginCodeForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
    SignupForm,
)
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress
from allauth.core import context
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from keyturn.signin import asking, words
from keyturn.signin.logins import forget_abandoned


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


class SignUp(SignupForm):  # type: ignore[misc]
    """An e-mail address, nothing else: how to sign in is chosen when it is proved, so that nobody can prepare a login
    with somebody else's address and a password of their own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password1"]

    def clean_email(self) -> str:
        _count("signup", self.cleaned_data["email"])
        forget_abandoned(self.cleaned_data["email"].lower())
        return str(super().clean_email())


class AskForCode(RequestLoginCodeForm):  # type: ignore[misc]
    """A code goes to customers, and to staff who proved their address."""

    def clean_email(self) -> str:
        """Counted by ourselves: allauth would count by the address alone, and a stranger could use up the owner's (0014)."""
        email = str(self.cleaned_data["email"])
        _count("request_login_code", email)
        _refuse_unless(asking.allowed_from_anywhere(context.request, "request_login_code", email))
        users = filter_users_by_email(email, is_active=True, prefer_verified=True, for_login=True)
        self._user = users[0] if users and _may_use_mail(users[0], email) else None
        return email


class ForgotPassword(ResetPasswordForm):  # type: ignore[misc]
    """Only a proved address can get a new password."""

    def clean_email(self) -> str:
        _count("reset_password", self.cleaned_data["email"])
        email = str(super().clean_email())
        proved = EmailAddress.objects.filter(email__iexact=email, verified=True).values_list("user_id", flat=True)
        self.users = [user for user in self.users if user.pk in set(proved)]
        return email


class _Once:
    """A new password is typed once: it can be shown, pasted, and filled in by a manager."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]  # type: ignore[attr-defined]


class NewPassword(_Once, ResetPasswordKeyForm):  # type: ignore[misc]
    pass


class ChangePassword(_Once, ChangePasswordForm):  # type: ignore[misc]
    pass


class SetPassword(_Once, SetPasswordForm):  # type: ignore[misc]
    pass


def name_typed(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """The name that axes counts by: "Rosa" and "rosa" are one, whether or not there is such a login."""
    given = credentials or {}
    typed = given.get("login") or request.POST.get("login", "") or given.get("username") or given.get("email") or ""
    return str(typed).strip().casefold()[:254]


def _may_use_mail(user: Any, email: str) -> bool:
    return not user.staff_role or EmailAddress.objects.filter(user=user, email__iexact=email, verified=True).exists()


def _count(action: str, email: str) -> None:
    _refuse_unless(asking.allowed_here(context.request, action, email))


def _refuse_unless(allowed: bool) -> None:
    if not allowed:
        raise ValidationError(words.ERRORS["rate_limited"], code="rate_limited")
