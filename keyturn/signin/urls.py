"""Which address leads to which page of signing in? The names without `signin:` are those that allauth itself looks for."""

from allauth.account import views as account
from allauth.mfa.base import views as second
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkey
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import views as oidc
from django.urls import include, path

from keyturn.signin import federation, security, views
from keyturn.signin.guesses import evenly, one_at_a_time
from keyturn.signin.proof import proved_lately

own = [
    path("signin", views.SignInView.as_view(), name="signin"),
    path("signout", views.sign_out, name="signout"),
    path("signin/welcome", views.welcome, name="welcome"),
    path("signin/again/code", security.ProveAgainByCode.as_view(), name="again_code"),
]
coming_in = [
    path("signin", views.SignInView.as_view(), name="account_login"),
    path("signin/up", evenly(views.SignUpView.as_view()), name="account_signup"),
    path("signin/up/code", one_at_a_time(views.type_code_of_sign_up), name="account_email_verification_sent"),
    path("signin/code", evenly(views.CodeView.as_view()), name="account_request_login_code"),
    path("signin/code/type", one_at_a_time(account.confirm_login_code), name="account_confirm_login_code"),
    path("signin/passkey", passkey.login_webauthn, name="mfa_login_webauthn"),
    path("signin/second", one_at_a_time(security.SecondStepView.as_view()), name="mfa_authenticate"),
    path("signin/reset", evenly(security.ForgotPasswordView.as_view()), name="account_reset_password"),
    path(
        "signin/reset/code",
        one_at_a_time(account.confirm_password_reset_code),
        name="account_confirm_password_reset_code",
    ),
    path("signin/reset/password", account.complete_password_reset, name="account_complete_password_reset"),
    path("signin/reset/done", account.password_reset_from_key_done, name="account_password_reset_completed"),
    path("signin/inactive", account.account_inactive, name="account_inactive"),
    path("signin/with/<slug:provider_id>", federation.Leave.as_view(), name="openid_connect_login"),
    path("signin/with/<slug:provider_id>/back", oidc.callback, name="openid_connect_callback"),
    path("signin/with", social.signup, name="socialaccount_signup"),
    path("signin/cancelled", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("signin/failed", social.login_error, name="socialaccount_login_error"),
]
looking_after = [
    path("signin/security", security.SecurityView.as_view(), name="mfa_index"),
    path("signin/sessions", security.SessionsView.as_view(), name="usersessions_list"),
    path("signin/email", proved_lately(security.ChangeEmailView.as_view()), name="account_email"),
    path("signin/password", security.ChangePasswordView.as_view(), name="account_change_password"),
    path("signin/password/set", proved_lately(security.SetPasswordView.as_view()), name="account_set_password"),
    path("signin/services", proved_lately(security.ServicesView.as_view()), name="socialaccount_connections"),
    path("signin/passkeys", security.SecurityView.as_view(), name="mfa_list_webauthn"),
    path("signin/passkeys/add", proved_lately(passkey.add_webauthn), name="mfa_add_webauthn"),
    path("signin/passkeys/<int:pk>/remove", proved_lately(passkey.remove_webauthn), name="mfa_remove_webauthn"),
    path("signin/passkeys/<int:pk>/name", proved_lately(passkey.edit_webauthn), name="mfa_edit_webauthn"),
    path("signin/app", proved_lately(totp.activate_totp), name="mfa_activate_totp"),
    path("signin/app/remove", proved_lately(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("signin/recovery", proved_lately(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("signin/recovery/new", proved_lately(recovery.generate_recovery_codes), name="mfa_generate_recovery_codes"),
]
proving_again = [
    path("signin/again", account.reauthenticate, name="account_reauthenticate"),
    path("signin/again/second", second.reauthenticate, name="mfa_reauthenticate"),
    path("signin/again/passkey", passkey.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
]
urlpatterns = [path("", include((own, "signin"))), *coming_in, *looking_after, *proving_again]
