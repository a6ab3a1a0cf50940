"""How does a request move? The only place that writes its step, standing and outcome.

A move locks the request's row first, and writes the change, its event (I5) and the next job in one transaction.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from keyturn.flow import lifecycle
from keyturn.flow.lifecycle import Place
from keyturn.flow.paths import way_of
from keyturn.records import documents, history, writing
from keyturn.records.models import Request
from keyturn.records.models.request import Held
from keyturn.records.prepared import Asked, Prepared, at_once
from keyturn.records.queries import proofs
from keyturn.steps.confirm.rules import News
from keyturn.steps.gather import rules as gather
from keyturn.steps.identify import rules as identify
from keyturn.terms.errors import NotAllowed, StaleVersion
from keyturn.terms.policy import Policy
from keyturn.terms.request import MACHINE, Actor, Outcome, Standing, Step
from keyturn.work import queue

DRAFT = (Step.IDENTIFY, Step.GATHER)


def policy() -> Policy:
    """The utility's policy, for jobs; doors pass theirs."""
    return settings.KEYTURN_POLICY  # type: ignore[no-any-return]


def locked(request_id: UUID) -> Request:
    """The request, held until the transaction ends, so that no two moves cross."""
    return _as_found(_held(pk=request_id))


def locked_with_proofs(request_id: UUID) -> Request:
    """`locked`, with its proofs, for whoever lets several steps look at them and none add to them."""
    found, *proved = at_once(_held.asked(pk=request_id), *proofs.asked_for(request_id))
    request = _as_found(found)
    request.proofs = (proved[0], proved[1])
    return request


def locked_with_account(request_id: UUID, *also: Asked[Any]) -> tuple[Request, list[Any]]:
    """`locked`, with its account and premise, and the answers to what else is asked under the lock."""
    found, *answers = at_once(_held_with_account.asked(pk=request_id), *also)
    return _as_found(found), answers


def _as_found(found: list[Request]) -> Request:
    if not found:
        raise NotAllowed("unknown_request")
    request = found[0]
    request.came_from = place_of(request)  # type: ignore[attr-defined]
    return request


_held = Prepared(lambda pk: Request.objects.select_for_update().filter(pk=pk))
_held_with_account = Prepared(
    lambda pk: Request.objects.select_related("account", "premise").select_for_update(of=("self",)).filter(pk=pk)
)


def place_of(request: Request) -> Place:
    """Where the request stands now."""
    return Place(Step(request.step), Standing(request.standing), Outcome(request.outcome))


def may_touch(request: Request, actor: Actor) -> None:
    """I-04; to a stranger the request does not exist."""
    if not identify.may_touch(actor, request.begun_by, login=request.user_id):
        raise NotAllowed("unknown_request")


def customers_turn(request: Request, actor: Actor, *, now: datetime) -> None:
    """The request waits for the customer, this is the customer, and it is not too late.

    What is established already keeps its answers: a question about it is answered in words (`reply`).
    """
    may_touch(request, actor)
    if request.standing != Standing.CUSTOMER or request.established_at:
        raise NotAllowed("not_open")
    if gather.draft_has_expired(request.due_at, now):
        raise NotAllowed("draft_expired")


def is_current(request: Request, version: int | None) -> None:
    """Nobody else changed it since the caller looked (ER-21, ER-25)."""
    if version is not None and version != request.version:
        raise StaleVersion(request.version)


def move(request: Request, step: Step, standing: Standing, *, due_at: datetime | None = None) -> None:
    """Put the request where it stands next; `record` writes it down."""
    request.step, request.standing, request.due_at = step, standing, due_at


def begin(request: Request, *, actor: Actor, now: datetime) -> None:
    """Write a request that is not written yet."""
    request.save(force_insert=True)
    record(request, "begun", actor=actor, now=now)


def hand_in(request: Request, *, actor: Actor, now: datetime) -> None:
    """It is the machine's now; who hands in lets a job, or this very transaction, `advance` it."""
    request.submitted_at = request.submitted_at or now
    move(request, Step.MATCH, Standing.MACHINE)
    record(request, "submitted", actor=actor, now=now)


def end(request: Request, outcome: Outcome, now: datetime) -> None:
    """The request is over."""
    request.standing, request.outcome = Standing.NOBODY, outcome
    request.ended_at, request.due_at = now, None


def forget(request: Request) -> None:
    """Nothing stays of a draft that was never sent but its history: answers, proofs, codes and links go."""
    request.answers = {}
    request.email_digest = ""
    for held in (request.email_codes, request.resume_links, request.evidence, request.messages.filter(state="due")):
        held.all().delete()
    request.messages.all().update(sealed_content=None)
    for paper in request.documents.filter(erased_at=None).defer("content"):
        documents.forget(paper, now=request.ended_at)


def record(request: Request, what: str, *, actor: Actor, now: datetime, data: Mapping[str, Any] | None = None) -> None:
    """Write the move and its event together; a move that the life cycle does not know is a bug."""
    after = place_of(request)
    lifecycle.check(what, role=actor.role, before=getattr(request, "came_from", None), after=after)
    request.came_from = after  # type: ignore[attr-defined]
    request.version += 1
    request.updated_at = now
    event = history.next_event(request, what, actor=actor, now=now, data=data)
    if request.held is None:
        writing.write([event], changed=[request])
    else:
        request.held.rows.append(event)


@contextmanager
def written_at_once(request: Request) -> Iterator[None]:
    """Several moves of a locked request, or of one that nobody else can know yet: its row, its events, what is new
    beside it (`writing.beside`) and its jobs (`later`) are written in one trip, all or none.
    """
    held = request.held = Held()
    yield
    request.held = None
    new, changed = ([request], []) if request._state.adding else ([], [request])
    jobs = [Asked(*queue.statement(held.jobs), list)] if held.jobs else []
    with transaction.atomic(savepoint=False):
        writing.write([*new, *held.rows], changed=[*changed, *held.changed], also=[*held.also, *jobs])


def later(request: Request, name: str, **ids: Any) -> None:
    """Put a job about this request in the queue, with its rows."""
    if request.held is None:
        queue.later(name, **ids)
    else:
        request.held.jobs.append((name, ids))


def tell(request: Request, news: News, *, now: datetime, values: Mapping[str, Any] | None = None) -> None:
    """Let the customer know, by a job that starts when this transaction is committed."""
    for message in way_of(request).tell(request, news, now=now, values=values):
        later(request, "send_message", message_id=str(message.pk))


@transaction.atomic
def gave_up(*, request_id: str, now: datetime, problem: str) -> None:
    """A job failed for the last time: the request stands with the engineers, where it shows and alarms (I8)."""
    request = locked(UUID(request_id))
    if request.standing == Standing.MACHINE:
        request.standing = Standing.ENGINEER
        record(request, "gave_up", actor=MACHINE, now=now, data={"code": problem})
