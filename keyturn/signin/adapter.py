"""What does allauth ask us to decide about signing in, and how do we answer?"""

import secrets
import smtplib
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.stages import EmailVerificationStage
from allauth.core import context
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language

from keyturn.signin import devices, mails, proof, words

log = structlog.get_logger("keyturn.signin")
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none of them is taken for another one: 29 bits in six
CODE_LENGTH = 6


class Adapter(DefaultAccountAdapter):
    """Customers make a login of a proved e-mail; staff are made by an engineer (`keyturn staff create`)."""

    error_messages = {**DefaultAccountAdapter.error_messages, **words.ERRORS}

    # ---- who comes in

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """An opaque name: it may stand in logs and in history, where an e-mail may not."""
        user.username = f"c-{secrets.token_hex(12)}"
        user.language = (get_language() or "en")[:2]

    def get_login_stages(self) -> list[str]:
        own = "keyturn.signin.adapter.ProveEmail"
        return [own if each.endswith(".EmailVerificationStage") else each for each in super().get_login_stages()]

    def get_login_redirect_url(self, request: HttpRequest) -> Any:
        return "/console" if getattr(request.user, "staff_role", "") else "/account"

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return reverse("signin:welcome")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        return reverse("mfa_index") if self.request.user.is_authenticated else reverse("account_login")

    def post_login(self, request: HttpRequest, user: Any, **hooks: Any) -> HttpResponse:
        """Tell the owner of a login about a browser that was never signed in to it; remember this browser."""
        response: HttpResponse = super().post_login(request, user, **hooks)
        if hooks.get("signup") and not get_authentication_records(request, user):
            record_authentication(request, user, method="code", email=user.email)  # by which the address was proved
        if not hooks.get("signup") and not devices.is_known(request, user):
            self.send_notification_mail("signin/new_device", user)
        return devices.remember(request, response, user)

    # ---- how often somebody may try

    def get_client_ip(self, request: HttpRequest) -> str:
        """Behind our proxy the last of X-Forwarded-For, for those before are the caller's own words; else who calls us."""
        try:
            return str(super().get_client_ip(request))
        except PermissionDenied:  # the header is no address
            return str(request.META.get("REMOTE_ADDR", ""))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted by the name that was typed. A browser that the owner signed in with counts for
        itself, so that strangers who guess at the name do not slow down the owner."""
        name = str(credentials.get("login") or credentials.get("username") or credentials.get("email") or "")
        name = name.strip().casefold()
        return f"{devices.ident(request, name)}:{name}"

    # ---- codes

    def generate_login_code(self) -> str:
        return _code()

    def generate_password_reset_code(self) -> str:
        return _code()

    def generate_email_verification_code(self) -> str:
        return _code()

    # ---- what is said

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Our own words for what changed; nothing where the page itself shows it."""
        text = words.NEWS.get(message_template or "") or (message if level == messages.ERROR else None)
        if text:
            messages.add_message(request, level, str(text), extra_tags=extra_tags)

    def render_mail(
        self, template_prefix: str, email: Any, context: dict[str, Any], headers: dict[str, str] | None = None
    ) -> EmailMessage:
        return mails.write(template_prefix, email, context)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that does not answer is written down (without the address); the page offers to send again."""
        try:
            self.render_mail(template_prefix, email, context).send()
        except (smtplib.SMTPException, OSError) as problem:
            log.error("mail_not_sent", mail=template_prefix, error=type(problem).__name__)

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """To the proved address; of a changed e-mail the old and the new address hear (BR-30)."""
        given = {"user": user, **(context or {})}
        super().send_notification_mail(template_prefix, user, given, email or (user.staff_role and user.email) or None)
        if template_prefix == "account/email/email_changed" and "to_email" in given:
            super().send_notification_mail("signin/email_is_yours", user, given, given["to_email"])

    # ---- prove it again

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        return not proof.recently_proved(context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """allauth knows password, authenticator and passkey; who has none of them gets a code by e-mail."""
        methods = [
            {**each, "description": words.PROOFS[each["id"]]} for each in super().get_reauthentication_methods(user)
        ]
        if not methods and user.is_authenticated and user.email:
            methods = [{"id": "code", "description": words.PROOFS["code"], "url": reverse("signin:again_code")}]
        return methods


class ProveEmail(EmailVerificationStage):
    """A login's e-mail must be proved before anybody comes in; that of staff was written down by an engineer."""

    def handle(self) -> tuple[Any, bool]:
        if self.login.user is not None and self.login.user.staff_role:
            return None, True
        found: tuple[Any, bool] = super().handle()
        return found


def address_of(request: HttpRequest) -> str:
    """The caller's address, by which axes counts as well."""
    return str(get_adapter(request).get_client_ip(request))


def _code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
