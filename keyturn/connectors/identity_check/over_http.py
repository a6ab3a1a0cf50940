"""How is an identity check asked over HTTP, and what does its silence mean?"""

import httpx

from keyturn.connectors.identity_check import wire
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from keyturn.terms.identity_check import IdentityAnswer
from keyturn.terms.person import PersonDetails

_LATER = {408, 425, 429, 502, 503, 504}


class HttpIdentityCheck:
    """A service at `url` that takes the question as JSON by POST to `/check` and answers as `wire.py` says.

    `timeout_seconds` bounds each of connecting, sending and waiting. No redirect is followed, no proxy of the
    environment is used: the details go where the setting says and nowhere else.
    """

    name = "http"

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        self._url = f"{url.rstrip('/')}/check"
        self._timeout_seconds = timeout_seconds

    def check(self, details: PersonDetails, *, key: str) -> IdentityAnswer:
        question = wire.write_question(details, key=key)
        try:
            with httpx.Client(timeout=self._timeout_seconds, trust_env=False, follow_redirects=False) as client:
                answer = client.post(self._url, json=question, headers={"Idempotency-Key": key})
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise Unavailable("identity_check_unreachable") from None
        except httpx.TransportError:
            raise InDoubt("identity_check_unanswered") from None
        return _read(answer)


def _read(answer: httpx.Response) -> IdentityAnswer:
    if answer.status_code in _LATER:
        raise Unavailable("identity_check_unavailable", str(answer.status_code))
    if answer.status_code >= 500:
        raise InDoubt("identity_check_failed", str(answer.status_code))
    if answer.status_code != 200:
        raise Rejected("identity_check_refused", str(answer.status_code))
    try:
        return wire.read_answer(answer.content)
    except ValueError:
        raise InDoubt("identity_check_unreadable") from None
