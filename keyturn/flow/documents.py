"""What may be done with the papers of a request: give them, take them back, look at them, forget them?

Opening a stranger's file and asking a scanner about it takes seconds: both happen before the request is locked.
"""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import OperationalError, transaction
from django.db.models import Q
from psycopg.errors import DiskFull

from keyturn.connectors import file_making
from keyturn.connectors.virus_check import virus_check
from keyturn.flow import moves
from keyturn.journeys import JOURNEYS
from keyturn.records import crypto, documents, history, readings
from keyturn.records.models import Document, Request
from keyturn.records.queries.documents import File, file_of
from keyturn.steps.gather import rules as gather
from keyturn.steps.gather.documents import rules
from keyturn.steps.gather.documents import step as answers
from keyturn.terms.document import CLEAN, NOT_SCANNED, READING_REASONS, Bounds, NotMade, Remade
from keyturn.terms.errors import Invalid, NotAllowed, Unavailable
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Standing, Step
from keyturn.work import queue

log = structlog.get_logger("keyturn.documents")

FIELD = "documents"
"""The field of a finding where no question of the journey asks for the purpose."""

BATCH = 500
GROWTH = 3  # how much larger a file may become by being made anew


def upload(
    *, request_id: UUID, purpose: str, file_name: str, data: bytes, actor: Actor, now: datetime, policy: Policy
) -> Document:
    """Take a file into a request that waits for its customer; the same file twice is kept once.

    It also becomes part of the answer to the question that asks for `purpose`. Invalid (G-20 to G-25, G-30; ER-30) says why it
    cannot be taken: then nothing is kept, and what was there stays. NotAllowed: it is not the customer's turn.
    """
    field = _may_add(request_id, purpose, data, actor=actor, now=now, policy=policy)
    scan = _scanned(request_id, data, field, actor=actor, now=now, policy=policy)
    made = _made(data, field, policy)
    checksum = crypto.checksum(data)
    try:
        return _keep(request_id, purpose, file_name, made, checksum, scan, field, actor=actor, now=now, policy=policy)
    except OperationalError as problem:
        _refuse(*rules.could_be_kept(not isinstance(problem.__cause__, DiskFull), field=field))
        raise


@transaction.atomic
def _may_add(request_id: UUID, purpose: str, data: bytes, *, actor: Actor, now: datetime, policy: Policy) -> str:
    """The field that findings are about. What can be said without opening the file is said first."""
    request = moves.locked(request_id)
    field = _field(request, purpose, actor=actor, now=now)
    _refuse(
        *rules.size_is_taken(len(data), field=field, policy=policy),
        *rules.type_is_taken(data, field=field, policy=policy),
    )
    if not _same(request, purpose, crypto.checksum(data)):
        _refuse(*rules.number_is_taken(_held(request), field=field, policy=policy))
    return field


def _field(request: Request, purpose: str, *, actor: Actor, now: datetime) -> str:
    moves.customers_turn(request, actor, now=now)
    journey = JOURNEYS[request.journey]
    if not rules.purpose_is_asked(journey, purpose, question_open=request.step not in (*moves.DRAFT, Step.VERIFY)):
        raise NotAllowed("unknown_purpose")
    return rules.purposes_of(journey).get(purpose, FIELD)


def _refuse(*problems: Finding) -> None:
    if problems:
        raise Invalid(problems)


def _held(request: Request) -> int:
    return request.documents.filter(erased_at=None).count()


def _same(request: Request, purpose: str, checksum: str) -> Document | None:
    return request.documents.filter(purpose=purpose, checksum=checksum, erased_at=None).first()


def _scanned(request_id: UUID, data: bytes, field: str, *, actor: Actor, now: datetime, policy: Policy) -> str:
    """Whether a scanner has seen it. What does harm is refused, and that it came stays in the history."""
    scanner, found, scan = virus_check(), "", NOT_SCANNED
    if scanner is not None:
        try:
            found, scan = scanner.finds(data), CLEAN
        except Unavailable as problem:
            log.warning("not scanned", request=str(request_id), code=problem.code)
    harmful = list(rules.harms_nobody(found, data, field=field))
    if harmful:
        _note_refused(request_id, actor=actor, now=now)
        raise Invalid(harmful)
    _refuse(*rules.was_scanned(scan == CLEAN, field=field, policy=policy))
    return scan


@transaction.atomic
def _note_refused(request_id: UUID, *, actor: Actor, now: datetime) -> None:
    log.warning("harmful file refused", request=str(request_id))
    request = moves.locked(request_id)
    moves.record(request, "document_refused", actor=actor, now=now, data={"rule": "G-24"})


