"""Which links are still to be looked at again, by whom, and what may be mixed with them?"""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from keyturn.records.models import BlindReview, Candidate, Event

ERASED = "erased"
VOID = "void"
"""The verdict of nobody: the two files became one before anybody looked. It counts neither for nor against."""
NEAR_MISSES_READ = 50
NEAR_MISS_DAYS = 60

_GONE = Q(person__flags__contains=[ERASED]) | Q(person__redirect_to__isnull=False)


def due() -> QuerySet[BlindReview]:
    """What nobody has judged yet, and somebody can: its person is on file still, under this id, and a decoy is one still
    (a merge may have made it the very person of the request)."""
    return BlindReview.objects.filter(verdict="").exclude(_GONE).exclude(decoy=True, person=F("request__person"))


def due_to(staff: str) -> QuerySet[BlindReview]:
    """Of these, those whose requests this member of staff has had nothing to do with, as their events say (R-40)."""
    return untouched(staff, f"staff:{staff}"[:80])


def untouched(staff: str, by: str) -> QuerySet[BlindReview]:
    """`due_to`; `by` is how a decision beside the events names them."""
    acted = Event.objects.filter(request=OuterRef("request"), role="staff", actor=staff)
    beside = BlindReview.objects.filter(request=OuterRef("request"), decided_by=by)
    return due().filter(~Exists(acted), ~Exists(beside))


def chosen(*, since: datetime) -> tuple[int, int]:
    """How many links, and how many decoys, were chosen to be looked at since then."""
    rows = BlindReview.objects.filter(chosen_at__gt=since)
    decoys = rows.filter(decoy=True).count()
    return rows.count() - decoys, decoys


def near_misses(*, at: datetime) -> list[Candidate]:
    """Pairs that look alike and are two, as far as anybody knows: second candidates of requests that went to another
    person, and those of whom staff said that they are others. The most alike first."""
    since = at - timedelta(days=NEAR_MISS_DAYS)
    shown = BlindReview.objects.filter(request=OuterRef("request"), person=OuterRef("person"))
    rows = (
        Candidate.objects.filter(request__established_at__gt=since, request__person__redirect_to=None)
        .exclude(request__person=None)
        .exclude(_GONE)
        .exclude(person=F("request__person"))
        .filter(~Exists(shown))
    )
    return list(rows.order_by("-weight", "id")[:NEAR_MISSES_READ])
