"""Can a reviewer read what speaks for and against?"""

from dataclasses import replace

import pytest

from keyturn.matching import (
    Features,
    load,
    score,
    words_for,
    words_for_code,
    words_for_margin,
    words_for_ranked,
    words_for_relation,
)
from keyturn.matching.addresses import NormalAddress
from keyturn.matching.decide import decide, reasons_against
from keyturn.terms.policy import Policy

MODEL = load()
JANE = Features(
    given="jane", family="zelenko", birth_date="1970-03-12", phones=("+15035551234",),
    addresses=(NormalAddress("12", "n main st", "main", "3", "97123"),),
)  # fmt: skip


def test_what_agrees_speaks_for_and_what_differs_against() -> None:
    other = replace(JANE, given="igor")
    sides = {words.field: words.side for words in words_for(score(JANE, other, model=MODEL)) if words.field}
    assert (sides["phone"], sides["birth_date"], sides["given"]) == ("for", "for", "against")


def test_the_heaviest_comes_first_and_vetoes_last() -> None:
    words = words_for(score(JANE, replace(JANE, given="igor"), model=MODEL))
    weights = [abs(each.weight) for each in words if each.field]
    assert weights == sorted(weights, reverse=True)
    assert "twins" in words[-1].message


def test_sentences_name_nobody() -> None:
    text = " ".join(each.message for each in words_for(score(JANE, JANE, model=MODEL))).lower()
    assert not any(secret in text for secret in ("jane", "zelenko", "1970", "5035"))


def test_every_level_of_the_model_and_every_code_has_a_sentence() -> None:
    from keyturn.matching import explain
    from keyturn.matching.relations import CODES
    from keyturn.matching.vetoes import KNOWN

    levels = {
        (field, level)
        for table in (MODEL.person, MODEL.organisation)
        for field, rows in table.items()
        for level in rows
    }
    assert levels <= explain._FIELDS.keys()
    assert {("household", each) for each in MODEL.alternatives} <= explain._FIELDS.keys()
    unsure = score(Features(given="j", family="roe"), Features(given="k", family="doe"), model=MODEL)
    sure = score(JANE, JANE, model=MODEL)
    policy = Policy(link_automatically=False)
    against = reasons_against(JANE, JANE, unsure, sure, model=MODEL, verified=frozenset(), policy=policy)
    assert len(against) > 5
    for code in (*KNOWN, *CODES, "not_the_same_person", "only_name_and_birth_date", *against):
        assert words_for_code(code).message
        assert words_for_relation(code).weight == 0


def test_the_whole_of_a_candidate_is_told_in_words() -> None:
    probe = replace(JANE, phones=(), given="igor", birth_date="1950-01-01", emails=("igor@example.com",))
    found = decide(
        probe, {"jane": JANE, "joan": replace(JANE, given="igor")}, model=MODEL, verified=frozenset(), policy=Policy()
    )
    one, other = found.ranked
    text = " ".join(each.message for each in words_for_ranked(other))
    assert "Somebody else on file fits as well or better." in text
    assert "They seem to belong to one household." in text
    assert {
        (each.field, each.message) for each in words_for_ranked(one) if each.field in ("phone", "email", "middle")
    } == {
        ("phone", "The applicant did not say."),
        ("email", "Not on file."),
        ("middle", "Nobody knows it on either side."),
    }
    assert (one.margin or 0) == -(other.margin or 0) > 0


@pytest.mark.parametrize(
    ("margin", "word", "side"),
    [
        (None, "Nobody else", "neutral"), (-3.0, "Somebody else", "against"), (0.0, "Somebody else", "against"),
        (2.0, "nearly as well", "against"), (6.0, "clearly less", "for"), (30.0, "Nobody else", "for"),
    ],
)  # fmt: skip
def test_the_distance_to_the_next_in_words(margin: float | None, word: str, side: str) -> None:
    words = words_for_margin(margin)
    assert word in words.message
    assert words.side == side


def test_as_data_it_has_what_was_missing_the_margin_and_the_relation() -> None:
    husband = replace(JANE, given="igor", birth_date="1950-01-01", emails=("igor@example.com",), phones=())
    found = decide(husband, {"jane": JANE}, model=MODEL, verified=frozenset(), policy=Policy()).as_json()
    [candidate] = found["candidates"]
    assert candidate["relation"] == ["household"]
    assert candidate["margin"] is None
    assert {"field": "phone", "where": "probe"} in candidate["missing"]
    assert {"field": "email", "where": "on_file"} in candidate["missing"]
    assert not {"given", "family", "birth_date", "address"} & {each["field"] for each in candidate["missing"]}
