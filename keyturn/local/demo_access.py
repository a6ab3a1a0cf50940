"""Who may come into the demo, with which secrets, and how do programs learn of them?

The secrets are made at the first start and kept beside the database; `demo.json` (docs: surface.md's "keyturn demo")
appears when the demo is ready and goes when the next one starts.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keyturn.local import demo_customers
from keyturn.terms.access import SCOPES

SECRETS = "secrets.json"
ANNOUNCEMENT = "demo.json"
STAFF = {"rosa": "reviewer", "ravi": "reviewer", "sofia": "supervisor", "emil": "engineer"}
KEY_NAME = "demo"


@dataclass(frozen=True, slots=True)
class Access:
    """An API key with every scope, the staff's names, passwords and roles, and the customers who can sign in."""

    api_key: str
    staff: tuple[Mapping[str, str], ...]
    customers: tuple[Mapping[str, str], ...] = ()  # email, password, account_number: once the utility is loaded


def set_environment(folder: Path, *, database_url: str, base_url: str) -> None:
    """What settings ask for, for this process and those it starts. A variable that the user has set stays."""
    made = _secrets(folder)
    mailbox = folder / "mailbox"
    mailbox.mkdir(mode=0o700, exist_ok=True)
    (folder / "static").mkdir(exist_ok=True)
    os.environ["DATABASE_URL"] = database_url
    os.environ["KEYTURN_BASE_URL"] = base_url
    defaults = {
        "DJANGO_SETTINGS_MODULE": "keyturn.site.settings",
        "KEYTURN_SECRET_KEY": made["secret_key"],
        "KEYTURN_FIELD_KEYS": f"demo:{made['field_key']}",
        "KEYTURN_INDEX_KEY": made["index_key"],
        "KEYTURN_ALLOWED_HOSTS": "127.0.0.1,localhost",
        "KEYTURN_PLAIN_HTTP": "1",
        "KEYTURN_PROFILE": "lumen-valley",
        "KEYTURN_CIS": "reference",
        "KEYTURN_IDENTITY_CHECK": "simulator",
        "KEYTURN_MAILBOX": str(mailbox),
        "KEYTURN_STATIC_ROOT": str(folder / "static"),
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def borrow_environment(folder: Path) -> bool:
    """The settings of a demo that runs in `folder`, for a tool beside it. False: there is none, or DATABASE_URL names another."""
    try:
        told = json.loads((folder / ANNOUNCEMENT).read_text())
    except (OSError, ValueError):
        return False
    if os.environ.get("DATABASE_URL", told["database_url"]) != told["database_url"]:
        return False
    set_environment(folder, database_url=told["database_url"], base_url=told["portal"])
    return True


def grant(folder: Path) -> Access:
    """Make sure that the API key and the staff users exist, with the secrets of the folder."""
    made = _secrets(folder)
    staff = tuple({"username": name, "password": made["staff"][name], "role": role} for name, role in STAFF.items())
    for each in staff:
        _grant_staff(each, renew=not made["granted"])
    demo_customers.make_logins(made["customers"], renew=not made["granted"])
    if not made["granted"]:
        made = {**made, "api_key": _new_key(), "granted": True}
        _write(folder / SECRETS, made)
    return Access(api_key=made["api_key"], staff=staff)


def with_customers(folder: Path, given: Access) -> Access:
    """The same, with the logins of the demo utility's people and their accounts; to be asked once it is loaded."""
    return replace(given, customers=demo_customers.open_accounts(_secrets(folder)["customers"]))


def _grant_staff(each: Mapping[str, str], *, renew: bool) -> None:
    """One staff user; `renew` sets the password of one who is there already (the secrets are newer than the database)."""
    from django.contrib.auth import get_user_model

    users: Any = get_user_model().objects
    user = users.filter(username=each["username"]).first()
    if user is None:
        email = f"{each['username']}@lumenvalley.example"
        users.create_user(username=each["username"], email=email, password=each["password"], staff_role=each["role"])
    elif renew:
        user.set_password(each["password"])
        user.save(update_fields=["password"])


def _new_key() -> str:
    """An API key with every scope."""
    from keyturn.records import keys

    return keys.make(name=KEY_NAME, scopes=SCOPES, now=datetime.now(UTC))


def announce(folder: Path, given: Access, *, url: str, database_url: str) -> None:
    """Write `demo.json`: whole or not at all, for our user only."""
    told = {
        "portal": url,
        "console": f"{url}/console",
        "api": f"{url}/api/v1",
        "api_key": given.api_key,
        "staff": [dict(each) for each in given.staff],
        "customers": [dict(each) for each in given.customers],
        "mailbox": os.environ["KEYTURN_MAILBOX"],
        "database_url": database_url,
    }
    _write(folder / ANNOUNCEMENT, told)


def forget_announcement(folder: Path) -> None:
    """Nobody should read where the last demo was."""
    (folder / ANNOUNCEMENT).unlink(missing_ok=True)


def _secrets(folder: Path) -> dict[str, Any]:
    file = folder / SECRETS
    if file.exists():
        found: dict[str, Any] = json.loads(file.read_text())
        if set(demo_customers.CUSTOMERS) - set(found.get("customers", {})):  # of a demo before customers could sign in
            found["customers"] = {name: _password() for name in demo_customers.CUSTOMERS}
            _write(file, found)
        return found
    made = {
        "secret_key": secrets.token_urlsafe(50),
        "field_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "index_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "api_key": "",
        "granted": False,  # whether the database knows the key and the staff
        "staff": {name: _password() for name in STAFF},
        "customers": {name: _password() for name in demo_customers.CUSTOMERS},
    }
    _write(file, made)
    return made


def _password() -> str:
    """80 bits that can be read from a screen and typed."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def _write(file: Path, content: Mapping[str, Any]) -> None:
    making = file.with_name(f"{file.name}.making")
    making.unlink(missing_ok=True)
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(content, out, indent=2)
        out.write("\n")
    making.replace(file)
