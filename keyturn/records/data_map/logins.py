"""Which columns belong to a login: how it is let in, and who tried?"""

from keyturn.records.data_map.shape import Erasure, Link, Table, col
from keyturn.records.data_map.uses import CONTACT, GUESSES, IDENTITY, LOGIN, NOBODY, TECHNICAL, WISHES
from keyturn.terms.words import gettext_noop as _

MINE = Link("staff_user", "user_id")
STAFF = _("It is about staff and partners, or about nobody.")
NAMED = (
    Link("staff_user", "username", takes="username"),
    Link("staff_user", "username", takes="email", only="username <> ''"),
    Link("account_emailaddress", "username", takes="email"),
)

LOGINS = (
    Table(
        "staff_user", _("Your login"), whose=(Link("staff_user", "id"),), erasure=Erasure.BLANK, served="TRUE",
        because=_("A login without a name stays, so that what was done with it can be told from what others did."),
        columns=(
            col(CONTACT, "email"),
            col(CONTACT, "username", becomes="gone-{id}"),
            col(IDENTITY, "first_name last_name"),
            col(LOGIN, "password", becomes="!", secret=True),
            col(LOGIN, "last_login is_active"),
            col(WISHES, "language", _("It is a setting and says nothing about you.")),
            col(TECHNICAL, "id date_joined staff_role is_staff is_superuser"),
        ),
    ),
    Table(
        "account_emailaddress", _("E-mail addresses you sign in with"), whose=(MINE,), served="TRUE",
        columns=(col(CONTACT, "email verified primary"), col(TECHNICAL, "id user_id")),
    ),
    Table(
        "account_emailconfirmation", _("Links to prove an e-mail address"),
        whose=(Link("account_emailaddress", "email_address_id"),),
        columns=(col(GUESSES, "created sent"), col(GUESSES, "key", secret=True), col(TECHNICAL, "id email_address_id")),
    ),
    Table(
        "mfa_authenticator", _("Passkeys and second factors"), whose=(MINE,), served="TRUE",
        columns=(
            col(LOGIN, "type created_at last_used_at"),
            col(LOGIN, "data", secret=True),
            col(TECHNICAL, "id user_id"),
        ),
    ),
    Table(
        "socialaccount_socialaccount", _("Sign-in with somebody else's login"), whose=(MINE,), served="TRUE",
        columns=(col(LOGIN, "provider uid last_login date_joined extra_data"), col(TECHNICAL, "id user_id")),
    ),
    Table(
        "socialaccount_socialtoken", _("Keys for sign-in with somebody else's login"),
        whose=(Link("socialaccount_socialaccount", "account_id"),), served="TRUE",
        columns=(
            col(LOGIN, "expires_at"),
            col(LOGIN, "token token_secret", secret=True),
            col(TECHNICAL, "id account_id app_id"),
        ),
    ),
    Table(
        "usersessions_usersession", _("Where you are signed in"), whose=(MINE,), served="TRUE",
        columns=(
            col(LOGIN, "created_at ip last_seen_at user_agent data"),
            col(LOGIN, "session_key", secret=True),
            col(TECHNICAL, "id user_id"),
        ),
    ),
    Table(
        "django_session", _("What your browser was doing"), key="session_key", served="TRUE",
        whose=(Link("usersessions_usersession", "session_key", takes="session_key"),),
        columns=(col(LOGIN, "expire_date"), col(LOGIN, "session_key session_data", secret=True)),
    ),
    Table(
        "axes_accessattempt", _("Failed sign-ins"), whose=NAMED,
        columns=(
            col(GUESSES, "user_agent ip_address username http_accept path_info attempt_time failures_since_start "
                         "get_data post_data"),
            col(TECHNICAL, "id"),
        ),
    ),
    Table(
        "axes_accessattemptexpiration", _("When failed sign-ins are forgotten"), key="access_attempt_id",
        whose=(Link("axes_accessattempt", "access_attempt_id"),),
        columns=(col(GUESSES, "expires_at"), col(TECHNICAL, "access_attempt_id")),
    ),
    Table(
        "axes_accessfailurelog", _("Sign-ins that were locked out"), whose=NAMED,
        columns=(
            col(GUESSES, "user_agent ip_address username http_accept path_info attempt_time locked_out"),
            col(TECHNICAL, "id"),
        ),
    ),
    Table(
        "axes_accesslog", _("Sign-ins"), whose=NAMED,
        columns=(
            col(GUESSES, "user_agent ip_address username http_accept path_info attempt_time logout_time"),
            col(GUESSES, "session_hash", secret=True),
            col(TECHNICAL, "id"),
        ),
    ),
    Table(
        "attempt", _("Tries at something that must not be guessed"),
        because=_("A keyed fingerprint of what was tried: it leads back to nobody, and goes by itself."),
        columns=(col(GUESSES, "kind subject failed at"), col(TECHNICAL, "id")),
    ),
    Table(
        "signin_limit", _("Who tries how often"), key="cache_key",
        because=_("A keyed fingerprint of who tried: it leads back to nobody, and goes by itself."),
        columns=(col(GUESSES, "cache_key value expires"),),
    ),
    Table(
        "staff_user_groups", _("Groups of staff"), whose=(MINE,), because=STAFF,
        columns=(col(TECHNICAL, "id user_id group_id"),),
    ),
    Table(
        "staff_user_user_permissions", _("Rights of staff"), whose=(MINE,), because=STAFF,
        columns=(col(TECHNICAL, "id user_id permission_id"),),
    ),
    Table("api_key", _("Partners' keys"), because=STAFF, columns=(
        col(NOBODY, "id name prefix scopes created_at revoked_at"), col(LOGIN, "fingerprint", secret=True))),
    Table("socialaccount_socialapp", _("Providers of sign-in"), because=STAFF, columns=(
        col(NOBODY, "id provider name client_id provider_id settings"), col(LOGIN, "secret key", secret=True))),
)  # fmt: skip
