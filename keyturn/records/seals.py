"""Has anything that was written down been taken away whole: a request with all its events, a subject with all its acts?

The chains of `history` and `acts` show that a row was changed. A seal covers which rows there were: every request that
had been sent, every act, every reading and every event up to a moment, and the seal before it, keyed outside the
database. So the last events of a request cannot be cut off either, its own count and head set back.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from keyturn.records import crypto
from keyturn.records.models import Seal

AGE = timedelta(minutes=15)
"""What is sealed is so old that every transaction which wrote at that time has ended: ours are cut off after a minute."""

_REQUESTS = "SELECT id::text FROM request WHERE submitted_at > %s AND submitted_at <= %s ORDER BY id"
_ACTS = "SELECT id::text || encode(hash, 'hex') FROM act WHERE at > %s AND at <= %s ORDER BY id"
_READINGS = (
    "SELECT json_build_array(id, extract(epoch FROM at), role, actor, what, subject, person_id, reason)::text FROM reading"
    " WHERE at > %s AND at <= %s ORDER BY id"
)
_READINGS_FORMERLY = (
    "SELECT id::text || extract(epoch FROM at) || role || actor || what || subject || reason FROM reading"
    " WHERE at > %s AND at <= %s ORDER BY id"
)
_EVENTS = "SELECT id::text || encode(hash, 'hex') FROM request_event WHERE id > %s AND id <= %s ORDER BY id"
_LAST_EVENT = "SELECT id FROM request_event WHERE id > %s AND at <= %s ORDER BY id DESC LIMIT 1"
_COUNTS = ("requests", "acts", "readings", "events")
_BEGINNING = datetime.fromisoformat("1900-01-01T00:00:00+00:00")
_BATCH = 5000


@transaction.atomic
def seal(*, now: datetime) -> Seal | None:
    """Put what was written since the last seal under a new one. None: nothing was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('keyturn audit seal'))")
    newest = last()
    found = Seal(number=(newest.number if newest else 0) + 1, at=now, upto=now - AGE)
    found.last_event = _last_event(found, newest)
    found.hash = _cover(found, newest)
    if not any(_counts(found)):
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
        seen = Seal(number=each.number, at=each.at, upto=each.upto, last_event=each.last_event)
        if each.number == expected and (_cover(seen, before), *_counts(seen)) != (bytes(each.hash), *_counts(each)):
            yield each.number
        before = each


def _counts(found: Seal) -> tuple[int | None, ...]:
    return tuple(getattr(found, what) for what in _COUNTS)


def _last_event(found: Seal, before: Seal | None) -> int:
    """The newest event that is old enough. Found from the end of the table, where few are too young.

    An id is handed out before its row can be read. Who got a smaller one began before this event was written, a quarter of
    an hour ago, and has ended: no row appears under a seal later.
    """
    start = (before.last_event if before else None) or 0
    with connection.cursor() as cursor:
        cursor.execute(_LAST_EVENT, [start, found.upto])
        newest = cursor.fetchone()
    return int(newest[0]) if newest else start


def _cover(found: Seal, before: Seal | None) -> bytes:
    """Count what lies under `found` and not under the seal before into it; the hash over all of it and that seal."""
    digest, end = (
        bytes(before.hash) if before else b"",
        f"{found.number} {found.at.isoformat()} {found.upto.isoformat()}",
    )
    if found.last_event is not None:
        end += f" {found.last_event}"
    for what, query, span in _parts(found, before):
        count = 0
        for rows in _batches(query, span):
            digest = crypto.mac(b"seal", digest, "\n".join(rows).encode())
            count += len(rows)
        setattr(found, what, count)
        digest = crypto.mac(b"seal", digest, f"{what} {count}".encode())
    return crypto.mac(b"seal", digest, end.encode())


def _parts(found: Seal, before: Seal | None) -> Iterator[tuple[str, str, tuple[Any, Any]]]:
    """What is counted, by which query, from where until where. A seal of a release before keeps its formula."""
    span = (before.upto if before else _BEGINNING, found.upto)
    yield "requests", _REQUESTS, span
    yield "acts", _ACTS, span
    if found.last_event is None:
        yield "readings", _READINGS_FORMERLY, span
        return
    yield "readings", _READINGS, span
    yield "events", _EVENTS, (_events_after(found, before), found.last_event)


def _events_after(found: Seal, before: Seal | None) -> int | None:
    """By id and not by time: the table is the largest of all, and has no index by time. Events from before the first seal
    that looks at them are under none; their chains show a change."""
    if before is None:
        return 0
    return before.last_event if before.last_event is not None else found.last_event


def _batches(query: str, span: tuple[Any, Any]) -> Iterator[list[Any]]:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(query, span)
        while rows := cursor.fetchmany(_BATCH):
            yield [row[0] for row in rows]
