"""Is a candidate explained to a program of staff as it would be to a reviewer, and to nobody else at all?"""

from dataclasses import replace
from typing import Any

import pytest

from keyturn.records.models import Candidate
from tests import factories
from tests.api.caller import Caller, machine_looks
from tests.flow.town import ANA, answers_of

KEYS = {
    "person_id", "ref", "weight", "probability", "margin", "linkable", "fields", "missing", "vetoes", "why",
    "relation", "words",
}  # fmt: skip
PROBE: dict[str, Any] = {
    "given_name": "Ana", "family_name": "Zelenko", "date_of_birth": "1985-03-27", "email": "ana@example.com",
}  # fmt: skip


@pytest.fixture
def referred(partner: Caller) -> dict[str, Any]:
    """Somebody who may be on file asks without any proof."""
    factories.a_person(ANA)
    begun = partner.moves_in(**answers_of(ANA))
    machine_looks(begun["id"])
    return begun


def test_a_candidate_says_what_speaks_for_and_against_it(caller: Caller) -> None:
    factories.a_person(ANA)
    found = caller.post("/persons/match", PROBE).json()
    [best] = found["candidates"]
    assert set(best) == KEYS
    assert {each["field"]: each["level"] for each in best["fields"]}["family"] == "exact"
    assert {"field": "phone", "where": "probe"} in best["missing"]
    assert best["why"] == ["nothing_verified"] and not best["linkable"] and best["margin"] is None
    assert found["model"]


def test_it_says_so_in_the_words_of_a_reviewer_and_in_their_language(caller: Caller) -> None:
    factories.a_person(ANA)
    [best] = caller.post("/persons/match", PROBE).json()["candidates"]
    said = {(each["field"], each["side"]): each["text"] for each in best["words"]}
    assert said["family", "for"] == "The surnames are the same."
    assert "Nobody else on file comes into question." in said.values()
    assert "%(" not in str(best["words"])
    [en_espanol] = caller.post("/persons/match", PROBE, Accept_Language="es").json()["candidates"]
    assert len(en_espanol["words"]) == len(best["words"])
    assert {each["text"] for each in en_espanol["words"]}.isdisjoint({"The surnames are the same."})


def test_the_next_candidate_gives_the_margin(caller: Caller) -> None:
    factories.a_person(ANA)
    factories.a_person(replace(ANA, given_name="Ivan", identifiers=()))
    first, second = caller.post("/persons/match", PROBE).json()["candidates"]
    assert first["margin"] == pytest.approx(first["weight"] - second["weight"], abs=0.02)
    assert second["margin"] == -first["margin"]
    assert "twin" in second["vetoes"] and "household" in second["relation"]


def test_what_was_kept_for_a_request_is_explained_alike(reviewer: Caller, referred: dict[str, Any]) -> None:
    review = reviewer.get(f"/requests/{referred['id']}").json()["review"]
    [best] = review["candidates"]
    assert set(best) == KEYS
    assert review["model"] == Candidate.objects.get().model_version
    assert "nothing_verified" in best["why"] and set(best["why"]).isdisjoint(best["relation"])
    assert {each["text"] for each in best["words"]} >= {
        "The surnames are the same.", "No e-mail, phone or identifier on file was proved in this session.",
    }  # fmt: skip


def test_a_comparison_by_an_older_model_is_shown_though_it_has_no_words(
    reviewer: Caller, referred: dict[str, Any]
) -> None:
    Candidate.objects.update(fields=[{"field": "shoe_size", "level": "exact", "weight": 3.0}], missing=["phone"])
    [best] = reviewer.get(f"/requests/{referred['id']}").json()["review"]["candidates"]
    assert best["fields"] == [{"field": "shoe_size", "level": "exact", "weight": 3.0}]
    assert best["missing"] == [{"field": "phone", "where": ""}]
    assert best["words"]


def test_no_candidate_reaches_who_may_not_decide(partner: Caller, referred: dict[str, Any]) -> None:
    theirs = partner.get(f"/requests/{referred['id']}")
    assert theirs.json()["review"] is None
    for word in (b"surname", b'candidate":', b"probability", str(Candidate.objects.get().person_id).encode()):
        assert word not in theirs.content


def test_the_zone_is_the_matchers_own(caller: Caller) -> None:
    """What was proved in a session is not its business (surface.md)."""
    factories.a_person(ANA)
    assert caller.post("/persons/match", PROBE).json()["zone"] == "link"
