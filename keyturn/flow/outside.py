"""How is the CIS told?

Three short parts each: note that we are about to call (commit), call with no transaction open and no row locked, note
what came of it (commit). Whoever dies in between is followed by another, who asks before acting again (I3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction

from keyturn.connectors.cis import cis
from keyturn.flow import claims, gate, moves
from keyturn.flow.paths import way_of
from keyturn.records import writing
from keyturn.records.models import Delivery, Request
from keyturn.steps.confirm.rules import News
from keyturn.steps.maintain.inbound import overwriting
from keyturn.steps.sync import rules as sync_rules
from keyturn.steps.sync import step as sync
from keyturn.steps.sync.rules import Next
from keyturn.steps.sync.settle import rules as settle_rules
from keyturn.terms.cis import Answer, Cis, Command, EstablishService, UpdateCustomer
from keyturn.terms.errors import InDoubt, KeyturnError, Rejected, Unavailable
from keyturn.terms.finding import Effect, Finding
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy
from keyturn.terms.request import MACHINE, Outcome, Standing, Step
from keyturn.work import queue

log = structlog.get_logger("keyturn.outside")


@queue.job("tell_cis", gave_up=moves.gave_up)
def tell_cis_job(*, request_id: str, now: datetime) -> None:
    tell_cis(request_id=UUID(request_id), now=now, policy=moves.policy())


def tell_cis(*, request_id: UUID, now: datetime, policy: Policy) -> None:
    """Carry one request's delivery a step further. Running it at any time, any number of times, is safe."""
    call = _about_to_call(request_id, now=now, policy=policy)
    if call is None:
        return
    try:
        _call(request_id, call, now=now, policy=policy)
    except Exception:
        _let_go(request_id, call)
        raise


def _call(request_id: UUID, call: "Call", *, now: datetime, policy: Policy) -> None:
    try:
        answer = _asked_or_sent(call, now, policy)
    except (Unavailable, InDoubt, Rejected) as problem:
        _called_in_vain(request_id, problem, call, now=now, policy=policy)
        return
    try:
        _answered(request_id, answer, call, now=now)
    except IntegrityError:
        if not _is_anothers(request_id, answer, call, now=now, policy=policy):
            raise


