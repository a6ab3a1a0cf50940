"""Where do people and programs read what the API can do? Both from one description (`v1/openapi.py`)."""

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from keyturn.api.marked import marked
from keyturn.api.v1 import openapi
from keyturn.api.v1.problems import KINDS
from keyturn.terms.access import SCOPES

DEEPEST = 3


@require_safe
def openapi_json(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.1 document."""
    body = _document()
    response = HttpResponse(body, content_type="application/json")
    response["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    response["Cache-Control"] = "public, max-age=300"
    return response


@lru_cache(maxsize=1)
def _document() -> bytes:
    return openapi.text().encode()


@require_safe
def readable(request: HttpRequest) -> HttpResponse:
    """The same for people: rendered here, without a script or anything from elsewhere."""
    return render(request, "api/docs.html", {"doc": _shown()})


@lru_cache(maxsize=1)
def _shown() -> dict[str, Any]:
    document = openapi.document()
    operations = [
        _operation(method.upper(), path, said, document)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
    ]
    return {
        "version": document["info"]["version"],
        "about": marked(document["info"]["description"]),
        "groups": [
            (tag["name"], [each for each in operations if each["tag"] == tag["name"]]) for tag in document["tags"]
        ],
        "scopes": SCOPES.items(),
        "problems": [(code, kind) for code, kind in KINDS.items()],
    }


def _operation(method: str, path: str, said: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of one operation."""
    status, good = next((int(key), value) for key, value in said["responses"].items() if int(key) < 300)
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {})
    answer = good["content"]["application/json"]
    return {
        "name": said["operationId"],
        "tag": said["tags"][0],
        "method": method,
        "path": path,
        "summary": said["summary"],
        "about": marked(said.get("description", "")),
        "scopes": [scope for each in said["security"] for scope in each["key"]],
        "parameters": [_parameter(each) for each in said["parameters"]],
        "takes": list(_fields(body.get("schema", {}), document)),
        "gives": list(_fields(answer["schema"], document)),
        "call": _curl(method, path, body.get("example")),
        "status": status,
        "answer": json.dumps(answer["example"], indent=2, ensure_ascii=False),
        "problems": [
            (key, marked(value["description"])) for key, value in sorted(said["responses"].items()) if int(key) >= 400
        ],
    }


def _parameter(said: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": said["name"],
        "where": said["in"],
        "kind": _kind(said["schema"]),
        "required": said["required"],
        "about": marked(said.get("description", "")),
    }


def _fields(
    schema: dict[str, Any], document: dict[str, Any], within: str = "", depth: int = 0
) -> Iterator[dict[str, Any]]:
    """The fields of an object, those of inner objects under their dotted names."""
    schema = _resolved(schema, document)
    required = schema.get("required", [])
    for name, said in schema.get("properties", {}).items():
        inner = _inner(_resolved(said, document), document)
        yield {
            "name": f"{within}{name}",
            "kind": _kind(said if "$ref" not in said else inner),
            "required": name in required,
            "about": marked(said.get("description", "")),
        }
        if inner.get("properties") and depth < DEEPEST:
            many = "[]" if _is_list(said) else ""
            yield from _fields(inner, document, f"{within}{name}{many}.", depth + 1)


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    found: dict[str, Any] = document["components"]["schemas"][reference.rsplit("/", 1)[1]] if reference else schema
    return found


def _inner(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """What a list, or something that may be null, is made of."""
    if "items" in schema:
        return _resolved(schema["items"], document)
    for choice in schema.get("anyOf", []):
        if choice.get("type") != "null":
            return _inner(_resolved(choice, document), document)
    return schema


def _is_list(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "array"


def _kind(schema: dict[str, Any]) -> str:
    """A type in few words."""
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "$ref" in schema:
        return "object"
    if "enum" in schema or "const" in schema:
        return " | ".join(map(str, schema.get("enum", [schema.get("const")])))
    if _is_list(schema):
        return f"list of {_kind(schema.get('items', {}))}"
    return f"{schema.get('type', 'anything')}{' (' + schema['format'] + ')' if 'format' in schema else ''}"


def _curl(method: str, path: str, example: Any) -> str:
    lines = [f"curl -X {method} $KEYTURN{path}", '  -H "Authorization: Bearer $KEY"']
    if method != "GET" and not path.endswith("/match"):
        lines.append('  -H "Idempotency-Key: 5f0c2f6e-1"')
    if example is not None:
        lines += [
            '  -H "Content-Type: application/json"',
            f"  -d '{json.dumps(example, indent=2, ensure_ascii=False)}'",
        ]
    return " \\\n".join(lines)
