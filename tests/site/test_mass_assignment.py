"""Does a caller who sends more than the form asks for change more than the form allows? (T-40)

Every address of the site that takes a form, from the URL map, and every operation of the API, from its OpenAPI document,
is called twice from the same state: once plainly, once with everything a caller would like to set beside it. What stands
in the tables afterwards must be the same. A page that is added is tried from its first day.
"""

import json
import re
import time
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from keyturn import flow
from keyturn.api.v1 import openapi
from keyturn.records.models import Person, Request, User
from tests import factories
from tests.api.caller import Caller, a_key, answers
from tests.flow.at_home import Customer
from tests.flow.town import BEN, Town

# What somebody would like to set who has read the source: rights, other people's things, where a request stands.
OTHER = "11111111-1111-4111-8111-111111111111"
WISHES: dict[str, Any] = {
    "is_staff": "true", "is_superuser": "true", "is_active": "true", "staff_role": "supervisor", "role": "staff",
    "user": "1", "user_id": "1", "id": OTHER, "pk": OTHER, "person": OTHER, "person_id": OTHER, "account": OTHER,
    "account_id": OTHER, "request_id": OTHER, "premise_id": OTHER, "standing": "nobody", "step": "confirm",
    "outcome": "completed", "status": "completed", "state": "done", "level": "owner", "capacity": "self",
    "owned_by": "cis", "granted_by": "staff:1", "since": "2000-01-01T00:00:00Z", "until": "2100-01-01",
    "begun_by": "staff:1", "actor": "staff:1", "on_behalf_of": "person:1", "channel": "console",
    "approved": "[]", "findings": "[]", "person_decision": '{"same": "x"}', "established_at": "2000-01-01T00:00:00Z",
    "submitted_at": "2000-01-01T00:00:00Z", "email_digest": "0" * 32, "verified": "true", "primary": "true",
    "verified_at": "2000-01-01T00:00:00Z", "balance": "-1000", "customer_class": "industrial", "flags": "deceased",
    "redirect_to": OTHER, "proof_level": "3", "scopes": "review:write", "policy_version": "mine",
}  # fmt: skip

# Whatever a caller must never set, of every table that says who may do what, or where something stands.
GUARDED = {
    "staff_user": "username, email, is_staff, is_superuser, is_active, staff_role",
    "account_emailaddress": "user_id, email, verified, \"primary\"",
    "account_access": "user_id, account_id, group_id, person_id, level, capacity, proof, owned_by, granted_by, ended_at",
    "account_person": "account_id, person_id, is_main, is_responsible, is_guarantor, relationship, owned_by",
    "account": "ref, customer_class, balance, division",
    "person": "ref, kind, flags, redirect_to_id, date_of_birth",
    "person_contact": "person_id, channel, value, status",
    "person_name": "person_id, name_type, given_name, family_name",
    "request": "journey, step, standing, outcome, user_id, person_id, account_id, approved, person_decision,"
               " channel, established_at IS NULL AS unwritten, submitted_at IS NULL AS unsent, email_digest,"
               " regexp_replace(begun_by, '^customer:(?!login).*', 'customer:some browser') AS begun_by",
    "evidence": "kind, source, subject",
    "consent": "purpose, channel, act, person_id",
    "invitation": "kind, level, state, account_id",
    "red_flag": "state, decided_by",
    "privacy_case": "kind, proof_level, outcome",
    "api_key": "name, scopes, revoked_at",
}  # fmt: skip


def guarded() -> dict[str, list[str]]:
    """The guarded columns of every row, in an order that does not depend on when it was written."""
    found = {}
    with connection.cursor() as cursor:
        for table, columns in GUARDED.items():
            cursor.execute(f"SELECT row_to_json(r)::text FROM (SELECT {columns} FROM {table}) r")
            found[table] = sorted(row[0] for row in cursor.fetchall())
    return found


