"""What may staff do with a request that came to them?"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.flow import duplicates, gate, moves, taking_back
from keyturn.flow.handling import is_own
from keyturn.journeys import JOURNEYS, Kind
from keyturn.records.models import Reading, Request
from keyturn.records.queries import merges
from keyturn.steps.confirm.rules import News
from keyturn.steps.gather import rules as gather_rules
from keyturn.steps.review import rules
from keyturn.steps.review import step as review_step
from keyturn.steps.review.rules import Decision
from keyturn.steps.sync import step as sync
from keyturn.steps.sync.settle import rules as settle
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Outcome, Standing, Step
from keyturn.work import queue


@transaction.atomic
def review(
    *,
    request_id: UUID,
    decision: str,
    reason: str = "",
    person_id: str | None = None,
    actor: Actor,
    email_digest: str = "",
    now: datetime,
    policy: Policy,
    version: int | None = None,
) -> Request:
    """Staff's word on a referred request; it moves on at once. `email_digest` is the reviewer's own (R-01)."""
    request = moves.locked(request_id)
    if request.standing != Standing.STAFF:
        raise NotAllowed("not_in_review")
    moves.is_current(request, version)
    if JOURNEYS[request.journey].kind is Kind.MERGE and not request.established_at:
        raise NotAllowed("decided_as_merge")  # `agree_merge`, `refuse_merge`
    if is_own(request=request, actor=actor, email_digest=email_digest):
        raise NotAllowed("own_request")
    word = _word(decision)
    reason = gather_rules.clean_text(reason)[:4000]
    problems = _problems(request, word, reason, person_id) + _problems_of_claim(request, word, reason, actor)
    if problems:
        raise Invalid(problems)
    review_step.apply(request, word, person_id=person_id, by=actor.origin)
    if reason:
        kind = {"ask": "question", "refuse": "reason"}.get(word, "internal")
        review_step.say(request, kind, reason, actor=actor, now=now)
    _act_on(request, word, reason, actor=actor, now=now, policy=policy)
    return request


def _word(decision: str) -> Decision:
    try:
        return Decision(decision)
    except ValueError:
        raise Invalid([Finding("R-03", "decision")]) from None


def _problems(request: Request, word: Decision, reason: str, person_id: str | None) -> list[Finding]:
    findings = [Finding.from_json(row) for row in request.findings]
    shown = {str(each) for each in request.candidates.values_list("person_id", flat=True)}
    return [
        *rules.words_are_given(word, reason),
        *rules.person_was_shown(word, person_id, shown),
        *rules.person_is_settled(word, findings),
        *rules.premise_is_settled(word, findings),
        *rules.service_is_not_doubled(word, findings),
        *rules.person_is_still_open(word, is_established=request.established_at is not None),
        *rules.is_no_question_of_person(word, starts_service=JOURNEYS[request.journey].kind is Kind.START),
        *settle.is_looked_at_there(approves=word is Decision.APPROVE, findings=findings),
    ]


def _problems_of_claim(request: Request, word: Decision, reason: str, actor: Actor) -> list[Finding]:
    """What keeps a member of staff from giving somebody an account at the desk."""
    if JOURNEYS[request.journey].kind is not Kind.CLAIM or word is not Decision.APPROVE:
        return []
    papers = [str(pk) for pk in request.documents.filter(erased_at=None).values_list("pk", flat=True)]
    seen = Reading.objects.filter(what="document", subject__in=papers, actor=actor.ident, role=str(actor.role))
    at_desk = request.answers.get("proof") == "desk"
    return [
        *rules.claim_names_somebody([Finding.from_json(row) for row in request.findings]),
        *rules.document_was_seen(at_desk=at_desk, seen=seen.exists()),
        *rules.approval_says_why(reason),
    ]


def _act_on(request: Request, word: Decision, reason: str, *, actor: Actor, now: datetime, policy: Policy) -> None:
    data: dict[str, Any] = {"decision": str(word)}
    match word:
        case Decision.REFUSE:
            data |= taking_back.take_back(request, actor=actor, now=now, policy=policy)
            if two := merges.both_of(request.pk):
                duplicates.look_later(two)
            moves.end(request, Outcome.REFUSED, now)
            gate.make_sure(request, now=now, policy=policy)
            moves.tell(request, News.REFUSED, now=now, values={"text": reason})
        case Decision.ASK:
            moves.move(request, Step.REVIEW, Standing.CUSTOMER, due_at=now + timedelta(days=policy.answer_days))
            moves.tell(request, News.QUESTION, now=now, values={"text": reason, "days": policy.answer_days})
        case _:
            moves.move(request, Step.SYNC if request.established_at else Step.MATCH, Standing.MACHINE)
            queue.later("advance", request_id=str(request.pk))
    moves.record(request, "reviewed", actor=actor, now=now, data=data)
    if word is Decision.REFUSE:
        taking_back.list_untold(request, now=now)


@transaction.atomic
def retry(*, request_id: UUID, actor: Actor, now: datetime) -> Request:
    """An engineer lets a request that gave up try again."""
    request = moves.locked(request_id)
    if request.standing != Standing.ENGINEER:
        raise NotAllowed("not_stuck")
    moves.move(request, Step.SYNC if request.established_at else Step.MATCH, Standing.MACHINE)
    sync.start_again(request, now=now)
    moves.record(request, "retried", actor=actor, now=now)
    queue.is_mended(request_id=str(request.pk))
    queue.later("advance", request_id=str(request.pk))
    return request
