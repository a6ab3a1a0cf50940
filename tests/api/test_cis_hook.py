"""`POST /api/v1/cis/changes`: the CIS says that something changed, and nobody else can."""

import hmac
import json
import time
from hashlib import sha256
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from keyturn.records.models import CisNews

ADDRESS = "/api/v1/cis/changes"
SECRET = "between-us-two"
PERSON = {"noun": "person", "ref": "1042"}


@pytest.fixture(autouse=True)
def secret(db: None, settings: Any) -> None:
    settings.KEYTURN_CIS_SECRET = SECRET


def post(body: Any, *, later: float = 0, secret: str = SECRET, signature: str = "") -> HttpResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = str(int(time.time() + later))
    signed = signature or hmac.new(secret.encode(), f"{told}.".encode() + raw, sha256).hexdigest()
    headers = {"X-Keyturn-Time": told, "X-Keyturn-Signature": signed}
    return Client().post(ADDRESS, raw, content_type="application/json", headers=headers)  # type: ignore[return-value]


def noted() -> set[tuple[str, str]]:
    return set(CisNews.objects.values_list("noun", "ref"))


@pytest.mark.rule("K-35")
def test_what_it_names_is_noted_and_nothing_else_it_says_counts() -> None:
    answer = post({**PERSON, "name": "Mallory", "email": "mallory@example.com", "key": "KT-1:establish"})
    assert (answer.status_code, json.loads(answer.content)) == (202, {"noted": 1})
    news = CisNews.objects.get()
    assert (news.noun, news.ref, news.key) == ("person", "1042", "")


def test_several_at_once_and_the_same_again_do_no_harm() -> None:
    body = {"changes": [PERSON, {"noun": "account", "ref": "A1"}, PERSON]}
    assert json.loads(post(body).content) == {"noted": 2}
    assert post(body).status_code == 202
    assert noted() == {("person", "1042"), ("account", "A1")}


@pytest.mark.rule("K-35")
@pytest.mark.parametrize(
    "how",
    [{"secret": "another"}, {"signature": "00"}, {"later": -400}, {"later": 400}],
    ids=["another secret", "no signature", "too old", "too early"],
)  # fmt: skip
def test_nobody_else_is_heard(how: dict[str, Any]) -> None:
    assert post(PERSON, **how).status_code == 403
    assert noted() == set()


def test_a_signature_is_for_its_own_time_and_body() -> None:
    raw, now = json.dumps(PERSON).encode(), str(int(time.time()))
    signed = hmac.new(SECRET.encode(), f"{now}.".encode() + raw, sha256).hexdigest()
    for at, body in ((str(int(now) - 1), raw), (now, raw.replace(b"1042", b"1043")), ("", raw), ("-5", raw)):
        headers = {"X-Keyturn-Time": at, "X-Keyturn-Signature": signed}
        assert Client().post(ADDRESS, body, content_type="application/json", headers=headers).status_code == 403
    assert noted() == set()


@pytest.mark.parametrize(
    "body",
    [
        b"no json", b"[]", b"{}", {"noun": "person"}, {"noun": "meter", "ref": "1"}, {"noun": "person", "ref": 1},
        {"noun": "person", "ref": "x" * 65}, {"noun": "person", "ref": "\x00"}, {"changes": []}, {"changes": "all"},
        {"changes": [PERSON] * 101}, {"changes": [PERSON, "x"]}, b"[" * 15_000,
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_whole(body: Any) -> None:
    assert post(body).status_code == 422
    assert noted() == set()


def test_a_body_that_is_too_large_is_not_read() -> None:
    assert post(b"x" * 20_001).status_code == 413
    for length in ("²", "9" * 5_000, "-1", "1.5"):
        told = Client().post(ADDRESS, b"{}", content_type="application/json", CONTENT_LENGTH=length)
        assert told.status_code == 413


def test_without_a_secret_the_address_does_not_exist(settings: Any) -> None:
    settings.KEYTURN_CIS_SECRET = ""
    assert post(PERSON, secret="").status_code == 404
    assert noted() == set()


def test_only_a_post_is_taken() -> None:
    assert Client().get(ADDRESS).status_code == 405