def same_from_here(call: Any, *, times: int) -> list[Any]:
    """Run `call(n)` for each n from one and the same state; what it left in the guarded columns each time.

    Where the first is told that there is nothing to send to (404, 405), the others are not tried.
    """
    found: list[Any] = []
    for n in range(times):
        with transaction.atomic():
            nothing_here = call(n) in (404, 405)
            found.append({} if nothing_here else guarded())
            transaction.set_rollback(True)
        if nothing_here:
            return [{}] * times
    return found


# ---------------------------------------------------------------- the pages


def addresses(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    """Every route of the site but the API's, with its gaps."""
    for each in (resolver or get_resolver()).url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each, route)
        elif isinstance(each, URLPattern) and not route.startswith(("api/", "static/")):
            yield route


ROUTES = sorted(set(addresses()))


@pytest.fixture
def home(town: Town, no_key_remembered: None) -> "Home":
    town.now = timezone.now()
    return Home(town)


class Home:
    """A customer with a draft and a request that staff look at, a member of staff, and somebody who is nobody here."""

    def __init__(self, town: Town) -> None:
        self.town = town
        town.policy_says(staff_second_factor=False)
        self.ana = Customer(town)
        self.ben = Customer(town, BEN)
        self.draft = self.ana.begins("change_preferences")
        self.sent = town.moves_in(BEN)
        self.reviewer = factories.a_member_of_staff("rosa", role="reviewer")
        self.documents = {
            "reference": [self.draft.request.reference, self.sent.request.reference],
            "ident": [str(self.ana.account.pk), str(self.ben.account.pk), str(self.draft.id)],
        }

    def browser(self, who: str) -> Client:
        client = Client(raise_request_exception=False)
        user: User | None = {"customer": self.ana.user, "staff": self.reviewer}.get(who)
        if user is not None:
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
            session = client.session  # proved just now that it is they, so that nothing asks for it again
            session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "username": "x"}]
            session.save()
        return client

    def paths(self, route: str) -> list[str]:
        """The route with its gaps filled: own things first, then another's."""
        gaps = re.findall(r"<(?:(\w+):)?(\w+)>", route)
        values = {name: self._values(kind, name) for kind, name in gaps}
        paths = []
        for n in range(max((len(each) for each in values.values()), default=1)):
            path = route
            for kind, name in gaps:
                gap = f"<{kind}:{name}>" if kind else f"<{name}>"
                path = path.replace(gap, values[name][min(n, len(values[name]) - 1)])
            paths.append(f"/{path}")
        return paths

    def _values(self, kind: str, name: str) -> list[str]:
        if name == "reference":
            return [self.draft.request.reference, self.sent.request.reference]
        if name in ("name", "page"):
            return ["name"]
        if name in ("journey",):
            return ["change_preferences", "privacy_request"]
        if kind == "uuid" or "id" in name:
            things = (self.ana.account, self.ben.account, self.draft.request, self.ana.person)
            return [str(each.pk) for each in things] if kind != "int" else ["1"]
        return ["1"] if kind == "int" else ["x"]


def plain_fields(page: HttpResponse) -> dict[str, str]:
    """The fields of the page's own form as a browser would send them untouched."""
    main = page.content.decode(errors="replace").partition("<main")[2]
    return dict(re.findall(r'<input[^>]*\bname="([^"]+)"[^>]*\bvalue="([^"]*)"', main))


@pytest.mark.parametrize("who", ["guest", "customer", "staff"])
def test_what_is_sent_beside_a_form_changes_nothing(home: Home, who: str) -> None:
    """Each address, with the fields of its own form, with and without the wishes."""
    objections, taken = [], 0
    client = home.browser(who)
    at_first = client.cookies
    for route in ROUTES:
        for path in home.paths(route):
            answered: list[int] = []

            def call(n: int, path: str = path, answered: list[int] = answered) -> int:
                client.cookies = deepcopy(at_first)
                fields = plain_fields(client.get(path))
                wishes = {name: value for name, value in WISHES.items() if name not in fields}
                answered.append(client.post(path, {**fields, **(wishes if n else {})}).status_code)
                return answered[-1]

            without, with_wishes = same_from_here(call, times=2)
            taken += answered[0] not in (404, 405)
            if answered[-1] >= 500 or without != with_wishes:
                objections.append((who, path, answered, differing(without, with_wishes)))
    assert objections == []
    assert taken > 10, "the site takes forms"


