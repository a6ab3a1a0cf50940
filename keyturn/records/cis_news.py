"""How is it noted, so that it is never lost, that something in the CIS must be looked at, and by whom?"""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from keyturn.records import ids
from keyturn.records.models import CisNews
from keyturn.records.prepared import Asked, at_once
from keyturn.terms.cis import Changed

LONGEST_KEY = 120

_NOTE = """
INSERT INTO cis_news (id, noun, ref, key, told_at, told_again, due_at, tries, waits_for)
VALUES (%(id)s, %(noun)s, %(ref)s, %(key)s, %(now)s, 0, %(now)s, 0, '')
ON CONFLICT (noun, ref) DO UPDATE SET told_again = cis_news.told_again + 1, due_at = excluded.due_at, tries = 0,
    key = CASE WHEN excluded.key = '' THEN cis_news.key ELSE excluded.key END"""


@transaction.atomic
def note(items: Iterable[Changed], *, now: datetime) -> None:
    """These are to be looked at. One that waits already is told again: it keeps the key of ours under which it was told of,
    where the new word names none.

    One statement for each: between two, somebody who has just looked could take the news away. In one order, so that two
    who note the same never wait for each other.
    """
    named = sorted({(each.noun, each.ref): each for each in items}.items())
    rows = [
        {"id": ids.new_id(), "noun": each.noun, "ref": each.ref, "key": each.key[:LONGEST_KEY], "now": now}
        for _name, each in named
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_NOTE, rows)


@transaction.atomic
def take(noun: str, *, most: int, now: datetime, until: datetime) -> list[CisNews]:
    """What is due, the oldest first, for one worker alone: others see it due `until` then. Whoever dies looks at nothing
    more, and another takes it up after that."""
    due = CisNews.objects.select_for_update(skip_locked=True).filter(noun=noun, due_at__lte=now)
    taken = list(due.order_by("due_at", "id")[:most])
    CisNews.objects.filter(pk__in=[each.pk for each in taken]).update(due_at=until)
    return taken


def done_with(news: CisNews) -> bool:
    """It goes. False where it was told again since it was taken: then it stays."""
    gone: bool = at_once(Asked(_GO, [news.pk, news.told_again], bool))[0]
    return gone


_GO = "DELETE FROM cis_news WHERE id = %s AND told_again = %s RETURNING true"


def give_back(taken: Iterable[CisNews], *, now: datetime) -> None:
    """These were not looked at after all."""
    CisNews.objects.filter(pk__in=[each.pk for each in taken]).update(due_at=now)
