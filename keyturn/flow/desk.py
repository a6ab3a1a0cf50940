"""What may staff change at the desk about somebody on file, on the customer's word?

It is a request of the same journey as the customer's own, begun by staff: looked at by the same rules for its form,
written with its history, told to the old and the new contact, told to the CIS. The risk policy is the member of staff.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.flow import duplicates, machine, moves
from keyturn.flow.customer import lacking, new_request
from keyturn.flow.handling import not_about_themselves
from keyturn.journeys import JOURNEYS, Kind
from keyturn.journeys.applicant import held_against_file
from keyturn.records import dated
from keyturn.records.bulk import persons as bulk
from keyturn.records.models import Evidence, Person, Proposal, Request
from keyturn.records.queries import on_file
from keyturn.steps.gather import rules as gather_rules
from keyturn.steps.gather import step as gather
from keyturn.steps.maintain.care import rules
from keyturn.steps.review import step as review
from keyturn.terms.errors import Invalid, NotAllowed, StaleVersion
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role
from keyturn.terms.slots import ALL


@transaction.atomic
def staff_change(
    *,
    person_id: UUID,
    journey: str,
    answers: Mapping[str, Any],
    how: str,
    reason: str,
    version: int | None,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Request:
    """Change what is on file. `how`: "wrong" (it never was so) or "changed" (from now on); `version` is the person's.

    Written in this transaction, under the person's lock. StaleVersion where somebody else changed the file since it
    was shown; Invalid (K-85, and the rules of the form); NotAllowed("own_request") about one's own file.
    """
    problems = [*rules.change_has_a_reason(how, reason)]
    if problems:
        raise Invalid(problems)
    person = _held(person_id, version, actor, now)
    request = _asked(person, journey, answers, how=how, actor=actor, now=now, policy=policy)
    review.say(request, "internal", gather_rules.clean_text(reason)[:4000], actor=actor, now=now)
    _write(request, actor=actor, now=now, policy=policy)
    return Request.objects.get(pk=request.pk)


def _held(person_id: UUID, version: int | None, actor: Actor, now: datetime) -> Person:
    if actor.role != Role.STAFF:
        raise NotAllowed("unknown_person")
    dated.hold(persons=[person_id])
    person = Person.objects.filter(pk=person_id, redirect_to=None).first()
    if person is None:
        raise NotAllowed("unknown_person")
    if version is not None and person.version != version:
        raise StaleVersion(person.version)
    not_about_themselves(actor=actor, now=now, person_id=person.pk)
    return person


def _asked(
    person: Person, journey: str, answers: Mapping[str, Any], *, how: str, actor: Actor, now: datetime, policy: Policy
) -> Request:
    """The request, whole and good; Invalid else."""
    asked = JOURNEYS.get(journey)
    if asked is None or asked.kind is not Kind.CHANGE:
        raise NotAllowed("unknown_journey")
    request = new_request(journey, actor=actor, channel="console", language=person.language, now=now, policy=policy)
    request.person, request.seen = person, on_file.slots(person, at=now)
    problems = gather.take(request, {**({"kind": person.kind} if "kind" in asked.questions else {}), **answers})
    if problems:
        raise Invalid(problems)
    request.answers = {**request.answers, "how": how}
    moves.begin(request, actor=actor, now=now)
    if problems := lacking(request=request, now=now, policy=policy):
        raise Invalid(problems)
    return request


def _write(request: Request, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Send it in and let the machine do its part at once, so that what was shown is what is changed."""
    Evidence.objects.create(request=request, kind="staff", subject="", source="desk", actor=actor.origin, at=now)
    moves.hand_in(request, actor=actor, now=now)
    machine.advance(request_id=request.pk, now=now, policy=policy)


def accept_proposal(proposal: Proposal, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Write what an applicant said, as the change that it is."""
    person = _held(proposal.person_id, None, actor, now)
    if proposal.field == "date_of_birth":  # not dated, and no journey of its own: the CIS has it from the request
        Person.objects.filter(pk=person.pk).update(
            date_of_birth=proposal.value, version=person.version + 1, updated_at=now
        )
        bulk.reindex([person.pk], now=now)
        duplicates.look_later([person.pk])
        return
    journey, answers = _as_answers(proposal, person, now)
    request = _asked(person, journey, answers, how="changed", actor=actor, now=now, policy=policy)
    _write(request, actor=actor, now=now, policy=policy)


def _as_answers(proposal: Proposal, person: Person, now: datetime) -> tuple[str, dict[str, Any]]:
    name, value = proposal.field, proposal.value
    if name in ("email", "phone"):
        return "change_contact", {"contact_id": "new", "channel": name, "act": "set", name: value}
    if name in on_file.NAME_PARTS:
        seen = on_file.slots(person, at=now)
        parts = {part: seen.get(f"name.{part}") or "" for part in on_file.NAME_PARTS}
        filled = {part: text for part, text in {**parts, name: value}.items() if text}
        return "change_name", {**filled, "name_reason": "other"}
    if name == "address":
        return "change_mailing_address", {"accounts": [ALL], "when": "now", **_letters_said(proposal)}
    if name == "language":
        return "change_preferences", {"language": value}
    if name == "paperless":
        return "change_paperless", {"account_id": str(proposal.request.account_id), "paperless": value == "on"}
    return "change_identifier", {"id_type": name, "id_value": value}


def _letters_said(proposal: Proposal) -> dict[str, Any]:
    """Where letters are to go, with the parts as the applicant gave them: the proposal keeps its lines only."""
    answers, premise = proposal.request.answers, proposal.request.premise
    for each in held_against_file(answers, premise.address if premise else None).addresses:
        if "\n".join(each.lines()) == proposal.value:
            elsewhere = answers.get("mail_elsewhere") is not False
            return {"mail_elsewhere": elsewhere, **({"mailing_address": each.as_json()} if elsewhere else {})}
    raise NotAllowed("unknown_proposal")
