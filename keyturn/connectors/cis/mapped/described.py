"""What does a mapping file say, in a few lines: what it can do, where it leads and as whom; and does all of it hold?

Secrets are told by the names of their variables, and by whether these are set.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from keyturn.connectors.cis.mapped import certificates
from keyturn.connectors.cis.mapped.parts import Auth, CisMapping, Transport

WAYS = {
    "none": "nobody in particular",
    "bearer": "whoever bears the token in {secret}",
    "basic": "user {user}, with {secret} (basic)",
    "username_token": "user {user}, with {secret} (WS-Security UsernameToken)",
    "client_credentials": "client {user}, with {secret} (OAuth 2.0 client credentials)",
}


def deeds(mapping: CisMapping) -> list[str]:
    """What it does with each command and question."""
    lines = [
        f"{mapping.path.name} is good: {mapping.name}, {mapping.transport.kind}, {len(mapping.errors)} rules for errors"
    ]
    for name, send in mapping.send.items():
        steps = ", ".join(step.name for step in send.steps)
        lines.append(f"  {name}: refused ({send.refuse})" if send.refuse else f"  {name}: {steps}")
    lines.append(f"  find: {'asked' if mapping.find else 'the CIS cannot tell'}")
    lines.append(f"  offers: {', '.join(sorted(mapping.offers)) or 'nothing besides'}")
    return lines


def ways(transport: Transport, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """As whom, with what on each message, and with which certificates: what it is, and what is said of it."""
    auth = transport.auth
    yield "as", _who(auth, environment)
    if auth.kind == "client_credentials":
        yield "token", _token(auth, environment)
    for name, value in transport.headers.items():
        yield (
            "header",
            f"{name}: {_named(value.removeprefix('env:'), environment) if value.startswith('env:') else value}",
        )
    try:
        for each in certificates.named(transport, environment):
            yield "certificate", f"{each.file}: {each.subject}, until {each.ends:%Y-%m-%d}"
    except ValueError as problem:
        yield "certificate", str(problem)
    if transport.client_certificate and not environment.get(transport.client_certificate):
        yield "certificate", f"ours: {_named(transport.client_certificate, environment)}"
    yield "connections", f"{transport.connections} at most"


def certificates_wrong(transport: Transport, environment: Mapping[str, str], *, now: datetime) -> list[str]:
    """A sentence for each certificate that does not hold at `now`, and for a file of them that cannot be used."""
    try:
        return [wrong for each in certificates.named(transport, environment) if (wrong := each.wrong_at(now))]
    except ValueError as problem:
        return [str(problem)]


def _who(auth: Auth, environment: Mapping[str, str]) -> str:
    return WAYS[auth.kind].format(user=_named(auth.user, environment), secret=_named(auth.secret, environment))


def _token(auth: Auth, environment: Mapping[str, str]) -> str:
    told = [f"from {_value(auth.token_url, environment)}"]
    told += [f"scope {_value(auth.scope, environment)}"] if auth.scope else []
    told += [f"audience {_value(auth.audience, environment)}"] if auth.audience else []
    return ", ".join([*told, f"client and secret in the {auth.client_in}"])


def _value(text: str, environment: Mapping[str, str]) -> str:
    """A text of the file, or what the environment holds in its place: these are no secrets."""
    name = text.removeprefix("env:")
    return text if name == text else environment.get(name) or _named(name, environment)


def _named(variable: str, environment: Mapping[str, str]) -> str:
    return f"{variable} ({'set' if environment.get(variable) else 'NOT SET'})"
