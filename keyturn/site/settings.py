"""Which settings does Keyturn run with? Everything that differs between installations comes from the environment.

`docs/howto/install.md` lists the variables. Nothing here has an insecure default: a missing secret stops the start.
"""

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from keyturn.matching import model
from keyturn.site import environment as env
from keyturn.site import oidc
from keyturn.terms import policy

BASE_DIR = env.ROOT
DEBUG = env.switch("KEYTURN_DEBUG")
SECRET_KEY = env.text("KEYTURN_SECRET_KEY")
ALLOWED_HOSTS = env.words("KEYTURN_ALLOWED_HOSTS")
KEYTURN_BASE_URL = env.web_address("KEYTURN_BASE_URL", "http://127.0.0.1:8000")
CSRF_TRUSTED_ORIGINS = [KEYTURN_BASE_URL]

# The utility's own settings
KEYTURN_PROFILE = env.profile_folder(env.text("KEYTURN_PROFILE", "default"))
KEYTURN_POLICY = policy.load(KEYTURN_PROFILE / "policy.toml")
model.load(KEYTURN_POLICY.match_profile)  # what is wrong with it is said now, and not to the first applicant
KEYTURN_BRAND = env.toml(KEYTURN_PROFILE / "brand.toml")

# Personal data at rest (quality.md section 4)
KEYTURN_FIELD_KEYS = env.field_keys(env.text("KEYTURN_FIELD_KEYS"))
KEYTURN_INDEX_KEY = env.secret_bytes("KEYTURN_INDEX_KEY")

# The outside world
KEYTURN_CIS = env.text("KEYTURN_CIS", "reference")
KEYTURN_CIS_MAPPING = env.text("KEYTURN_CIS_MAPPING", "")
KEYTURN_CIS_FAULTS = env.text("KEYTURN_CIS_FAULTS", "")
KEYTURN_IDENTITY_CHECK = env.text("KEYTURN_IDENTITY_CHECK", "off")
KEYTURN_CLAMD = env.text("KEYTURN_CLAMD", "")
KEYTURN_MAILBOX = env.text("KEYTURN_MAILBOX", "")
KEYTURN_BEHIND_PROXY = env.switch("KEYTURN_BEHIND_PROXY")
KEYTURN_METRICS_PUBLIC = env.switch("KEYTURN_METRICS_PUBLIC")
KEYTURN_SMS_SECRET = env.text("KEYTURN_SMS_SECRET", "")
KEYTURN_CIS_SECRET = env.text("KEYTURN_CIS_SECRET", "")
KEYTURN_SMS = env.text("KEYTURN_SMS", "mailbox" if KEYTURN_MAILBOX else "off")
KEYTURN_LETTERS = env.text("KEYTURN_LETTERS", "mailbox" if KEYTURN_MAILBOX else "off")

# The database: the utility's schema and the queue's own (design.md, "Beyond one machine")
KEYTURN_SCHEMA = env.schema("KEYTURN_SCHEMA", "keyturn")
KEYTURN_QUEUE_SCHEMA = env.schema("KEYTURN_QUEUE_SCHEMA", "keyturn_queue")
DATABASE_URL = env.text("DATABASE_URL")
KEYTURN_CIS_URL = env.text("KEYTURN_CIS_URL", DATABASE_URL)
DATABASES = {"default": env.database(DATABASE_URL, search_path=f"{KEYTURN_SCHEMA},{KEYTURN_QUEUE_SCHEMA},public")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = None

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "keyturn.signin",  # before allauth: its templates take the place of allauth's own
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "csp",
    "procrastinate.contrib.django",
    "keyturn.records",
    "keyturn.look",
    "keyturn.portal",
    "keyturn.console",
    "keyturn.api",
]

MIDDLEWARE = [
    "keyturn.site.logging.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "keyturn.site.health.Probes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "keyturn.signin.sessions.Limits",
    "csp.middleware.CSPMiddleware",
    "axes.middleware.AxesMiddleware",
    "keyturn.site.turned_away.Middleware",
]

ROOT_URLCONF = "keyturn.site.urls"
WSGI_APPLICATION = "keyturn.site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "keyturn" / "steps" / "confirm" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "keyturn.look.brand.context",
                "keyturn.signin.header.context",
            ]
        },
    }
]

