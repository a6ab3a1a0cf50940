"""How is the API described to programs? OpenAPI 3.1: what ninja knows of the shapes, and what `operations` says."""

import json
from functools import lru_cache
from typing import Any

from keyturn import __version__
from keyturn.api.v1.operations import OPERATIONS, Operation
from keyturn.api.v1.problems import CONTENT_TYPE, KINDS
from keyturn.terms.access import SCOPES

ALWAYS = ("no_key", "scope_missing", "bad_call", "invalid", "too_many_calls", "internal", "unavailable")
WITH_A_BODY = ("bad_json", "length_required", "not_json", "too_large")
TAGS = ("Journeys", "Requests", "Review", "Persons and accounts", "Premises")
KEYED = ("bad_idempotency_key", "key_reused")

ABOUT = """\
The same verbs as the portal and the console, for programs.

**Keys.** `Authorization: Bearer kt_…`. A key has scopes, and each operation names those of which it needs one.
An operator makes a key with `keyturn api-key create NAME --scope SCOPE`; a revoked one stops working within seconds.

**Errors** are problem documents (RFC 9457): `code` and the numbers in `errors[].rule` stay, the sentences are in the
language of `Accept-Language` (en, es) and may change. What was sent is never repeated. `request_id` finds the call in the logs.

**Repeating a write.** Send `Idempotency-Key` with every POST and PATCH. The same key with the same call and body gets the
first answer again, for ever, with `Idempotency-Replayed: true`, and nothing is done a second time; that holds for a 404, 409,
412 or 422 as well. The same key with another body is a 409: when you mend a call, take a new key. Only an answer that says
nothing about the call itself (400, 401, 403, 411, 413, 415, 429, 5xx) is not kept: send the same again.

**Versions.** An `ETag` is the version of what you read. Send it as `If-Match` with a change; when somebody else changed it
meanwhile you get a 412 with the current `version`. Without `If-Match` the change is made to whatever is there.

**Lists** are `{items, next}`. Send `next` as `after` for the following page; it is null on the last one. Rows come in the order
in which they were entered, so a row that is added while you read is on a later page. Ids and cursors are opaque.
A query parameter that is not described here is a 422.
"""


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The whole description. Do not change what you get."""
    from keyturn.api.v1 import api

    made: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="api/v1/")))
    made["info"] = {
        "title": "Keyturn",
        "version": __version__,
        "summary": "Customer self-service for utilities",
        "description": ABOUT,
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }
    made["servers"] = [{"url": "/"}]
    made["tags"] = [{"name": tag} for tag in TAGS]
    made["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": _scopes()}}
    made["components"]["schemas"]["Problem"] = _problem()
    for path in made["paths"].values():
        for said in path.values():
            _complete(said, OPERATIONS[said["operationId"]])
    tidied: dict[str, Any] = _tidy(made)
    return tidied


def text() -> str:
    """The document as it is served and committed (docs/openapi.json)."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _complete(said: dict[str, Any], entry: Operation) -> None:
    """What ninja does not know: scopes, problems, headers, examples."""
    said["security"] = [{"key": [scope]} for scope in entry.any_of] or [{"key": []}]
    for parameter in said["parameters"]:
        parameter["schema"].pop("description", None)
    said["parameters"] += _headers_in(entry)
    body = said.get("requestBody")
    if body:
        body["required"] = True
        body["content"]["application/json"]["example"] = entry.example
    good = said["responses"][str(entry.status)]
    good["description"] = "Done." if entry.method != "GET" else "Found."
    good["headers"] = _headers_out(entry)
    good["content"]["application/json"]["example"] = entry.answered
    codes = [*ALWAYS, *(WITH_A_BODY if entry.method != "GET" else ()), *(KEYED if entry.once else ()), *entry.problems]
    codes += ["bad_if_match"] if entry.versioned else []
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        if code != "scope_missing" or entry.any_of:
            by_status.setdefault(KINDS[code].status, []).append(code)
    for status, found in sorted(by_status.items()):
        said["responses"][str(status)] = _problem_answer(found)


def _problem_answer(codes: list[str]) -> dict[str, Any]:
    return {
        "description": " ".join(f"`{code}`: {KINDS[code].detail}" for code in codes),
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _headers_in(entry: Operation) -> list[dict[str, Any]]:
    language = {"type": "string"}
    found = [{"in": "header", "name": "Accept-Language", "required": False, "schema": language, "example": "es"}]
    if entry.once:
        key = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}
        told = "A name of your own for this call, such as a UUID: see “Repeating a write”."
        found.append({"in": "header", "name": "Idempotency-Key", "required": False, "schema": key, "description": told})
    if entry.versioned:
        told = "The ETag of the version that you mean to change."
        tag = {"type": "string", "pattern": '^(\\*|(W/)?"[0-9]{1,9}"|[0-9]{1,9})$'}
        found.append({"in": "header", "name": "If-Match", "required": False, "schema": tag, "description": told})
    return found


def _headers_out(entry: Operation) -> dict[str, Any]:
    text = {"schema": {"type": "string"}}
    found = {"X-Request-Id": {"description": "Names this call in the logs.", **text}}
    if entry.once:
        found["Idempotency-Replayed"] = {"description": "“true”: the first answer to this key, again.", **text}
        found["ETag"] = {"description": "The version.", **text}
    if entry.status == 201:
        found["Location"] = {"description": "Where to read it.", **text}
    return found


def _problem() -> dict[str, Any]:
    row = {"rule": "The rule's number, or “shape”.", "field": "The question or field.", "message": "What to do."}
    error = {
        "type": "object",
        "properties": {name: {"type": "string", "description": told} for name, told in row.items()},
        "required": list(row),
    }
    return {
        "type": "object",
        "description": "RFC 9457. Members beyond these depend on `code`: `version` with stale_version, `request` with invalid.",
        "properties": {
            "type": {"type": "string", "description": "Where this kind of problem is described."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string", "enum": sorted(KINDS)},
            "errors": {"type": "array", "items": error},
            "request_id": {"type": "string"},
            "version": {"type": "integer", "description": "The current version."},
            "scopes": {"type": "array", "items": {"type": "string"}, "description": "One of them is needed."},
            "request": {
                "type": "object",
                "description": "The draft that was kept: id, reference, status, version, next.",
            },
        },
        "required": ["type", "title", "status", "detail", "code", "errors", "request_id"],
    }


def _scopes() -> str:
    return "\n".join(
        ["A key of an operator's making. Its scopes:", "", *(f"- `{name}`: {told}" for name, told in SCOPES.items())]
    )


def _tidy(node: Any) -> Any:
    """Without the titles that pydantic makes of names."""
    if isinstance(node, list):
        return [_tidy(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = isinstance(node.get("title"), str) and ("type" in node or "anyOf" in node or "$ref" in node)
    return {key: _tidy(value) for key, value in node.items() if not (key == "title" and made)}
