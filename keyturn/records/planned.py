"""How is a statement that is asked again and again planned once in a session, instead of each time?

By SQL's own PREPARE and EXECUTE, which go in one message with others (docs/decisions/0023-planned-once.md).
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from time import monotonic
from weakref import WeakKeyDictionary

from psycopg import Connection

MOST = 300
"""Statements that one session keeps, some 30 KB each in PostgreSQL; what is asked beyond them is sent in full."""

KEPT_SECONDS = 30.0
"""A plan is for tables as large as they were when it was made: one for an empty table reads it whole when it is full."""


class Session:
    """What one session of the database has prepared: SQL, and the name it goes by.

    >>> session = Session()
    >>> preparing, names = session.preparing(["SELECT id FROM person WHERE ref = %s"])
    >>> preparing.split(b"; ")[-1]
    b'PREPARE keyturn_0_person AS SELECT id FROM person WHERE ref = $1'
    >>> session.names.update(names)
    >>> session.asked("SELECT id FROM person WHERE ref = %s", [b"'7'"]), session.asked("SELECT %s", [b"42"])
    (b"EXECUTE keyturn_0_person('7')", b'SELECT 42')
    """

    def __init__(self) -> None:
        self.names: dict[str, bytes] = {}
        self.until = monotonic() + KEPT_SECONDS

    def preparing(self, statements: Iterable[str]) -> tuple[bytes, dict[str, bytes]]:
        """What prepares those that are not prepared, and the names that they have when it was sent. It goes in a message
        without values: PostgreSQL keeps its text as long as the session lives, and shows it."""
        room = MOST - len(self.names)
        new = [each for each in dict.fromkeys(statements) if each not in self.names][:room]
        names = {sql: _name(number, sql) for number, sql in enumerate(new, start=len(self.names))}
        pieces = [b"PREPARE %b AS %b" % (name, _numbered(sql)) for sql, name in names.items()]
        if pieces and not self.names:
            pieces.insert(0, _FORGETTING)  # what an error let us forget, or what grew old
        return b"; ".join(pieces), names

    def asked(self, sql: str, values: Sequence[bytes]) -> bytes:
        """The statement with its values (literals)."""
        name = self.names.get(sql)
        if name is None:
            return _written_out(sql, values)
        return b"EXECUTE %b(%b)" % (name, b", ".join(values)) if values else b"EXECUTE " + name


def session_of(connection: Connection) -> Session:
    known = _sessions.get(connection)
    if known is None or monotonic() > known.until:
        known = _sessions[connection] = Session()
    return known


def forget(connection: Connection) -> None:
    """After an error nobody knows what was prepared before it, or whether the error is about what is."""
    _sessions.pop(connection, None)


_sessions: WeakKeyDictionary[Connection, Session] = WeakKeyDictionary()


def _written_out(sql: str, values: Sequence[bytes]) -> bytes:
    """The statement with its values. Left to psycopg, a long one is taken apart each time."""
    first, *rest = _pieces(sql)
    return first + b"".join(part for both in zip(values, rest, strict=True) for part in both)


@lru_cache(maxsize=1024)
def _pieces(sql: str) -> list[bytes]:
    """What stands before, between and after the values."""
    return [each.replace("%%", "%").encode() for each in sql.split("%s")]


_FORGETTING = b"""DO $$
DECLARE ours text;
BEGIN
    FOR ours IN SELECT name FROM pg_prepared_statements WHERE name LIKE 'keyturn\\_%' LOOP
        EXECUTE format('DEALLOCATE %I', ours);
    END LOOP;
END $$"""
"""Not DEALLOCATE ALL: what others prepared in this session is theirs."""

_TABLE = re.compile(r'(?:FROM|INTO|UPDATE) "?([a-z_]+)')


def _name(number: int, sql: str) -> bytes:
    """For whoever reads `pg_stat_activity`, with the table that is named first."""
    table = _TABLE.search(sql)
    return f"keyturn_{number}_{table[1][:40] if table else ''}".rstrip("_").encode()


def _numbered(sql: str) -> bytes:
    return _written_out(sql, [b"$%d" % number for number in range(1, len(_pieces(sql)))])