# Who is at the keyboard
AUTH_USER_MODEL = "records.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "keyturn.signin.passwords.Length", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "keyturn.signin.passwords.NotCommon"},
    {"NAME": "keyturn.signin.passwords.NotAboutUs"},
    {"NAME": "keyturn.signin.passwords.NotBreached"},
]
KEYTURN_BREACHED_PASSWORDS = env.text("KEYTURN_BREACHED_PASSWORDS", "")
ACCOUNT_ADAPTER = "keyturn.signin.adapter.Adapter"
ACCOUNT_FORMS = {
    "signup": "keyturn.signin.forms.SignUp",
    "request_login_code": "keyturn.signin.forms.AskForCode",
    "reset_password": "keyturn.signin.forms.ForgotPassword",
    "reset_password_from_key": "keyturn.signin.forms.NewPassword",
    "change_password": "keyturn.signin.forms.ChangePassword",
    "set_password": "keyturn.signin.forms.SetPassword",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGIN_TIMEOUT = 30 * 60  # from the first step to the last
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = ACCOUNT_LOGIN_BY_CODE_ENABLED = ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = (
    True
)
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_PASSWORD_RESET_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
# axes stops five wrong passwords for one name from one address. Who comes from many addresses, or with many names, is
# slowed by allauth's limits: the more wrong guesses at a name, the longer the wait, but never for ever, and neither codes
# by e-mail nor passkeys wait with it, so that nobody is locked out by strangers. A guess costs a password hash of ours,
# right or wrong (quality.md section 4). All processes count together, in the database.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip,300/h/ip",
    "login_failed": "10/5m/key,20/h/key,50/d/key",
    "signup": "20/m/ip,100/d/ip",
    "codes_from_here": "5/5m/key,15/d/key",  # one who asks and one address (signin/asking.py); below: one address from anywhere
    "draft_codes": "10/5m/key,30/d/key",  # the same, where nobody is signed in: portal/proof.py
    "request_login_code": "20/m/ip,10/5m/key,30/d/key",
    "reset_password": "20/m/ip,10/5m/key,30/d/key",
    "confirm_email": "10/5m/key,30/d/key",
    "reauthenticate": "20/m/user",
}
SIGNIN_EVEN_SECONDS = 0.2  # asking for a code is answered after so long, or twice so long
ALLAUTH_TRUSTED_PROXY_COUNT = int(KEYTURN_BEHIND_PROXY)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "signin_limit",  # made by keyturn/signin/migrations
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
MFA_ADAPTER = "keyturn.signin.second_factor.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # phones' clocks
SOCIALACCOUNT_ADAPTER = "keyturn.signin.federation.SocialAdapter"
SOCIALACCOUNT_PROVIDERS = oidc.providers()
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False
LOGIN_URL = "/signin"
LOGIN_REDIRECT_URL = "/account"  # staff go to /console: signin.adapter
LOGOUT_REDIRECT_URL = "/"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.5  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "keyturn.signin.forms.name_typed"
AXES_LOCKOUT_CALLABLE = "keyturn.signin.views.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "keyturn.signin.adapter.address_of"
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "login", "password"]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 4
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "keyturn.site.trouble.csrf_failure"

# Secure by default; KEYTURN_PLAIN_HTTP is for loopback (the demo) and for a TLS-terminating proxy's inner side
_secure = not env.switch("KEYTURN_PLAIN_HTTP")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _secure
SECURE_SSL_REDIRECT = _secure
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
SECURE_HSTS_SECONDS = 31536000 if _secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _secure
SECURE_HSTS_PRELOAD = _secure
if KEYTURN_BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_HANDLERS = ["keyturn.site.uploads.OnlyWhereTaken"]  # never on disk, and only where a view takes files

# Languages and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "keyturn" / "locale"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
USE_TZ = True
TIME_ZONE = KEYTURN_POLICY.time_zone
APPEND_SLASH = False

# Files that the browser fetches
STATIC_URL = "/static/"
STATIC_ROOT = env.text("KEYTURN_STATIC_ROOT", str(BASE_DIR / "var" / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "keyturn.look.storage.Storage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# Mail: the demo's folder, or SMTP
EMAIL_BACKEND = (
    "keyturn.connectors.mail.mailbox.EmailBackend" if KEYTURN_MAILBOX else "django.core.mail.backends.smtp.EmailBackend"
)
EMAIL_HOST = env.text("KEYTURN_SMTP_HOST", "localhost")
EMAIL_PORT = env.number("KEYTURN_SMTP_PORT", 587)
EMAIL_HOST_USER = env.text("KEYTURN_SMTP_USER", "")
EMAIL_HOST_PASSWORD = env.text("KEYTURN_SMTP_PASSWORD", "")
EMAIL_USE_TLS = env.switch("KEYTURN_SMTP_TLS", True)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("KEYTURN_MAIL_FROM", "service@lumenvalley.example")

LOGGING_CONFIG = "keyturn.site.logging.configure"
LOGGING = {"level": env.one_of("KEYTURN_LOG_LEVEL", "INFO", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")}
SILENCED_SYSTEM_CHECKS = ["axes.W003"]
