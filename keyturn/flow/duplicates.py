"""Two persons on file may be one: how do staff hear of it, in which order, and what becomes of what they said?

Every door that makes or changes a person asks the same matcher: the import in its blocks, an edit by a job after its
commit (`look_for_duplicates`), `keyturn dedupe` for the whole registry. All end in one queue that does not flood.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.flow import moves
from keyturn.records import deciding, person_index
from keyturn.steps.maintain.duplicates import meanwhile, step
from keyturn.steps.maintain.duplicates.rules import DECIDED
from keyturn.steps.maintain.duplicates.step import Found
from keyturn.terms.policy import Policy
from keyturn.work import queue

__all__ = ["Found", "close", "look_for_duplicates", "look_later", "note_pairs", "open_more", "reopen"]

ENDS = (*DECIDED, "gone")


@transaction.atomic
def note_pairs(pairs: Iterable[Found], *, source: str, now: datetime, policy: Policy) -> int:
    """Keep pairs of persons who may be one, and open the likeliest to staff (K-20 to K-22); how many were kept.

    `source` is dedupe, import, edit or request. The same pairs again change nothing but their weights; what staff have
    decided stays decided.
    """
    kept = step.note(pairs, source=source, now=now)
    step.open_more(now=now, policy=policy)
    return kept


@transaction.atomic
def open_more(*, now: datetime, policy: Policy) -> int:
    """Open held pairs as far as there is room; how many."""
    return step.open_more(now=now, policy=policy)


def close(*, one: Any, other: Any, state: str, by: str, now: datetime, policy: Policy | None = None) -> bool:
    """Within the transaction of a decision: `state` is what it said of two persons ("merged", "not_same"), or "gone"
    where the question has vanished. The next ones open. False where the pair was never asked about. `by`: role:ident."""
    if state not in ENDS:
        raise ValueError(f"a pair ends as one of {', '.join(ENDS)}")
    closed = step.close(UUID(str(one)), UUID(str(other)), state=state, by=by, now=now)
    if state == "merged":
        step.give_up([UUID(str(other))])
    step.open_more(now=now, policy=policy or moves.policy())
    return closed


def reopen(*, one: Any, other: Any, now: datetime, policy: Policy | None = None) -> bool:
    """That two persons are two is taken back: a question again."""
    again = step.reopen(UUID(str(one)), UUID(str(other)))
    step.open_more(now=now, policy=policy or moves.policy())
    return again


def look_later(person_ids: Iterable[Any], *, source: str = "edit") -> None:
    """After this transaction, compare these persons with everybody else; each waits in the queue once at most."""
    for each in person_ids:
        queue.later("look_for_duplicates", once=f"duplicates:{each}", person_id=str(each), source=source)


@queue.job("look_for_duplicates")
def look_for_duplicates_job(*, person_id: str, source: str, now: datetime) -> None:
    look_for_duplicates(person_id=UUID(person_id), source=source, now=now, policy=moves.policy())


@transaction.atomic
def look_for_duplicates(*, person_id: UUID, source: str = "edit", now: datetime, policy: Policy) -> int:
    """Compare one person on file with everybody else by the online matcher; how many pairs are kept. Safe to repeat.

    Who was deciding when this began is waited for: they may not have seen what was changed.
    """
    deciding.wait_until_done()
    return step.look(person_id, source=source, model=person_index.model(policy), now=now, policy=policy)


@queue.job("look_back")
def look_back_job(*, began: str, ran_at: str, now: datetime) -> None:
    look_back(began=UUID(began), at=datetime.fromisoformat(ran_at), now=now, policy=moves.policy())


@transaction.atomic
def look_back(*, began: UUID, at: datetime, now: datetime, policy: Policy) -> int:
    """Whom did requests make while the import of `at` wrote a block that began then, so that neither saw the other (T-08)?

    The import looks by itself; this is for the one that was killed in between. Safe to repeat. How many pairs are kept.
    """
    found = meanwhile.unseen(meanwhile.written_at(at), since=began, model=person_index.model(policy), policy=policy)
    return note_pairs(found, source="import", now=now, policy=policy) if found else 0
