"""Who are we to a CIS that wants a token, and when is another one asked for?

OAuth 2.0 client credentials (RFC 6749, section 4.4) over our own line (`line.py`): a library would bring an HTTP client of
its own, which knows neither the deadline of the call nor whether a byte of the command has left. Asking for a token sends
nothing of the command: whatever goes wrong with it is `Unavailable`, and never in doubt. What the provider answers is
never quoted: it may hold the token.
"""

import base64
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Final, TypeGuard
from urllib.parse import quote_plus, urlencode, urljoin, urlsplit

from keyturn.connectors.cis.mapped.line import Line, from_environment, secrets_of
from keyturn.connectors.cis.mapped.parts import Auth, Transport
from keyturn.connectors.cis.mapped.wire import Deadline, Exchanged, Way
from keyturn.terms.errors import InDoubt, Unavailable

UNTOLD_SECONDS: Final = 300.0
"""How long a token is used whose provider does not say how long it holds."""
EARLY_SECONDS: Final = 60.0
"""How long before its end it is replaced; of a short one, a tenth of its time."""
_REFUSALS = {
    *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"),
    *("invalid_scope", "invalid_target", "access_denied", "temporarily_unavailable", "server_error"),
}
_TOKEN = re.compile(r"[\x21-\x7e]{1,16000}")


def way_to(url: str, settings: Transport, environment: Mapping[str, str]) -> Way:
    """The line to the CIS at `url`, with a token on each message where the mapping says so. ImproperlyConfigured."""
    line = Line(url, settings)
    if settings.auth.kind != "client_credentials":
        return line
    return SignedLine(line, TokenOffice(url, settings, environment))


@dataclass(frozen=True, slots=True, repr=False)
class _Held:
    value: str
    seconds: float
    until: float  # by the monotonic clock


class TokenOffice:
    """Gives the token that holds now. One thread asks for a new one; whoever needs it meanwhile waits for that answer."""

    def __init__(self, url: str, settings: Transport, environment: Mapping[str, str]) -> None:
        """ImproperlyConfigured where a variable is not set, or the address would not keep a secret."""
        auth = settings.auth
        self.where = urljoin(url, _said(auth.token_url, environment))
        place = urlsplit(self.where)
        self._path = place.path or "/"
        self._line = Line(
            place._replace(path="").geturl(), replace(settings, plain_http=False), named="transport.auth.token_url"
        )
        self._headers, self._form = _asking(auth, secrets_of(auth, environment), environment)
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._asked = 0
        self._why = Unavailable("no_token")

    def token(self, deadline: Deadline, *, instead_of: str = "") -> str:
        """The token; another than `instead_of`, which the CIS no longer takes. Raises Unavailable."""
        return self._good(deadline, instead_of).value

    def seconds(self, deadline: Deadline) -> float:
        """How long the token holds, counted from when it was given. Raises Unavailable."""
        return self._good(deadline, "").seconds

    def close(self) -> None:
        self._line.close()

    def _good(self, deadline: Deadline, refused: str) -> _Held:
        held, asked = self._held, self._asked
        if _holds(held, refused):
            return held
        if not self._lock.acquire(timeout=deadline.left()):
            raise Unavailable("no_token", "cis_too_slow")
        try:
            if _holds(self._held, refused):
                return self._held
            if self._asked != asked:  # it was asked for while we waited, and not given: the same would be said to us
                raise Unavailable(self._why.code, self._why.detail)
            self._asked += 1
            self._held = None
            try:
                self._held = self._ask(deadline)
            except Unavailable as why:
                self._why = why
                raise
            return self._held
        finally:
            self._lock.release()

    def _ask(self, deadline: Deadline) -> _Held:
        begun = monotonic()
        try:
            status, _, said = self._line.exchange(
                "POST", self._path, headers=self._headers, content=self._form, deadline=deadline
            )
        except (InDoubt, Unavailable) as silent:
            raise Unavailable("no_token", silent.code) from None
        found = _object(said)
        if status != 200:
            error = found.get("error")
            told = error if isinstance(error, str) and error in _REFUSALS else ""
            raise Unavailable("no_token", f"{status} {told}".strip())
        value, kind = found.get("access_token"), found.get("token_type", "bearer")
        if not isinstance(value, str) or not _TOKEN.fullmatch(value) or str(kind).lower() != "bearer":
            raise Unavailable("no_token", "unreadable_answer")
        seconds = _lifetime(found.get("expires_in"))
        return _Held(value, seconds, begun + seconds - min(EARLY_SECONDS, seconds / 10))


class SignedLine:
    """A line that puts the token on each message. Where the CIS no longer takes it (401), it sends once more with another:
    who is not let in has done nothing."""

    def __init__(self, line: Line, office: TokenOffice) -> None:
        self.base, self.office, self._line = line.base, office, line

    def exchange(
        self, verb: str, path: str, *, headers: Mapping[str, str], content: bytes | None, deadline: Deadline
    ) -> Exchanged:
        def sent(token: str) -> Exchanged:
            signed = {**headers, "Authorization": f"Bearer {token}"}
            return self._line.exchange(verb, path, headers=signed, content=content, deadline=deadline)

        token = self.office.token(deadline)
        answered = sent(token)
        if answered[0] != 401:
            return answered
        return sent(self.office.token(deadline, instead_of=token))

    def close(self) -> None:
        self._line.close()
        self.office.close()


def _holds(held: _Held | None, refused: str) -> TypeGuard[_Held]:
    return held is not None and held.value != refused and monotonic() < held.until


def _asking(auth: Auth, secret: Mapping[str, str], environment: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
    """Headers and form of the request (RFC 6749, 2.3.1 and 4.4.2)."""
    named = {"scope": _said(auth.scope, environment), "audience": _said(auth.audience, environment)}
    form = {"grant_type": "client_credentials", **{name: value for name, value in named.items() if value}}
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    client, word = secret[auth.user], secret[auth.secret]
    if auth.client_in == "body":
        form |= {"client_id": client, "client_secret": word}
    else:
        pair = f"{quote_plus(client)}:{quote_plus(word)}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return headers, urlencode(form).encode()


def _said(value: str, environment: Mapping[str, str]) -> str:
    return from_environment(environment, value.removeprefix("env:")) if value.startswith("env:") else value


def _object(said: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _lifetime(value: Any) -> float:
    """Seconds; what cannot be read as such counts as untold."""
    try:
        seconds = UNTOLD_SECONDS if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, ArithmeticError):
        return UNTOLD_SECONDS
    return seconds if 0 < seconds < float("inf") else UNTOLD_SECONDS
