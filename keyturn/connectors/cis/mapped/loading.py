"""How is a mapping file read, and what is said where it is wrong?

`load` reads the whole file and compiles every expression, so that a slip shows when Keyturn starts and not on the day
when somebody first merges two persons.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from keyturn.connectors.cis.mapped.expressions import Codes, Expression, meant
from keyturn.connectors.cis.mapped.loading_transport import transport_of
from keyturn.connectors.cis.mapped.meaning import mistaken, none_of
from keyturn.connectors.cis.mapped.parts import (
    REFUSALS,
    Ask,
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

MOST_BYTES: Final = 500_000
NOUNS: Final = ("person", "account", "premise")
VERBS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
CANNOT_TELL: Final = "cannot_tell"

_ANSWERED = ("status", "body", "fault", "got")
_STEP = ("command", "key", "digest", "done", "each", "index")
_OPTIONAL = {"MergePersons": "cannot_merge", "UnmergePersons": "cannot_merge"}
_SAY_MORE: Final = "a gateway says this of what may have been done, so name what only your CIS says"
_DOTS = re.compile(r"""(?<![\w"'-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){100}""")  # tomllib takes the square of their number
_PLACE = re.compile(r"\{([^{}]*)\}")


def load(path: Path) -> CisMapping:
    """The mapping in the file at `path`. Raises MappingError with a sentence that says what is wrong, and where."""
    return from_rows(rows_of(path), path=path)


def rows_of(path: Path) -> dict[str, Any]:
    """What stands in the file, as TOML has it. Raises MappingError."""
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for, a device read for ever
            raise MappingError(f"{path} is no file")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise MappingError(f"{path.name} is larger than {MOST_BYTES // 1000} kB: no mapping is")
        text = content.decode("utf-8-sig")
        if not text.strip():
            raise MappingError(f"{path.name} is empty: begin with a copy of one that ships")
        if _DOTS.search(text):
            raise RecursionError
        return tomllib.loads(text)
    except OSError as problem:
        raise MappingError(f"{path} cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError as problem:
        raise MappingError(f"{path.name} is not in UTF-8 (byte {problem.start + 1}): save it so") from None
    except RecursionError:
        raise MappingError(f"{path.name}: its lists or tables are nested too deep") from None
    except MappingError:
        raise
    except ValueError as problem:  # not TOML
        raise MappingError(f"{path.name}: {problem}") from None


def from_rows(rows: Any, *, path: Path) -> CisMapping:
    top = Table(rows, file=path.name, where="")
    top.codes = _codes(top.under("codes"))
    name = str(top.take("name", str, required=True))
    transport = transport_of(top.under("transport", required=True), path.parent)
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
        for place, each in enumerate(order):
            if not isinstance(each, str):
                raise table.wrong(f"must be a list of names, not {each!r}", "steps")
            if each in order[:place]:
                raise table.wrong(f"names {each!r} twice: each step is done once", "steps")
            if each not in steps:
                raise table.wrong(f"names {each!r}, but there is no [{table.where}.step.{each}]", "steps")
        refusals = table.under("refuse_when")
        for code in refusals.rows.keys() - REFUSALS:
            raise refusals.wrong(f"is no code of terms/cis.py{meant(code, REFUSALS)}", code)
        send = Send(
            steps=tuple(self._step(steps.under(each), place, order, name) for place, each in enumerate(order)),
            refuse=refuse,
            check_first=bool(table.take("check_first", bool, False)),
            refuse_when=tuple(
                (refusals.compiled(refusals.take(code, str), code, ("command",), command=name), code)
                for code in refusals.rows
            ),
            answer=table.knowing("done", order).expression("answer", ("command", "key", "done"), command=name),
        )
        steps.end()
        table.end()
        return send

    def _step(self, table: Table, place: int, order: list[str], command: str) -> Step:
        """One that stands at `place`: it may read what those before it made; what undoes it, what those after it did."""
        scope = _STEP
        table.knowing("done", order[:place], later=order[place:])
        done = self.optional(table, "done", scope, command=command, with_digest=True)
        undo = None
        if "undo" in table:
            undo = self.call(table.under("undo").knowing("done", order), scope, command=command)
        step = Step(
            name=order[place],
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
            names = [*several.rows]
            calls = {
                each: self.call(
                    several.under(each).knowing("got", names[:place], later=names[place:]),
                    (*scope, "got"),
                    command=command,
                )
                for place, each in enumerate(names)
            }
            table.knowing("got", names)
        else:
            calls = {"": self.call(table, scope, command=command, last=False)}
        answer = table.expression("answer", told, command=command, required=True)
        none_when = table.expression("none_when", told, command=command)
        digest = table.expression("digest", told, command=command) if with_digest else None
        table.end()
        if none_when and (status := none_of(none_when, told, calls=calls)):
            raise table.wrong(f"holds of any page with the status {status}: {_SAY_MORE}", "none_when")
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
        if not _PLACE.sub("", where).isascii():
            raise table.wrong(f"must be letters of ASCII (write %C3%BC for ü), not {target!r}", "call")
        if re.search(r"[{}]", _PLACE.sub("", where)):
            raise table.wrong("has a { or } without the other", "call")


def _codes(table: Table) -> Codes:
    found: dict[str, dict[str, tuple[Any, ...]]] = {}
    for name in table.rows:
        rows = table.under(name)
        found[name] = {}
        for word, code in rows.rows.items():
            codes = code if isinstance(code, list) else [code]
            if not codes or any(isinstance(each, bool) or not isinstance(each, str | int) for each in codes):
                raise rows.wrong(f"must be a code, or a list of codes, not {code!r}", word)
            found[name][word] = tuple(codes)
    return found


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
    if wrong := mistaken(rules):
        raise top.wrong(f"take any page with the status {wrong[0]} for '{wrong[1]}': {_SAY_MORE}", "errors")
    return tuple(rules)


def _check_sends(mapping: CisMapping, top: Table) -> None:
    for name, send in mapping.send.items():
        if send.check_first and mapping.check is None:
            raise top.wrong("is true, but there is no [check]", f"send.{name}.check_first")
        if not send.refuse and send.answer is None and mapping.find is None:
            raise top.wrong("is missing: [find] cannot tell, so the steps must", f"send.{name}.answer")
