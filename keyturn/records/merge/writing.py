"""How is it written that other dated rows are believed of two persons than until now?"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from keyturn.records import dated
from keyturn.records.models.dated import Dated
from keyturn.records.queries.joining.file import Wanted
from keyturn.terms.spans import span_of


def write(
    current: Iterable[Any], wanted: Iterable[tuple[Wanted, UUID | None]], *, source: str, now: datetime
) -> dict[UUID, Wanted]:
    """Believe exactly `wanted` (each for a person; None: for whom the row names) instead of `current`.

    What is believed already, word for word, is left as it is. Answers with the row of each wish.
    """
    stand = list(current)
    entered: list[Dated] = []
    found: dict[UUID, Wanted] = {}
    for wish, person_id in wanted:
        new = dated.copy_of(wish.row, **wish.values)
        if person_id is not None:
            new.person_id = person_id
        new.valid_from, new.valid_to = wish.span.start, wish.span.end
        new.source = source[:60]
        same = next((row for row in stand if _is(row, new)), None)
        if same is not None:
            stand.remove(same)
            found[same.pk] = wish
        else:
            entered.append(new)
            found[new.pk] = wish
    if stand or entered:
        dated.rewrite(superseded=stand, entered=entered, now=now)
    return found


def _is(row: Any, new: Any) -> bool:
    return type(row) is type(new) and span_of(row) == span_of(new) and row.says_the_same(new)
