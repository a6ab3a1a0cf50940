"""Does a system of the utility reach a customer only as far as they and the law allow, and does a text with STOP arrive?"""

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.test import Client

from keyturn.records import consents
from keyturn.records.models import Message, Person
from tests import factories
from tests.api.caller import Caller, a_key
from tests.flow.town import ANA

WORDS = {"topic": "outages", "subject": "Planned work", "text": "No power from 9 to 11."}


@pytest.fixture
def billing(cis_installed: None, fresh_keys: None, db: Any) -> Caller:
    return Caller(a_key("messages:write"))


@pytest.fixture
def ana(db: Any, cis_installed: None) -> Person:
    return factories.a_person(ANA)


def test_says_what_became_of_each_channel(billing: Caller, ana: Person) -> None:
    answer = billing.post(f"/persons/{ana.pk}/messages", WORDS).json()
    assert answer == {
        "channels": [
            {"channel": "email", "sent": True, "why": ""}, {"channel": "sms", "sent": False, "why": "not_asked_for"},
        ]
    }  # fmt: skip
    assert Message.objects.get(person=ana).content["to"] == "ana@example.com"


def test_an_offer_to_somebody_who_did_not_agree_is_not_sent(billing: Caller, ana: Person) -> None:
    answer = billing.post(f"/persons/{ana.pk}/messages", {**WORDS, "topic": "offers"}).json()
    assert {each["why"] for each in answer["channels"]} == {"no_consent"}
    assert not Message.objects.exists()


def test_the_same_key_sends_once(billing: Caller, ana: Person) -> None:
    for _ in range(2):
        billing.post(f"/persons/{ana.pk}/messages", WORDS, Idempotency_Key="one")
    assert Message.objects.filter(person=ana).count() == 1


def test_nobody_is_found_under_an_id_that_does_not_exist(billing: Caller, ana: Person) -> None:
    assert billing.post("/persons/00000000-0000-0000-0000-000000000000/messages", WORDS).status_code == 404


class TestTheHook:
    def send(self, secret: str = "shh", body: bytes | None = None, **headers: str) -> Any:
        raw = body if body is not None else json.dumps({"from": "+15035550142", "text": "Stop"}).encode()
        signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        return Client(enforce_csrf_checks=True).post(
            "/api/hooks/sms",
            raw,
            content_type="application/json",
            headers={"X-Keyturn-Signature": signature, **headers},
        )

    @pytest.fixture(autouse=True)
    def secret(self, settings: Any, db: Any) -> None:
        settings.KEYTURN_SMS_SECRET = "shh"

    def test_takes_a_signed_stop(self) -> None:
        response = self.send()
        assert (response.status_code, response.json()) == (200, {"taken_for": "stop"})
        assert consents.stopped(["+15035550142"]) == {"+15035550142"}

    def test_refuses_what_somebody_else_signed(self) -> None:
        assert self.send("another").status_code == 403
        assert consents.stopped(["+15035550142"]) == set()

    def test_refuses_a_signature_of_strange_letters(self) -> None:
        assert self.send(**{"X-Keyturn-Signature": "\u00e9" * 64}).status_code == 403

    def test_does_not_exist_without_a_secret(self, settings: Any) -> None:
        settings.KEYTURN_SMS_SECRET = ""
        assert self.send("").status_code == 404

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"from": 1, "text": "STOP"}', b"\xff\xfe", b"x" * 20_000])
    def test_says_so_where_it_cannot_read_the_body(self, body: bytes) -> None:
        assert self.send(body=body).status_code in (413, 422)
