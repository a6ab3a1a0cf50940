"""How does somebody with a login come in, and go?

allauth's flow carries it, so that a second factor can join as a stage of its own; axes counts wrong guesses. The page
says the same for a name that does not exist and for a wrong password, after the same work.
"""

from typing import Any

from allauth.account.views import LoginView
from axes.decorators import axes_dispatch
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from keyturn.signin.forms import SignIn

TEMPLATE = "signin/signin.html"


@method_decorator(axes_dispatch, name="dispatch")
class SignInView(LoginView):  # type: ignore[misc]
    """The page with name and password. Nobody can sign up here; staff are made by an engineer."""

    form_class = SignIn
    template_name = TEMPLATE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.get("form") or self.get_form()
        return {"next": self.get_next_url() or "", **_page(form.data if form.is_bound else {}, wrong=bool(form.errors))}

    def form_invalid(self, form: SignIn) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


def locked_out(
    request: HttpRequest, original_response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """What axes shows after too many wrong guesses, whether or not there is such a login."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    text = _("Too many wrong attempts. Wait %(minutes)s minutes, then try again.") % {"minutes": minutes}
    return _paused(request, text, seconds=minutes * 60)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What allauth shows after too many tries from one address, whomever they named."""
    return _paused(request, _("Too many attempts from here. Wait a minute, then try again."), seconds=60)


def _paused(request: HttpRequest, text: str, *, seconds: int) -> HttpResponse:
    values = {**_page(request.POST, wrong=False), "locked": text, "next": request.POST.get("next", "")}
    response = render(request, TEMPLATE, values, status=429)
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


@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, where the button was pressed; an address that is only opened changes nothing."""
    if request.method == "POST":
        logout(request)
    return redirect("signin:signin")
