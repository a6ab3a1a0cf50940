"""Is everything that can go wrong told as a problem document, in the caller's language, with nothing personal in it?"""

import io
import json
import logging
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from ninja.errors import Throttled

from keyturn.api.v1 import callers, failures
from keyturn.api.v1 import journeys as operations
from keyturn.api.v1.problems import KINDS
from keyturn.records.queries import premises
from tests.api.caller import Caller, answers, codes_and_fields

NAME = "Wilhelmina-4471902"


def test_a_problem_has_the_members_of_rfc_9457_and_ours(caller: Caller) -> None:
    response = caller.get("/requests/nothing", X_Request_Id="abcdef-12345678")
    assert response.json() == {
        "type": "/api/docs#not_found",
        "title": "Not found",
        "status": 404,
        "detail": "There is nothing here, or this key may not know of it.",
        "code": "not_found",
        "errors": [],
        "request_id": "abcdef-12345678",
    }
    assert response["X-Request-Id"] == "abcdef-12345678"
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "Bearer ", "Bearer kt_wrong", "bearer ñ"])
def test_without_a_good_key_nobody_gets_in(caller: Caller, header: str) -> None:
    response = Caller("").get("/journeys", **({"Authorization": header} if header else {}))
    assert (response.status_code, codes_and_fields(response)[0]) == (401, "no_key")
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_revoked_key_stops_working_within_seconds(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    from datetime import UTC, datetime

    from keyturn.records import keys

    assert caller.get("/journeys").status_code == 200
    with django_assert_num_queries(0):
        assert caller.get("/journeys").status_code == 200
    keys.revoke(prefix=caller.secret[:11], now=datetime.now(UTC))
    later = callers.time.monotonic() + callers.KEPT_SECONDS
    monkeypatch.setattr(callers.time, "monotonic", lambda: later)
    assert caller.get("/journeys").status_code == 401
    assert callers.KEPT_SECONDS <= 5


def test_an_address_that_is_none_is_a_problem_too(caller: Caller) -> None:
    for path in ("/nothing", "/requests/", "/requests/1/2/3", "/"):
        assert codes_and_fields(caller.get(path))[0] == "not_found", path
    response = caller.client.get("/api/v2/requests")
    assert codes_and_fields(response)[0] == "not_found"


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/requests"), ("PUT", "/requests/1"), ("POST", "/premises")])
def test_a_method_that_is_not_taken_is_named_with_those_that_are(caller: Caller, method: str, path: str) -> None:
    response = caller.call(method, path, {})
    assert (response.status_code, codes_and_fields(response)[0]) == (405, "method_not_allowed")
    assert "GET" in response["Allow"] or "PATCH" in response["Allow"]


@pytest.mark.parametrize(
    "sent",
    [
        b"{", b"nonsense", b"\xff\xfe", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": 1' + b"0" * 5000 + b"}",
        b"[" * 20_000 + b"]" * 20_000, b'{"answers":' + b'{"a":' * 500 + b"1" + b"}" * 501, b"\xef\xbb\xbf{}", b"\x00",
    ],
    ids=lambda sent: repr(sent[:12]),
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_a_400(caller: Caller, sent: bytes) -> None:
    response = caller.post("/requests", sent)
    assert (response.status_code, codes_and_fields(response)[0]) == (400, "bad_json")


def test_a_body_of_another_kind_is_a_415(caller: Caller) -> None:
    response = caller.call("POST", "/requests", b"a=b", Content_Type="application/x-www-form-urlencoded")
    assert (response.status_code, codes_and_fields(response)[0]) == (415, "not_json")
    patch = caller.call("PATCH", f"/requests/{caller.begins()['id']}", {"answers": {}}, Content_Type="application/merge-patch+json")  # fmt: skip
    assert patch.status_code == 200


@pytest.mark.parametrize("key", [{}, {"Idempotency_Key": "k"}])
def test_a_body_that_is_too_large_is_a_413(caller: Caller, key: dict[str, str]) -> None:
    response = caller.post("/requests", {"journey": "start_service", "answers": {"given_name": "x" * 1_000_000}}, **key)
    assert (response.status_code, codes_and_fields(response)[0]) == (413, "too_large")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "journey"), ([], ""), ("text", ""), (7, ""), (None, ""), ({"journey": 7}, "journey"),
        ({"journey": "start_service", "answers": []}, "answers"), ({"journey": "start_service", "submit": "yes"}, "submit"),
        ({"journey": "start_service", "attested": ["blood"]}, "attested.0"), ({"journey": "x" * 300}, "journey"),
        ({"journey": "start_service", "status": "completed"}, "status"), ({"journey": "start\x00service"}, "journey"),
        ({"journey": "\ud800"}, "journey"), ({"journey": "start_service", "begun_by": "staff:1"}, "begun_by"),
    ],
)  # fmt: skip
def test_a_body_of_another_shape_names_its_fields(caller: Caller, sent: Any, field: str) -> None:
    response = caller.post("/requests", json.dumps(sent).encode() if sent is not None else b"null")
    code, fields = codes_and_fields(response)
    assert (response.status_code, code) == (422, "invalid")
    assert field in fields


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "limit=" + "9" * 5000, "status=nowhere", "after=x", "after=!!!", "colour=red",
     "reference=" + "x" * 300, "after=%00", "reference=a%00b", "after=" + "A" * 22 + "=="],
)  # fmt: skip
def test_a_query_of_another_shape_is_a_422(caller: Caller, query: str) -> None:
    response = caller.get(f"/requests?{query}")
    code, fields = codes_and_fields(response)
    assert (code, fields) == ("invalid", [query.partition("=")[0]])


