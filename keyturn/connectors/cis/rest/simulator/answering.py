"""Which calls does the simulated CIS have, who may make them, and what does it answer?"""

import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from keyturn.connectors.cis.reference import reading, searching
from keyturn.connectors.cis.rest.simulator import writing
from keyturn.connectors.cis.rest.simulator.store import Store, Taken, known
from keyturn.connectors.cis.rest.simulator.views import VIEWS
from keyturn.connectors.cis.rest.simulator.words import REFUSALS, Malformed
from keyturn.connectors.cis.simulating import Asked, Told
from keyturn.connectors.cis.simulating_tokens import PATH, TokenDesk
from keyturn.terms.errors import Rejected, Unavailable

Call = Callable[["Simulator", Asked, tuple[str, ...]], tuple[int, Any]]


class Simulator:
    """One `answer` for each request. `token` is what the header Authorization must bear, or one that the `desk` gave."""

    def __init__(self, store: Store, *, token: str, desk: TokenDesk) -> None:
        self.store, self.desk = store, desk
        self._token = f"Bearer {token}"

    def answer(self, asked: Asked) -> Told:
        if asked.path == PATH:
            return self.desk.answer(asked)
        if not self._lets_in(asked):
            return _told(401, {"code": "UNAUTHORIZED"})
        found = _found(asked)
        if found is None:
            return _told(404, {"code": "NO_SUCH_CALL"})
        try:
            status, body = found[1](self, asked, found[2])
        except Taken:
            return _told(409, {"code": "EXTERNAL_ID_TAKEN"})
        except writing.InUse:
            return _told(409, {"code": "IN_USE"})
        except Rejected as no:
            status, code = REFUSALS.get(no.code, (422, "RULE_BROKEN"))
            return _told(status, {"code": code})
        except (Malformed, ValueError, TypeError, AttributeError) as problem:
            return _told(400, {"code": "MALFORMED", "message": type(problem).__name__})
        except Unavailable:
            return _told(503, {"code": "DATABASE_DOWN"})
        return _told(status, body)

    def _lets_in(self, asked: Asked) -> bool:
        given = asked.headers.get("authorization", "").encode()
        return hmac.compare_digest(given, self._token.encode()) or self.desk.lets_in(asked)

    def name_of(self, asked: Asked) -> str:
        """The call, as a plan names it: "POST /v1/persons"."""
        found = _found(asked)
        return found[0] if found else f"{asked.method} {asked.path}"

    def read(self, noun: str, ref: str) -> tuple[int, Any]:
        with self.store.asking() as cursor:
            row = reading.NOUNS[noun](cursor, ref)
        return (404, {"code": "NOT_FOUND"}) if row is None else (200, VIEWS[noun](dict(row)))

    def search(self, said: Mapping[str, Any]) -> tuple[int, Any]:
        with self.store.asking() as cursor:
            found = searching.search(cursor, writing.person_of(said))
        return 200, {"items": [{"id": ref} for ref in found]}

    def external(self, external_id: str) -> tuple[int, Any]:
        with self.store.asking() as cursor:
            items = known(cursor, external_id)
        return 200, {"count": len(items), "items": items}

    def eligibility(self, said: Mapping[str, Any]) -> tuple[int, Any]:
        codes = [REFUSALS.get(code, (422, "RULE_BROKEN"))[1] for code in self.store.check(writing.move_in_of(said))]
        return 200, {"eligible": not codes, "reasons": codes}

    def changes(self, since: str, limit: str) -> tuple[int, Any]:
        told = self.store.changes(since, limit=int(limit))
        items = [{"entity": each.noun.upper(), "id": each.ref, "externalId": each.key} for each in told.items]
        return 200, {"items": items, "next": told.cursor, "more": told.more}


def _said(asked: Asked) -> Mapping[str, Any]:
    said = json.loads(asked.body or b"{}")
    if not isinstance(said, dict):
        raise Malformed("body")
    return said


def _reads(noun: str) -> Call:
    return lambda simulator, asked, parts: simulator.read(noun, parts[0])


def _adds(call: Callable[..., Any]) -> Call:
    return lambda simulator, asked, parts: (201, call(simulator.store, _said(asked), *parts))


def _deletes(call: Callable[[Store, str], bool]) -> Call:
    return lambda simulator, asked, parts: (
        (200, {"deleted": True}) if call(simulator.store, parts[0]) else (404, {"code": "NOT_FOUND"})
    )


_CALLS: dict[str, Call] = {
    "GET /v1/ping": lambda simulator, asked, parts: (200, {"status": "UP"}),
    "GET /v1/external-ids/{id}": lambda simulator, asked, parts: simulator.external(parts[0]),
    "GET /v1/changes": lambda simulator, asked, parts: simulator.changes(
        asked.query.get("since", ""), asked.query.get("limit", "100")
    ),
    "GET /v1/persons/{id}": _reads("person"),
    "GET /v1/accounts/{id}": _reads("account"),
    "GET /v1/premises/{id}": _reads("premise"),
    "POST /v1/persons/search": lambda simulator, asked, parts: simulator.search(_said(asked)),
    "POST /v1/move-ins/eligibility": lambda simulator, asked, parts: simulator.eligibility(_said(asked)),
    "POST /v1/persons": _adds(writing.add_person),
    "POST /v1/persons/{id}/maintenance": _adds(writing.add_maintenance),
    "POST /v1/accounts": _adds(writing.add_account),
    "POST /v1/move-ins": _adds(writing.add_move_in),
    "POST /v1/activities": _adds(writing.add_activity),
    "POST /v1/cancellations": _adds(writing.add_cancellation),
    "POST /v1/merges": _adds(writing.add_merge),
    "POST /v1/merge-reversals": _adds(writing.add_merge_reversal),
    "DELETE /v1/persons/{id}": _deletes(writing.delete_person),
    "DELETE /v1/accounts/{id}": _deletes(writing.delete_account),
    "DELETE /v1/move-ins/{id}": _deletes(writing.delete_move_in),
}
_PATTERNS = [(name, re.compile(re.sub(r"\{id\}", "([^/]+)", name)), call) for name, call in _CALLS.items()]


def _found(asked: Asked) -> tuple[str, Call, tuple[str, ...]] | None:
    for name, pattern, call in _PATTERNS:
        match = pattern.fullmatch(f"{asked.method} {asked.path}")
        if match:
            return name, call, tuple(unquote(part) for part in match.groups())
    return None


def _told(status: int, body: Any) -> Told:
    return Told(status, json.dumps(body).encode())
