"""What changed in the reference CIS, in an order in which nothing can be passed over?

Numbers are drawn before their transaction commits, so a larger one may be seen before a smaller one. Whoever notes a
change holds a lock, until it has committed, that names the last number drawn before (`note_change` in schema_4.sql). A
reader goes no further than that.
"""

from collections.abc import Iterable

from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.terms.cis import Changed, Changes
from keyturn.terms.errors import Rejected

IMPORT = "import"
"""The key of what Keyturn's own import brought."""

_AROUND = 2147483647  # numbers come around in a lock's half of 32 bits

_HELD = """
    SELECT objid::bigint AS mark FROM pg_locks
     WHERE locktype = 'advisory' AND granted AND objsubid = 2
       AND classid = (hashtext('reference cis changes ' || current_schema())::bigint & 4294967295)::oid
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def sign(cursor: Cursor, key: str) -> None:
    """Whatever this transaction notes from here on was changed under `key`."""
    cursor.execute("SELECT set_config('reference_cis.key', %s, true)", (key,))


def note(
    cursor: Cursor, *, persons: Iterable[str] = (), accounts: Iterable[str] = (), premises: Iterable[str] = ()
) -> None:
    """These are not as they were. Within the transaction that changes them."""
    named = [
        (noun, ref)
        for noun, refs in (("person", persons), ("account", accounts), ("premise", premises))
        for ref in dict.fromkeys(refs)
    ]
    if named:
        cursor.execute(
            "SELECT note_change(%s, %s, coalesce(current_setting('reference_cis.key', true), ''))",
            ([noun for noun, _ in named], [ref for _, ref in named]),
        )


def note_all(cursor: Cursor, rows: str) -> None:
    """The same for the rows (noun, ref) of a query."""
    cursor.execute(
        "SELECT note_change(array_agg(noun), array_agg(ref), coalesce(current_setting('reference_cis.key', true), ''))"
        f" FROM ({rows}) AS named HAVING count(*) > 0"
    )


def since(cursor: Cursor, mark: str, *, limit: int) -> Changes:
    """What changed behind `mark`. Three statements, in this order: the last number drawn, who is still writing, the rows."""
    behind = _number(mark)
    cursor.execute("SELECT last_value FROM change_seq")
    last = int((cursor.fetchone() or {})["last_value"])
    cursor.execute(_HELD)
    horizon = min([last, *(_meant(row["mark"], last) for row in cursor.fetchall())])
    cursor.execute(
        "SELECT sequence, noun, ref, key FROM change WHERE sequence > %s AND sequence <= %s ORDER BY sequence LIMIT %s",
        (behind, horizon, max(1, limit) + 1),
    )
    rows = cursor.fetchall()
    told = rows[: max(1, limit)]
    items = tuple(Changed(row["noun"], row["ref"], row["key"]) for row in told)
    return Changes(items, f"c{told[-1]['sequence']}" if told else mark, more=len(rows) > len(told))


def _meant(mark: int, last: int) -> int:
    """The number that a lock's mark stands for; one that is ahead of `last` limits nothing."""
    below = (last - mark) % _AROUND
    return last if below > _AROUND // 2 else last - below


def _number(mark: str) -> int:
    if not mark:
        return 0
    if not (mark[:1] == "c" and mark[1:].isascii() and mark[1:].isdigit() and len(mark) < 20):
        raise Rejected("unreadable_value", "cursor")
    return int(mark[1:])
