"""How is a mapping file read, and what is said where it is wrong?

`load` reads the whole file and compiles every expression, so that a slip shows when Keyturn starts and not on the day
when somebody first merges two persons.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from keyturn.connectors.cis.mapped.expressions import Codes, Expression, meant
from keyturn.connectors.cis.mapped.parts import (
    REFUSALS,
    Ask,
    Auth,
    Call,
    CisMapping,
    ErrorRule,
    Means,
    Send,
    Step,
    Transport,
)
from keyturn.connectors.cis.mapped.plain import COMMANDS
from keyturn.connectors.cis.mapped.table import MappingError, Table

NOUNS: Final = ("person", "account", "premise")
AUTHS: Final = {
    "rest": ("none", "bearer", "basic", "client_credentials"),
    "soap": ("none", "basic", "username_token", "client_credentials"),
}
VERBS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
CANNOT_TELL: Final = "cannot_tell"

_ANSWERED = ("status", "body", "fault", "got")
_STEP = ("command", "key", "digest", "done", "each", "index")
_OPTIONAL = {"MergePersons": "cannot_merge", "UnmergePersons": "cannot_merge"}
_SECRET = re.compile("auth|key|token|secret|cookie|passw", re.IGNORECASE)
_PLACE = re.compile(r"\{([^{}]*)\}")


def load(path: Path) -> CisMapping:
    """The mapping in the file at `path`. Raises MappingError with a sentence that says what is wrong, and where."""
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise MappingError(f"{path} cannot be read: {problem.strerror}") from None
    except ValueError as problem:  # not TOML, or not UTF-8
        raise MappingError(f"{path.name}: {problem}") from None
    return from_rows(rows, path=path)


def from_rows(rows: Any, *, path: Path) -> CisMapping:
    top = Table(rows, file=path.name, where="")
    top.codes = _codes(top.under("codes"))
    name = str(top.take("name", str, required=True))
    transport = _transport(top.under("transport", required=True), path.parent)
    reading = _File(transport)
    read = top.under("read", required=True)
    mapping = CisMapping(
        name=name,
        path=path,
        transport=transport,
        codes=top.codes,
        send=reading.sends(top.under("send", required=True)),
        read={noun: reading.ask(read.under(noun, required=True), ("ref",)) for noun in NOUNS},
        ping=reading.call(top.under("ping", required=True), ()),
        find=reading.find(top),
        search=reading.optional(top, "search", ("wanted",)),
        check=reading.optional(top, "check", ("command",), command="EstablishService"),
        changes=reading.optional(top, "changes", ("since", "limit")),
        errors=_errors(top),
    )
    read.end()
    top.end()
    _check_sends(mapping, top)
    return mapping


class _File:
    """Reads calls and questions as one kind of transport knows them."""

    def __init__(self, transport: Transport) -> None:
        self._kind, self._wsdls = transport.kind, transport.wsdls

    def sends(self, table: Table) -> dict[str, Send]:
        found = {name: self._send(table.under(name), name) for name in COMMANDS if name in table}
        for name in COMMANDS:
            if name not in found and name not in _OPTIONAL:
                raise table.wrong('is missing: say how it is carried out, or refuse = "a code"', name)
        table.end()
        return {name: found.get(name) or Send(refuse=_OPTIONAL[name]) for name in COMMANDS}

    def _send(self, table: Table, name: str) -> Send:
        refuse = table.word("refuse", sorted(REFUSALS)) if "refuse" in table else ""
        order = table.take("steps", list, [], required=not refuse)
        steps = table.under("step")
        for each in order:
            if each not in steps:
                raise table.wrong(f"names {each!r}, but there is no [{table.where}.step.{each}]", "steps")
        refusals = table.under("refuse_when")
        for code in refusals.rows.keys() - REFUSALS:
            raise refusals.wrong(f"is no code of terms/cis.py{meant(code, REFUSALS)}", code)
        send = Send(
            steps=tuple(self._step(steps.under(each), each, name) for each in order),
            refuse=refuse,
            check_first=bool(table.take("check_first", bool, False)),
            refuse_when=tuple(
                (refusals.compiled(refusals.take(code, str), code, ("command",), command=name), code)
                for code in refusals.rows
            ),
            answer=table.expression("answer", ("command", "key", "done"), command=name),
        )
        steps.end()
        table.end()
        return send

    def _step(self, table: Table, name: str, command: str) -> Step:
        scope = _STEP
        done = self.optional(table, "done", scope, command=command, with_digest=True)
        undo = self.call(table.under("undo"), scope, command=command) if "undo" in table else None
        step = Step(
            name=name,
            when=table.expression("when", scope, command=command),
            each=table.expression("each", scope, command=command),
            done=done,
            look_first=bool(table.take("look_first", bool, True)),
            answer=table.expression("answer", (*scope, *_ANSWERED), command=command),
            undo=undo,
            call=self.call(table, scope, command=command, last=False),
        )
        table.end()
        if done is None and step.answer is None:
            raise table.wrong("needs `done` or `answer`: without either nobody sees what it made")
        return step

    def call(self, table: Table, scope: tuple[str, ...], *, command: str = "", last: bool = True) -> Call:
        """A table with `call` and what is sent. `last`: nothing else may stand in it."""
        target = str(table.take("call", str, required=True))
        self._check_target(target, table, scope, command)
        body = table.expression("body", scope, command=command)
        when = table.expression("when", scope, command=command) if last else None
        if last:
            table.end()
        return Call(target, body, when)

    def ask(self, table: Table, scope: tuple[str, ...], *, command: str = "", with_digest: bool = False) -> Ask:
        """A question of one call (`call`, `body`) or of several (`calls`, in the order of the file)."""
        told = (*scope, *_ANSWERED)
        if "calls" in table:
            several = table.under("calls")
            calls = {each: self.call(several.under(each), (*scope, "got"), command=command) for each in several.rows}
        else:
            calls = {"": self.call(table, scope, command=command, last=False)}
        answer = table.expression("answer", told, command=command, required=True)
        none_when = table.expression("none_when", told, command=command)
        digest = table.expression("digest", told, command=command) if with_digest else None
        table.end()
        assert answer is not None
        return Ask(table.where, calls, answer, none_when, digest)

    def optional(
        self, table: Table, name: str, scope: tuple[str, ...], *, command: str = "", with_digest: bool = False
    ) -> Ask | None:
        if name not in table:
            return None
        return self.ask(table.under(name), scope, command=command, with_digest=with_digest)

    def find(self, top: Table) -> Ask | None:
        if top.rows.get("find") == CANNOT_TELL:
            top.take("find", str)
            return None
        return self.ask(top.under("find", required=True), ("key",), with_digest=True)

    def _check_target(self, target: str, table: Table, scope: tuple[str, ...], command: str) -> None:
        if self._kind == "soap":
            name, _, operation = target.rpartition(".")
            if not re.fullmatch(r"[\w-]+", operation) or name not in self._wsdls:
                raise table.wrong(f"must be an operation of a WSDL that transport names, not {target!r}", "call")
            return
        verb, _, where = target.partition(" ")
        if verb not in VERBS or not where.startswith("/") or where.startswith("//") or re.search(r"[\s#]", where):
            raise table.wrong(f'must be like "GET /persons/{{ref}}", not {target!r}', "call")
        for place in _PLACE.findall(where):
            table.compiled(place, "call", scope, command=command)
        if re.search(r"[{}]", _PLACE.sub("", where)):
            raise table.wrong("has a { or } without the other", "call")


def _codes(table: Table) -> Codes:
    found: dict[str, dict[str, tuple[Any, ...]]] = {}
    for name in table.rows:
        rows = table.under(name)
        found[name] = {}
        for word, code in rows.rows.items():
            codes = code if isinstance(code, list) else [code]
            if not codes or any(not isinstance(each, str | int) for each in codes):
                raise rows.wrong(f"must be a code, or a list of codes, not {code!r}", word)
            found[name][word] = tuple(codes)
    return found


def _transport(table: Table, folder: Path) -> Transport:
    kind = table.word("kind", AUTHS)
    auth = table.under("auth")
    found = Transport(
        kind=kind,
        auth=_auth(auth, kind),
        headers=_headers(table.under("headers")),
        connections=table.take("connections", int, 20),
        plain_http=table.take("plain_http", bool, False),
        certificates=folder / table.take("certificates", str) if "certificates" in table else None,
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


def _headers(table: Table) -> dict[str, str]:
    """What goes along with every call. One whose name speaks of a secret has its value in the environment."""
    for name in table.rows:
        if name.lower() == "authorization":
            raise table.wrong("must not hold a secret: use transport.auth")
        if _SECRET.search(name):
            _from_environment(table, name)
        else:
            table.take(name, str)
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


def _errors(top: Table) -> tuple[ErrorRule, ...]:
    rules = []
    for number, row in enumerate(top.take("errors", list, []), start=1):
        table = top.under(f"errors[{number}]", row)
        when = table.expression("when", ("status", "body", "fault"), required=True)
        assert when is not None
        means = Means(table.word("means", tuple(Means)))
        code: Expression | None = table.expression("code", ("status", "body", "fault"))
        if means is Means.REJECTED and code is None:
            raise table.wrong("is missing: what is refused needs a word for why", "code")
        table.end()
        rules.append(ErrorRule(when, means, code))
    return tuple(rules)


def _check_sends(mapping: CisMapping, top: Table) -> None:
    for name, send in mapping.send.items():
        if send.check_first and mapping.check is None:
            raise top.wrong("is true, but there is no [check]", f"send.{name}.check_first")
        if not send.refuse and send.answer is None and mapping.find is None:
            raise top.wrong("is missing: [find] cannot tell, so the steps must", f"send.{name}.answer")
