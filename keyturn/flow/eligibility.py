"""How is the CIS asked whether it would serve somebody?

As it is told: noted before (commit), asked with no transaction open and no row locked, noted after (commit). Under the
same breaker and for the same places as deliveries, so that a CIS that is away costs nobody's time, and a busy one no more
than it can take. Whatever comes of it, the request goes on to `advance`.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from keyturn.connectors.cis import cis
from keyturn.flow import gate, moves
from keyturn.journeys.applicant import applicant
from keyturn.records.models import OutsideCheck, Request
from keyturn.records.queries import persons
from keyturn.steps.establish import rules as establish_rules
from keyturn.steps.sync import step as sync
from keyturn.steps.verify.eligibility import rules
from keyturn.steps.verify.eligibility import step as eligibility
from keyturn.terms.cis import EstablishService
from keyturn.terms.errors import InDoubt, KeyturnError, Rejected, Unavailable
from keyturn.terms.policy import Policy
from keyturn.terms.request import Standing, Step
from keyturn.work import queue

JOB = "check_eligibility"


@queue.job(JOB, gave_up=moves.gave_up)
def check_eligibility_job(*, request_id: str, now: datetime) -> None:
    check_eligibility(request_id=UUID(request_id), now=now, policy=moves.policy())


def check_eligibility(*, request_id: UUID, now: datetime, policy: Policy) -> None:
    """Ask once, and let the request go on. Running it at any time, any number of times, is safe: the CIS writes nothing."""
    asked = _about_to_ask(request_id, now=now, policy=policy)
    if asked is None:
        return
    try:
        codes = cis().check(asked.command)
    except (Unavailable, InDoubt, Rejected) as problem:
        _asked_in_vain(request_id, asked, problem, now=now, policy=policy)
    else:
        _answered(request_id, asked, rules.clean(codes), now=now)


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is about to be asked. `place` is given back afterwards."""

    command: EstablishService
    place: gate.Place


@transaction.atomic
def _about_to_ask(request_id: UUID, *, now: datetime, policy: Policy) -> Question | None:
    """Take a place. None: nobody waits for the answer any more, or it is asked later."""
    request = moves.locked(request_id)
    if not _is_waiting(request):  # withdrawn meanwhile: the CIS need not hear of them
        return None
    if (waiting := eligibility.asked_about(request)) is None:
        _go_on(request)
        return None
    command = command_for(request, now=now, policy=policy)
    place = gate.take_place(now=now, policy=policy)
    if place is None:
        _later(request, waiting, is_away=gate.is_open(), code="cis_away", now=now, policy=policy)
        return None
    return Question(command, place)


def _is_waiting(request: Request) -> bool:
    return request.step == Step.VERIFY and request.standing == Standing.MACHINE


def _go_on(request: Request) -> None:
    """Whoever decides sees the answer. Where the question is another one by now (somebody whom the CIS did not know has
    got their number there), it is asked then."""
    queue.later("advance", request_id=str(request.pk))


def command_for(request: Request, *, now: datetime, policy: Policy) -> EstablishService:
    """What the CIS would be told, were it established now; the person by the CIS's own reference where it knows them."""
    assert request.premise
    person, details = request.person, applicant(request.answers)
    customer_class = establish_rules.customer_class(details.kind, policy)
    division = request.premise.division
    account = None
    if person is not None:
        account = persons.live_account(person.pk, division=division, customer_class=customer_class, at=now)
    known = (person.ref or "") if person is not None else ""
    return sync.service_for(
        request,
        customer_class=customer_class,
        division=division,
        language=request.answers.get("language") or request.language,
        person_ref=known,
        person=None if known else details,
        account_ref=(account.ref or "") if account is not None and known else "",
    )


@transaction.atomic
def _answered(request_id: UUID, asked: Question, codes: list[str], *, now: datetime) -> None:
    request = moves.locked(request_id)
    if _is_waiting(request):
        if waiting := eligibility.asked_about(request):
            eligibility.answer(waiting, "failed" if codes else "passed", codes, now=now)
        _go_on(request)
    gate.called(asked.place)


@transaction.atomic
def _asked_in_vain(request_id: UUID, asked: Question, problem: KeyturnError, *, now: datetime, policy: Policy) -> None:
    """A refusal to say is an answer; silence is waited out, as long as the policy says."""
    request = moves.locked(request_id)
    if _is_waiting(request):
        waiting = eligibility.asked_about(request)
        if waiting and not isinstance(problem, Rejected):
            _later(request, waiting, is_away=True, code=problem.code, now=now, policy=policy)
        else:
            if waiting:
                eligibility.answer(waiting, "unsure", rules.clean([problem.code]), now=now)
            _go_on(request)
    gate.called(asked.place, problem, now=now, policy=policy)


def _later(request: Request, waiting: OutsideCheck, *, is_away: bool, code: str, now: datetime, policy: Policy) -> None:
    """Ask again in a while; when that has been done for long enough, the request goes on without an answer (Y-08)."""
    at = rules.ask_again(waiting.asked_at, request.reference, is_away=is_away, now=now, policy=policy)
    if at is not None:
        queue.later(JOB, at=at, request_id=str(request.pk))
        return
    eligibility.answer(waiting, "unavailable", rules.clean([code]), now=now)
    _go_on(request)
