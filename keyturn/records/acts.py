"""How is something done outside of any request written down so that nobody can change it unseen?

One chain for each subject (an account, a person, a login), as events are chained by request (I5; `records/history.py`).
Who writes to a subject waits for whoever is writing to it: an advisory lock that ends with the transaction.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from keyturn.records import crypto
from keyturn.records.models import Act
from keyturn.terms.request import Actor


@transaction.atomic
def note(*, subject: str, what: str, actor: Actor, now: datetime, data: Mapping[str, Any] | None = None) -> Act:
    """Write the next act about `subject` ("account:<id>", "person:<id>", "login:<id>", "group:<id>").

    `data` holds ids, codes and counts only, never a value that somebody gave.
    """
    _lock(subject)
    last = Act.objects.filter(subject=subject).order_by("-number").first()
    act = Act(
        subject=subject,
        number=(last.number if last else 0) + 1,
        at=now,
        what=what,
        role=str(actor.role),
        actor=actor.ident[:80],
        on_behalf_of=actor.on_behalf_of[:80],
        data=dict(data or {}),
    )
    act.hash = _hash(act, bytes(last.hash) if last else b"")
    act.save(force_insert=True)
    return act


def _lock(subject: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"act {subject}"])


def _hash(act: Act, before: bytes) -> bytes:
    content = [act.subject, act.number, act.at.isoformat(), act.what, act.role, act.actor, act.on_behalf_of, act.data]
    return crypto.mac(b"act", before, json.dumps(content, sort_keys=True, ensure_ascii=False).encode())


def broken_chains() -> Iterator[tuple[str, int]]:
    """Go through every subject's chain; yield (subject, number of the first act that does not fit).

    The end of a chain is not kept elsewhere: that a subject's last acts are gone does not show here.
    """
    subject, number, before, broken = "", 0, b"", False
    for act in Act.objects.order_by("subject", "number").iterator(chunk_size=2000):
        if act.subject != subject:
            subject, number, before, broken = act.subject, 0, b"", False
        if broken:
            continue
        if act.number != number + 1 or bytes(act.hash) != _hash(act, before):
            broken = True
            yield subject, number + 1
        number, before = act.number, bytes(act.hash)
