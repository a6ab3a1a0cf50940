"""What may staff do with a request that came to them, short of deciding it?"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.flow import moves
from keyturn.journeys import JOURNEYS, Kind
from keyturn.journeys.applicant import identifier
from keyturn.matching.contacts import normal_email
from keyturn.records import history
from keyturn.records.crypto import digest
from keyturn.records.models import PersonIdentifier, Request
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import asking
from keyturn.steps.gather import rules as gather
from keyturn.steps.review import rules
from keyturn.steps.review import step as review_step
from keyturn.steps.verify import step as verify
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.request import Actor, Role, Standing, Step
from keyturn.work import queue

HELD_FOR = rules.HELD_FOR
"""How long a request is left to the colleague who took it (R-08); for the doors, which know no step."""


LOOKED = ("identifier_viewed", "document_viewed")
"""Events that say nothing about who works on it."""


@transaction.atomic
def take(*, request_id: UUID, actor: Actor, now: datetime) -> bool:
    """Tell colleagues that one is looking at it. False where somebody else has been for less than `rules.HELD_FOR`.

    Who holds it already keeps it, from when they took it; nothing is written a second time.
    """
    request = moves.locked(request_id)
    if request.standing != Standing.STAFF:
        raise NotAllowed("not_in_review")
    last = _last(request)
    if rules.is_held(last, by_other_than=actor.ident, now=now):
        return False
    if rules.holder(last, now=now) != actor.ident:
        _note(request, "taken", actor=actor, now=now)
    return True


@transaction.atomic
def put_back(*, request_id: UUID, actor: Actor, now: datetime) -> None:
    """Let colleagues have it again."""
    request = moves.locked(request_id)
    last = _last(request)
    if last and last[0] == "taken" and last[1] == actor.ident:
        _note(request, "put_back", actor=actor, now=now)


@transaction.atomic
def reveal(*, request_id: UUID, identifier_id: UUID | None, reason: str, actor: Actor, now: datetime) -> str:
    """Open one identifier: the applicant's, or (by its id) one of a person whom the request shows.

    That it was opened, by whom and why, is written down first (R-07). Raises Invalid where no reason is given.
    """
    request = moves.locked(request_id)
    if request.submitted_at is None:
        raise NotAllowed("unknown_request")
    problems = list(rules.reading_has_a_reason(reason))
    if problems:
        raise Invalid(problems)
    value, whose = _identifier(request, identifier_id, now)
    review_step.say(request, "internal", gather.clean_text(reason)[:400], actor=actor, now=now)
    _note(request, "identifier_viewed", actor=actor, now=now, whose=whose)
    return value


@transaction.atomic
def look_again(*, request_id: UUID, actor: Actor, now: datetime) -> Request:
    """Let the machine look at a referred request anew: the CIS or the registry was put right, or the bureau is back."""
    request = moves.locked(request_id)
    if request.standing != Standing.STAFF or request.established_at:
        raise NotAllowed("not_in_review")
    verify.ask_again(request, now=now)
    moves.move(request, Step.MATCH, Standing.MACHINE)
    moves.record(request, "looked_again", actor=actor, now=now)
    queue.later("advance", request_id=str(request.pk))
    return request


def is_own(*, request: Request, actor: Actor, email_digest: str) -> bool:
    """Whether this is the reviewer's own request (R-01), or one of a login with their e-mail; `email_digest` is the
    reviewer's."""
    if request.user is not None and actor.role is Role.STAFF:
        theirs = digest("email", normal_email(request.user.email))
        if str(request.user_id) == actor.ident or (email_digest and theirs == email_digest):
            return True
    about_a_file = actor.role is Role.STAFF and JOURNEYS[request.journey].kind is not Kind.START
    by_name = about_a_file and actor.ident.isdigit()
    if by_name and asking.is_of_staff(request, user_id=actor.ident, at=request.updated_at):
        return True
    return not rules.is_not_their_own(
        staff_origin=actor.origin,
        begun_by=request.begun_by,
        staff_email_digest=email_digest,
        email_digest=request.email_digest,
    )


def is_open_still(row: Any, *, actor: Actor, else_says: str = "decided_already") -> None:
    """Nobody has decided about this: NotAllowed("done_by_you") where it was they themselves, `else_says` of a colleague."""
    if row.state != "open":
        raise NotAllowed("done_by_you" if row.decided_by == actor.origin else else_says)


def not_about_themselves(
    *, actor: Actor, now: datetime, person_id: UUID | None = None, account_id: UUID | None = None, user_id: Any = None
) -> None:
    """NotAllowed("own_request") where staff would decide about their own file, an account they have access to, or their own
    login (R-01). A program of staff has none of these."""
    about = Request(person_id=person_id, account_id=account_id)
    if actor.role is not Role.STAFF or not actor.ident.isdigit():
        return
    if str(user_id) == actor.ident or asking.is_of_staff(about, user_id=actor.ident, at=now):
        raise NotAllowed("own_request")


def _last(request: Request) -> tuple[str, str, datetime] | None:
    event = request.events.exclude(what__in=LOOKED).order_by("-number").first()
    return (event.what, event.actor, event.at) if event else None


def _note(request: Request, what: str, *, actor: Actor, now: datetime, **data: str) -> None:
    """An event that is no move: the version stays, so that a colleague's open page stays good."""
    history.append(request, what, actor=actor, now=now, data=data)
    request.save(update_fields=["events_written", "chain_head"])


def _identifier(request: Request, identifier_id: UUID | None, now: datetime) -> tuple[str, str]:
    """The value, and whose it is: "applicant" or the person's id."""
    if identifier_id is None:
        given = identifier(request.answers)
        if given is None:
            raise NotAllowed("unknown_identifier")
        return given.value, "applicant"
    shown = [request.person_id, *request.candidates.values_list("person_id", flat=True)]
    row = PersonIdentifier.objects.filter(holds_at(now), pk=identifier_id, person_id__in=shown).first()
    if row is None:
        raise NotAllowed("unknown_identifier")
    return row.value, str(row.person_id)
