"""Does a repeated write act once, for ever, whatever happened to the first call? (I2)"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.db import connection

from keyturn import flow
from keyturn.api.v1 import requests as operations
from keyturn.records.models import IdempotentCall, Request
from keyturn.records.queries import request_pages
from tests.api.caller import Caller, a_key, answers, codes_and_fields, forget_jobs, machine_works


def body(**changes: Any) -> dict[str, Any]:
    return {"journey": "start_service", "answers": answers(), "submit": True, **changes}


def test_the_same_call_again_gets_the_first_answer(caller: Caller) -> None:
    sent = body()
    first = caller.post("/requests", sent, Idempotency_Key="call-1")
    again = caller.post("/requests", sent, Idempotency_Key="call-1")
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.content) == (201, first.content)
    assert (again["Location"], again["ETag"]) == (first["Location"], first["ETag"])
    assert Request.objects.count() == 1


def test_the_first_answer_stays_when_the_request_has_moved_on(caller: Caller) -> None:
    sent = body()
    first = caller.post("/requests", sent, Idempotency_Key="call-1")
    machine_works(first.json()["id"])
    assert caller.post("/requests", sent, Idempotency_Key="call-1").json()["status"] == "processing"


def test_another_body_under_the_key_is_a_conflict_and_does_nothing(caller: Caller) -> None:
    caller.post("/requests", body(), Idempotency_Key="call-1")
    response = caller.post("/requests", body(), Idempotency_Key="call-1")
    assert (response.status_code, codes_and_fields(response)) == (409, ("key_reused", []))
    assert Request.objects.count() == 1


def test_another_address_or_method_under_the_key_is_a_conflict(caller: Caller) -> None:
    one, two = caller.begins(answers()), caller.begins(answers())
    more = {"answers": {"suffix": "Jr"}}
    assert caller.patch(f"/requests/{one['id']}", more, Idempotency_Key="k").status_code == 200
    assert codes_and_fields(caller.patch(f"/requests/{two['id']}", more, Idempotency_Key="k"))[0] == "key_reused"
    assert codes_and_fields(caller.post(f"/requests/{one['id']}/withdraw", Idempotency_Key="k"))[0] == "key_reused"


def test_keys_of_different_programs_do_not_meet(caller: Caller) -> None:
    sent = body()
    other = Caller(a_key())
    first, second = (each.post("/requests", sent, Idempotency_Key="1") for each in (caller, other))
    assert first.json()["id"] != second.json()["id"]


def test_what_had_to_be_mended_is_answered_again_and_a_mended_body_needs_a_new_key(caller: Caller) -> None:
    wrong = body(answers=answers(email="nowhere"))
    first = caller.post("/requests", wrong, Idempotency_Key="call-1")
    again = caller.post("/requests", wrong, Idempotency_Key="call-1")
    assert (first.status_code, again.status_code, again.content) == (422, 422, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert Request.objects.count() == 1, "the draft is kept once"
    mended = body(answers=answers())
    assert codes_and_fields(caller.post("/requests", mended, Idempotency_Key="call-1"))[0] == "key_reused"


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [("/requests/nothing/submit", None, 404), ("/requests", {"journey": 7}, 422), ("/requests", {"journey": "x"}, 404)],
)
def test_a_refusal_is_answered_again_too(caller: Caller, path: str, sent: Any, status: int) -> None:
    for time in range(2):
        response = caller.post(path, sent, Idempotency_Key="call-1")
        assert (response.status_code, "Idempotency-Replayed" in response) == (status, time == 1)


@pytest.mark.parametrize("sent", [b"{", b'"\xff"', b"[" * 100_000])
def test_an_unreadable_body_uses_no_key_up(caller: Caller, sent: bytes) -> None:
    assert codes_and_fields(caller.post("/requests", sent, Idempotency_Key="call-1"))[0] == "bad_json"
    assert caller.post("/requests", body(), Idempotency_Key="call-1").status_code == 201


def test_a_missing_scope_uses_no_key_up(partner: Caller) -> None:
    partner.post("/requests", body(attested=["email"]), Idempotency_Key="call-1")
    assert not IdempotentCall.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "a b", "ñ", "x" * 201, "\x7f"])
def test_a_key_that_cannot_be_kept_is_refused(caller: Caller, key: str) -> None:
    assert codes_and_fields(caller.post("/requests", body(), Idempotency_Key=key))[0] == "bad_idempotency_key"
    assert not Request.objects.exists()


def test_a_failure_on_our_side_leaves_neither_effect_nor_record(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_values: object) -> None:
        raise RuntimeError("the machine stopped here")

    sent = body()
    with monkeypatch.context() as patch:
        patch.setattr(operations.showing, "brief", fail)
        response = caller.post("/requests", sent, Idempotency_Key="call-1")
    assert (response.status_code, codes_and_fields(response)) == (500, ("internal", []))
    assert not Request.objects.exists()
    assert not IdempotentCall.objects.exists()
    assert caller.post("/requests", sent, Idempotency_Key="call-1").status_code == 201


def test_the_kept_answer_is_sealed_and_the_body_is_not_kept(caller: Caller) -> None:
    caller.post("/requests", body(answers={"given_name": "Wilhelmina"}, submit=False), Idempotency_Key="call-1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT idempotent_call::text FROM idempotent_call")
        row = str(cursor.fetchall())
    assert "Wilhelmina" not in row
    assert "findings" not in row


def test_looking_for_a_person_takes_no_key(caller: Caller) -> None:
    for _time in range(2):
        response = caller.post("/persons/match", {"given_name": "Alma"}, Idempotency_Key="call-1")
        assert "Idempotency-Replayed" not in response
    assert not IdempotentCall.objects.exists()


@pytest.fixture
def at_once(transactional_db: None, cis_installed: None, fresh_keys: None) -> Iterator[Caller]:
    yield Caller(a_key())
    forget_jobs()


def test_of_two_at_the_same_moment_one_acts_and_the_other_waits_for_its_answer(
    at_once: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, ask = body(), flow.ask

    def ask_when_the_other_waits(**values: Any) -> Any:
        assert somebody_waits_for_a_lock()
        return ask(**values)

    def post() -> Any:
        try:
            response = Caller(at_once.secret).post("/requests", sent, Idempotency_Key="call-1")
            return response.status_code, response.content, "Idempotency-Replayed" in response
        finally:
            connection.close()

    monkeypatch.setattr(flow, "ask", ask_when_the_other_waits)
    with ThreadPoolExecutor(2) as pool:
        first, second = (each.result() for each in [pool.submit(post) for _each in range(2)])
    assert (first[:2], sorted([first[2], second[2]])) == (second[:2], [False, True])
    assert len(request_pages.listed(after=None, most=10)) == 1


def somebody_waits_for_a_lock() -> bool:
    """Look until it is so, for at most some seconds."""
    waiting, pause = "SELECT count(*) FROM pg_locks WHERE NOT granted", Event()
    for _look in range(500):
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone() != (0,):
                return True
        pause.wait(0.01)
    return False
