"""How does a simulated identity provider give tokens, and which of them hold?

OAuth 2.0 client credentials (RFC 6749, 4.4), for the simulated CISs beside it: one client, tokens in memory.
"""

import base64
import hmac
import json
import secrets
import threading
import time
from urllib.parse import parse_qs, unquote_plus

from keyturn.connectors.cis.simulating import Asked, Told

PATH = "/oauth2/v1/token"


class TokenDesk:
    """`answer` gives a token to the client that knows its secret; it holds for `seconds`."""

    def __init__(self, client: str, secret: str, *, seconds: float = 3600.0) -> None:
        self._client, self._secret, self._seconds = client, secret, seconds
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()
        self.given = 0

    def answer(self, asked: Asked) -> Told:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode("utf-8", "replace")).items()}
        client, secret = _client_of(asked, form)
        if asked.method != "POST" or form.get("grant_type") != "client_credentials":
            return _told(400, {"error": "unsupported_grant_type"})
        if not (_same(client, self._client) and _same(secret, self._secret)):
            return _told(401, {"error": "invalid_client"})
        token = secrets.token_urlsafe(32)
        with self._lock:
            now = time.monotonic()
            self._until = {each: until for each, until in self._until.items() if until > now}
            self._until[token] = now + self._seconds
            self.given += 1
        return _told(200, {"access_token": token, "token_type": "Bearer", "expires_in": self._seconds})

    def lets_in(self, asked: Asked) -> bool:
        """Does this request bear a token that holds?"""
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        with self._lock:
            return kind.lower() == "bearer" and self._until.get(token, 0.0) > time.monotonic()

    def revoke_all(self) -> None:
        """No token that was given holds any more."""
        with self._lock:
            self._until.clear()


def _client_of(asked: Asked, form: dict[str, str]) -> tuple[str, str]:
    """Client and secret, by basic authentication or in the form (RFC 6749, 2.3.1)."""
    kind, _, given = asked.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client, _, secret = base64.b64decode(given).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote_plus(client), unquote_plus(secret)


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())


def _told(status: int, body: dict[str, object]) -> Told:
    return Told(status, json.dumps(body).encode(), headers={"Cache-Control": "no-store"})
