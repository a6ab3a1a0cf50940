"""Who is just deciding that somebody is new, and when are all of them done?

A request that decides holds the locks of its identity (`person_index.lock`). An import writes thousands of persons in
one transaction: to hold the locks of all of them would need more than PostgreSQL has, and would make every request wait
for minutes. So it holds none. Whoever decides notes it by a shared lock; when its block is committed the import waits
for those who are deciding at that moment, some milliseconds, and then looks for whom they made. Whoever begins later
finds the block.
"""

from time import monotonic
from uuid import UUID

from django.db import connection

from keyturn.records import ids
from keyturn.records.models import PersonLink

DECIDES = (7104, 1)
"""The shared advisory lock of everybody who decides: two numbers of our own."""

PATIENCE_SECONDS = 60.0
RECENT_MS = 3_600_000
"""How far machines' clocks may be apart, and how long a decision may take, together: an hour."""

_HOLDERS = """
    SELECT virtualtransaction FROM pg_locks
     WHERE locktype = 'advisory' AND granted AND classid = %s AND objid = %s AND objsubid = 2 AND pid <> pg_backend_pid()
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def wait_until_done(*, patience: float = PATIENCE_SECONDS) -> bool:
    """Wait for those who decide at this moment, and for nobody who begins later; nobody waits for us.

    False where one of them was still at it after `patience` seconds. A transaction is seen by others before its locks
    are gone, so the next statement sees all that they wrote.
    """
    until = monotonic() + patience
    left = _holders()
    while left:
        if monotonic() > until:
            return False
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.01)")
        left &= _holders()
    return True


def _holders() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, DECIDES)
        return {row[0] for row in cursor.fetchall()}


def mark() -> UUID:
    """A moment, as an id: persons who are made from an hour before it on have a larger one."""
    now = ids.new_id().int >> 80
    return UUID(int=max(0, now - RECENT_MS) << 80)


def made_by_requests_since(moment: UUID) -> list[UUID]:
    """Persons who were made by a request since a `mark`. Few, however many an import has made in the same hour."""
    rows = PersonLink.objects.filter(person_id__gt=moment, created_person=True, person__redirect_to=None)
    return sorted(set(rows.values_list("person_id", flat=True)))
