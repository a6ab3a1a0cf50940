"""What stands in one table of a mapping file, and what is wrong with it? Every complaint is one sentence that says where."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from keyturn.connectors.cis.mapped.expressions import Codes, Expression, meant
from keyturn.connectors.cis.mapped.plain import COMMANDS
from keyturn.terms.person import PersonDetails


class MappingError(ValueError):
    """The file cannot be used; the text says why, and where, in one sentence."""


class Table:
    """One table of the file. Whatever is not taken out of it by name is a mistake (`end`)."""

    def __init__(self, rows: Any, *, file: str, where: str, codes: Codes | None = None) -> None:
        self.file, self.where, self.codes = file, where, codes or {}
        if not isinstance(rows, Mapping):
            raise self.wrong("must be a table")
        self.rows = dict(rows)
        self._known: list[str] = []
        self._fields: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.rows

    def knowing(self, root: str, names: Iterable[str], *, later: Iterable[str] = ()) -> "Table":
        """This table, whose expressions (and those of tables under it) may read `root.name` of these names only; of
        `later` the complaint says that there is nothing yet."""
        self._fields[root] = (tuple(names), tuple(later))
        return self

    def wrong(self, sentence: str, name: str = "") -> MappingError:
        where = f"{self.where}.{name}" if self.where and name else self.where or name
        return MappingError(f"{self.file}: {where} {sentence}" if where else f"{self.file}: {sentence}")

    def take(self, name: str, kind: type, default: Any = None, *, required: bool = False) -> Any:
        """The value of `name`, of this kind; complains where it is required and not there, or of another kind."""
        self._known.append(name)
        if name not in self.rows:
            if required:
                near = meant(name, self.rows.keys() - set(self._known))
                raise self.wrong(f"is missing{near.replace('did you mean', 'is it written as')}", name)
            return default
        value = self.rows[name]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            words = {str: "a text", int: "a whole number", bool: "true or false", dict: "a table", list: "a list"}
            raise self.wrong(f"must be {words[kind]}, not {value!r}", name)
        return value

    def word(self, name: str, known: Iterable[str], default: str = "") -> str:
        """One of the words that are known."""
        value = str(self.take(name, str, default, required=not default))
        if value not in known:
            raise self.wrong(f"is {value!r}: use {', '.join(known)}{meant(value, known)}", name)
        return value

    def under(self, name: str, rows: Any = None, *, required: bool = False) -> "Table":
        """The table `name` in this one (or `rows`, as what stands there); an empty one where there is none."""
        found = self.take(name, dict, {}, required=required) if rows is None else rows
        where = f"{self.where}.{name}" if self.where else name
        under = Table(found, file=self.file, where=where, codes=self.codes)
        under._fields = dict(self._fields)
        return under

    def expression(
        self, name: str, scope: Iterable[str], *, command: str = "", required: bool = False
    ) -> Expression | None:
        """The expression under `name`, which may begin with the names of `scope`; `command`: whose fields it may name."""
        text = self.take(name, str, None, required=required)
        return None if text is None else self.compiled(text, name, scope, command=command)

    def compiled(self, text: str, name: str, scope: Iterable[str], *, command: str = "") -> Expression:
        try:
            expression = Expression(text, self.codes)
        except ValueError as problem:
            raise self.wrong(str(problem), name) from None
        known = tuple(scope)
        for root, field in expression.roots():
            if root not in known:
                raise self.wrong(f"begins with {root!r}: here there are {', '.join(known)}{meant(root, known)}", name)
            of, later = self._fields.get(root, (_fields(root, command), ()))
            if field and field in later:
                raise self.wrong(f"reads {root}.{field} before there is one: it comes later in the file's order", name)
            if of is not None and field and field not in of:
                raise self.wrong(f"reads {root}.{field}, which is not there{meant(field, of)}", name)
        return expression

    def end(self) -> None:
        """Nothing may be left over."""
        for name in self.rows:
            if name not in self._known:
                raise self.wrong(f"has no {name!r}{meant(name, self._known)}")


def _fields(root: str, command: str) -> tuple[str, ...] | None:
    """The fields that are known of what a path begins with; None: anything may follow."""
    if root == "command" and command in COMMANDS:
        return tuple(each.name for each in fields(COMMANDS[command]))
    return tuple(each.name for each in fields(PersonDetails)) if root == "wanted" else None
