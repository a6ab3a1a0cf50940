"""How do tests start a real OpenID provider, and how does somebody say there who they are?"""

import html
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.signin.visitor import Visitor

CLIENT, SECRET = "keyturn", "a secret of the test"


@contextmanager
def running(folder: Path, *, our_address: str) -> Iterator[str]:
    """The provider's address while it runs, in a process of its own."""
    callback = f"{our_address}/signin/with/state/back"
    command = [sys.executable, str(Path(__file__).with_name("oidc_server.py")), str(folder), callback]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={}) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:")
            yield address
        finally:
            process.terminate()


def as_setting(address: str, *, secret: str = SECRET) -> dict[str, Any]:
    """What KEYTURN_OIDC_ISSUER and its sisters would make of it."""
    from keyturn.site import oidc

    row = {"id": "state", "name": "State of Oregon", "issuer": address, "client_id": CLIENT, "secret": secret}
    return {"openid_connect": {"APPS": [oidc._app(row)], "OAUTH_PKCE_ENABLED": True}}


def leaves(visitor: Visitor, **values: str) -> str:
    """Press the provider's button; the provider's address to which our page leads."""
    visitor.sends("/signin/with/state", **values).sees("On to another site")
    return html.unescape(re.search(r'href="(http://127[^"]+)"', visitor.html)[1])  # type: ignore[index]


def says_who(address: str, name: str) -> str:
    """Sign in over there; the address of ours to which the provider sends the browser back."""
    with httpx.Client(follow_redirects=False, trust_env=False) as browser:
        asked = browser.get(address)
        page = str(asked.url.join(asked.headers["Location"]))
        assert urlsplit(page).path == "/who"
        back = browser.post(page, data={"who": name})
        answer = browser.get(str(back.url.join(back.headers["Location"])))
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])


def asked_for(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
