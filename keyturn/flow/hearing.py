"""How is it heard that something has changed in the CIS (phase 9)?

Its feed is read page by page from a cursor, and each thing that is named is noted, once, in the transaction that moves the
cursor. Or somebody outside says so. What is noted is looked at by `flow.inbound`.
"""

from datetime import datetime

import structlog
from django.db import transaction

from keyturn.connectors.cis import cis
from keyturn.records import cis_news
from keyturn.records.models import CisCursor
from keyturn.records.models.inbound import LONGEST_REF
from keyturn.steps.maintain.inbound import step
from keyturn.terms.cis import Changed
from keyturn.terms.errors import KeyturnError
from keyturn.terms.policy import Policy
from keyturn.work import queue

log = structlog.get_logger("keyturn.hearing")

PAGE = 200
PAGES_AT_ONCE = 50
FEED = "changes"
IMPORT = "import"
"""The key under which an import of ours brings rows to a CIS that keeps none yet."""
NOUNS = ("person", "premise", "account")
"""Whoever and whatever an account names is looked at before it."""


@transaction.atomic
def changed_in_cis(*, noun: str, ref: str, now: datetime) -> None:
    """Somebody outside says that something changed in the CIS: it is read there, soon. Nothing else they say counts."""
    if noun in NOUNS and ref:
        note((Changed(noun, ref),), now=now)
        queue.later("hear_cis", once="due:hear_cis")


def hear(*, now: datetime, policy: Policy) -> int:
    """Note everything that has changed in the CIS since it was last asked; how many items it told of. Safe at any time."""
    if FEED not in cis().offers:
        return 0
    told = 0
    for _ in range(PAGES_AT_ONCE):
        before = CisCursor.objects.get_or_create(name=FEED)[0].cursor
        try:
            page = cis().changes(before, limit=PAGE)
        except KeyturnError as problem:
            CisCursor.objects.filter(name=FEED).update(problem=problem.code[:80])
            log.warning("the CIS tells nothing of its changes", code=problem.code)
            return told
        if not _noted(before, page.items, page.cursor, now=now):
            return told  # another worker was quicker
        told += len(page.items)
        if not page.more:
            return told
    queue.later("hear_cis", once="due:hear_cis")  # a long absence is caught up with in turns
    return told


@transaction.atomic
def _noted(before: str, items: tuple[Changed, ...], behind: str, *, now: datetime) -> bool:
    """Note what is named and move the cursor, in one; False where somebody else has moved it since it was read."""
    row = CisCursor.objects.select_for_update().get(name=FEED)
    if row.cursor != before:
        return False
    note(items, now=now)
    row.cursor, row.asked_at, row.problem = behind, now, ""
    row.save()
    return True


def note(items: tuple[Changed, ...], *, now: datetime) -> None:
    """These are to be looked at. One that waits already is looked at once, and again if it is being looked at just now.

    Not what an import has just brought: it wrote both sides from one row.
    """
    told = [each for each in items if each.noun in NOUNS and 0 < len(each.ref) <= LONGEST_REF]
    named: dict[tuple[str, str], Changed] = {}
    for each in told:  # a later word without a key does not take away that a command of ours was there before
        before = named.get((each.noun, each.ref))
        is_kept = before is not None and not each.key and before.key != IMPORT
        named[each.noun, each.ref] = before if before is not None and is_kept else each
    for noun in NOUNS:
        brought = [each.ref for each in named.values() if each.noun == noun and each.key == IMPORT]
        for ref in step.on_file(noun, brought):
            del named[noun, ref]
    cis_news.note(named.values(), now=now)
