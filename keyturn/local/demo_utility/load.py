"""How does the demo utility get into an installation? As any utility's data would: through the import."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time
from functools import partial

from django.conf import settings
from django.db import connections

from keyturn import flow
from keyturn.local.demo_utility.dataset import Dataset

Progress = Callable[[str, int, int], None]
Row = Mapping[str, str]


def load(*, dataset: Dataset, today: date, progress: Progress | None = None) -> dict[str, int]:
    """Import an invented utility; how many rows of each kind came in.

    `progress(kind, done, all)` is called as rows come in. Raises ValueError where a row was kept out: what we invent
    must be fit for our own import.
    """
    now = datetime.combine(today, time(0), tzinfo=UTC)
    # Persons and premises know nothing of each other, so the database works on the one while we read the other.
    with ThreadPoolExecutor(1) as beside:
        premises = beside.submit(_beside, "premises", dataset.premises, now, progress)
        persons = _take_in("persons", dataset.persons, now, progress)
        loaded = {"premises": premises.result(), "persons": persons}
    return loaded | {"accounts": _take_in("accounts", dataset.accounts, now, progress)}


def _beside(kind: str, rows: Sequence[Row], now: datetime, progress: Progress | None) -> int:
    """The same in another thread, whose database connection ends with it."""
    try:
        return _take_in(kind, rows, now, progress)
    finally:
        connections.close_all()


def _take_in(kind: str, rows: Sequence[Row], now: datetime, progress: Progress | None) -> int:
    intake = flow.take_in(
        kind,
        enumerate(rows, start=1),
        now=now,
        policy=settings.KEYTURN_POLICY,
        progress=partial(_tell, progress, kind, len(rows)) if progress else None,
    )
    if intake.rejected:
        raise ValueError(f"the demo utility has {kind} that cannot be imported: {intake.objections[0].finding}")
    return intake.created


def _tell(progress: Progress, kind: str, total: int, done: int) -> None:
    progress(kind, done, total)
