"""What can be done with a request about somebody's own data, besides what every request goes through?

It is begun by `maintain.begin_change`, answered, submitted and reviewed by the verbs of every request; the way that it
takes stands in `paths.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.flow import moves
from keyturn.records import documents, readings
from keyturn.records.data_map import TABLES
from keyturn.records.models import PrivacyCase, Request, User
from keyturn.records.queries import access
from keyturn.records.queries.documents import File
from keyturn.steps.confirm.rules import News
from keyturn.steps.gather.rules import clean_text
from keyturn.steps.maintain.privacy import rules
from keyturn.steps.maintain.privacy import step as privacy
from keyturn.steps.maintain.privacy.words import REASONS
from keyturn.steps.review import step as review
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role


@transaction.atomic
def privacy_copy(*, request_id: UUID, user: User, now: datetime) -> File:
    """The zip that was made for this login's own request; that it was fetched is written down. NotAllowed else."""
    case = PrivacyCase.objects.select_related("request", "document", "person").filter(request_id=request_id).first()
    mine = {person.pk for person in access.own_persons(user.pk, at=now)}
    if case is None or case.request.user_id != user.pk or case.person_id not in mine:
        raise NotAllowed("unknown_request")
    if case.document is None or case.document.erased_at is not None:
        raise NotAllowed("unknown_document")
    readings.note_reading(
        what="export", subject=str(case.document.pk), person=case.person, reason="customer_asked",
        actor=Actor(Role.CUSTOMER, f"login:{user.pk}"), now=now,
    )  # fmt: skip
    return File(case.document.name, case.document.media_type, documents.content_of(case.document))


@transaction.atomic
def extend_privacy(*, request_id: UUID, reason: str, actor: Actor, now: datetime, policy: Policy) -> PrivacyCase:
    """Staff need longer: once, before the time is over, and whoever asked is told why. Invalid (K-67)."""
    request = moves.locked(request_id)
    case = PrivacyCase.objects.select_for_update().filter(request=request, ended_at=None).first()
    if case is None or actor.role != Role.STAFF:
        raise NotAllowed("unknown_request")
    words = clean_text(reason)[:4000]
    until = rules.extension(due=case.due_at, extended=case.extended, now=now, reason=words, policy=policy)
    if until is None:
        raise Invalid([Finding("K-67", "reason")])
    case.due_at, case.extended = until, True
    case.save(update_fields=["due_at", "extended"])
    review.say(request, "reason", words, actor=actor, now=now)
    moves.tell(request, News.PRIVACY_LATER, now=now, values={"text": words, "until": until.date().isoformat()})
    moves.record(request, "clock_extended", actor=actor, now=now, data={"until": until.isoformat()})
    return case


def would_stay(*, request_id: UUID, now: datetime, policy: Policy) -> dict[str, Any]:
    """What staff see before they agree to an erasure: how much must stay, why (words.REASONS), and until when."""
    case = PrivacyCase.objects.select_related("request__person").filter(request_id=request_id).first()
    if case is None:
        raise NotAllowed("unknown_request")
    facts = privacy.facts_about(case.request, now=now, policy=policy)
    hold, why, until = privacy.hold_for(facts, policy)
    return {
        "kind": case.kind, "due_at": case.due_at, "extended": case.extended, "ended_at": case.ended_at, "hold": str(hold),
        "why": why, "sentences": [REASONS[each] for each in why], "until": until, "agreed": facts.approved_by,
        "of": rules.EYES, "cases": facts.open_flags,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stayed:
    """What an erasure left for one reason. `why` and `labels` are sentences still to be translated; `until` ISO or ""."""

    why: str
    until: str
    labels: tuple[str, ...]


def what_stayed(*, request: Request) -> tuple[Stayed, ...]:
    """What the customer reads on the page of their erasure; nothing for any other request."""
    case = PrivacyCase.objects.filter(request=request, kind=rules.ERASURE, ended_at__isnull=False).first()
    found: dict[tuple[str, str], list[str]] = {}
    for each in case.kept if case else ():
        labels = found.setdefault((each["why"], each["until"]), [])
        if each["what"] in TABLES:
            labels.append(TABLES[each["what"]].label)
    return tuple(
        Stayed(REASONS.get(why, REASONS["record"]), until, tuple(dict.fromkeys(labels)))
        for (why, until), labels in sorted(found.items(), key=lambda entry: entry[0][0] == "record")
    )


def overdue(*, now: datetime) -> int:
    """How many privacy requests have had no answer by their day (for the console and /metrics)."""
    return PrivacyCase.objects.filter(ended_at=None, due_at__lt=now, request__ended_at=None).count()


def close_unmet(*, now: datetime) -> int:
    """Cases whose request was refused, withdrawn or let lapse have ended too. Returns how many."""
    over = PrivacyCase.objects.filter(ended_at=None, request__ended_at__isnull=False)
    return over.update(outcome="refused", ended_at=now)
