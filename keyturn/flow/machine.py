"""How does the machine decide about a request: search, verify, decide and establish, in one transaction?"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.flow import duplicates, gate, moves
from keyturn.flow.paths import way_of
from keyturn.flow.territory import who_serves
from keyturn.records import writing
from keyturn.records.models import Decision, Request
from keyturn.steps import words
from keyturn.steps.confirm.rules import News
from keyturn.steps.review import rules as review_rules
from keyturn.steps.review import step as review
from keyturn.steps.sync import step as sync
from keyturn.steps.verify import step as verify
from keyturn.terms.finding import Effect, Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import MACHINE, Outcome, Standing, Step, Verdict
from keyturn.work import queue

FOUND_BY = frozenset({"name", "alias", "email", "phone", "mailing", "season", "identifier", "date_of_birth"})
"""The families of wishes by which somebody is found, and may turn out to be somebody else on file."""


@queue.job("advance", gave_up=moves.gave_up)
def advance_job(*, request_id: str, now: datetime) -> None:
    advance(request_id=UUID(request_id), now=now, policy=moves.policy())


@transaction.atomic
def advance(*, request_id: UUID, now: datetime, policy: Policy) -> None:
    """Search, decide and establish in one transaction, under the identity's locks. Running it again changes nothing."""
    request = moves.locked_with_proofs(request_id)
    if request.standing != Standing.MACHINE:
        return
    with moves.written_at_once(request):
        if request.established_at is None and not _decide(request, now=now, policy=policy):
            return
        _accept(request, now=now, policy=policy)


def _accept(request: Request, *, now: datetime, policy: Policy) -> None:
    """Write it down, once, and have the CIS told of it, or told again."""
    if request.established_at is None:
        verdict = way_of(request).establish(request, now=now, policy=policy)
        request.step = Step.ESTABLISH
        moves.record(request, "established", actor=MACHINE, now=now, data=verdict.data)
        if not FOUND_BY.isdisjoint(verdict.data.get("families", ())):  # a new person was looked for when decided about
            duplicates.look_later([request.person_id])
        if news := way_of(request).at_once:
            moves.tell(request, news, now=now)
        verdict = sync.run(request, now=now, policy=policy)
    else:
        verdict = sync.again(request)
    moves.move(request, Step.SYNC, Standing.MACHINE)
    moves.record(request, "handed_to_cis", actor=MACHINE, now=now, data=verdict.data)
    moves.later(request, "tell_cis", request_id=str(request.pk))


def _decide(request: Request, *, now: datetime, policy: Policy) -> bool:
    """Run the deciding steps; True where nothing stands in the way. Otherwise the request has been moved."""
    findings: list[Finding] = []
    data: dict[str, Any] = {}
    for step, module in way_of(request).deciding.items():
        verdict = module.run(request, now=now, policy=policy)
        if verdict.check:
            verify.open_check(request, verdict.check, now=now)
            moves.move(request, Step.VERIFY, Standing.MACHINE)
            moves.record(request, "check_asked", actor=MACHINE, now=now, data={"check": verdict.check})
            moves.later(request, f"check_{verdict.check}", request_id=str(request.pk))
            return False
        findings += verdict.findings
        data.update(verdict.data)
        request.step = step
    request.findings = [found.as_json() for found in findings]
    request.policy_version = policy.version
    standing = Verdict(tuple(review_rules.let_pass(findings, request.approved)))
    _keep_decision(request, standing, now=now)
    if standing.effect is None:
        return True
    _stop(request, standing, data, now=now, policy=policy)
    return False


def _stop(request: Request, verdict: Verdict, data: Mapping[str, Any], *, now: datetime, policy: Policy) -> None:
    """What stands in the way decides who acts next."""
    match verdict.effect:
        case Effect.REFUSE:
            moves.end(request, Outcome.REFUSED, now)
            moves.tell(request, News.REFUSED, now=now, values=_why(request, verdict, policy))
            gate.make_sure(request, now=now, policy=policy)  # one that was sent back may have been with the CIS
            what = "refused"
        case Effect.ASK | Effect.FIX:
            moves.move(request, Step.VERIFY, Standing.CUSTOMER, due_at=now + timedelta(days=policy.answer_days))
            what = "asked"
        case Effect.WAIT:
            _rest(request, verdict, now=now, policy=policy)
            what = "rested"
        case _:
            review.run(request, now=now, policy=policy)
            moves.move(request, Step.REVIEW, Standing.STAFF)
            what = "referred"
    moves.record(
        request, what, actor=MACHINE, now=now, data={**data, "rules": sorted({f.rule for f in verdict.findings})}
    )


def _rest(request: Request, verdict: Verdict, *, now: datetime, policy: Policy) -> None:
    """Nothing is written before the pause is over, or somebody has accepted; who must know of it is told now."""
    pause = way_of(request).pause(request, verdict, now=now, policy=policy)
    moves.move(request, Step.DECIDE, Standing.CALENDAR, due_at=pause.until)
    if pause.news:
        moves.tell(request, pause.news, now=now, values=pause.values)


def _why(request: Request, verdict: Verdict, policy: Policy) -> dict[str, Any]:
    """What a letter of refusal says: the sentences of the rules that refused, and who serves the address instead."""
    refusing = [found.rule for found in verdict.findings if found.effect is Effect.REFUSE]
    _ours, neighbour = who_serves(address=request.answers.get("service_address") or {}, policy=policy)
    return {"reasons": [words()[number] for number in refusing], "neighbour": neighbour}


def _keep_decision(request: Request, verdict: Verdict, *, now: datetime) -> None:
    decision = Decision(
        request=request,
        at=now,
        step=Step.DECIDE,
        effect=str(verdict.effect or "pass"),
        rules=sorted({found["rule"] for found in request.findings}),
        findings=request.findings,
        policy_version=request.policy_version,
        model_version=request.model_version,
    )
    writing.beside(request, [decision])
