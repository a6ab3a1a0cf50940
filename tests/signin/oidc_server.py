"""A real OpenID provider for the tests, in a process of its own: `python oidc_server.py FOLDER CALLBACK...`.

It prints its address when it listens. Two people have a login there: mona, whose e-mail it calls verified, and ursula,
whose it does not. Its name page takes a user name and nothing else. `tests.signin.provider` starts and ends it.
"""

import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

CLIENT, SECRET = "keyturn", "a secret of the test"
PEOPLE = {"mona": True, "ursula": False}


def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def configure(folder: Path) -> None:
    settings.configure(
        SECRET_KEY="of the test",
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        ROOT_URLCONF="oidc_server",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "provider.sqlite3"}},
        INSTALLED_APPS=[
            "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
            "allauth", "allauth.account", "allauth.idp.oidc",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        LOGIN_URL="/who",
        SESSION_COOKIE_NAME="providersession",
        IDP_OIDC_PRIVATE_KEY=private_key(),
        IDP_OIDC_ADAPTER="oidc_server.provider_adapter",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )  # fmt: skip
    django.setup()


def provider_adapter() -> object:
    """As allauth's own, but it says how somebody proved who they are."""
    from allauth.idp.oidc.adapter import DefaultOIDCAdapter

    class Adapter(DefaultOIDCAdapter):
        def populate_id_token(self, id_token: dict, client: object, scopes: object, **more: object) -> None:
            id_token |= {"acr": "urn:example:ial2", "amr": ["pwd", "otp"]}

    return Adapter()


def who(request):  # type: ignore[no-untyped-def]
    """The provider's own sign-in page."""
    from django.contrib.auth import get_user_model, login
    from django.http import HttpResponse, HttpResponseRedirect

    if request.method == "POST":
        login(request, get_user_model().objects.get(username=request.POST["who"]))
        return HttpResponseRedirect(request.GET["next"])
    return HttpResponse(
        "<!doctype html><form method=post><label>Who? <input name=who></label><button>Go</button></form>"
    )


def fill(callbacks: list[str]) -> None:
    from allauth.account.models import EmailAddress
    from allauth.idp.oidc.models import Client
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for name, verified in PEOPLE.items():
        user = get_user_model().objects.create_user(name, email=f"{name}@example.com")
        EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)
    client = Client(id=CLIENT, name="Keyturn", scopes="openid\nprofile\nemail", skip_consent=True)
    client.set_secret(SECRET)
    client.set_redirect_uris(callbacks)
    client.save()


def __getattr__(name: str):  # type: ignore[no-untyped-def]
    if name != "urlpatterns":
        raise AttributeError(name)
    from django.urls import include, path

    return [path("", include("allauth.idp.urls")), path("who", who)]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    folder, callbacks = Path(sys.argv[1]), sys.argv[2:]
    configure(folder)
    fill(callbacks)
    from django.core.wsgi import get_wsgi_application

    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.modules["oidc_server"] = sys.modules["__main__"]
    main()
