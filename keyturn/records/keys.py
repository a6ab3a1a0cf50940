"""How is an API key made and taken back? Its secret is shown once and kept nowhere."""

from collections.abc import Iterable
from datetime import datetime

from keyturn.records.crypto import fingerprint
from keyturn.records.ids import new_secret
from keyturn.records.models import ApiKey
from keyturn.terms.access import SCOPES
from keyturn.terms.errors import KeyturnError

PREFIX = "kt_"


def make(*, name: str, scopes: Iterable[str], now: datetime) -> str:
    """Enter a new key and return its secret, 256 random bits. KeyturnError names a scope that does not exist."""
    wanted = sorted(set(scopes))
    unknown = [each for each in wanted if each not in SCOPES]
    if unknown or not wanted:
        raise KeyturnError("unknown_scope", f"Choose scopes from {', '.join(SCOPES)}.")
    secret = PREFIX + new_secret()
    ApiKey.objects.create(
        name=name[:100], prefix=secret[:11], fingerprint=fingerprint(secret), scopes=wanted, created_at=now
    )
    return secret


def revoke(*, prefix: str, now: datetime) -> int:
    """Take back the keys that begin so. Returns how many; web processes notice within seconds."""
    return ApiKey.objects.filter(prefix=prefix[:11], revoked_at=None).update(revoked_at=now)
