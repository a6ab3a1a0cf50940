"""How does somebody with a login come in, and go?

allauth's flow carries it, so that a second factor is a stage of its own; axes and allauth's limits count wrong guesses.
The page says the same for a name that does not exist and for a wrong password, after the same work.
"""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.views import LoginView, RequestLoginCodeView, SignupView, email_verification_sent
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from axes.decorators import axes_dispatch
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from keyturn.signin.forms import SignIn
from keyturn.signin.logins import set_up_again

TEMPLATE = "signin/signin.html"
SLOWED = "too_many_login_attempts"


@method_decorator(axes_dispatch, name="dispatch")
class SignInView(LoginView):  # type: ignore[misc]
    """The page with name and password, and the ways beside it."""

    form_class = SignIn
    template_name = TEMPLATE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.get("form") or self.get_form()
        values = _page(form.data if form.is_bound else {}, wrong=bool(form.errors))
        return {"next": self.get_next_url() or "", "providers": _providers(self.request), **values}

    def form_invalid(self, form: SignIn) -> HttpResponse:
        if any(each.code == SLOWED for each in form.non_field_errors().as_data()):
            return slowed(self.request)
        return self.render_to_response(self.get_context_data(form=form), status=422)


class CodeView(RequestLoginCodeView):  # type: ignore[misc]
    """Ask for a code by e-mail. The button on the sign-in page sends what stands in its field."""

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()
        if "login" in self.request.POST and "email" not in self.request.POST:
            kwargs["data"] = {"email": self.request.POST["login"]}
        return kwargs

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class SignUpView(SignupView):  # type: ignore[misc]
    """Create a login: an e-mail address, then a code, then the way of signing in that they like."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "providers": _providers(self.request)}

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


def type_code_of_sign_up(request: HttpRequest) -> HttpResponse:
    """The code that proves the address. Nobody who signs up with the same address spoils it (`logins.set_up_again`)."""
    set_up_again(request)
    response: HttpResponse = email_verification_sent(request)
    return response


@login_required
@never_cache
def welcome(request: HttpRequest) -> HttpResponse:
    """A login was made just now: how would they like to sign in next time?"""
    return render(request, "signin/welcome.html", {"email": request.user.email})


def locked_out(
    request: HttpRequest, original_response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """What axes shows after too many wrong guesses, whether or not there is such a login."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    text = _("Too many wrong attempts. Wait %(minutes)s minutes, then try again.") % {"minutes": minutes}
    return _paused(request, text, seconds=minutes * 60, others=True)


def slowed(request: HttpRequest) -> HttpResponse:
    """What is shown when many people, or one with many addresses, guess at one name; whether or not there is such a login."""
    text = _("Somebody typed many wrong passwords for this name. Wait five minutes before you try a password again.")
    return _paused(request, text, seconds=300, others=True)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What allauth shows after too many tries from one address, whomever they named."""
    return _paused(request, _("Too many attempts from here. Wait a minute, then try again."), seconds=60, others=False)


def _paused(request: HttpRequest, text: str, *, seconds: int, others: bool) -> HttpResponse:
    """`others`: codes by e-mail and passkeys work all the same, and the page says so."""
    values = {
        **_page(request.POST, wrong=False),
        "locked": text,
        "others": others,
        "next": request.POST.get("next", ""),
    }
    response = render(request, TEMPLATE, {**values, "providers": _providers(request)}, status=429)
    response["Retry-After"] = str(seconds)
    patch_cache_control(response, no_store=True, private=True)
    return response


def _page(typed: Any, *, wrong: bool) -> dict[str, Any]:
    """The fields' state: what was typed stays, but for the password."""
    login = str(typed.get("login", ""))[:254]
    missing = {name for name in ("login", "password") if wrong and not str(typed.get(name, "")).strip()}
    problems = []
    if "login" in missing:
        problems.append({"text": _("Enter your user name or e-mail address."), "href": "#login"})
    if "password" in missing:
        problems.append({"text": _("Enter your password."), "href": "#password"})
    if wrong and not problems:
        problems.append({"text": _("This name and password do not fit together. Try again."), "href": "#login"})
    at_login = next((each["text"] for each in problems if each["href"] == "#login"), "")
    return {"login": login, "missing": missing, "problems": problems, "login_error": at_login}


def _providers(request: HttpRequest) -> list[Any]:
    return list(get_social_adapter(request).list_apps(request))


def proved_address(user: Any) -> str:
    """The e-mail that this login proved; "" where it has none yet."""
    found = EmailAddress.objects.filter(user=user, verified=True).first()
    return str(found.email) if found else ""


@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, where the button was pressed; an address that is only opened changes nothing."""
    if request.method == "POST":
        logout(request)
    return redirect("signin:signin")
