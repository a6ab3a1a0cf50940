"""How is everybody filed anew when the keys by which persons are found have changed?"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keyturn.matching.keys import KEYS_VERSION
from keyturn.records import dated
from keyturn.records.bulk import persons as bulk
from keyturn.records.queries import learning


def file_anew(*, after: UUID | None, at_once: int, now: datetime) -> list[UUID]:
    """File the next persons behind `after` who are under keys of another version; answers with them, [] at the end.

    One transaction, under the locks of those persons: who changes one of them meanwhile waits, and who searches finds them
    by the old keys until it ends and by the new ones from then on.
    """
    with transaction.atomic():
        some = learning.filed_otherwise(str(KEYS_VERSION), after=after, most=at_once)
        if some:
            dated.hold(persons=some)
            bulk.reindex(some, now=now)
        return some
