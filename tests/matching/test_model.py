"""Is a model file taken as it is written, and is one that is not good enough refused in a sentence?"""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keyturn.matching import KEYS_VERSION, Features, decide, load, model, score
from keyturn.matching.vetoes import KNOWN
from keyturn.terms import policy
from keyturn.terms.policy import Policy

SHIPPED = model.read(model.shipped("default"))


def changed(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    values = deepcopy(SHIPPED)
    change(values)
    return values


def test_the_shipped_model_is_whole_and_uses_everything() -> None:
    found = load()
    assert found.keys_version == KEYS_VERSION
    assert found.vetoes == set(KNOWN)
    assert found.version.startswith(f"{SHIPPED['label']}-")
    assert load("default").version == found.version


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values["thresholds"].update(link=0.9991),
        lambda values: values["vetoes"].remove("generation_gap"),
        lambda values: values["person"]["middle"]["exact"].__setitem__(1, 0.016),
        lambda values: values["priors"].update(twin=6.5),
        lambda values: values.update(population=2_000_000),
        lambda values: values["calibration"]["curve"][0].__setitem__(1, 0.0001),
        lambda values: values["calibration"].update(on_file_twice=0.1),
        lambda values: values["calibration"]["at_most"].clear(),
        lambda values: values.update(label="mine"),
    ],
)
def test_two_models_that_differ_in_anything_never_share_a_version(change: Callable[[dict[str, Any]], Any]) -> None:
    assert model.from_mapping(changed(change)).version != load().version


def test_a_note_changes_nothing() -> None:
    assert model.from_mapping(changed(lambda values: values.update(note="Hello."))).version == load().version


def curved(values: dict[str, Any], knots: object) -> None:
    values["calibration"]["curve"] = knots


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda v: v.update(format=1), "this is format 1; this Keyturn reads format 2"),
        (lambda v: v.pop("priors"), "priors is missing"),
        (lambda v: v["thresholds"].pop("margin"), "margin is missing"),
        (lambda v: v["person"]["given"].pop("nickname"), "nickname is missing"),
        (lambda v: v.update(tresholds={}), "the file has no tresholds (did you mean thresholds?)"),
        (lambda v: v["thresholds"].update(lnik=1), "thresholds has no lnik (did you mean link?)"),
        (lambda v: v["person"].update(gender={}), "person has no gender"),
        (lambda v: v["person"]["given"].update(equal=[1] * 5), "person.given has no equal"),
        (lambda v: v["vetoes"].append("twins"), "vetoes has no twins (did you mean twin?)"),
        (lambda v: v["keys"].update(families=["nn"]), "keys has no families"),
        (lambda v: v["keys"].update(version=1), "keys.version is 1, and this Keyturn files persons under keys of version 3"),
        (lambda v: v["thresholds"].update(link=1.5), "thresholds.link must be a number from 0.5 to 1, not 1.5"),
        (lambda v: v["thresholds"].update(link="much"), "thresholds.link must be a number from 0.5 to 1, not 'much'"),
        (lambda v: v["thresholds"].update(review=0.9999), "thresholds.review must not be over thresholds.link"),
        (lambda v: v["thresholds"].update(review=0), "thresholds.review must be more than 0: with 0, staff would look at everybody"),
        (lambda v: v.update(vetoes=[]), 'vetoes is empty: name what forbids a link, or write "none" for nothing at all'),
        (lambda v: v["thresholds"].update(kept=0), "thresholds.kept must be a number from 1 to 100, not 0"),
        (lambda v: v.update(population=True), "population must be a number"),
        (lambda v: v["names"]["given"].update(rarest=0), "names.given.rarest must be a number"),
        (lambda v: v["person"]["given"].update(exact=[0.8]), "person.given.exact must have 5 numbers"),
        (lambda v: v["person"]["given"]["exact"].__setitem__(1, 0), "person.given.exact must be a number from 1e-12 to 1"),
        (lambda v: v["person"]["given"]["exact"].__setitem__(0, 0.5), "person.given: the column of same adds up to 0.647"),
        (lambda v: v["shared"]["identifier"]["last4"].__setitem__(4, 0.5), "shared.identifier: the column of namesake adds up"),
        (lambda v: v.update(label=""), "label must be a text of 1 to 40 characters"),
        (lambda v: v.update(person=[]), "a part has another shape"),
        (lambda v: v.update(thresholds=3), "a part has another shape"),
        (lambda v: v.update(vetoes=""), "vetoes must be a list of names"),
        (lambda v: v.update(vetoes={}), "vetoes must be a list of names"),
        (lambda v: v["thresholds"].update(link=float("nan")), "thresholds.link must be a number"),
        (lambda v: v.pop("calibration"), "calibration is missing"),
        (lambda v: v.update(calibration=[[0, 0.5], [1, 0.6]]), "calibration must have on_file_twice, curve and at_most, and nothing"),
        (lambda v: v["calibration"].pop("on_file_twice"), "calibration must have on_file_twice, curve and at_most, and nothing"),
        (lambda v: v["calibration"].update(on_file_twice=0), "calibration.on_file_twice: a probability must be more than 0"),
        (lambda v: v["calibration"].update(at_most=[]), "calibration.at_most must say of some vetoes which probability"),
        (lambda v: v["calibration"].update(at_most={"twins": 0.5}), "calibration.at_most: there is no veto twins"),
        (lambda v: v["calibration"].update(at_most={"twin": 1}), "calibration.at_most.twin: a probability must be more than 0"),
        (lambda v: v["calibration"].update(at_most={"twin": "few"}), "calibration.at_most.twin: a probability must be more than 0"),
        (lambda v: curved(v, {"0": 0.5}), "calibration.curve must be a list of at least two knots, [bits, probability]"),
        (lambda v: curved(v, [[0, 0.5]]), "calibration.curve must be a list of at least two knots, [bits, probability]"),
        (lambda v: curved(v, [[0, 0.5], [1]]), "calibration.curve: a knot must be [bits, probability], two numbers, not [1]"),
        (lambda v: curved(v, [[0, 0.5], [1, "0.6"]]), "calibration.curve: a knot must be [bits, probability], two numbers"),
        (lambda v: curved(v, [[0, 0.5], [True, 0.6]]), "calibration.curve: a knot must be [bits, probability], two numbers"),
        (lambda v: curved(v, [[0, 0.5], [float("nan"), 0.6]]), "calibration.curve: bits must be from -200 to 200, not nan"),
        (lambda v: curved(v, [[0, 0.5], [201, 0.6]]), "calibration.curve: bits must be from -200 to 200, not 201"),
        (lambda v: curved(v, [[0, 0], [1, 0.6]]), "calibration.curve: a probability must be more than 0 and less than 1, not 0"),
        (lambda v: curved(v, [[0, 0.5], [1, 1.0]]), "calibration.curve: a probability must be more than 0 and less than 1"),
        (lambda v: curved(v, [[0, 0.5], [0, 0.6]]), "calibration.curve: the bits must rise from knot to knot, and 0 follows 0"),
        (lambda v: curved(v, [[0, 0.5], [1, 0.4]]), "calibration.curve: the probabilities must never fall, and 0.4 follows 0.5"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_in_a_sentence(change: Callable[[dict[str, Any]], Any], told: str) -> None:
    with pytest.raises(ValueError) as problem:
        model.from_mapping(changed(change), source="matching.json")
    assert str(problem.value).startswith(f"matching.json: {told}")


def test_that_nothing_forbids_a_link_is_said_in_a_word() -> None:
    assert model.from_mapping(changed(lambda values: values.update(vetoes="none"))).vetoes == frozenset()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "cannot be read"),
        ("[]", "must be one JSON object"),
        ("{}", "format is missing"),
        (None, "there is no model"),
        ("[" * 200_000, "cannot be read"),
    ],
)
def test_a_file_that_is_none_is_refused_too(tmp_path: Path, text: str | None, told: str) -> None:
    path = tmp_path / "matching.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=told):
        load(str(path))


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "matching.json").mkdir()
    with pytest.raises(ValueError, match="cannot be read: Is a directory"):
        load(str(tmp_path / "matching.json"))


