"""What does an expression of a mapping file say about one call?

JMESPath (https://jmespath.org) over one document, the *scope*: `command`, `key`, `done`, `body`, `status`, ... (each part of
the file has its own, see docs/howto/connect-a-cis-by-mapping.md). These functions are ours besides JMESPath's own:

    here()                the whole scope, from inside a list: `command.services[].{from: here().command.start_date}`
    code('table', word)   our word as the CIS's code, by the file's [codes.table]; a word that has none is refused
    word('table', code)   the CIS's code as our word; null where it has none
    day(text, format)     a date out of the CIS's own way of writing one, by strptime's letters ('%m/%d/%Y')
    local_day(text, zone) the day that it is in a time zone ('Europe/Vienna') at a moment (1984-02-28T23:00:00Z)
    written(day, format)  a day of ours (2026-12-01) in the CIS's way of writing one
    digits(text)          the digits of a text alone
    some(x)               x, or null where it is empty: what is null is left out of what is sent
    object(pairs)         [[name, value], ...] as an object
    split(text, by)       a text cut at every `by`
    text(parts, by)       the parts that are there, as one text
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, Final
from zoneinfo import ZoneInfo

import jmespath
from jmespath import exceptions, functions

from keyturn.terms.errors import Rejected

Scope = Mapping[str, Any]
Codes = Mapping[str, Mapping[str, tuple[Any, ...]]]
"""Table -> our word -> the CIS's codes: the first is sent, all are read."""

MOST_LETTERS: Final = 20_000
DEEPEST: Final = 100
TOO_DEEP: Final = f"is nested more than {DEEPEST} deep"

_ANY: dict[str, list[str]] = {"types": []}


class Unreadable(ValueError):
    """What was evaluated does not look as the expression expects it."""


class _Ours(functions.Functions):
    """JMESPath's functions and ours, for one evaluation."""

    def __init__(self, scope: Scope, codes: Codes) -> None:
        self._scope, self._codes = scope, codes

    @functions.signature()
    def _func_here(self) -> Scope:
        return self._scope

    @functions.signature({"types": ["string"]}, _ANY)
    def _func_code(self, table: str, word: Any) -> Any:
        if word is None or word == "":
            return None
        found = self._codes.get(table, {}).get(str(word))
        if not found:
            raise Rejected("against_the_rules", f"the mapping has no code in codes.{table} for it")
        return found[0]

    @functions.signature({"types": ["string"]}, _ANY)
    def _func_word(self, table: str, code: Any) -> str | None:
        rows = self._codes.get(table, {}).items()
        return next((word for word, known in rows if any(str(each) == str(code) for each in known)), None)

    @functions.signature(_ANY, {"types": ["string"]})
    def _func_day(self, text: Any, form: str) -> str | None:
        return datetime.strptime(text, form).date().isoformat() if text else None  # noqa: DTZ007  a day has no zone

    @functions.signature(_ANY, {"types": ["string"]})
    def _func_local_day(self, text: Any, zone: str) -> str | None:
        return _day_in(zone, datetime.fromisoformat(text)) if text not in (None, "") else None

    @functions.signature(_ANY, {"types": ["string"]})
    def _func_written(self, day: Any, form: str) -> str | None:
        return date.fromisoformat(day).strftime(form) if day else None

    @functions.signature(_ANY)
    def _func_digits(self, text: Any) -> str:
        return re.sub(r"[^0-9]", "", str(text or ""))

    @functions.signature(_ANY)
    def _func_some(self, value: Any) -> Any:
        return None if value in ("", [], {}, ()) else value

    @functions.signature(_ANY)
    def _func_object(self, pairs: Any) -> dict[str, Any]:
        return {str(name): value for name, value in pairs or () if name is not None}

    @functions.signature(_ANY, {"types": ["string"]})
    def _func_split(self, text: Any, by: str) -> list[str]:
        return [part for part in str(text or "").split(by) if part]

    @functions.signature({"types": ["array"]}, {"types": ["string"]})
    def _func_text(self, parts: list[Any], by: str) -> str:
        return by.join(str(part) for part in parts if part not in (None, ""))


def _is_zone(name: Any) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (TypeError, ValueError, LookupError, OSError):  # OSError: "Europe" is a folder
        return False


def _day_in(zone: str, moment: datetime) -> str:
    """What is said without an offset is the utility's own time; what systems write for "never" stays the day that it is."""
    if not _is_zone(zone):
        raise ValueError("time zone")
    try:
        return (moment.astimezone(ZoneInfo(zone)) if moment.tzinfo else moment).date().isoformat()
    except OverflowError:
        return moment.date().isoformat()


