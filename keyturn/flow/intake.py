"""How do a utility's own persons, premises and accounts come in?"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from keyturn.steps.maintain import somebody as read
from keyturn.steps.maintain import step as maintain
from keyturn.steps.maintain.intake import Intake
from keyturn.steps.maintain.step import NumberedRow
from keyturn.terms.finding import Finding
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy
from keyturn.work import queue


def take_in(
    kind: str,
    rows: Iterable[NumberedRow],
    *,
    now: datetime,
    policy: Policy,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Intake:
    """Take over "persons", "premises" or "accounts" from a file, in transactions of some thousand rows; what came of it.

    The one verb that is not one transaction: each block commits by itself, and the same file again does no harm.
    """

    def remember(began: UUID) -> None:
        queue.later("look_back", began=str(began), ran_at=now.isoformat())

    return maintain.take_in(kind, rows, now=now, policy=policy, dry_run=dry_run, progress=progress, remember=remember)


def somebody(
    cells: Mapping[str, Any], *, now: datetime, policy: Policy
) -> tuple[str, PersonDetails | None, list[Finding]]:
    """A row of persons that is only looked for: its reference, who it is, and what keeps it from being read."""
    return read.somebody(cells, now=now, policy=policy)