@pytest.mark.parametrize("name", ["../default", "a/b", "", "x y"])
def test_a_shipped_model_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        load(name)


def test_a_profile_s_own_file_goes_before_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('match_profile = "default"\n')
    assert load(policy.load(tmp_path / "policy.toml").match_profile).version == load().version
    (tmp_path / "matching.json").write_text(json.dumps(changed(lambda values: values.update(label="ours"))))
    found = policy.load(tmp_path / "policy.toml")
    assert load(found.match_profile).label == "ours"
    assert found.version == replace(found, match_profile="default").version, "the model has a version of its own"


@pytest.mark.parametrize("name", ["link_probability", "review_probability", "link_margin", "candidates_kept"])
def test_a_setting_that_is_part_of_the_model_now_says_where_it_went(name: str) -> None:
    with pytest.raises(ValueError, match=rf"policy\.toml: {name} is thresholds\.\w+ of the matching model now"):
        policy.from_mapping({name: 1}, source="policy.toml")


def test_a_registry_larger_than_the_town_is_told_apart_from_a_smaller_one() -> None:
    found = load()
    assert found.sized(10) is found.sized(found.population) is found
    large = found.sized(10_000_000)
    assert large.priors[0] == pytest.approx(found.priors[0] - 4)
    assert large.priors[1:] == found.priors[1:]
    assert large.version != found.version
    assert large.version == found.sized(11_000_000).version


JANE = Features(given="jane", family="zelenko", birth_date="1970-03-12", phones=("+15035551234",))


def test_a_veto_that_the_file_leaves_out_forbids_nothing() -> None:
    other = replace(JANE, given="igor")
    lax = model.from_mapping(changed(lambda values: values["vetoes"].remove("twin")))
    assert score(JANE, other, model=load()).vetoes == ("twin",)
    assert score(JANE, other, model=lax).vetoes == ()


def test_the_file_s_thresholds_decide() -> None:
    zones = {}
    for link in (0.99, 0.9999999999):
        of_file = model.from_mapping(changed(lambda values, link=link: values["thresholds"].update(link=link)))
        zones[link] = decide(JANE, {"p": JANE}, model=of_file, verified=frozenset(), policy=Policy()).matcher_zone
    assert zones == {0.99: "link", 0.9999999999: "review"}
