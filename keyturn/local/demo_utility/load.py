"""How does the demo utility get into an installation? As any utility's data would: through the import."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from functools import partial

from django.conf import settings

from keyturn import flow
from keyturn.local.demo_utility.dataset import Dataset

Progress = Callable[[str, int, int], None]


def load(*, dataset: Dataset, today: date, progress: Progress | None = None) -> dict[str, int]:
    """Import an invented utility; how many rows of each kind came in.

    `progress(kind, done, all)` is called as rows come in. Raises ValueError where a row was kept out: what we invent
    must be fit for our own import.
    """
    now = datetime.combine(today, time(0), tzinfo=UTC)
    loaded = {}
    for kind, rows in (("premises", dataset.premises), ("persons", dataset.persons), ("accounts", dataset.accounts)):
        intake = flow.take_in(
            kind,
            enumerate(rows, start=1),
            now=now,
            policy=settings.KEYTURN_POLICY,
            progress=partial(_tell, progress, kind, len(rows)) if progress else None,
        )
        if intake.rejected:
            raise ValueError(f"the demo utility has {kind} that cannot be imported: {intake.objections[0].finding}")
        loaded[kind] = intake.created
    return loaded


def _tell(progress: Progress, kind: str, total: int, done: int) -> None:
    progress(kind, done, total)
