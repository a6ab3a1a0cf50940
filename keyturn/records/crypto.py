"""How is personal data sealed in a column, and how is an equal value found without opening any?

AES-256-GCM with the key's id in front and `table:pk:column` as associated data, so that a sealed value cannot be moved
to another row. Equality goes over a keyed blind index (HMAC-SHA256).
"""

import hashlib
import hmac
import json
import secrets
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


class UnknownKey(KeyError):
    """A value was sealed with a key that KEYTURN_FIELD_KEYS does not hold."""


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def seal(value: Any, *, place: str) -> bytes:
    """Encrypt a JSON value for one place (`table:pk:column`)."""
    return seal_bytes(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), place=place)


def seal_bytes(plain: bytes, *, place: str) -> bytes:
    """Encrypt what is no JSON value, a document's content, for one place."""
    ident, key = next(iter(settings.KEYTURN_FIELD_KEYS.items()))
    nonce = secrets.token_bytes(12)
    return ident.encode() + b"." + nonce + _cipher(key).encrypt(nonce, plain, place.encode())


def unseal(sealed: bytes | memoryview | None, *, place: str, empty: Any = None) -> Any:
    """Decrypt what `seal` made for the same place; `empty` where nothing is stored.

    Raises InvalidTag where it was tampered with or the key is another one, UnknownKey where there is none of its name.
    """
    return json.loads(unseal_bytes(sealed, place=place)) if sealed else empty


def unseal_bytes(sealed: bytes | memoryview, *, place: str) -> bytes:
    """Decrypt what `seal_bytes` made for the same place; fails as `unseal` does."""
    raw = bytes(sealed)
    ident, _, rest = raw.partition(b".")
    key = settings.KEYTURN_FIELD_KEYS.get(ident.decode())
    if key is None:
        raise UnknownKey(ident.decode())
    return _cipher(key).decrypt(rest[:12], rest[12:], place.encode())


def digest(kind: str, value: str) -> str:
    """The blind index of a normalised value: equal values give equal digests, nothing else can be learnt without the key."""
    message = f"{kind}\x00{value}".encode("utf-8", "surrogatepass")
    return hmac.new(settings.KEYTURN_INDEX_KEY, message, hashlib.sha256).hexdigest()[:32]


def checksum(content: bytes) -> str:
    """Tells whether two files are the same one, to us alone: whoever has such a file cannot look for its row."""
    return mac(b"content", content).hex()


def mac(*parts: bytes) -> bytes:
    """A keyed hash over an audit row (I5): who owns the database still cannot forge the chain."""
    chain = hmac.new(settings.KEYTURN_INDEX_KEY, b"audit", hashlib.sha256)
    for part in parts:
        chain.update(len(part).to_bytes(4, "big") + part)
    return chain.digest()


def fingerprint(secret: str) -> str:
    """How a high-entropy secret (a key, a token) is kept: its plain SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()
