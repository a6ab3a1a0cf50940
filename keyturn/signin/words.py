"""What do people read when something about their login went wrong, or changed?"""

from django.utils.translation import gettext_lazy as _

ERRORS = {
    "account_inactive": _("This login is switched off. Please call us."),
    "duplicate_email": _("This is the e-mail address that you use already."),
    "email_taken": _("This e-mail address cannot be used."),
    "enter_current_password": _("This is not your current password. Try again, or choose “Forgot your password?”."),
    "incorrect_code": _("This code is not right. Look at the newest message, and type it again."),
    "incorrect_password": _("This is not your password. Try again."),
    "too_many_login_attempts": _("Those were too many wrong attempts. Start again, or sign in another way."),
    "rate_limited": _("Those were many tries in a short time. Wait a minute, then try again."),
    "same_as_current": _("Enter a different address from the one that you use now."),
    "unverified_primary_email": _("Prove your e-mail address first."),
}
MFA_ERRORS = {
    "incorrect_code": _("This code is not right. Wait for the next one, and type it again."),
    "cannot_delete_authenticator": _("Your work needs a second step. Add another one before you remove this one."),
    "cannot_generate_recovery_codes": _("Add a passkey or an authenticator app first."),
    "unverified_email": _("Prove your e-mail address first."),
}
NEWS = {
    "account/messages/password_changed.txt": _("Your password is changed. All other devices were signed out."),
    "account/messages/password_set.txt": _("Your password is set."),
    "account/messages/email_confirmed.txt": _("Your e-mail address is proved."),
    "mfa/messages/totp_activated.txt": _(
        "Your authenticator app is added. From now on we ask for its code when you sign in."
    ),
    "mfa/messages/totp_deactivated.txt": _("The authenticator app is removed."),
    "mfa/messages/webauthn_added.txt": _("Your passkey is added. You can sign in with it from now on."),
    "mfa/messages/webauthn_removed.txt": _("The passkey is removed."),
    "usersessions/messages/sessions_logged_out.txt": _("Signed out there."),
    "socialaccount/messages/account_disconnected.txt": _("The other service is disconnected."),
    "socialaccount/messages/account_connected.txt": _("The other service is connected."),
}
PROOFS = {
    "reauthenticate": _("Use your password"),
    "mfa_reauthenticate": _("Use the code of your authenticator app, or a recovery code"),
    "mfa_reauthenticate:webauthn": _("Use a passkey"),
    "code": _("Use a code that we send by e-mail"),
}
