"""In which words do the tests of the API tell their stories? A `Caller` holds a key and calls as a program would."""

import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from keyturn import flow
from keyturn.records import keys
from keyturn.records.models import Premise
from keyturn.terms.access import SCOPES
from tests import factories

BASE = "/api/v1"
_numbers = itertools.count(1)


def a_key(*scopes: str) -> str:
    """The secret of a new key; without scopes named, with every scope."""
    return keys.make(name=f"test {next(_numbers)}", scopes=scopes or SCOPES, now=datetime.now(UTC))


@dataclass
class Caller:
    """A program with a key."""

    secret: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Any call; header names as keywords (`If_Match='"3"'`). `body` is sent as JSON, bytes as they are."""
        sent: dict[str, str] = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.secret:
            sent.setdefault("Authorization", f"Bearer {self.secret}")
        kind = sent.pop("Content-Type", "application/json")
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response: HttpResponse = self.client.generic(method, BASE + path, data, content_type=kind, headers=sent)
        return response

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("PATCH", path, body, **headers)

    def begins(self, answers: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """A request as it was answered; 201 or the test is over."""
        response = self.post("/requests", {"journey": "start_service", "answers": answers or {}, **changes})
        assert response.status_code == 201, response.content
        found: dict[str, Any] = response.json()
        return found

    def moves_in(
        self, premise: Premise | None = None, *, attested: tuple[str, ...] = (), **changes: Any
    ) -> dict[str, Any]:
        """A whole request, sent in."""
        return self.begins(answers(premise, **changes), submit=True, attested=list(attested))


def answers(premise: Premise | None = None, **changes: Any) -> dict[str, Any]:
    """What a call centre would send for somebody new."""
    number = next(_numbers)
    place = premise or factories.a_premise()
    found = {
        "kind": "person",
        "given_name": f"Alma{number}",
        "family_name": f"Reyes{number}",
        "date_of_birth": "1991-04-12",
        "id_type": "driver_licence",
        "id_value": f"DL{number:07}",
        "email": f"alma{number}@example.com",
        "service_address": {"premise_id": str(place.pk)},
        "services": ["electric"],
        "start_date": in_days(3),
        "consents": ["terms"],
        **changes,
    }
    return {name: value for name, value in found.items() if value is not None}


def in_days(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def machine_looks(request_id: str) -> None:
    """The worker decides about the request."""
    flow.advance(request_id=UUID(request_id), now=datetime.now(UTC), policy=settings.KEYTURN_POLICY)


def machine_works(request_id: str) -> None:
    """The worker decides about the request, and tells the CIS."""
    machine_looks(request_id)
    flow.tell_cis(request_id=UUID(request_id), now=datetime.now(UTC), policy=settings.KEYTURN_POLICY)


def forget_jobs() -> None:
    """Emptying the tables after a test that commits leaves the queue's alone: the next test must not find its jobs."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def codes_and_fields(response: HttpResponse) -> tuple[str, list[str]]:
    """What a problem document says: its code and the fields that must be mended."""
    assert response["Content-Type"] == "application/problem+json", response.content
    document = response.json()
    assert document["status"] == response.status_code
    return document["code"], [each["field"] for each in document["errors"]]