class Expression:
    """One expression of the file. `evaluate` raises Unreadable where what it meets is of another kind than expected."""

    def __init__(self, text: str, codes: Codes) -> None:
        """ValueError where `text` is no JMESPath, or uses a function or a table that is not there."""
        self.text, self._codes = text, codes
        if len(text) > MOST_LETTERS:
            raise ValueError(f"is longer than {MOST_LETTERS:,} characters")
        try:
            self._compiled = jmespath.compile(text)
        except exceptions.ParseError as problem:
            where = getattr(problem, "lex_position", -1)
            raise ValueError(
                f"is no JMESPath: {problem.__class__.__name__} at character {where + 1} of {text!r}"
            ) from None
        except exceptions.EmptyExpressionError:
            raise ValueError("is empty") from None
        except RecursionError:
            raise ValueError(TOO_DEEP) from None
        self._check_functions()

    def evaluate(self, scope: Scope) -> Any:
        try:
            return self._compiled.search(scope, jmespath.Options(custom_functions=_Ours(scope, self._codes)))
        except (exceptions.JMESPathError, ValueError, TypeError, AttributeError, RecursionError) as problem:
            raise Unreadable(type(problem).__name__) from None  # its own text may quote what was sent

    def true(self, scope: Scope) -> bool:
        """As JMESPath counts: false, null and whatever is empty are not true."""
        value = self.evaluate(scope)
        return value is not None and value is not False and value not in ("", [], {})

    def roots(self) -> Iterator[tuple[str, str]]:
        """The names with which paths begin that are read from the scope itself, each with the name after it or ""."""
        yield from _roots(self._compiled.parsed)

    def _check_functions(self) -> None:
        for node, depth in _every(self._compiled.parsed):
            if depth > DEEPEST:
                raise ValueError(TOO_DEEP)
            if node["type"] == "subexpression" and node["children"][0]["type"] == "not_expression":
                raise ValueError("reads !a.b as (!a).b, as JMESPath does: write !(a.b)")
            if node["type"] != "function_expression":
                continue
            name, known = node["value"], _Ours.FUNCTION_TABLE
            if name not in known:
                raise ValueError(f"uses a function {name}() that is not there{meant(name, known)}")
            first = node["children"][0] if node["children"] else {}
            zone = node["children"][-1] if name == "local_day" and node["children"] else {}
            if zone.get("type") == "literal" and not _is_zone(zone["value"]):
                raise ValueError(f"uses local_day() with {zone['value']!r}, which is no time zone")
            if name in ("code", "word") and first.get("type") == "literal" and first["value"] not in self._codes:
                raise ValueError(f"uses codes.{first['value']}, which is not there{meant(first['value'], self._codes)}")


def meant(name: str, known: Any) -> str:
    """ " (did you mean ...?)", or nothing where nothing is near."""
    near = get_close_matches(str(name), sorted(map(str, known)), n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""


def _every(node: Any) -> Iterator[tuple[Any, int]]:
    """Every part of a compiled expression, and how deep it stands; without recursion, because it may be too deep for it."""
    waiting = [(node, 1)]
    while waiting:
        each, depth = waiting.pop()
        if isinstance(each, dict) and "type" in each:
            yield each, depth
            waiting += [(child, depth + 1) for child in each.get("children", ())]


_LEFT_ONLY = {"index_expression", "projection", "value_projection", "filter_projection", "flatten", "slice", "pipe"}
_ALL = {
    *("or_expression", "and_expression", "not_expression", "comparator", "multi_select_list", "multi_select_dict"),
    *("key_val_pair", "function_expression"),
}


def _roots(node: Any) -> Iterator[tuple[str, str]]:
    kind, children = node["type"], node.get("children", ())
    if kind == "field":
        yield node["value"], ""
    elif kind == "subexpression":
        yield from _of_path(children)
    elif kind in _LEFT_ONLY and children:
        yield from _roots(children[0])
    elif kind in _ALL:
        for child in children:
            yield from _roots(child)


def _of_path(children: Any) -> Iterator[tuple[str, str]]:
    first, second = children[0], children[1] if len(children) > 1 else {}
    if first["type"] == "field" and second.get("type") == "field":
        yield first["value"], second["value"]
    else:
        yield from _roots(first)


Evaluate = Callable[[Scope], Any]
