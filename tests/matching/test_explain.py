"""Can a reviewer read what speaks for and against?"""

from dataclasses import replace

from keyturn.matching import Features, load, score, words_for, words_for_code
from keyturn.matching.addresses import NormalAddress
from keyturn.matching.decide import reasons_against, relation
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
    from keyturn.matching.decide import decide
    from keyturn.matching.vetoes import _VETOES, FLAG_VETOES

    levels = {
        (field, level)
        for table in (MODEL.person, MODEL.organisation)
        for field, rows in table.items()
        for level in rows
    }
    assert levels <= explain._FIELDS.keys()
    assert {("household", each) for each in MODEL.alternatives} <= explain._FIELDS.keys()
    policy = Policy(link_automatically=False)
    sure = score(JANE, replace(JANE, identifiers=(("ssn", "1"),)), model=MODEL)
    unsure = score(Features(given="j", family="roe"), Features(given="k", family="doe"), model=MODEL)
    for code in (*_VETOES, *FLAG_VETOES, "not_the_same_person", *relation(sure), "shared_contact", "shared_identifier"):
        assert words_for_code(code).message
    for code in reasons_against(JANE, unsure, sure, verified=frozenset(), policy=policy):
        assert words_for_code(code).message
    assert decide(JANE, {}, model=MODEL, verified=frozenset(), policy=policy).zone == "new"
