"""What on file can a matching model be learnt from, measured by and tried on: normal forms, and the words of staff?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet

from keyturn.matching.features import Features
from keyturn.records.models import (
    BlindReview,
    Candidate,
    DuplicatePair,
    NotSamePerson,
    PersonFeatures,
    PersonLink,
    Request,
)

READ_AT_ONCE = 5000

Fields = Mapping[str, str]
"""field -> level, as they were seen."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said of two: `same` or not. `source` is review, blind, pair or apart; `machine`: of a link that the
    machine had made, and so one of many that nobody looked at. Ids serve to count nothing twice, and go into no file."""

    one: str
    other: str
    same: bool
    fields: Fields
    source: str
    machine: bool = False


def how_many() -> int:
    """How many persons can be found."""
    return PersonFeatures.objects.filter(person__redirect_to=None).count()


def forms() -> Iterator[tuple[UUID, Features]]:
    """Everybody on file as the matcher sees them, in the order of their ids; read in pieces from one look at the table."""
    rows = PersonFeatures.objects.filter(person__redirect_to=None).order_by("person_id")
    for ident, row, flags in rows.values_list("person_id", "features", "person__flags").iterator(READ_AT_ONCE):
        yield ident, _form(row, flags)


def forms_of(person_ids: Iterable[Any]) -> dict[UUID, Features]:
    """These persons as the matcher sees them, those who were merged away among them as they were filed last."""
    wanted, found = sorted(set(map(str, person_ids))), {}
    for start in range(0, len(wanted), READ_AT_ONCE):
        rows = PersonFeatures.objects.filter(person_id__in=wanted[start : start + READ_AT_ONCE])
        for ident, row, flags in rows.values_list("person_id", "features", "person__flags"):
            found[ident] = _form(row, flags)
    return found


def _form(row: Mapping[str, Any], flags: Iterable[str]) -> Features:
    found = Features.from_json(row)
    return replace(found, flags=frozenset(flags)) if flags else found


# ---------------------------------------------------------------- what staff said


def said() -> Iterator[Said]:
    """Every word of staff on two records, each pair as often as somebody spoke."""
    yield from _of_requests()
    yield from _blind()
    yield from _of_pairs()
    yield from _apart()


def automatic_links() -> int:
    """How many links the machine made that still hold."""
    return PersonLink.objects.filter(automatic=True, created_person=False, undone_at=None).count()


def _of_requests() -> Iterator[Said]:
    """Candidates that staff called the applicant, or somebody else."""
    rows = Candidate.objects.filter(
        Q(request__person_decision__has_key="same") | Q(request__person_decision__has_key="new")
    )
    columns = ("request_id", "person_id", "request__person_id", "request__person_decision", "fields")
    for request_id, person_id, person, decision, fields in rows.values_list(*columns).iterator(READ_AT_ONCE):
        who, same = str(person_id), decision.get("same")
        if same == who:
            yield Said(f"request:{request_id}", who, True, _levels(fields), "review")
        elif who in decision.get("new", ()):
            yield Said(str(person or f"request:{request_id}"), who, False, _levels(fields), "review")


def _blind() -> Iterator[Said]:
    """Links that somebody looked at again without knowing what was decided, and the decoys among them."""
    for each in BlindReview.objects.filter(verdict__in=("same", "other")).iterator(READ_AT_ONCE):
        fields = (
            Candidate.objects.filter(request=each.request_id, person=each.person_id)
            .values_list("fields", flat=True)
            .first()
        )
        if fields:
            yield Said(
                f"request:{each.request_id}", str(each.person_id), each.verdict == "same", _levels(fields), "blind",
                machine=not each.decoy,
            )  # fmt: skip


def _of_pairs() -> Iterator[Said]:
    """Pairs on file that were merged, or said to be two; compared as they were when they were found."""
    rows = DuplicatePair.objects.filter(state__in=("merged", "not_same"))
    for one, other, state, fields in rows.values_list("one_id", "other_id", "state", "fields").iterator(READ_AT_ONCE):
        if fields:
            yield Said(str(one), str(other), state == "merged", _levels(fields), "pair")


def _apart() -> Iterator[Said]:
    """Two of whom staff keep in mind that they are not one; compared when somebody asks (`fields` is empty)."""
    rows = NotSamePerson.objects.filter(withdrawn_at=None).values_list("one_id", "other_id")
    yield from (Said(str(one), str(other), False, {}, "apart") for one, other in rows.iterator(READ_AT_ONCE))


def _levels(fields: Iterable[Mapping[str, Any]]) -> Fields:
    return {each["field"]: each["level"] for each in fields}


# ---------------------------------------------------------------- what was decided


def decided(*, most: int) -> Iterator[Request]:
    """The requests whose applicant was looked for most recently, the newest first."""
    looked_for = Request.objects.exclude(match_zone="").filter(submitted_at__isnull=False)
    yield from _with_candidates(looked_for).order_by("-submitted_at", "-id")[:most]


def spoken_about() -> Iterator[Request]:
    """The requests whose applicant staff called somebody on file, or nobody on file."""
    rows = Request.objects.filter(Q(person_decision__has_key="same") | Q(person_decision__has_key="new"))
    yield from _with_candidates(rows).order_by("id").iterator(500)


def blindly_judged() -> Iterator[tuple[Request, str, bool]]:
    """Of links that were looked at again: the request, the person, and whether they are one."""
    rows = BlindReview.objects.filter(verdict__in=("same", "other"), decoy=False).order_by("id")
    for each in rows.select_related("request").prefetch_related("request__candidates").iterator(500):
        yield each.request, str(each.person_id), each.verdict == "same"


def _with_candidates(rows: QuerySet[Request]) -> QuerySet[Request]:
    return rows.prefetch_related("candidates")


def entered_after(person_ids: Iterable[Any], moment: Any) -> set[str]:
    """Those of these persons who were not on file yet at a moment."""
    wanted = list(person_ids)
    rows = PersonFeatures.objects.filter(person_id__in=wanted, person__created_at__gte=moment)
    return {str(each) for each in rows.values_list("person_id", flat=True)}


def said_to_be_others(person_id: Any) -> frozenset[str]:
    """Everybody of whom staff keep in mind that they are not this person."""
    rows = NotSamePerson.objects.filter(Q(one=person_id) | Q(other=person_id), withdrawn_at=None)
    return frozenset(
        str(each) for pair in rows.values_list("one_id", "other_id") for each in pair if str(each) != str(person_id)
    )


def waiting_pairs(*, most: int) -> Iterator[Any]:
    """Pairs on file that nobody has decided, the likeliest first."""
    yield from DuplicatePair.objects.filter(state__in=("open", "held")).order_by("-weight", "id")[:most]


# ---------------------------------------------------------------- under which keys


def filed_under() -> dict[str, int]:
    """Version of the keys -> how many persons are filed under them; those who were merged into another among them."""
    return dict(PersonFeatures.objects.values_list("keys_version").annotate(Count("pk")))


def other_versions(version: str) -> list[str]:
    """The oldest and the newest version of keys but this one under which anybody is filed; at once, for any number."""
    found = PersonFeatures.objects.aggregate(Min("keys_version"), Max("keys_version"))
    return sorted({each for each in found.values() if each is not None and each != version})


def filed_otherwise(version: str, *, after: UUID | None, most: int) -> list[UUID]:
    """The next persons, by id, whose keys are of another version than this."""
    rows = PersonFeatures.objects.exclude(keys_version=version)
    if after is not None:
        rows = rows.filter(person_id__gt=after)
    return list(rows.order_by("person_id").values_list("person_id", flat=True)[:most])
