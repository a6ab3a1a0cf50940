"""How does somebody look after their own login: ways to sign in, where they are signed in, another e-mail?"""

import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.models import EmailAddress
from allauth.account.views import EmailView, PasswordChangeView, PasswordResetView, PasswordSetView
from allauth.core import ratelimit
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache

from keyturn.signin.guesses import one_at_a_time
from keyturn.signin.proof import prove_again
from keyturn.signin.second_factor import has_second_factor
from keyturn.signin.views import proved_address


class _Says422:
    """A form that is not right answers 422, so that programs and tests can tell."""

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)  # type: ignore[attr-defined]


class ChangePasswordView(_Says422, PasswordChangeView):  # type: ignore[misc]
    pass


class SetPasswordView(_Says422, PasswordSetView):  # type: ignore[misc]
    pass


class ForgotPasswordView(_Says422, PasswordResetView):  # type: ignore[misc]
    pass


class SecondStepView(AuthenticateView):  # type: ignore[misc]
    """The second factor, while signing in."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 422
        return response


class ChangeEmailView(_Says422, EmailView):  # type: ignore[misc]
    """Another e-mail: it takes effect when the new one is proved, and the old one is told (BR-30)."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = EmailAddress.objects.filter(user=self.request.user).order_by("-primary").first()
        return {**super().get_context_data(**kwargs), "now": now}


class SecurityView(IndexView):  # type: ignore[misc]
    """All ways by which this login can be entered."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        must = bool(user.staff_role) and settings.KEYTURN_POLICY.staff_second_factor and not has_second_factor(user)
        return {
            **super().get_context_data(**kwargs),
            "must_enrol": must,
            "email": user.email,
            "email_proved": bool(proved_address(user)),
            "has_password": user.has_usable_password(),
            "connected": connected(self.request),
        }


def connected(request: HttpRequest) -> list[dict[str, Any]]:
    """The providers through which this login can be entered, by name; one that the settings no longer hold by its id."""
    names = {app.provider_id: app.name for app in get_social_adapter(request).list_apps(request)}
    accounts = SocialAccount.objects.filter(user=request.user)
    return [{"id": each.pk, "name": names.get(each.provider, each.provider)} for each in accounts]


class ServicesView(View):
    """Disconnect a provider. Nobody is locked out by it: a code to the proved e-mail always opens the login."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "socialaccount/connections.html", {"connected": connected(request)})

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = request.POST.get("account", "")
        for each in connected(request):
            if str(each["id"]) == chosen and proved_address(request.user):
                SocialAccount.objects.filter(user=request.user, pk=each["id"]).delete()
                adapter = get_adapter(request)
                adapter.add_message(request, messages.SUCCESS, "socialaccount/messages/account_disconnected.txt")
                given = {"provider": each["name"]}
                adapter.send_notification_mail("socialaccount/email/account_disconnected", request.user, given)
        return redirect("socialaccount_connections")


class SessionsView(ListUserSessionsView):  # type: ignore[misc]
    """Where they are signed in. A button ends one of them, another one all but this."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        chosen = request.POST.get("session", "")
        if not chosen:
            response: HttpResponse = super().post(request, *args, **kwargs)
            return response
        mine = UserSession.objects.filter(user=request.user, pk=chosen if chosen.isdecimal() else 0)
        end_sessions(request, [each for each in mine if not each.is_current()])
        return redirect("usersessions_list")


AGAIN = "kt_again_code"


@method_decorator([never_cache, login_required, one_at_a_time], name="dispatch")
class ProveAgainByCode(View):
    """Who has neither password nor second factor proves again that it is them with a code to their e-mail.

    Who has a second factor does not: an open browser is often an open mailbox, too.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return (
            prove_again(request, self._next(request)) if has_second_factor(request.user) else super().dispatch(request)
        )

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.POST.get("action") == "send":
            return self._send(request)
        state = request.session.get(AGAIN) or {}
        if not state or time.time() > state["until"]:
            request.session.pop(AGAIN, None)
            return self._show(request, _("This code is too old. Ask for a new one."))
        if not compare_user_code(actual=request.POST.get("code", "")[:40], expected=state["code"]):
            left = state["left"] - 1
            request.session[AGAIN] = {**state, "left": left}
            if left > 0:
                return self._show(request, _("This code is not right. Look at the newest message, and type it again."))
            del request.session[AGAIN]
            return self._show(request, _("Those were too many wrong codes. Ask for a new one."))
        del request.session[AGAIN]
        record_authentication(request, request.user, method="code", email=state["email"], reauthenticated=True)
        response: HttpResponse = resume_request(request) or redirect(self._next(request) or "/account")
        return response

    def _send(self, request: HttpRequest) -> HttpResponse:
        email = proved_address(request.user) or request.user.email
        if not ratelimit.consume(request, action="codes_from_here", key=f"again:{email.lower()}"):
            return self._show(request, _("Those were many codes in a short time. Wait five minutes, then ask again."))
        adapter = get_adapter(request)
        code = adapter.generate_login_code()
        until = time.time() + settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT
        tries = settings.ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS
        request.session[AGAIN] = {"code": code, "email": email, "until": until, "left": tries}
        adapter.send_mail("signin/again_code", email, {"user": request.user, "code": code})
        return redirect(request.get_full_path())

    def _show(self, request: HttpRequest, error: str = "") -> HttpResponse:
        values = {"sent": AGAIN in request.session, "email": request.user.email, "error": error}
        values["next"] = self._next(request)
        values["problems"] = [{"text": error, "href": "#code" if values["sent"] else ""}] if error else []
        return render(request, "signin/again_code.html", values, status=422 if error else 200)

    @staticmethod
    def _next(request: HttpRequest) -> str:
        wanted = request.GET.get("next", "")
        return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else ""
