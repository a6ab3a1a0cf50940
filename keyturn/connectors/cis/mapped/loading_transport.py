"""How is the [transport] of a mapping file read: where to, as whom, and with which certificates?"""

import re
from pathlib import Path
from typing import Final

from keyturn.connectors.cis.mapped import certificates
from keyturn.connectors.cis.mapped.line import fits_a_header
from keyturn.connectors.cis.mapped.parts import Auth, Transport
from keyturn.connectors.cis.mapped.table import Table

AUTHS: Final = {
    "rest": ("none", "bearer", "basic", "client_credentials"),
    "soap": ("none", "basic", "username_token", "client_credentials"),
}
_KEYTURNS: Final = {
    *(
        "host",
        "content-length",
        "transfer-encoding",
        "accept-encoding",
        "connection",
        "expect",
        "upgrade",
        "te",
        "trailer",
    ),
}
_SECRET = re.compile("auth|key|token|secret|cookie|passw", re.IGNORECASE)


def transport_of(table: Table, folder: Path) -> Transport:
    kind = table.word("kind", AUTHS)
    auth = table.under("auth")
    found = Transport(
        kind=kind,
        auth=_auth(auth, kind),
        headers=_headers(table.under("headers")),
        connections=_connections(table),
        plain_http=table.take("plain_http", bool, False),
        certificates=_authorities(table, folder),
        client_certificate=_from_environment(table, "client_certificate"),
        wsdls=_wsdls(table, kind),
        service=table.take("service", str, ""),
        port=table.take("port", str, ""),
    )
    for name in ("wsdl", "wsdls", "service", "port"):
        if kind == "rest" and name in table:
            raise table.wrong('is for kind = "soap"', name)
    table.end()
    return found


def _authorities(table: Table, folder: Path) -> Path | None:
    """The file with the authorities of the utility's own, beside this one."""
    if "certificates" not in table:
        return None
    path = folder / table.take("certificates", str)
    try:
        certificates.authorities(path)
    except ValueError as problem:
        raise table.wrong(f"cannot be used: {problem}", "certificates") from None
    return path


def _connections(table: Table) -> int:
    number = int(table.take("connections", int, 20))
    if not 1 <= number <= 1000:
        raise table.wrong(f"must be from 1 to 1000, not {number}", "connections")
    return number


def _headers(table: Table) -> dict[str, str]:
    """What goes along with every call. One whose name speaks of a secret has its value in the environment."""
    for name in table.rows:
        if name.lower() == "authorization":
            raise table.wrong("must not hold a secret: use transport.auth")
        if name.lower() in _KEYTURNS:
            raise table.wrong("is Keyturn's own to say", name)
        if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
            raise table.wrong("is no name of a header", name)
        if _SECRET.search(name):
            _from_environment(table, name)
        elif not fits_a_header(table.take(name, str)):
            raise table.wrong("must be letters of ASCII, and begin and end with one", name)
    return dict(table.rows)


def _wsdls(table: Table, kind: str) -> dict[str, str]:
    """`wsdl` is one, for operations called by their name alone; `wsdls` are several, each under a name of the file's."""
    if kind != "soap" or "wsdls" not in table:
        return {"": table.take("wsdl", str, required=True)} if kind == "soap" else {}
    several = table.under("wsdls")
    return {name: several.take(name, str) for name in several.rows}


def _auth(table: Table, kind: str) -> Auth:
    way = table.word("kind", AUTHS[kind], "none")
    if way == "client_credentials":
        return _client_credentials(table, way)
    known = way in ("basic", "username_token")
    user = _from_environment(table, "user", required=known)
    secret = _from_environment(table, "secret", required=known or way == "bearer")
    digest = bool(table.take("digest", bool, False))
    table.end()
    return Auth(way, user, secret, digest)


def _client_credentials(table: Table, way: str) -> Auth:
    """RFC 6749, 4.4. What differs between a test system and the real one may stand in the environment, too."""
    found = Auth(
        way,
        user=_from_environment(table, "client", required=True),
        secret=_from_environment(table, "secret", required=True),
        token_url=table.take("token_url", str, required=True),
        scope=table.take("scope", str, ""),
        audience=table.take("audience", str, ""),
        client_in=table.word("client_in", ("header", "body"), "header"),
    )
    if not re.fullmatch(r"env:[A-Za-z_]\w*|/[^/\s?#][^\s?#]*|https?://[^\s?#@]+", found.token_url):
        raise table.wrong(
            'must be like "https://identity.utility.example/oauth2/v1/token", "/oauth2/v1/token" or "env:NAME"',
            "token_url",
        )
    table.end()
    return found


def _from_environment(table: Table, name: str, *, required: bool = False) -> str:
    """The name of an environment variable, written "env:NAME"; "" where there is none."""
    value = str(table.take(name, str, "", required=required))
    if value and not re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*", value):
        raise table.wrong('must name an environment variable, "env:NAME": secrets do not stand in this file', name)
    return value.removeprefix("env:")
