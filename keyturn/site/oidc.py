"""Through which OpenID providers may people sign in? None, one by variables, or several by a file."""

import re
import tomllib
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from keyturn.site import environment as env

NAMES = {"id", "name", "issuer", "client_id", "secret", "uid_claim"}


def providers() -> dict[str, Any]:
    """allauth's SOCIALACCOUNT_PROVIDERS. `KEYTURN_OIDC_FILE` is TOML with a table `[[provider]]` for each one."""
    if file := env.text("KEYTURN_OIDC_FILE", ""):
        rows = _rows(Path(file))
    elif issuer := env.text("KEYTURN_OIDC_ISSUER", ""):
        row = {"id": env.text("KEYTURN_OIDC_ID", "oidc"), "issuer": issuer}
        row |= {each: env.text(f"KEYTURN_OIDC_{each.upper()}") for each in ("name", "client_id")}
        rows = [{**row, "secret": env.text("KEYTURN_OIDC_SECRET", "")}]
    else:
        rows = []
    return {"openid_connect": {"APPS": [_app(each) for each in rows], "OAUTH_PKCE_ENABLED": True}}


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8")).get("provider", [])
    except OSError as problem:
        raise ImproperlyConfigured(f"KEYTURN_OIDC_FILE cannot be read: {problem.strerror}") from None
    except ValueError as problem:
        raise ImproperlyConfigured(f"KEYTURN_OIDC_FILE cannot be read: {problem}") from None
    for row in rows:
        unknown = set(row) - NAMES
        missing = {"id", "name", "issuer", "client_id"} - set(row)
        if unknown or missing:
            said = f"does not know {', '.join(sorted(unknown))}" if unknown else f"needs {', '.join(sorted(missing))}"
            raise ImproperlyConfigured(f"KEYTURN_OIDC_FILE: a provider {said}")
    return list(rows)


def _app(row: dict[str, str]) -> dict[str, Any]:
    loopback = re.match(r"http://(127\.0\.0\.1|localhost)(:\d+)?(/|$)", row["issuer"])
    if not row["issuer"].startswith("https://") and not loopback:
        raise ImproperlyConfigured("KEYTURN_OIDC_ISSUER must begin with https://")
    if not re.fullmatch(r"[a-z0-9-]{1,40}", row["id"]):
        raise ImproperlyConfigured("KEYTURN_OIDC_ID must have lower-case letters, digits and - only")
    return {
        "provider_id": row["id"],
        "name": row["name"],
        "client_id": row["client_id"],
        "secret": row.get("secret", ""),
        "settings": {
            "server_url": row["issuer"].rstrip("/"),
            "uid_field": row.get("uid_claim", "sub"),
            "email_authentication": True,  # of addresses that the provider calls verified; signin.federation narrows it
            "oauth_pkce_enabled": True,
        },
    }
