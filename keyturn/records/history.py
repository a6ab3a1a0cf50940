"""How is a move of a request written down so that nobody can change it unseen?

Each event's hash covers its own content and the hash before it (I5), keyed outside the database. The request keeps
the head of its chain and the number of events, so that a missing last event shows too.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from keyturn.records import crypto, writing
from keyturn.records.models import Event, Request
from keyturn.terms.request import Actor


def append(request: Request, what: str, *, actor: Actor, now: datetime, data: Mapping[str, Any] | None = None) -> Event:
    """Write the next event of a locked request, as it stands now. `data` holds ids, codes and counts only."""
    event = next_event(request, what, actor=actor, now=now, data=data)
    writing.insert([event])
    return event


def next_event(
    request: Request, what: str, *, actor: Actor, now: datetime, data: Mapping[str, Any] | None = None
) -> Event:
    """The next link of the request's chain; whoever asks for it writes it in the same transaction."""
    event = Event(
        request=request,
        number=request.events_written + 1,
        at=now,
        what=what,
        role=str(actor.role),
        actor=actor.ident[:80],
        on_behalf_of=actor.on_behalf_of[:80],
        step=request.step,
        standing=request.standing,
        outcome=request.outcome,
        data=dict(data or {}),
    )
    event.hash = _hash(event, bytes(request.chain_head))
    request.events_written, request.chain_head = event.number, event.hash
    return event


def _hash(event: Event, before: bytes) -> bytes:
    content = [
        str(event.request_id), event.number, event.at.isoformat(), event.what, event.role, event.actor,
        event.on_behalf_of, event.step, event.standing, event.outcome, event.data,
    ]  # fmt: skip
    return crypto.mac(before, json.dumps(content, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def broken_chains(*, batch: int = 500) -> Iterator[tuple[str, int]]:
    """Go through every request's chain; yield (reference, number of the first event that does not fit).

    Requests move while this reads: one that does not fit is held and looked at again before it is called broken.
    """
    for request in Request.objects.order_by("id").iterator(chunk_size=batch):
        if _first_broken(request) is None:
            continue
        with transaction.atomic():
            bad = _first_broken(Request.objects.select_for_update().get(pk=request.pk))
        if bad is not None:
            yield request.reference, bad


def _first_broken(request: Request) -> int | None:
    before, number = b"", 0
    for event in request.events.order_by("number"):
        if event.number != number + 1 or bytes(event.hash) != _hash(event, before):
            return number + 1
        before, number = bytes(event.hash), event.number
    return number + 1 if (number, before) != (request.events_written, bytes(request.chain_head)) else None
