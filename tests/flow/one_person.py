"""In which words do tests tell of two files that become one, and what of the database do they compare?"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import combinations
from typing import Any
from unittest.mock import patch

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models

from keyturn import flow
from keyturn.connectors.cis.reference import ReferenceCis
from keyturn.records.models import AccountPerson, DuplicatePair, NotSamePerson, Person, PersonMerge
from keyturn.records.models.dated import Dated
from keyturn.terms.errors import Rejected
from keyturn.terms.request import Actor, Role
from tests.flow.town import ANA, Case, Town

ROSA, OTTO = Actor(Role.STAFF, "rosa"), Actor(Role.STAFF, "otto")
WHY = "They came to the desk with both bills."
ANNA = replace(ANA, given_name="Anna", emails=("anna@example.net",), phones=("+15035550199",), identifiers=())

Two = tuple[Person, Person]


@pytest.fixture
def two(town: Town) -> Two:
    """Ana and Anna: one human being, on file twice, each with an account."""
    return town.serves(ANA, town.house()), town.serves(ANNA, town.house())


def case_of(town: Town, merge: PersonMerge) -> Case:
    return Case(town, merge.request, ROSA)


def account_of(person: Person) -> AccountPerson:
    return AccountPerson.objects.filter(person=person).select_related("account").first()  # type: ignore[return-value]


def proposed(town: Town, survivor: Person, loser: Person, *, by: Actor = ROSA, **choices: str) -> PersonMerge:
    return flow.propose_merge(
        survivor_id=survivor.pk, loser_id=loser.pk, choices=choices, reason=WHY, actor=by, now=town.now,
        policy=town.policy,
    )  # fmt: skip


def agreed(town: Town, merge: PersonMerge, *, by: Actor = OTTO) -> PersonMerge:
    return flow.agree_merge(merge_id=merge.pk, reason=WHY, actor=by, now=town.now, policy=town.policy)


def merged(town: Town, survivor: Person, loser: Person, **choices: str) -> PersonMerge:
    """Both colleagues have looked, and the CIS has been told."""
    merge = agreed(town, proposed(town, survivor, loser, **choices))
    town.works()
    return merge


@contextmanager
def a_cis_that_cannot_merge() -> Iterator[None]:
    """What it is told meanwhile, it refuses."""

    def cannot(*_a: object, **_k: object) -> None:
        raise Rejected("cannot_merge")

    with patch.object(ReferenceCis, "send", cannot):
        yield


def unmerged(town: Town, merge: PersonMerge, *, by: Actor = OTTO, **choices: str) -> PersonMerge:
    found = flow.unmerge(
        merge_id=merge.pk, choices=choices, reason=WHY, is_supervisor=True, actor=by, now=town.now, policy=town.policy
    )  # fmt: skip
    town.works()
    return found


def looked_for(town: Town, *persons: Person) -> None:
    """Whom they may be is asked already, as it is when somebody is made or changed."""
    for each in persons:
        flow.duplicates.look_for_duplicates(person_id=each.pk, now=town.now, policy=town.policy)


NEVER = {"id", "recorded_at", "superseded_at", "source", "sealed_value"}
"""Of a dated row: what its being written again changes. (A sealed value is compared by its digest.)"""


def believed_rows(*persons: Person, own: frozenset[Any] = frozenset()) -> dict[str, list[Any]]:
    """Every believed row of every table with a foreign key to a person that names one of these, all columns.

    `own`: ids of requests that are the merge's, which were not there before. Versions and dates of writing are left out.
    """
    wanted = {each.pk for each in persons}
    found: dict[str, list[Any]] = {}
    for model in apps.get_app_config("records").get_models(include_auto_created=True):
        keys = [each for each in model._meta.concrete_fields if each.related_model is Person]
        if not keys and model is not Person:
            continue
        where = models.Q(pk__in=wanted) if model is Person else models.Q()
        for key in keys:
            where |= models.Q(**{f"{key.attname}__in": wanted})
        rows = model._default_manager.filter(where)
        found[model._meta.db_table] = sorted((_columns(row) for row in rows if not _is_own(row, own)), key=repr)
    return found


def _is_own(row: Any, own: frozenset[Any]) -> bool:
    return isinstance(row, PersonMerge) or row.pk in own or getattr(row, "request_id", None) in own


def _columns(row: Any) -> tuple[Any, ...]:
    left_out = NEVER if isinstance(row, Dated) else {"version", "updated_at"}
    return tuple(
        (each.column, _plain(getattr(row, each.attname)))
        for each in row._meta.concrete_fields
        if each.column not in left_out
    )


def _plain(value: Any) -> Any:
    if isinstance(value, memoryview):
        return bytes(value)
    return value.isoformat() if isinstance(value, datetime) else value


def told_apart(*persons: Person) -> frozenset[Any]:
    """The rows in which an undoing says of each two of these that they are two: the word, and the question that it ends."""
    found: set[Any] = set()
    for one, other in combinations(sorted(persons, key=lambda each: each.pk), 2):
        found.add(NotSamePerson.objects.get(one=one, other=other, withdrawn_at=None).pk)
        asked = DuplicatePair.objects.filter(one=one, other=other)
        assert not asked.filter(state__in=("held", "open", "merged")).exists()
        found.update(asked.values_list("pk", flat=True))
    return frozenset(found)


def differences(
    before: dict[str, list[Any]], after: dict[str, list[Any]], *, but: frozenset[Any] = frozenset()
) -> dict[str, Any]:
    """What is only before, and what is only after, by table; of rows that pair up, the columns that differ. `but`: ids of
    rows that are left aside."""
    found: dict[str, Any] = {}
    for name in before:
        lost, came = ([row for row in rows[name] if dict(row).get("id") not in but] for rows in (before, after))
        for row in list(lost):
            if row in came:
                lost.remove(row)
                came.remove(row)
        if lost or came:
            pairs = zip(lost, came, strict=True) if len(lost) == len(came) else ()
            found[name] = [
                [two for two in zip(one, other, strict=True) if two[0] != two[1]] for one, other in pairs
            ] or (lost, came)
    return found


def a_colleague(name: str) -> Actor:
    return Actor(Role.STAFF, str(get_user_model().objects.create_user(name, staff_role="reviewer").pk))
