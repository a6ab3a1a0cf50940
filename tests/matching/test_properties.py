"""Does the matcher hold its promises for any text that anybody may type?"""

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from keyturn.matching import (
    Features,
    blocking_keys,
    decide,
    features_of,
    load,
    normal_email,
    normal_identifier,
    normal_phone,
    normalise,
    score,
    search_terms,
    words_for,
)
from keyturn.matching.text import fold
from keyturn.terms.address import Address
from keyturn.terms.person import Identifier, Kind, PersonDetails
from keyturn.terms.policy import Policy

from .people import digest

MODEL = load()
ANY_TEXT = st.text(st.characters(), max_size=40)  # lone surrogates, NUL and right-to-left marks included
LETTERS = st.text(st.characters(categories=["L", "M", "N", "Zs", "P"]), max_size=20)
WORDS = st.sampled_from(
    [
        "jane",
        "JOAN",
        "J",
        "zelenko",
        "smith",
        "van-der-berg",
        "O'Brien",
        "de",
        "la",
        "Cruz",
        "jr",
        "III",
        "bill",
        "william",
        "maria",
        "josé",
        "小林",
    ]
)
NAMES = st.one_of(WORDS, LETTERS, ANY_TEXT)
LINES = st.one_of(
    ANY_TEXT,
    st.lists(
        st.sampled_from(
            [
                "12",
                "12b",
                "1/2",
                "#",
                "apt",
                "unit",
                "3",
                "n",
                "main",
                "street",
                "st",
                "po",
                "box",
                "rr",
                "fl",
                "3rd",
                "floor",
                "bldg",
                "c/o",
                ",",
                "97123",
                "or",
                "hillsboro",
            ]
        ),
        max_size=9,
    ).map(" ".join),
)
ADDRESSES = st.builds(Address, LINES, LINES, NAMES, ANY_TEXT, ANY_TEXT, st.sampled_from(["US", "AU", "", "Neverland"]))
DETAILS = st.builds(
    PersonDetails,
    kind=st.sampled_from(Kind),
    given_name=NAMES,
    middle_name=NAMES,
    family_name=NAMES,
    suffix=NAMES,
    organisation_name=NAMES,
    date_of_birth=st.none() | st.dates(),
    emails=st.lists(st.one_of(st.emails(), ANY_TEXT), max_size=2).map(tuple),
    phones=st.lists(st.one_of(ANY_TEXT, st.from_regex(r"\+?[0-9() -]{0,20}")), max_size=2).map(tuple),
    identifiers=st.lists(
        st.builds(Identifier, st.sampled_from(["ssn", "ssn_last4", "passport"]), ANY_TEXT), max_size=2
    ).map(tuple),
    addresses=st.lists(ADDRESSES, max_size=2).map(tuple),
)


def features(details: PersonDetails) -> Features:
    return features_of(details, digest=lambda id_type, value: digest(id_type, ascii(value)))


@settings(deadline=None)
@given(DETAILS, DETAILS)
def test_any_two_people_can_be_compared_and_it_does_not_matter_who_comes_first(
    one: PersonDetails, other: PersonDetails
) -> None:
    mine, theirs = features(one), features(other)
    forth, back = score(mine, theirs, model=MODEL), score(theirs, mine, model=MODEL)
    assert forth.weight == pytest.approx(back.weight)
    assert {(each.field, each.level) for each in forth.fields} == {(each.field, each.level) for each in back.fields}
    assert (forth.groups, forth.vetoes) == (back.groups, back.vetoes)
    assert 0 <= forth.probability <= 1
    assert forth.weight == pytest.approx(MODEL.priors[0] + sum(each.weight for each in forth.fields), abs=0.01)
    assert len(words_for(forth)) == len(forth.fields) + len(forth.vetoes)


@settings(deadline=None)
@given(DETAILS)
def test_features_survive_json_and_keys_are_theirs_alone(details: PersonDetails) -> None:
    found = features(details)
    again = Features.from_json(found.as_json())
    assert again == found
    assert "\\u0000" not in json.dumps(found.as_json()), "PostgreSQL's jsonb refuses it"
    json.dumps(found.as_json(), ensure_ascii=False).encode("utf-8")
    keys = blocking_keys(found)
    assert keys == blocking_keys(again)
    assert all(-(2**63) <= key < 2**63 for key in keys)
    assert bool(keys) == bool(replace(found, kind="person").as_json() or found.kind != "person")