def differing(one: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    return [table for table in one if one[table] != other[table]]


def test_the_url_map_has_the_pages_of_the_site() -> None:
    assert {"start", "signin", "console/search", "requests/<str:reference>/withdraw"} <= set(ROUTES)
    assert len(ROUTES) > 40


# ---------------------------------------------------------------- the API


def operations() -> list[tuple[str, str]]:
    paths = openapi.document()["paths"]
    methods = ("post", "put", "patch", "delete")
    return sorted((method.upper(), path) for path, item in paths.items() for method in methods if method in item)


BODIES: dict[str, Any] = {
    "POST /requests": lambda home: {"journey": "start_service", "answers": answers(home.ana.premise), "submit": True},
    "PATCH /requests/{id}": lambda home: {"given_name": "Alma"},
    "POST /requests/{id}/review": lambda home: {"decision": "ask", "reason": "Which floor do you live on?"},
    "POST /requests/{id}/reply": lambda home: {"text": "The second."},
    "POST /persons/match": lambda home: {"kind": "person", "given_name": "Ana", "family_name": "Zelenko"},
}


def nested(body: Any, wishes: dict[str, Any]) -> Any:
    """The wishes beside every field of every object of the body."""
    if isinstance(body, dict):
        return {**{name: value for name, value in wishes.items() if name not in body},
                **{name: nested(value, wishes) for name, value in body.items()}}  # fmt: skip
    return [nested(each, wishes) for each in body] if isinstance(body, list) else body


@pytest.mark.parametrize(("method", "path"), operations())
def test_what_is_sent_beside_a_body_changes_nothing(home: Home, method: str, path: str) -> None:
    """With the wishes an operation does the same as without, or it refuses and does nothing."""
    caller = Caller(a_key())
    made = caller.begins(answers(home.ana.premise, given_name="Alma", family_name="Reyes"))
    short = path.removeprefix("/api/v1")
    body = BODIES.get(f"{method} {re.sub(r'{[^}]+}', '{id}', short)}", lambda _: {})(home)
    target = re.sub(r"{[^}]+}", made["id"], short)
    untouched = guarded()
    answered: list[int] = []

    def call(n: int) -> None:
        sent = [body, nested(body, WISHES), {**body, **WISHES, **body}][n]
        answered.append(caller.call(method, target, sent, If_Match=f'"{made["version"]}"').status_code)

    plain, everywhere, above = same_from_here(call, times=3)
    for status, left in zip(answered[1:], (everywhere, above), strict=True):
        assert status < 500
        assert left == plain or (400 <= status < 500 and left == untouched), differing(plain, left)


def test_a_wish_that_came_true_would_be_seen(home: Home) -> None:
    """The test of the test: if a form set the role, the guarded columns would differ."""

    def call(n: int) -> None:
        if n:
            User.objects.filter(pk=home.ana.user.pk).update(staff_role=WISHES["staff_role"])

    without, with_wishes = same_from_here(call, times=2)
    assert differing(without, with_wishes) == ["staff_user"]


def test_answers_of_another_journey_are_not_taken_into_a_change(home: Home) -> None:
    request, findings = flow.answer(
        request_id=home.draft.id, answers={**WISHES, "given_name": "Eve"}, actor=home.draft.actor, now=home.town.now,
        policy=settings.KEYTURN_POLICY,
    )  # fmt: skip
    assert "given_name" not in request.answers and not set(WISHES) & set(request.answers)
    assert findings
    assert json.dumps(request.answers).find(OTHER) < 0
    assert Person.objects.get(pk=home.ana.person.pk).flags == []
    assert isinstance(request.pk, UUID) and Request.objects.get(pk=request.pk).person_id == home.ana.person.pk
