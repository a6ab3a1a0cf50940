"""How often was something tried that must not be guessed, by whom and at what (ER-08, BR-61)?

A row for each try and each of its subjects: the login, the address it came from, what was named. Only digests are kept.
"""

from collections.abc import Collection
from datetime import datetime

from keyturn.records.crypto import digest
from keyturn.records.models import Attempt


def subject_of(kind: str, value: object) -> str:
    """By which digest a login, an address or a number is counted."""
    return digest(f"attempt:{kind}", str(value))


def note(kind: str, subjects: Collection[str], *, now: datetime, failed: bool = True) -> None:
    """Write down one try at each of these subjects."""
    Attempt.objects.bulk_create(Attempt(kind=kind, subject=each, failed=failed, at=now) for each in subjects)


def times(kind: str, subject: str, *, since: datetime) -> list[datetime]:
    """When this subject was tried since then, the latest first, without the tries that turned out good."""
    rows = Attempt.objects.filter(kind=kind, subject=subject, failed=True, at__gt=since)
    return list(rows.order_by("-at").values_list("at", flat=True))


def was_tried(kind: str, subject: str, *, since: datetime) -> bool:
    return Attempt.objects.filter(kind=kind, subject=subject, at__gt=since).exists()


def forgive(kind: str, subject: str, *, at: datetime) -> None:
    """The try at that moment turned out good: it is not held against anybody."""
    Attempt.objects.filter(kind=kind, subject=subject, at=at).update(failed=False)
