"""How is a caller told that something went wrong? As an RFC 9457 problem document, without anything personal.

`code` is public and stays; title and detail are in the caller's language (Accept-Language). What was typed is never
repeated.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from keyturn import flow
from keyturn.terms.finding import Finding
from keyturn.terms.words import gettext_noop as _

CONTENT_TYPE = "application/problem+json"
DOCS = "/api/docs#"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its HTTP status, and what people read about it."""

    status: int
    title: str
    detail: str


KINDS: dict[str, Kind] = {
    "not_json": Kind(415, _("Not JSON"), _("Send the body as application/json.")),
    "bad_json": Kind(400, _("Unreadable body"), _("The body is not JSON in UTF-8, or it is nested too deeply.")),
    "bad_call": Kind(400, _("Unreadable call"), _("The call could not be read.")),
    "bad_idempotency_key": Kind(
        400, _("Unusable Idempotency-Key"), _("Idempotency-Key has 1 to 200 printable ASCII characters.")
    ),
    "bad_if_match": Kind(400, _("Unusable If-Match"), _("If-Match is an ETag that this API gave, such as \"3\".")),
    "no_key": Kind(401, _("No key"), _("Send a key that is in use: Authorization: Bearer kt_…")),
    "scope_missing": Kind(403, _("Scope missing"), _("This key may not do that: it lacks a scope.")),
    "own_request": Kind(403, _("Your own request"), _("Nobody decides a request that they began. Use another key.")),
    "not_found": Kind(404, _("Not found"), _("There is nothing here, or this key may not know of it.")),
    "unknown_journey": Kind(404, _("Unknown journey"), _("There is no journey with this name: see GET /journeys.")),
    "method_not_allowed": Kind(405, _("Method not allowed"), _("This address does not take that method: see Allow.")),
    "not_possible": Kind(409, _("Not possible now"), _("The request does not stand where this is possible.")),
    "not_open": Kind(409, _("Not open"), _("The request does not wait for the customer: it cannot be changed now.")),
    "draft_expired": Kind(409, _("Expired"), _("The time to answer is over. Begin a new request.")),
    "not_in_review": Kind(409, _("Not in review"), _("The request does not wait for a decision of staff.")),
    "not_asked": Kind(409, _("Nothing was asked"), _("Staff have not asked anything, so there is nothing to reply to.")),
    "too_late": Kind(409, _("Too late"), _("The service is being arranged: it cannot be withdrawn any more.")),
    "said_already": Kind(409, _("Said already"), _("That these two are not the same person stands already.")),
    "key_reused": Kind(
        409, _("Idempotency-Key used before"), _("The key was used for another call or another body. Take a new one.")
    ),
    "length_required": Kind(411, _("Length required"), _("Send the body with Content-Length, not in pieces.")),
    "stale_version": Kind(412, _("Changed meanwhile"), _("Somebody changed it first. Read it again, then decide.")),
    "too_large": Kind(413, _("Too large"), _("The body is larger than 1,000,000 bytes.")),
    "invalid": Kind(422, _("Something must be mended"), _("“errors” says what, field by field.")),
    "too_many_calls": Kind(429, _("Too many calls"), _("Wait as long as Retry-After says.")),
    "internal": Kind(500, _("Our fault"), _("Something failed here. It was written down; request_id names it.")),
    "unavailable": Kind(503, _("Not available now"), _("Try again in a moment, with the same Idempotency-Key.")),
}  # fmt: skip
"""Every problem that the API answers with, by `code`."""


@dataclass(slots=True, eq=False)  # an exception must stay hashable
class Problem(Exception):
    """Raised by an operation; the caller gets the document. `more` are extension members, `headers` go out with it."""

    code: str
    errors: list[dict[str, str]] = field(default_factory=list)
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, request: HttpRequest) -> HttpResponse:
        kind = KINDS[self.code]
        document = {
            "type": f"{DOCS}{self.code}",
            "title": gettext(kind.title),
            "status": kind.status,
            "detail": gettext(kind.detail),
            "code": self.code,
            "errors": self.errors,
            "request_id": getattr(request, "request_id", ""),
            **self.more,
        }
        return HttpResponse(
            json.dumps(document), status=kind.status, content_type=CONTENT_TYPE, headers=dict(self.headers)
        )


def errors_from(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """Findings as the `errors` of a problem, each said once, in the language being shown."""
    rows = ({"rule": found.rule, "field": found.field, "message": flow.sentence(found)} for found in findings)
    return list({tuple(row.values()): row for row in rows}.values())


def error(rule: str, name: str, message: str) -> dict[str, str]:
    """One entry of `errors` that no rule of the rulebook made."""
    return {"rule": rule, "field": name, "message": message}
