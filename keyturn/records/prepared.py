"""How is a query that every request asks built once, and how are several asked in one trip?

Django builds the SQL of a query anew whenever it is asked, which costs several times what asking it costs. What lies on
the path of each request is built once in a process (docs/decisions/0022-built-once.md).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper
from django.db.models import BigIntegerField, Func, QuerySet, Value
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable, get_related_populators
from psycopg.adapt import Transformer

from keyturn.records.planned import forget, session_of

R = TypeVar("R")

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Asked(Generic[R]):
    """One statement that gives rows, with its values; `read` makes of them what the caller wants."""

    sql: str
    values: Sequence[Any]
    read: Callable[[Rows], R]


NOTHING: Asked[list[Any]] = Asked("SELECT 1 WHERE false", (), list)
"""Asked in place of what need not be asked this time."""


def at_once(*asked: Asked[Any]) -> list[Any]:
    """The answers to several statements, asked in this order in one trip. At READ COMMITTED each of them sees what was
    committed before it began: what stands after a lock is read under the lock."""
    if not asked:
        return []
    database = connections[DEFAULT_DB_ALIAS]
    database.ensure_connection()
    own = database.connection  # Django lets go of one that broke
    session, literal = session_of(own), Transformer.from_context(own).as_literal
    try:
        with database.cursor() as cursor:
            preparing, names = session.preparing(each.sql for each in asked)
            if preparing:
                cursor.execute(preparing.decode())
                session.names.update(names)
            text = b"; ".join(session.asked(each.sql, [literal(value) for value in each.values]) for each in asked)
            cursor.execute(text.decode())
            return [_answer(each, cursor) for each in asked]
    except Exception:
        forget(own)
        raise


def _answer(asked: Asked[R], cursor: CursorWrapper) -> R:
    answer = asked.read(cursor.fetchall() if cursor.description else [])
    cursor.nextset()
    return answer


class Prepared(Generic[R]):
    """`evidence_of = Prepared(lambda request: Evidence.objects.filter(request=request))`; `evidence_of(request=pk)`.

    The function is called with a placeholder for each name, so the query that it gives must be the same for all values:
    no `if`, and never None (SQL's `= NULL` holds for nothing). A list makes one query for each number of members. Model
    rows, also with `select_related` and annotations, and `values_list` can be asked for.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, R]]) -> None:
        self._build = build
        self._built: dict[tuple[int | None, ...], _Built[R] | None] = {}

    def __call__(self, **values: Any) -> list[R]:
        asked = self.asked(**values)
        found: list[R] = at_once(asked)[0]
        return found

    def first(self, **values: Any) -> R | None:
        """The first row, or None."""
        return next(iter(self(**values)), None)

    def asked(self, **values: Any) -> Asked[list[R]]:
        """To be asked `at_once` with others."""
        shape = tuple(len(each) if isinstance(each, (list, tuple)) else None for each in values.values())
        if shape not in self._built:
            self._built[shape] = _build(self._build, values)
        built = self._built[shape]
        if built is None:
            return NOTHING
        return Asked(
            built.sql, [each.of(values) if isinstance(each, _Place) else each for each in built.values], built.read
        )


class Counted(Prepared[int]):
    """How many rows such a query finds: `found, = at_once(waiting.asked(now=now))` is a number in a list, as in `first()`."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        super().__init__(lambda **values: build(**values).order_by().values_list(_ROWS, flat=True))


_ROWS = Func(function="COUNT", template="COUNT(*)", output_field=BigIntegerField())
"""Not Django's `Count`, which would group."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value goes: which one, and which member of it."""

    name: str
    member: int | None = None

    def of(self, values: dict[str, Any]) -> Any:
        value = values[self.name] if self.member is None else values[self.name][self.member]
        if value is None:
            raise TypeError(f"{self.name} is None: nothing is equal to it in SQL")
        return value


@dataclass(frozen=True, slots=True)
class _Built(Generic[R]):
    sql: str
    values: tuple[Any, ...]
    read: Callable[[Rows], list[R]]


def _build(build: Callable[..., QuerySet[Any, R]], values: dict[str, Any]) -> "_Built[R] | None":
    """None where Django knows that the query finds nothing: an empty list of members."""
    places: dict[str, Any] = {
        name: [Value(_Place(name, at)) for at in range(len(value))]
        if isinstance(value, (list, tuple))
        else Value(_Place(name))
        for name, value in values.items()
    }
    queryset = build(**places)
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    try:
        sql, in_order = compiler.as_sql()
    except EmptyResultSet:
        return None
    converters = compiler.get_converters([each for each, _sql, _alias in compiler.select])
    make = _maker(queryset, compiler)

    def read(rows: Rows) -> list[R]:
        return [make(_converted(row, converters)) for row in rows]

    return _Built(sql, tuple(in_order), read)


def _converted(row: Sequence[Any], converters: Mapping[int, Any]) -> Sequence[Any]:
    """As fields want their values. Not by Django's compiler, which would keep the connection that it was made for."""
    if not converters:
        return row
    values = list(row)
    for at, (steps, expression) in converters.items():
        for step in steps:
            values[at] = step(values[at], expression, connections[DEFAULT_DB_ALIAS])
    return values


def _maker(queryset: QuerySet[Any, R], compiler: Any) -> Callable[[Any], R]:
    """What Django makes of a row of this query."""
    kind = queryset._iterable_class
    if kind is FlatValuesListIterable:
        return lambda row: row[0]
    if kind is ValuesListIterable:
        return tuple  # type: ignore[return-value]
    if kind is not ModelIterable or queryset._prefetch_related_lookups:
        raise TypeError("only rows of models and values_list can be prepared")
    info, select, annotations = compiler.klass_info, compiler.select, compiler.annotation_col_map or {}
    table, start, end = info["model"], info["select_fields"][0], info["select_fields"][-1] + 1
    names = [each[0].target.attname for each in select[start:end]]
    populators = get_related_populators(info, select, DEFAULT_DB_ALIAS)

    def model(row: Any) -> R:
        found = table.from_db(DEFAULT_DB_ALIAS, names, row[start:end])
        for each in populators:
            each.populate(row, found)
        for name, column in annotations.items():
            setattr(found, name, row[column])
        return found  # type: ignore[no-any-return]

    return model
