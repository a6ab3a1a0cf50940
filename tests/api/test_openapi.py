"""Is the API described as it is: the committed document, its examples, its schemas, its readable page?"""

import json
from html import unescape
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from keyturn.api.marked import marked
from keyturn.api.v1 import openapi
from keyturn.api.v1.problems import KINDS

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def operations() -> list[tuple[str, dict[str, Any]]]:
    document = openapi.document()
    return [(said["operationId"], said) for methods in document["paths"].values() for said in methods.values()]


def test_the_committed_document_is_the_one_that_is_served() -> None:
    command = "keyturn openapi > docs/openapi.json"
    assert COMMITTED.read_text(encoding="utf-8") == openapi.text(), f"docs/openapi.json is old. Refresh it: {command}"


def test_it_is_served_without_a_key() -> None:
    response = Client().get("/api/v1/openapi.json")
    assert response.status_code == 200
    assert response.json()["openapi"].startswith("3.1")
    assert set(response.json()["paths"]) >= {"/api/v1/requests", "/api/v1/persons/match", "/api/v1/premises"}


@pytest.mark.parametrize(("name", "said"), operations(), ids=lambda each: each if isinstance(each, str) else "")
def test_the_examples_of_each_operation_fit_its_schema(name: str, said: dict[str, Any]) -> None:
    pairs = [each["content"]["application/json"] for status, each in said["responses"].items() if status < "300"]
    body = said.get("requestBody")
    if body:
        pairs.append(body["content"]["application/json"])
    assert pairs
    for pair in pairs:
        schema = {**pair["schema"], "components": openapi.document()["components"]}
        jsonschema_rs.validator_for(schema, validate_formats=True).validate(pair["example"])


@pytest.mark.parametrize(("name", "said"), operations(), ids=lambda each: each if isinstance(each, str) else "")
def test_each_operation_says_what_it_is_for_and_what_can_go_wrong(name: str, said: dict[str, Any]) -> None:
    assert said["summary"]
    assert said["description"]
    assert {"401", "422", "500", "503"} <= set(said["responses"])
    for status, each in said["responses"].items():
        if status >= "400":
            assert list(each["content"]) == ["application/problem+json"]


def test_the_readable_page_shows_every_operation_and_every_problem() -> None:
    response = Client().get("/api/docs")
    text = unescape(response.content.decode())
    assert response.status_code == 200
    for name, said in operations():
        assert f'id="{name}"' in text
        assert said["summary"] in text
    for code in KINDS:
        assert f'id="{code}"' in text


def test_the_readable_page_loads_nothing_from_elsewhere_and_runs_no_script_of_its_own() -> None:
    response = Client().get("/api/docs")
    text = response.content.decode()
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert 'src="//' not in text
    assert "style=" not in text.replace("kt-style=", "")
    assert "script-src 'self'" in response["Content-Security-Policy"]


def test_what_a_description_says_is_escaped() -> None:
    assert (
        marked("a **b** `<i>`\n\n- <b>")
        == "<p>a <strong>b</strong> <code>&lt;i&gt;</code></p>\n<ul><li>&lt;b&gt;</li></ul>"
    )


def test_the_document_is_json_of_a_modest_size() -> None:
    assert json.loads(openapi.text())
    assert len(openapi.text()) < 250_000
