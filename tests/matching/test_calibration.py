"""Is what is said in per cent a share of what all candidates have, a curve that never falls, and no decision?"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.linkage import files
from keyturn.matching import Decision, Features, decide, load, model, score
from keyturn.matching.addresses import NormalAddress
from keyturn.matching.calibration import (
    ANOTHER_GIVEN_NAME,
    ANOTHER_SURNAME,
    FATHER_AND_SON,
    Calibration,
    forbidding,
    from_values,
)
from keyturn.matching.decide import wants_review
from keyturn.matching.pairs import weigh
from keyturn.matching.score import odds
from keyturn.terms.policy import Policy

SHIPPED = model.read(model.shipped("default"))
MODEL = load()
CURVE = MODEL.calibration

HOME = NormalAddress("12", "n main st", "main", "3", "97123", "hillsboro", "or")
AWAY = NormalAddress("7", "elm st", "elm", "", "10001", "new york", "ny")
JANE = Features(given="jane", family="zelenko", birth_date="1970-03-12", phones=("+15035551234",), addresses=(HOME,))
PEOPLE = {
    "herself": JANE,
    "moved": replace(JANE, addresses=(AWAY,), phones=()),
    "a slip": replace(JANE, given="jnae", phones=()),
    "twin": replace(JANE, given="joan"),
    "sister": replace(JANE, given="joan", birth_date="1974-11-02"),
    "namesake": replace(JANE, birth_date="1951-08-30", phones=(), addresses=(AWAY,)),
    "half": Features(given="jane", family="zelenko"),
    "smith": Features(given="john", family="smith", birth_date="1970-03-12", addresses=(AWAY,)),
    "stranger": Features(given="omar", family="haddad", birth_date="1990-01-05", addresses=(AWAY,)),
}


def with_knots(*knots: list[float]) -> model.Model:
    values = deepcopy(SHIPPED)
    values["calibration"]["curve"] = list(knots)
    return model.from_mapping(values)


def curve_of(*knots: list[float], twice: float = 0.001, **at_most: float) -> Calibration:
    return from_values({"on_file_twice": twice, "curve": list(knots), "at_most": at_most})


STRAIGHT = curve_of([-1.0, 1 / 3], [1.0, 2 / 3], twice=1e-9, different_identifier=0.2)
"""A bit is a bit."""


@given(st.floats(-300, 300), st.floats(-300, 300))
def test_more_weight_is_never_said_to_be_less_likely_and_nothing_is_certain(one: float, other: float) -> None:
    low, high = (CURVE.probability(each) for each in sorted((one, other)))
    assert 0 < low <= high < 1


def test_the_curve_never_falls_where_its_parts_meet() -> None:
    found = [CURVE.probability(number / 1000) for number in range(-20_000, 20_000)]
    assert all(one <= other for one, other in pairwise(found))


@given(
    st.lists(st.floats(-50, 50), min_size=2, max_size=6, unique=True).map(sorted),
    st.lists(st.floats(1e-6, 1 - 1e-6), min_size=6, max_size=6).map(sorted),
    st.lists(st.floats(-70, 70), min_size=2, max_size=2).map(sorted),
)
def test_every_curve_that_is_taken_rises(bits: list[float], shares: list[float], weights: list[float]) -> None:
    curve = curve_of(*(list(knot) for knot in zip(bits, shares, strict=False)))
    assert 0 < curve.probability(weights[0]) <= curve.probability(weights[1]) < 1


def test_it_goes_through_its_knots_and_a_bit_is_a_bit_outside() -> None:
    for bits, share in SHIPPED["calibration"]["curve"]:
        assert CURVE.probability(bits) == pytest.approx(share, rel=1e-9)
    curve = curve_of([-1.0, 0.5], [1.0, 0.8])  # 0 and 2 bits
    assert curve.probability(0.0) == pytest.approx(2 / 3)  # 1 bit
    assert curve.probability(2.0) == pytest.approx(8 / 9)  # 3 bits
    assert curve.probability(-2.0) == pytest.approx(1 / 3)  # -1 bit


def test_of_two_who_fit_alike_one_at_most_is_the_person() -> None:
    assert STRAIGHT.probability(0.0) == pytest.approx(1 / 2)  # they, or nobody on file
    assert STRAIGHT.probability(0.0, others=1.0) == pytest.approx(1 / 3)  # they, the other, or nobody
    assert STRAIGHT.probability(20.0, others=2**20) == pytest.approx(1 / 2, abs=1e-3)
    assert STRAIGHT.probability(10.0, others=2**20) == pytest.approx(1 / 1025, rel=0.01)


def test_but_who_is_on_file_twice_is_both() -> None:
    twice = curve_of([-1.0, 1 / 3], [1.0, 2 / 3], twice=0.001)
    assert twice.probability(30.0, others=2**30) > 0.999
    assert twice.probability(20.0, others=2**40) > 0.999  # nobody takes more than ten bits
    assert twice.probability(4.0, others=2**40) < 0.02


@given(
    st.lists(st.floats(-60, 60), min_size=2, max_size=2).map(sorted),
    st.lists(st.floats(0, 1e15), min_size=2, max_size=2).map(sorted),
    st.sampled_from([(), ("twin",), ("different_identifier",)]),
)
def test_who_is_stronger_is_said_to_be_likelier_and_who_has_stronger_rivals_less(
    weights: list[float], others: list[float], codes: tuple[str, ...]
) -> None:
    for rivals in others:
        less, more = (CURVE.probability(weight, others=rivals, codes=codes) for weight in weights)
        assert 0 < less <= more < 1
    for weight in weights:
        assert CURVE.probability(weight, others=others[1], codes=codes) <= CURVE.probability(
            weight, others=others[0], codes=codes
        )


def test_what_the_curve_could_not_show_is_said_modestly() -> None:
    assert STRAIGHT.probability(30.0, codes=("twin",)) > 0.999
    assert STRAIGHT.probability(30.0, codes=("different_identifier", "twin")) == pytest.approx(0.2)
    assert STRAIGHT.probability(-30.0, codes=("different_identifier",)) < 0.001
    namesake = replace(JANE, identifiers=(("state_id", "a1"),), addresses=(AWAY,))
    found = score(replace(namesake, identifiers=(("state_id", "b2"),)), namesake, model=MODEL)
    assert found.odds > 0.999 and found.probability < 0.25


@pytest.mark.parametrize(
    ("veto", "levels", "added"),
    [
        ("different_birth_date", {"family": "different"}, ANOTHER_SURNAME),
        ("different_birth_date", {"family": "exact"}, None),
        ("generation_gap", {"family": "different"}, None),
        ("different_birth_date", {"family": "exact", "suffix": "one_sided"}, FATHER_AND_SON),
        ("twin", {"given": "different"}, ANOTHER_GIVEN_NAME),
        ("twin", {"given": "different", "middle": "other_initial"}, ANOTHER_GIVEN_NAME),
        ("twin", {"given": "different", "middle": "initial"}, None),
        ("twin", {"given": "initial"}, None),
        ("twin", {"given": "different", "identifier": "equal"}, None),
    ],
)
def test_what_levels_add_to_a_veto(veto: str, levels: dict[str, str], added: str | None) -> None:
    found = forbidding((veto,), lambda field: levels.get(field, ""))
    assert found == ((veto, added) if added else (veto,))


def test_a_twin_with_another_name_is_hardly_the_person() -> None:
    twin = score(JANE, PEOPLE["twin"], model=MODEL)
    assert twin.vetoes == ("twin",)
    assert twin.probability < 0.12 < twin.odds


def test_a_decision_shares_out_what_there_is() -> None:
    by = with_knots([-1.0, 1 / 3], [1.0, 2 / 3])
    alone = decided(by, JANE, {"a": PEOPLE["moved"]}).ranked[0].scored
    both = decided(by, JANE, {"a": PEOPLE["moved"], "b": replace(PEOPLE["moved"], given="jnae")}).ranked
    assert alone.probability > both[0].scored.probability > both[1].scored.probability
    assert [alone.weight, alone.odds] == [both[0].scored.weight, both[0].scored.odds]


def test_whom_staff_have_told_apart_takes_nothing_from_the_others() -> None:
    by, candidates = with_knots([-1.0, 1 / 3], [1.0, 2 / 3]), {"a": PEOPLE["moved"], "b": JANE}
    first, _ = decide(
        JANE, candidates, model=by, verified=frozenset(), policy=Policy(), not_same=frozenset({"b"})
    ).ranked  # fmt: skip
    assert first.person_id == "a"
    assert first.scored.probability == score(JANE, candidates["a"], model=by).probability


@pytest.mark.parametrize("name", PEOPLE)
def test_what_is_reported_is_calibrated_and_what_thresholds_see_is_not(name: str) -> None:
    found = score(JANE, PEOPLE[name], model=MODEL)
    assert found.odds == odds(found.weight) == pytest.approx(1 / (1 + 2**-found.weight))
    codes = forbidding(found.vetoes, found.level)
    assert found.as_json()["probability"] == round(CURVE.probability(found.weight, codes=codes), 6)
    assert found.weight == score(JANE, PEOPLE[name], model=with_knots([0.0, 0.5], [1.0, 0.5])).weight


def decided(by: model.Model, probe: Features, candidates: Mapping[str, Features]) -> Decision:
    return decide(probe, candidates, model=by, verified=frozenset({("phone", "+15035551234")}), policy=Policy())


@pytest.mark.parametrize(
    "knots",
    [
        ([-40.0, 1e-9], [40.0, 1e-9]),  # nobody is likely
        ([-40.0, 1 - 1e-9], [40.0, 1 - 1e-9]),  # everybody is
        ([0.0, 0.001], [12.0, 0.4]),
    ],
)
def test_nobody_comes_to_another_zone_by_a_calibration(knots: tuple[Any, ...]) -> None:
    other, seen = with_knots(*knots), set()
    everybody = [{name: form} for name, form in PEOPLE.items()] + [dict(PEOPLE), {"a": JANE, "b": JANE}]
    for probe in PEOPLE.values():
        for candidates in everybody:
            before, after = decided(MODEL, probe, candidates), decided(other, probe, candidates)
            assert (before.zone, before.matcher_zone) == (after.zone, after.matcher_zone)
            assert [(each.person_id, each.why) for each in before.ranked] == [
                (each.person_id, each.why) for each in after.ranked
            ]
            seen.add(before.zone)
        for form in PEOPLE.values():
            pairs = [weigh(probe, form, model=by, policy=Policy()) for by in (MODEL, other)]
            assert len({pair and (pair.zone, pair.likely) for pair in pairs}) == 1
            scores = [(score(probe, form, model=by), by) for by in (MODEL, other)]
            assert len({wants_review(*each) for each in scores}) == 1
    assert seen == {"link", "review", "new"}


def test_it_survives_the_way_into_a_file_and_back(tmp_path: Path) -> None:
    path = tmp_path / "matching.json"
    files.write(SHIPPED, path)
    found = load(str(path))
    assert found.calibration == CURVE
    assert found.version == MODEL.version
    assert '"curve": [[' in path.read_text()
