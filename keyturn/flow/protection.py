"""How does an address become secret, who may look at it all the same, and how does that end (C.20)?"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keyturn.flow import duplicates
from keyturn.flow.handling import not_about_themselves
from keyturn.records import acts, dated, readings
from keyturn.records.bulk import persons as bulk
from keyturn.records.models import Person, Protection
from keyturn.records.queries import shelter
from keyturn.records.queries.as_of import PROTECTED
from keyturn.steps.gather.rules import clean_text
from keyturn.steps.maintain.care import rules
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.request import Actor, Role


@transaction.atomic
def protect(*, person_id: UUID, programme: str, reason: str, may_see: bool, actor: Actor, now: datetime) -> Protection:
    """From now on nobody without the right sees where this person lives, and nobody is matched by it.

    `may_see`: the actor has the right `see_protected` (the door's word). NotAllowed("unknown_person"),
    ("protected_already"), ("own_request"); Invalid (K-86).
    """
    person = _person(person_id, may_see, actor, now)
    if shelter.protection_of(person.pk) is not None:
        raise NotAllowed("protected_already")
    words = _words(reason)
    row = Protection(person=person, programme=clean_text(programme)[:40], set_by=actor.origin, since=now)
    row.safe_contact = {"how": "", "text": words}
    row.save(force_insert=True)
    _flag(person, {*person.flags, PROTECTED}, now)
    acts.note(subject=f"person:{person.pk}", what="address_protected", actor=actor, now=now)
    return row


@transaction.atomic
def lift_protection(*, person_id: UUID, reason: str, may_see: bool, actor: Actor, now: datetime) -> None:
    """The programme ends; where no other is left, the address is as any other again. NotAllowed("not_protected"),
    ("own_request")."""
    person = _person(person_id, may_see, actor, now)
    if not shelter.is_protected(person.pk, at=now):
        raise NotAllowed("not_protected")
    words = _words(reason)
    row = shelter.protection_of(person.pk)
    if row is not None:
        row.ended_at = now
        row.safe_contact = {**row.safe_contact, "lifted": words}
        row.save(update_fields=["ended_at", "sealed_safe_contact"])
    if shelter.protection_of(person.pk) is None:  # else that of somebody who was merged into them goes on
        _flag(person, set(person.flags) - {PROTECTED}, now)
    acts.note(subject=f"person:{person.pk}", what="protection_lifted", actor=actor, now=now)


@transaction.atomic
def look_at_protected(*, person_id: UUID, may_see: bool, actor: Actor, now: datetime) -> None:
    """Write down, before it is shown, that somebody with the right looks at a protected address. NotAllowed else."""
    if actor.role != Role.STAFF or not may_see:
        raise NotAllowed("not_allowed")
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        raise NotAllowed("unknown_person")
    readings.note_reading(
        what="protected", subject=str(person.pk), person=person, reason="decide", actor=actor, now=now
    )


def _person(person_id: UUID, may_see: bool, actor: Actor, now: datetime) -> Person:
    dated.hold(persons=[person_id])
    person = Person.objects.filter(pk=person_id, redirect_to=None).first()
    if person is None or actor.role != Role.STAFF or not may_see:
        raise NotAllowed("unknown_person")
    not_about_themselves(actor=actor, now=now, person_id=person.pk)
    return person


def _words(reason: str) -> str:
    words = clean_text(reason)[:4000]
    if problems := list(rules.protection_has_a_reason(words)):
        raise Invalid(problems)
    return words


def _flag(person: Person, flags: set[str], now: datetime) -> None:
    """The flag goes with it: the matcher's veto and every reader of the file know it by that. The keys by which the
    person is found are made anew, with or without the address."""
    person.flags, person.updated_at, person.version = sorted(flags), now, person.version + 1
    person.save(update_fields=["flags", "updated_at", "version"])
    bulk.reindex([person.pk], now=now)
    duplicates.look_later([person.pk])
