"""What does the environment say, and is it good enough to start with?"""

import base64
import os
import re
import tomllib
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

ROOT = Path(__file__).resolve().parents[2]


def text(name: str, default: str | None = None) -> str:
    """A required (no default: it may not be empty) or optional variable."""
    value = os.environ.get(name, default)
    if value is None or (default is None and not value.strip()):
        raise ImproperlyConfigured(f"Set {name} in the environment (see docs/howto/install.md).")
    return value


def switch(name: str, default: bool = False) -> bool:
    """A yes/no variable: 1, true, yes, on."""
    return text(name, "1" if default else "0").strip().lower() in {"1", "true", "yes", "on"}


def number(name: str, default: int) -> int:
    """A whole number."""
    value = text(name, str(default))
    if not value.strip().isdecimal():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def one_of(name: str, default: str, *known: str) -> str:
    """One of the words that are known, in upper or lower case."""
    value = text(name, default).strip().upper()
    if value not in known:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(known)}, not {value!r}.")
    return value


def schema(name: str, default: str) -> str:
    """The name of a database schema, as it needs no quotation marks."""
    value = text(name, default)
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", value):
        raise ImproperlyConfigured(f"{name} must have lower-case letters, digits and _ only, not {value!r}.")
    return value


def web_address(name: str, default: str) -> str:
    """An http(s) address without a slash at its end."""
    value = text(name, default).rstrip("/")
    if not re.fullmatch(r"https?://[^/\s]+", value):
        raise ImproperlyConfigured(f"{name} must be like https://service.utility.example, without a path.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


DEAD_NETWORK = {
    "connect_timeout": "10",
    "tcp_user_timeout": "15000",  # milliseconds: for what was sent and never acknowledged
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}
"""When do we give up a connection over which nothing comes any more? Without these it would take a quarter of an hour, or
two hours where we only wait. A DATABASE_URL that says otherwise prevails."""

SESSION = {
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    "plan_cache_mode": "force_generic_plan",
}
"""What holds in each session of ours, those of the worker for its queue included. What is prepared there (`records/planned.py`,
and by the queue) asks by keys: one plan is best for all values."""


def database(url: str, *, search_path: str) -> dict[str, Any]:
    """Django's settings for a `postgresql://` address; the utility's schema comes first in the search path."""
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:
        parts = {}
    if (
        not (parts.get("dbname") or parts.get("service"))
        or not str(parts.get("port", "0")).replace(",", "").isdecimal()
    ):
        raise ImproperlyConfigured("DATABASE_URL is not of the form postgresql://user:password@host:port/name")
    known = {name: parts.pop(name, "") for name in ("dbname", "user", "password", "host", "port")}
    return {
        "ENGINE": "keyturn.records.postgresql",
        "NAME": known["dbname"],
        "USER": known["user"],
        "PASSWORD": known["password"],
        "HOST": known["host"],
        "PORT": known["port"],
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **DEAD_NETWORK,
            **parts,
            "options": " ".join(
                f"-c {name}={value}" for name, value in {"search_path": search_path, **SESSION}.items()
            ),
        },
    }


def field_keys(value: str) -> dict[str, bytes]:
    """Encryption keys `id:base64,id:base64`; the first one seals, all of them open. Each key has 32 bytes."""
    keys: dict[str, bytes] = {}
    for part in value.split(","):
        ident, _, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        if not ident or len(key) != 32:
            raise ImproperlyConfigured("KEYTURN_FIELD_KEYS must be id:base64 of 32 random bytes, separated by commas.")
        keys[ident] = key
    return keys


def secret_bytes(name: str) -> bytes:
    """A base64 secret of at least 32 bytes."""
    try:
        key = base64.b64decode(text(name), validate=True)
    except ValueError:
        key = b""
    if len(key) < 32:
        raise ImproperlyConfigured(f"{name} must be base64 of at least 32 random bytes.")
    return key


def profile_folder(name: str) -> Path:
    """The folder of a utility's profile: one of those that ship, or a path."""
    for folder in (Path(name), ROOT / "profiles" / name):
        if (folder / "policy.toml").is_file():
            return folder
    shipped = ", ".join(sorted(each.name for each in (ROOT / "profiles").iterdir() if each.is_dir()))
    raise ImproperlyConfigured(
        f"KEYTURN_PROFILE: there is no profile {name!r}; shipped are {shipped}, or give a folder."
    )


def toml(path: Path) -> dict[str, Any]:
    """A profile's TOML file; empty where the profile has none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as problem:  # not TOML, or not UTF-8
        raise ImproperlyConfigured(f"{path.name} cannot be read: {problem}") from None
