"""What may a customer, or a partner for them, do with a request?"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from keyturn.flow import gate, moves
from keyturn.flow.paths import way_of
from keyturn.journeys import JOURNEYS, Kind
from keyturn.records.models import Request
from keyturn.steps.confirm.rules import News
from keyturn.steps.gather import rules as gather_rules
from keyturn.steps.gather import step as gather
from keyturn.steps.identify import rules as identify
from keyturn.steps.review import step as review
from keyturn.steps.validate import step as validate
from keyturn.steps.verify import step as verify
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.finding import Effect, Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Outcome, Standing, Step


@transaction.atomic
def begin(*, journey: str, actor: Actor, channel: str, language: str, now: datetime, policy: Policy) -> Request:
    """Open a draft. `channel` is portal, api or console; it expires after `policy.draft_days`."""
    _is_open_to_all(journey)
    request = new_request(journey, actor=actor, channel=channel, language=language, now=now, policy=policy)
    moves.begin(request, actor=actor, now=now)
    return request


def _is_open_to_all(journey: str) -> None:
    """Anybody may ask for service; what is on file is changed by who is signed in for it (`maintain.begin_change`)."""
    if journey not in JOURNEYS or JOURNEYS[journey].kind is not Kind.START:
        raise NotAllowed("unknown_journey")


def new_request(journey: str, *, actor: Actor, channel: str, language: str, now: datetime, policy: Policy) -> Request:
    """A draft that is not written yet."""
    request = Request(
        journey=journey,
        step=Step.GATHER,
        standing=Standing.CUSTOMER,
        channel=channel,
        language=language if language in policy.languages else policy.languages[0],
        begun_by=actor.origin,
        created_at=now,
        updated_at=now,
        due_at=now + timedelta(days=policy.draft_days),
        policy_version=policy.version,
    )
    request.answers = {}
    return request


@transaction.atomic
def answer(
    *,
    request_id: UUID,
    answers: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    policy: Policy,
    version: int | None = None,
) -> tuple[Request, list[Finding]]:
    """Merge answers into a draft, or into a request that waits for the customer, and say what is wrong with them.

    Whatever can be kept is kept, right or wrong: nothing that was typed is lost. `version` guards against a second
    tab or caller (StaleVersion).
    """
    request = moves.locked(request_id)
    moves.customers_turn(request, actor, now=now)
    moves.is_current(request, version)
    problems = _take(request, answers, actor=actor, now=now, policy=policy)
    named = set(answers) - _given(request)
    wrong = validate.findings_for(request.answers, channel=request.channel, now=now, policy=policy)
    return request, [*problems, *(found for found in wrong if found.field.partition(".")[0] in named)]


def _given(request: Request) -> set[str]:
    """What a change is about was said, and looked at, when it began; later it is no question of its own (T-40)."""
    return {each.name for each in JOURNEYS[request.journey].given}


def _take(
    request: Request, answers: Mapping[str, Any], *, actor: Actor, now: datetime, policy: Policy
) -> list[Finding]:
    """Take them in, and say what is wrong with their form."""
    given = _given(request) & set(answers)
    problems = [gather_rules.no_question(JOURNEYS[request.journey], each) for each in sorted(given)]
    answers = {name: value for name, value in answers.items() if name not in given}
    problems += gather.take(request, answers)
    if request.step in moves.DRAFT:
        request.due_at = now + timedelta(days=policy.draft_days)
    # Only the names of questions: what else a caller wrote as a name could be anything, personal data too.
    fields = sorted(set(answers) & set(JOURNEYS[request.journey].questions))
    moves.record(request, "answered", actor=actor, now=now, data={"fields": fields})
    return problems


@transaction.atomic
def attest(*, request_id: UUID, kinds: list[str], may_attest: bool, actor: Actor, now: datetime) -> Request:
    """Enter what a partner vouches for (I-01, I-02); it holds for the answers as they stand."""
    request = moves.locked(request_id)
    moves.customers_turn(request, actor, now=now)
    _vouch(request, kinds, may_attest=may_attest, actor=actor, now=now)
    return request


def _vouch(request: Request, kinds: list[str], *, may_attest: bool, actor: Actor, now: datetime) -> None:
    problems = [*identify.attestation_is_allowed(kinds, may_attest=may_attest), *identify.attestation_is_known(kinds)]
    if problems:
        raise Invalid(problems)
    if kinds:
        verify.attest(request, kinds, actor=actor, now=now)
        moves.record(request, "attested", actor=actor, now=now, data={"kinds": sorted(kinds)})


def lacking(*, request: Request, now: datetime, policy: Policy) -> list[Finding]:
    """What stands between a draft and being sent: answers to give or mend and, when all are good, a proof to bring."""
    way = way_of(request)
    problems = [found for step in way.form for found in step.run(request, now=now, policy=policy).findings]
    if not problems and way.mending:
        problems = way.mending(request, now=now, policy=policy)
    if problems:
        return problems
    if Step.VERIFY not in way.deciding:
        return []
    proofs = way.deciding[Step.VERIFY].run(request, now=now, policy=policy).findings
    return [found for found in proofs if found.effect is Effect.ASK]


@transaction.atomic
def submit(*, request_id: UUID, actor: Actor, now: datetime, policy: Policy, version: int | None = None) -> Request:
    """Send a draft in. Sending again gives the same request (ER-22); Invalid says what must be mended first."""
    request = moves.locked(request_id)
    if request.submitted_at and request.standing != Standing.CUSTOMER:
        moves.may_touch(request, actor)
        return request
    moves.customers_turn(request, actor, now=now)
    moves.is_current(request, version)
    problems = lacking(request=request, now=now, policy=policy)
    if problems:
        raise Invalid(problems)
    _send_in(request, actor=actor, now=now)
    return request


def _send_in(request: Request, *, actor: Actor, now: datetime) -> None:
    again = request.submitted_at is not None
    review.sent_again(request)
    moves.hand_in(request, actor=actor, now=now)
    if not again and JOURNEYS[request.journey].kind is Kind.START:
        moves.tell(request, News.RECEIVED, now=now)
    moves.later(request, "advance", request_id=str(request.pk))


NOT_KEPT = frozenset({"G-01", "G-03", "G-04", "G-27"})
"""Rules that say: this answer could not be kept."""


def ask(
    *,
    journey: str,
    answers: Mapping[str, Any],
    attested: list[str],
    may_attest: bool,
    send: bool,
    actor: Actor,
    channel: str,
    language: str,
    now: datetime,
    policy: Policy,
) -> tuple[Request, list[Finding]]:
    """Begin, answer, attest and, with `send`, submit: what a program says in one breath is written in one.

    Gives the request and what must be mended. With something to mend, or an answer that could not be kept, it stays a
    draft: a request is not sent without what its caller meant to say. Invalid (I-01, I-02) leaves nothing behind:
    everything is written at once, at the end.
    """
    _is_open_to_all(journey)
    request = new_request(journey, actor=actor, channel=channel, language=language, now=now, policy=policy)
    with moves.written_at_once(request):
        moves.record(request, "begun", actor=actor, now=now)
        problems: list[Finding] = []
        if answers:
            taken = _take(request, answers, actor=actor, now=now, policy=policy)
            problems = [found for found in taken if found.rule in NOT_KEPT]
        _vouch(request, attested, may_attest=may_attest, actor=actor, now=now)
        problems += lacking(request=request, now=now, policy=policy)
        if send and not problems:
            _send_in(request, actor=actor, now=now)
    return request, problems


@transaction.atomic
def reply(*, request_id: UUID, text: str, actor: Actor, now: datetime, policy: Policy) -> Request:
    """The customer answers what staff asked; the request goes back to staff.

    Where answers were changed as well it goes the way of a submission: the machine looks first, as Invalid says what
    must be mended first.
    """
    request = moves.locked(request_id)
    moves.may_touch(request, actor)
    if request.standing != Standing.CUSTOMER or request.step in moves.DRAFT:
        raise NotAllowed("not_asked")
    if request.due_at and request.due_at <= now:
        raise NotAllowed("draft_expired")
    text = gather_rules.clean_text(text)[:4000]
    if not text:
        raise Invalid([Finding("G-05", "reply")])
    if _was_changed(request):
        problems = lacking(request=request, now=now, policy=policy)
        if problems:
            raise Invalid(problems)
        review.say(request, "reply", text, actor=actor, now=now)
        _send_in(request, actor=actor, now=now)
        return request
    review.say(request, "reply", text, actor=actor, now=now)
    promise = now + timedelta(hours=policy.review_promise_hours)
    request.promised_at = request.promised_at or promise  # where the machine has asked, staff have promised nothing yet
    moves.move(request, Step.REVIEW, Standing.STAFF)
    moves.record(request, "replied", actor=actor, now=now)
    return request


def _was_changed(request: Request) -> bool:
    """Whether an answer was given since the request came back to its customer."""
    came_back = request.events.filter(what__in=("asked", "reviewed")).aggregate(Max("number"))["number__max"]
    return request.events.filter(what="answered", number__gt=came_back or 0).exists()


@transaction.atomic
def withdraw(*, request_id: UUID, actor: Actor, now: datetime, version: int | None = None) -> Request:
    """Take a request back while nothing has been written in the CIS; withdrawing twice is once."""
    request = moves.locked(request_id)
    moves.may_touch(request, actor)
    if request.outcome == Outcome.WITHDRAWN:
        return request
    if request.standing == Standing.NOBODY or request.established_at:
        raise NotAllowed("too_late")
    if JOURNEYS[request.journey].kind is Kind.MERGE:
        raise NotAllowed("decided_as_merge")  # `refuse_merge`
    moves.is_current(request, version)
    moves.end(request, Outcome.WITHDRAWN, now)
    if request.submitted_at:
        moves.tell(request, News.WITHDRAWN, now=now)
        gate.make_sure(request, now=now, policy=moves.policy())  # one that was sent back may have been with the CIS
    else:
        moves.forget(request)
    moves.record(request, "withdrawn", actor=actor, now=now)
    return request
