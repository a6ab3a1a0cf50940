"""What do the mails about a login say, and in which language?

One table of plain texts. A code stands in its mail and nowhere else; no mail holds a link that signs anybody in.
"""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

CODE = _("""Your code is

    %(code)s

Type it on the page that asks for it. It works for 15 minutes, and only in the browser where you asked for it.

If you did not ask for a code, ignore this message. Never tell anybody this code: we never ask for it by phone.""")
WHO = _("""When: %(when)s
Browser: %(browser)s

If this was you, there is nothing to do. If not, somebody else may be in your login: choose “Forgot your password?” at
%(signin)s
and then sign out all other devices under “Where you are signed in”. Or call us: %(phone)s""")

# allauth's name of the mail: subject, text, whether when and where it happened follows
MAILS: dict[str, tuple[str, str, bool]] = {
    "account/email/login_code": (_("Your sign-in code"), CODE, False),
    "account/email/email_confirmation": (_("Your code to prove this e-mail address"), CODE, False),
    "account/email/email_confirmation_signup": (_("Your code to create a login"), CODE, False),
    "account/email/password_reset_code": (_("Your code to choose a new password"), CODE, False),
    "signin/again_code": (_("Your code to go on"), CODE, False),
    "account/email/account_already_exists": (
        _("You already have a login"),
        _("""Somebody, probably you, wanted to create a login with this e-mail address. There is one already.

Sign in with a code by e-mail, a passkey or your password:
%(signin)s

If it was not you, ignore this message: nothing was changed."""),
        False,
    ),
    "account/email/unknown_account": (
        _("There is no login with this e-mail address"),
        _("""Somebody, probably you, wanted to sign in with this e-mail address. There is no login with it.

Create one here, or try another address of yours:
%(signup)s

If it was not you, ignore this message."""),
        False,
    ),
    "signin/new_device": (
        _("A new sign-in to your login"),
        _("Somebody signed in to your login with a browser that we have not seen before."),
        True,
    ),
    "account/email/password_changed": (
        _("Your password was changed"),
        _("The password of your login was changed."),
        True,
    ),
    "account/email/password_set": (_("A password was set"), _("Your login has a password now."), True),
    "account/email/password_reset": (
        _("You have a new password"),
        _("A new password was chosen for your login, with a code from this mailbox."),
        True,
    ),
    "account/email/email_changed": (
        _("Your e-mail address was changed"),
        _("From now on your login has another e-mail address. We send nothing more to this one."),
        True,
    ),
    "signin/email_is_yours": (
        _("This is your e-mail address now"),
        _("From now on you sign in with this e-mail address."),
        True,
    ),
    "mfa/email/webauthn_added": (_("A passkey was added"), _("Your login has a new passkey."), True),
    "mfa/email/webauthn_removed": (_("A passkey was removed"), _("A passkey of your login was removed."), True),
    "mfa/email/totp_activated": (
        _("An authenticator app was added"),
        _("From now on your login asks for a code of your authenticator app."),
        True,
    ),
    "mfa/email/totp_deactivated": (
        _("The authenticator app was removed"),
        _("Your login does not ask for codes of an authenticator app any more."),
        True,
    ),
    "mfa/email/recovery_codes_generated": (
        _("New recovery codes were made"),
        _("Your login has new recovery codes. The old ones do not work any more."),
        True,
    ),
    "socialaccount/email/account_connected": (
        _("Another service was connected"),
        _("From now on you can sign in through %(provider)s."),
        True,
    ),
    "socialaccount/email/account_disconnected": (
        _("A service was disconnected"),
        _("You cannot sign in through %(provider)s any more."),
        True,
    ),
}


def write(name: str, to: Any, context: dict[str, Any]) -> EmailMessage:
    """The mail, in the language of who owns the login; where nobody does, in that of the page. KeyError: no such mail."""
    subject, text, with_circumstances = MAILS[name]
    user = context.get("user")
    language = getattr(user, "language", "") or translation.get_language() or "en"
    with translation.override(language):
        values = _values(context)
        parts = [gettext(text) % values]
        if with_circumstances:
            parts.append(gettext(WHO) % values)
        parts.append(str(settings.KEYTURN_BRAND.get("name", "")))
        headers = {
            "Content-Language": language,
            "Auto-Submitted": "auto-generated",
        }  # RFC 3834: no out-of-office replies
        return EmailMessage(
            gettext(subject), "\n\n".join(parts) + "\n", to=[to] if isinstance(to, str) else to, headers=headers
        )


def _values(context: dict[str, Any]) -> dict[str, str]:
    moment, provider = context.get("timestamp"), context.get("provider", "")
    return {
        "code": str(context.get("code", "")),
        "signin": settings.KEYTURN_BASE_URL + reverse("account_login"),
        "signup": settings.KEYTURN_BASE_URL + reverse("account_signup"),
        "phone": str(settings.KEYTURN_BRAND.get("phone", "")),
        "provider": str(getattr(provider, "name", provider)),
        "when": date_format(timezone.localtime(moment), "DATETIME_FORMAT") if moment else "",
        "browser": browser(str(context.get("user_agent", ""))),
    }


KNOWN = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip


def browser(agent: str) -> str:
    """Words for what a browser says about itself: "Firefox, Windows"."""
    found = [next((word for mark, word in table if mark in agent), "") for table in (KNOWN, SYSTEMS)]
    return ", ".join(filter(None, found)) or gettext("unknown")
