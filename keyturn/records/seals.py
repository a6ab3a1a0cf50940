"""Has anything that was written down been taken away whole: a request with all its events, a subject with all its acts?

The chains of `history` and `acts` show that a row was changed. A seal covers which rows there were: every request that
had been sent, every act and every reading up to a moment, and the seal before it, keyed outside the database.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from keyturn.records import crypto
from keyturn.records.models import Seal

AGE = timedelta(minutes=15)
"""What is sealed is so old that every transaction which wrote at that time has ended: ours are cut off after a minute."""

_ROWS = {
    "requests": "SELECT id::text FROM request WHERE submitted_at > %s AND submitted_at <= %s ORDER BY id",
    "acts": "SELECT id::text || encode(hash, 'hex') FROM act WHERE at > %s AND at <= %s ORDER BY id",
    "readings": "SELECT id::text || extract(epoch FROM at) || role || actor || what || subject || reason FROM reading"
    " WHERE at > %s AND at <= %s ORDER BY id",
}
_BEGINNING = datetime.fromisoformat("1900-01-01T00:00:00+00:00")
_BATCH = 5000


@transaction.atomic
def seal(*, now: datetime) -> Seal | None:
    """Put what was written since the last seal under a new one. None: nothing was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('keyturn audit seal'))")
    newest = last()
    found = Seal(number=(newest.number if newest else 0) + 1, at=now, upto=now - AGE)
    found.hash = _cover(found, newest)
    if not any(getattr(found, what) for what in _ROWS):
        return None
    found.save(force_insert=True)
    return found


def last() -> Seal | None:
    """The newest seal."""
    return Seal.objects.order_by("-number").first()


def broken() -> Iterator[int]:
    """Go through all seals; yield the number of each under which there is not what there was. A missing one shows by its number."""
    before: Seal | None = None
    for each in Seal.objects.order_by("number").iterator():
        expected = (before.number if before else 0) + 1
        yield from range(expected, each.number)
        seen = Seal(number=each.number, at=each.at, upto=each.upto)
        if each.number == expected and (_cover(seen, before), *_counts(seen)) != (bytes(each.hash), *_counts(each)):
            yield each.number
        before = each


def _counts(found: Seal) -> tuple[int, ...]:
    return tuple(getattr(found, what) for what in _ROWS)


def _cover(found: Seal, before: Seal | None) -> bytes:
    """Count what lies between the two moments into `found`; the hash over all of it and the seal before."""
    span = (before.upto if before else _BEGINNING, found.upto)
    digest = bytes(before.hash) if before else b""
    for what, query in _ROWS.items():
        count = 0
        for rows in _batches(query, span):
            digest = crypto.mac(b"seal", digest, "\n".join(rows).encode())
            count += len(rows)
        setattr(found, what, count)
        digest = crypto.mac(b"seal", digest, f"{what} {count}".encode())
    return crypto.mac(b"seal", digest, f"{found.number} {found.at.isoformat()} {found.upto.isoformat()}".encode())


def _batches(query: str, span: tuple[datetime, datetime]) -> Iterator[list[Any]]:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(query, span)
        while rows := cursor.fetchmany(_BATCH):
            yield [row[0] for row in rows]