@settings(deadline=None)
@given(DETAILS)
def test_one_record_twice_is_never_a_contradiction(details: PersonDetails) -> None:
    found = features(details)
    result = score(found, found, model=MODEL)
    assert result.vetoes == ()
    assert not {"different", "conflict", "different_last4"} & {each.level for each in result.fields}


@settings(deadline=None)
@given(NAMES, NAMES, NAMES)
def test_case_and_spacing_do_not_matter(given_name: str, family_name: str, line: str) -> None:
    plain = PersonDetails(given_name=given_name, family_name=family_name, addresses=(Address(line),))
    spaced = PersonDetails(
        given_name=f" {given_name}  ", family_name=f"\t{family_name} ", addresses=(Address(f"  {line} "),)
    )
    assert features(plain) == features(spaced)
    assume(fold(given_name.swapcase()) == fold(given_name) and fold(family_name.swapcase()) == fold(family_name))
    swapped = PersonDetails(given_name=given_name.swapcase(), family_name=family_name.swapcase())
    assert features(swapped) == features(replace(plain, addresses=()))


@given(st.text(st.characters(max_codepoint=0x24F), max_size=30))
def test_folding_is_stable_and_blind_to_case_in_latin(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(text.upper()) == fold(text) == fold(text.lower())


@settings(deadline=None)
@given(ADDRESSES)
def test_an_address_written_in_its_own_normal_form_stays_the_same_place(address: Address) -> None:
    place = normalise(address)
    again = normalise(
        Address(
            address.line1.upper(),
            address.line2.upper(),
            address.city,
            address.state,
            address.postal_code,
            address.country,
        )
    )
    assume(
        fold(address.line1.upper(), keep="#/-,½¼¾") == fold(address.line1, keep="#/-,½¼¾") and address.line2.isascii()
    )
    assert (again.key, again.unit_key) == (place.key, place.unit_key)


@settings(deadline=None)
@given(LINES)
def test_the_search_box_takes_anything(typed: str) -> None:
    found = search_terms(typed)
    assert bool(found.key) == bool(found.street)


@given(ANY_TEXT)
def test_what_is_normalised_stays_as_it_is(text: str) -> None:
    for normal in (normal_email, normal_identifier, lambda each: normal_phone(each, country="US")):
        assert normal(normal(text)) == normal(text)


@pytest.mark.parametrize(
    "text", ["x" * 1_000_000, "12 " * 300_000, "é" * 1_000_000, "\ud800" * 1_000_000, "1" * 1_000_000, "#/-," * 200_000]
)
def test_a_million_characters_are_cut_not_chewed(text: str) -> None:
    details = PersonDetails(
        given_name=text,
        middle_name=text,
        family_name=text,
        suffix=text,
        organisation_name=text,
        date_of_birth=date(1970, 3, 12),
        emails=(f"{text}@example.com",),
        phones=(text,),
        identifiers=(Identifier("passport", text),),
        addresses=(Address(text, text, text, text, text, text),),
    )
    for kind in Kind:
        found = features(replace(details, kind=kind))
        assert len(str(found.as_json())) < 20_000
        decision = decide(found, {"p": found}, model=MODEL, verified=frozenset(), policy=Policy())
        assert decision.zone != "link"


BETTER = [
    {"birth_date": ("1970-03-12", "1970-03-21", "1970-09-30")},
    {"given": ("jane", "jnae", "igor")},
    {"family": ("zelenko", "zelenka", "roe")},
    {"middle": ("ann", "bea")},
    {"phones": (("+15035551234",), ("+15035551235",), ("+15035559876",))},
    {"emails": (("jane.roe@example.com",), ("jane.reo@example.com",), ("igor@example.com",))},
    {"suffix": ("jr", "sr")},
]


@settings(deadline=None, max_examples=60)
@given(DETAILS, st.sampled_from(BETTER))
def test_what_agrees_better_never_weighs_less(details: PersonDetails, change: dict[str, tuple[object, ...]]) -> None:
    [(field, values)] = change.items()
    base = replace(
        features(replace(details, kind=Kind.PERSON)), given="jane", family="zelenko", birth_date="1970-03-12"
    )
    probe = replace(base, **{field: values[0]})  # type: ignore[arg-type]
    weights = [score(probe, replace(base, **{field: value}), model=MODEL).weight for value in values]  # type: ignore[arg-type]
    assert weights == sorted(weights, reverse=True)