def test_what_was_typed_is_never_repeated(caller: Caller) -> None:
    for sent in (
        {"journey": NAME}, {"journey": "start_service", "answers": NAME}, {"journey": "start_service", "attested": [NAME]},
        {"journey": "start_service", "answers": answers(email=NAME, phone=NAME, date_of_birth=NAME), "submit": True},
    ):  # fmt: skip
        assert NAME.encode() not in caller.post("/requests", sent).content
    assert NAME.encode() not in caller.get(f"/persons?limit={NAME}").content


def test_an_unforeseen_failure_shows_no_traceback_and_is_logged_without_what_was_typed(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_values: Any) -> Any:
        raise ValueError(f"bad name {NAME}")

    monkeypatch.setattr(premises, "listed", fail)
    [stdout] = [each for each in logging.getLogger().handlers if each.name == "stdout"]
    monkeypatch.setattr(stdout, "stream", io.StringIO())
    response = caller.get("/premises")
    assert (response.status_code, codes_and_fields(response)) == (500, ("internal", []))
    assert NAME.encode() not in response.content
    logged = stdout.stream.getvalue()
    assert "ValueError" in logged
    assert "api/v1/premises" in logged
    assert response.json()["request_id"] in logged
    assert NAME not in logged


def test_a_failure_before_the_operation_is_a_problem_too(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any) -> Any:
        raise RuntimeError("no key cabinet")

    monkeypatch.setattr(callers, "caller_with", fail)
    assert codes_and_fields(caller.get("/journeys"))[0] == "internal"


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_a_database_that_is_away_is_a_503_that_says_when_to_come_back(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def fail(**_values: Any) -> Any:
        raise kind("connection refused for user keyturn")

    monkeypatch.setattr(premises, "listed", fail)
    response = caller.get("/premises")
    assert (response.status_code, codes_and_fields(response)[0]) == (503, "unavailable")
    assert response["Retry-After"] == "1"


def test_too_many_calls_say_how_long_to_wait(rf: Any) -> None:
    response = failures.answer(rf.get("/"), Throttled(wait=7))
    assert (response.status_code, response["Retry-After"]) == (429, "7")


def test_every_refusal_of_the_flow_has_a_problem_of_its_own_or_a_409() -> None:
    assert failures.as_problem(flow_error("not_in_review")).code == "not_in_review"
    assert failures.as_problem(flow_error("something_new")).code == "not_possible"
    assert {kind.status for kind in KINDS.values()} <= {
        400,
        401,
        403,
        404,
        405,
        409,
        411,
        412,
        413,
        415,
        422,
        429,
        500,
        503,
    }


def flow_error(code: str) -> Exception:
    from keyturn.terms.errors import NotAllowed

    return NotAllowed(code)


def test_sentences_are_in_the_language_of_the_caller(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.utils import translation

    seen: list[str] = []
    monkeypatch.setattr(operations, "gettext", lambda text: seen.append(translation.get_language() or "") or text)
    for header, language in (("es", "es"), ("es-MX,en;q=0.5", "es"), ("fr", "en"), ("nonsense;;;", "en")):
        seen.clear()
        response = caller.get("/journeys", Accept_Language=header)
        assert set(seen) == {language}
        assert response["Content-Language"] == language


def test_a_problem_and_what_must_be_mended_are_told_in_spanish(caller: Caller) -> None:
    sent = {"journey": "start_service", "answers": answers(email="nowhere"), "submit": True}
    found = caller.post("/requests", sent, Accept_Language="es").json()
    assert (found["title"], found["code"]) == ("Hay algo que corregir", "invalid")
    assert found["errors"][0]["message"].startswith("Escriba un correo")
    assert (
        caller.get("/requests?limit=0", Accept_Language="es").json()["errors"][0]["message"] == "Debe ser al menos 1."
    )