@transaction.atomic
def _let_go(request_id: UUID, call: "Call") -> None:
    """It failed for a reason of our own. Nobody waits for the end of the lease, which no try of the queue outlasts: so its
    tries are counted, and it gives up in the open (I8). What became of the call is asked first, as after any other."""
    Delivery.objects.filter(request=request_id, state="sent", leased_until=call.place.until).update(leased_until=None)
    gate.not_called(call.place)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is about to be made.

    `place` is given back afterwards, and the lease ends when it does; `approved` are the rules that staff have let pass.
    `corrected`: what was sent under the key before may have been another command.
    """

    key: str
    command: Command
    look_up: bool
    place: gate.Place
    approved: frozenset[str] = frozenset()
    corrected: bool = False

    def still_holds(self, delivery: Delivery) -> bool:
        """Nobody has taken it up since, as they may when the lease is over, and nobody has decided anything about it."""
        return delivery.state == "sent" and delivery.leased_until == self.place.until


@transaction.atomic
def _about_to_call(request_id: UUID, *, now: datetime, policy: Policy) -> Call | None:
    """Note the intent and take the lease. None: there is nothing to do now."""
    request, delivery = _locked(request_id)
    if delivery is None or request.step != Step.SYNC or request.standing != Standing.MACHINE:
        return None
    if not way_of(request).is_told(request):
        _complete(request, delivery, Answer(), now=now)
        return None
    if sync_rules.is_leased(delivery.leased_until, now):
        queue.later("tell_cis", at=delivery.leased_until, once=f"{delivery.key}:lease", request_id=str(request_id))
        return None
    place = gate.take_place(now=now, policy=policy)
    if place is None:
        gate.park(delivery, now=now)
        return None
    if sync.must_wait_for_another(request, delivery):
        gate.not_called(place)
        at = now + sync_rules.wait_for_another(delivery.created_at, now, policy)
        queue.later("tell_cis", at=at, request_id=str(request_id))
        return None
    command = way_of(request).command(request, policy)
    look_up = sync_rules.must_look_up(delivery.state) or delivery.state == "rejected"  # an earlier try may arrive yet
    delivery.state, delivery.tries = "sent", delivery.tries + 1
    delivery.leased_until, delivery.parked_at = place.until, None
    writing.write([], changed=[delivery])
    approved = frozenset(row["rule"] for row in request.approved)
    corrected = look_up and request.events.filter(what__in=("corrected", "sent_back")).exists()
    return Call(delivery.key, command, look_up, place, approved, corrected)


def _asked_or_sent(call: Call, now: datetime, policy: Policy) -> Answer:
    """The call, with no transaction open and no row locked."""
    told = cis()
    if call.look_up:
        known = _found(told, call)
        if known and not call.corrected:  # else it is sent: the CIS says whether the key was another command's
            if refs := sync.not_asked_for(call.command, known):
                raise sync_rules.Anothers(refs)
            if known.lacks(call.command):
                raise InDoubt("answered_in_part")
            return known
    elif _is_searched_first(told, call, policy):  # afterwards it might find what an earlier try left
        _search(told, call.command)
    if sync_rules.is_compared_first(call.command, approved=call.approved):
        _compare(told, call.command, now, policy)
    if isinstance(call.command, UpdateCustomer) and not call.command.changes:  # all of it was changed again since
        return Answer()
    return told.send(call.command, key=call.key)


def _is_searched_first(told: Cis, call: Call, policy: Policy) -> bool:
    offers = getattr(told, "offers", frozenset())
    return sync_rules.is_searched_first(call.command, offers=offers, approved=call.approved, policy=policy)


def _found(told: Cis, call: Call) -> Answer | None:
    try:
        known = told.find(call.key)
    except Rejected as problem:
        raise sync_rules.CannotTell(problem.code) from None
    if known and not known.names_what(call.command):
        raise InDoubt("unreadable_answer")
    return known


def _search(told: Cis, command: Command) -> None:
    """Raises KnownThere where the CIS shows a stranger under an identifier of the new person (S-12)."""
    assert isinstance(command, EstablishService) and command.person
    refs = told.search(PersonDetails(kind=command.person.kind, identifiers=command.person.identifiers))
    if strangers := sync.unknown_here(refs):
        raise sync_rules.KnownThere(strangers)


def _compare(told: Cis, command: Command, now: datetime, policy: Policy) -> None:
    """Raises ChangedThere where this would overwrite what somebody in the CIS has changed meanwhile (S-16)."""
    assert isinstance(command, UpdateCustomer)
    fields = overwriting.fields_of(command.changes)
    if not overwriting.were_agreed(command.person_ref, fields):
        return
    read = told.read("person", command.person_ref)
    if read and (changed := overwriting.changed_there(command, read, now=now, policy=policy)):
        raise sync_rules.ChangedThere(changed)


@transaction.atomic
def _answered(request_id: UUID, answer: Answer, call: Call, *, now: datetime) -> None:
    """Keep the CIS's references; the request is complete.

    Not where somebody was quicker, or has decided meanwhile: what the CIS did is found again when it is asked next.
    """
    request, delivery = _locked(request_id)
    if delivery is None or not call.still_holds(delivery) or request.standing != Standing.MACHINE:
        gate.called(call.place)
        return
    with moves.written_at_once(request):
        _complete(request, delivery, answer, now=now)
        writing.beside(request, also=[gate.giving_back(call.place)])


def _locked(request_id: UUID) -> tuple[Request, Delivery | None]:
    request, (found,) = moves.locked_with_account(request_id, sync.held(request_id))
    delivery = next(iter(found), None)
    if delivery is not None:
        delivery.request = request
    return request, delivery


@transaction.atomic
def _is_anothers(request_id: UUID, answer: Answer, call: Call, *, now: datetime, policy: Policy) -> bool:
    """The answer could not be kept. Where that is because it names what stands on another file here, staff look (S-18)."""
    request = moves.locked(request_id)
    refs = sync.elsewhere(request, answer)
    if not refs:
        return False
    delivery = Delivery.objects.select_for_update().get(request=request)
    if call.still_holds(delivery) and request.standing == Standing.MACHINE:
        _go_on(request, delivery, sync_rules.Anothers(sorted(refs)), call, now=now, policy=policy)
    gate.called(call.place)
    return True


def _complete(request: Request, delivery: Delivery, answer: Answer, *, now: datetime) -> None:
    complete(request, delivery, answer, now=now)
    moves.record(
        request, "completed", actor=MACHINE, now=now, data={"tries": delivery.tries, "repeated": answer.repeated}
    )
    said(request, now=now)


def complete(request: Request, delivery: Delivery, answer: Answer, *, now: datetime) -> None:
    """What the CIS did is kept, and the request is at its end; whoever calls it writes down who said so."""
    way_of(request).keep(request, delivery, answer, now=now)
    moves.move(request, Step.CONFIRM, Standing.NOBODY)
    moves.end(request, Outcome.COMPLETED, now)


def said(request: Request, *, now: datetime) -> None:
    """The customer hears that it is done, and gets what they were waiting for."""
    claims.link_follower(request, now=now, policy=moves.policy())
    moves.tell(request, News.COMPLETED, now=now)


@transaction.atomic
def _called_in_vain(request_id: UUID, problem: KeyturnError, call: Call, *, now: datetime, policy: Policy) -> None:
    """Keep what is known of the outcome, and see to it that somebody goes on (I8); whoever was overtaken knows nothing."""
    request = moves.locked(request_id)
    delivery = Delivery.objects.select_for_update().get(request=request)
    if call.still_holds(delivery) and request.standing == Standing.MACHINE:
        _go_on(request, delivery, problem, call, now=now, policy=policy)
    gate.called(call.place, problem, now=now, policy=policy)


def _go_on(
    request: Request, delivery: Delivery, problem: KeyturnError, call: Call, *, now: datetime, policy: Policy
) -> None:
    plan = sync_rules.plan_after(problem, tries=delivery.tries, key=delivery.key, now=now, policy=policy)
    sync.keep_problem(delivery, problem, plan, doubted=call.look_up, now=now)
    match plan.next:
        case Next.STAFF | Next.LOOK_THERE | Next.LOOK_FIRST | Next.CHANGED_THERE | Next.ANOTHERS:
            number = sync_rules.FINDINGS[plan.next]
            told = {"code": problem.code, "key": delivery.key, "refs": ", ".join(getattr(problem, "refs", ()))}
            found = Finding(number, "", Effect.REFER, {name: each for name, each in told.items() if each})
            rest = [row for row in request.findings if row["rule"] not in sync_rules.FINDINGS.values()]
            request.findings = [*rest, found.as_json()]
            request.promised_at = request.promised_at or now + timedelta(hours=policy.review_promise_hours)
            moves.move(request, Step.SYNC, Standing.STAFF)
            moves.record(request, "cis_rejected", actor=MACHINE, now=now, data={"code": problem.code, "rule": number})
        case Next.ENGINEER:
            moves.move(request, Step.SYNC, Standing.ENGINEER)
            moves.record(
                request, "gave_up", actor=MACHINE, now=now, data={"code": problem.code, "tries": delivery.tries}
            )
            log.error("gave up", code=problem.code, tries=delivery.tries)
        case _:
            queue.later("tell_cis", at=plan.at, request_id=str(request.pk))


# ---------------------------------------------------------------- whether the CIS is called at all


@queue.job("probe_cis")
def probe_cis_job(*, now: datetime) -> None:
    gate.probe(cis(), now=now, policy=moves.policy())


@queue.job("drain_cis")
def drain_cis_job(*, now: datetime) -> None:
    gate.drain(now=now, policy=moves.policy())


# ---------------------------------------------------------------- what the CIS did for a request that came to nothing


def undo_gave_up(*, request_id: str, now: datetime, problem: str, tries: int = 0, looks: int = 0) -> None:
    """Looking for it failed for a reason that nobody foresaw: somebody must look in the CIS."""
    _after_the_end(UUID(request_id), "left_in_cis", now=now, data={"code": problem})
    gate.looked(UUID(request_id))


@queue.job("undo_in_cis", gave_up=undo_gave_up)
def undo_in_cis_job(*, request_id: str, now: datetime, tries: int = 0, looks: int = 0) -> None:
    undo_in_cis(request_id=UUID(request_id), tries=tries, looks=looks, now=now, policy=moves.policy())


def undo_in_cis(*, request_id: UUID, tries: int = 0, looks: int = 0, now: datetime, policy: Policy) -> None:
    """Cancel what a call in doubt did after all (S-06); where staff have settled it by hand, show it to them (S-17).

    `tries` counts how often the CIS did not answer, `looks` how often it had nothing.
    """
    request = Request.objects.select_related("delivery").get(pk=request_id)
    is_done = request.outcome == Outcome.COMPLETED
    if request.standing != Standing.NOBODY:  # somebody has it sent anew
        return
    if is_done and not request.events.filter(what="settled").exists():
        gate.looked(request_id)
        return
    at = now + sync_rules.wait(tries + 1, request.delivery.key, policy)
    if gate.is_open():
        queue.later("undo_in_cis", at=at, request_id=str(request_id), tries=tries, looks=looks)
        return
    try:
        done = cis().find(request.delivery.key)
        if done is None:
            gate.look_later(request_id, looks=looks + 1, now=now, policy=policy)
            return
        if is_done:
            _found_after_settling(request_id, done, now=now)
        else:
            _undo(request, done, again=tries > 0, now=now, policy=policy)
    except (Unavailable, InDoubt, Rejected) as problem:
        gate.heard(problem, now=now, policy=policy)
        cannot_say = isinstance(problem, Rejected)
        if not cannot_say and tries < policy.cis_tries:
            queue.later("undo_in_cis", at=at, request_id=str(request_id), tries=tries + 1, looks=looks)
            return
        if not (is_done and cannot_say):  # else staff, who looked there, have the last word
            log.error("left in the CIS", code=problem.code, tries=tries)
            _after_the_end(request_id, "left_in_cis", now=now, data={"code": problem.code})
    gate.looked(request_id)


def _undo(request: Request, done: Answer, *, again: bool, now: datetime, policy: Policy) -> None:
    """What can be undone of it; the rest is left for staff to see. `again`: an earlier try may have done it."""
    undoing = way_of(request).undoing(request, done, now=now, policy=policy)
    if undoing.command is not None:
        key = sync_rules.key_to_undo(request.reference)
        if not (again and cis().find(key)):
            cis().send(undoing.command, key=key)
        sync.keep_person(request, done)
        _after_the_end(request.pk, "undone_in_cis", now=now, data={})
    if undoing.left:
        data = {"code": "cannot_be_undone", "families": sorted(undoing.left)}
        _after_the_end(request.pk, "left_in_cis", now=now, data=data)


@transaction.atomic
def _found_after_settling(request_id: UUID, done: Answer, *, now: datetime) -> None:
    """An earlier try has arrived: where it made something else than staff named, there are two of it in the CIS."""
    delivery = Delivery.objects.select_for_update().get(request=request_id)
    if settle_rules.did_something_else(sync.kept_answer(delivery), done):
        sync.keep_besides(delivery, done)
        log.error("left in the CIS", code="done_twice")
        _after_the_end(request_id, "left_in_cis", now=now, data={"code": "done_twice"})


@transaction.atomic
def _after_the_end(request_id: UUID, what: str, *, now: datetime, data: Mapping[str, Any]) -> None:
    """Write it down, once."""
    request = moves.locked(request_id)
    if not request.events.filter(what=what).exists():
        moves.record(request, what, actor=MACHINE, now=now, data=data)
