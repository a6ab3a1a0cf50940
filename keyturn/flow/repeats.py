"""Has this very call been made before, and what was answered? (I2)

The row that says so is written in the transaction of the call's own effect, so a kill in between loses either both or
neither. The unique constraint lets one of two that come at the same moment act; the other waits for its end.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from keyturn.records import writing
from keyturn.records.crypto import mac
from keyturn.records.models import IdempotentCall
from keyturn.records.prepared import at_once
from keyturn.terms.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Turn:
    """This call's row. `answer` is what the first call was answered, None where this is the first."""

    call: IdempotentCall
    answer: Mapping[str, Any] | None = None


def take_turn(*, api_key_id: UUID, key: str, call: str, target: str, body: bytes, now: datetime) -> Turn:
    """Enter the call, or find the first one of this key. Must run in the transaction that the call acts in.

    `call` is its method and route, `target` the address with what varies. NotAllowed("key_reused") where the key was
    used for another call or another body.
    """
    digest = mac(b"call", call.encode(), target.encode(), body).hex()
    mine = IdempotentCall(api_key_id=api_key_id, key=key, call=call[:80], body_digest=digest, created_at=now)
    # Waits while another transaction holds a row of the same key, until that one commits or gives up.
    if at_once(writing.insertion(mine, otherwise="ON CONFLICT DO NOTHING RETURNING id"))[0]:
        return Turn(mine)
    first = IdempotentCall.objects.get(api_key_id=api_key_id, key=key)
    if first.body_digest != digest:
        raise NotAllowed("key_reused")
    if first.status is not None and first.sealed_answer is None:  # forgotten with its request; not done a second time
        raise NotAllowed("key_reused")
    return Turn(first, first.answer)


def keep_answer(turn: Turn, *, status: int, answer: Mapping[str, Any]) -> None:
    """Keep the first answer, sealed, for ever."""
    turn.call.status = status
    turn.call.answer = dict(answer)
    turn.call.about = _request_in(answer)
    writing.write([], changed=[turn.call])


def _request_in(answer: Mapping[str, Any]) -> UUID | None:
    """Whose answer it is: the request that it shows, so that an erasure of its customer finds it."""
    try:
        return UUID(json.loads(answer["body"])["id"])
    except (KeyError, TypeError, ValueError):
        return None