def _made(data: bytes, field: str, policy: Policy) -> Remade:
    most = policy.document_max_mb * 1_000_000 * GROWTH
    bounds = Bounds(policy.document_max_megapixels * 1_000_000, policy.document_max_pages, most)
    try:
        return file_making.remake(data, rules.type_of(data), bounds)
    except NotMade as problem:
        raise Invalid(list(rules.could_be_made(problem.code, field=field, policy=policy))) from None
    except Unavailable:
        raise Invalid(list(rules.could_be_kept(False, field=field))) from None


@transaction.atomic
def _keep(
    request_id: UUID,
    purpose: str,
    file_name: str,
    made: Remade,
    checksum: str,
    scan: str,
    field: str,
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Document:
    """Once more under the lock: while the file was opened, the request may have moved on, or filled up."""
    request = moves.locked(request_id)
    _field(request, purpose, actor=actor, now=now)
    document = _same(request, purpose, checksum)
    if document is not None:
        return document
    _refuse(*rules.number_is_taken(_held(request), field=field, policy=policy))
    document = documents.keep(
        request=request, purpose=purpose, name=rules.clean_name(gather.clean_text(file_name[:1000]), made.media_type),
        made=made, checksum=checksum, scan=scan, uploaded_by=actor.origin, now=now,
    )  # fmt: skip
    answers.name_in_answers(request, document)
    moves.record(
        request, "document_added", actor=actor, now=now, data={"document": str(document.pk), "purpose": purpose}
    )
    return document


@transaction.atomic
def remove_document(*, request_id: UUID, document_id: UUID, actor: Actor, now: datetime) -> None:
    """Take a document back. Removing it twice is once; what was sent in with the request stays (NotAllowed)."""
    request = moves.locked(request_id)
    moves.customers_turn(request, actor, now=now)
    document = request.documents.filter(pk=document_id).first()
    if document is None:
        raise NotAllowed("unknown_document")
    if document.erased_at is not None:
        return
    if _was_sent(request, document):
        raise NotAllowed("already_sent")
    answers.take_out_of_answers(request, document)
    documents.forget(document, now=now)
    moves.record(
        request, "document_removed", actor=actor, now=now, data={"document": str(document.pk), "purpose": document.purpose}
    )  # fmt: skip


def _was_sent(request: Request, document: Document) -> bool:
    """Whether the request has left its customer's hands since the document was given."""
    added = request.events.filter(what="document_added", data__document=str(document.pk)).first()
    after = added.number if added else 0
    return request.events.filter(what__in=("submitted", "replied"), number__gt=after).exists()


@transaction.atomic
def open_document(*, document_id: UUID, reason: str, actor: Actor, now: datetime) -> File:
    """A document's content for staff. That they looked, and why, is written down first. Drafts are their owner's only."""
    document = Document.objects.select_related("request", "person").filter(pk=document_id, erased_at=None).first()
    if document is None or (document.request is not None and document.request.submitted_at is None):
        raise NotAllowed("unknown_document")
    if reason not in READING_REASONS:
        raise Invalid([Finding("R-07", "why")])
    person = document.person or (document.request.person if document.request else None)
    readings.note_reading(what="document", subject=str(document.pk), person=person, reason=reason, actor=actor, now=now)
    if document.request is not None:
        request = moves.locked(document.request.pk)
        history.append(
            request, "document_viewed", actor=actor, now=now, data={"document": str(document.pk), "reason": reason}
        )
        request.save(update_fields=["events_written", "chain_head"])
    return file_of(document)


@queue.job("forget_documents")
def forget_documents_job(*, now: datetime) -> None:
    forget_documents(now=now, policy=moves.policy())


def forget_documents(*, now: datetime, policy: Policy) -> int:
    """Say until when documents of requests that are over are kept, and forget those whose time has passed. How many."""
    over = Document.objects.filter(retain_until=None, erased_at=None, request__standing=Standing.NOBODY)
    for pk, purpose, ended_at in over.values_list("pk", "purpose", "request__ended_at")[:BATCH]:
        until = rules.kept_until(purpose, ended_at or now, policy=policy)
        Document.objects.filter(pk=pk, retain_until=None).update(retain_until=until)
    due = Document.objects.filter(retain_until__lte=now, erased_at=None).order_by("retain_until")
    return sum(_forget_one(pk, now=now) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


@transaction.atomic
def _forget_one(pk: UUID, *, now: datetime) -> int:
    due = Q(pk=pk, retain_until__lte=now, erased_at=None)
    document = Document.objects.select_for_update(skip_locked=True).filter(due).first()
    if document is None:
        return 0
    documents.forget(document, now=now)
    return 1
