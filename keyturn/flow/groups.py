"""How does an organisation put its accounts into groups that it gives to its people together?

Who is given a group sees exactly the accounts that are in it at that moment: one that is moved out is gone for them at
once. The CIS hears of a member when they accept, account by account; that the accounts of a group changed afterwards it
does not hear (its contract has no word for a group).
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.flow.maintain import customer
from keyturn.records import acts
from keyturn.records.models import AccountGroup, User
from keyturn.records.queries import groups
from keyturn.steps.gather import rules as gather
from keyturn.terms.errors import NotAllowed, StaleVersion

LONGEST = 100


@transaction.atomic
def create_group(
    *, user: User, person_id: UUID, name: str, account_ids: Collection[Any], now: datetime
) -> AccountGroup:
    """A new group of an organisation. NotAllowed("not_yours"), ("no_name"), ("name_taken")."""
    theirs = groups.organisations(user.pk, at=now).get(person_id)
    if theirs is None:
        raise NotAllowed("not_yours")
    chosen = _chosen(account_ids, theirs)
    group = AccountGroup.objects.create(person_id=person_id, name=_name(name, person_id), created_at=now)
    group.accounts.set(chosen)
    _note(group, "group_made", user, now, accounts=len(chosen))
    return group


@transaction.atomic
def change_group(
    *, group_id: UUID, user: User, name: str, account_ids: Collection[Any], version: int, now: datetime
) -> AccountGroup:
    """Its name and its accounts, together: whoever is a member sees the new accounts, and only those, from now on.

    StaleVersion where somebody changed it meanwhile; NotAllowed as for a new one, and ("unknown_group").
    """
    group = _locked(group_id, user, version, now)
    chosen = _chosen(account_ids, groups.organisations(user.pk, at=now)[group.person_id])
    before = set(group.accounts.values_list("pk", flat=True))
    group.name = _name(name, group.person_id, besides=group.pk)
    group.version += 1
    group.save(update_fields=["name", "version"])
    group.accounts.set(chosen)
    _note(group, "group_changed", user, now, added=_ids(chosen - before), removed=_ids(before - chosen))
    return group


@transaction.atomic
def end_group(*, group_id: UUID, user: User, version: int, now: datetime) -> None:
    """Give a group up that nobody uses; its row stays, for what was once given through it.

    NotAllowed("group_in_use") while somebody is a member or invited, ("unknown_group"); StaleVersion.
    """
    group = _locked(group_id, user, version, now)
    found = groups.looked_after(user.pk, group.pk, at=now)
    if found is None or found.is_used:
        raise NotAllowed("group_in_use")
    group.ended_at = now
    group.version += 1
    group.save(update_fields=["ended_at", "version"])
    group.accounts.clear()
    _note(group, "group_ended", user, now)


def _locked(group_id: UUID, user: User, version: int, now: datetime) -> AccountGroup:
    group = AccountGroup.objects.select_for_update().filter(pk=group_id, ended_at=None).first()
    if group is None or groups.looked_after(user.pk, group.pk, at=now) is None:
        raise NotAllowed("unknown_group")
    if group.version != version:
        raise StaleVersion(group.version)
    return group


def _chosen(account_ids: Collection[Any], theirs: Collection[UUID]) -> set[UUID]:
    """Only accounts of this organisation that the login owns go into a group."""
    known = {str(each): each for each in theirs}
    if any(str(each) not in known for each in account_ids):
        raise NotAllowed("not_yours")
    return {known[str(each)] for each in account_ids}


def _name(text: str, person_id: UUID, *, besides: Any = None) -> str:
    name = gather.clean_text(text)[:LONGEST]
    if not name:
        raise NotAllowed("no_name")
    if AccountGroup.objects.filter(person_id=person_id, name=name, ended_at=None).exclude(pk=besides).exists():
        raise NotAllowed("name_taken")
    return name


def _ids(found: Collection[UUID]) -> list[str]:
    return sorted(str(each) for each in found)


def _note(group: AccountGroup, what: str, user: User, now: datetime, **data: Any) -> None:
    actor = customer(user.pk, on_behalf_of=f"person:{group.person_id}")
    acts.note(subject=f"group:{group.pk}", what=what, actor=actor, now=now, data=data)
