"""Is somebody found again under the keys they were filed under?"""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from random import Random

import pytest

from keyturn.matching import Features, blocking_keys, features_of, identity_lock_keys
from keyturn.terms.address import Address
from keyturn.terms.person import Identifier, Kind, PersonDetails

from .people import a_person, carelessly, features

JANE = PersonDetails(
    given_name="Jane",
    middle_name="Ann",
    family_name="Zelenko",
    date_of_birth=date(1970, 3, 12),
    emails=("Jane@Example.com",),
    phones=("503-555-1234",),
    identifiers=(Identifier("state_id", "X 123"),),
    addresses=(Address("12 N Main Street Apt 3", "", "Hillsboro", "OR", "97123"),),
)


def share_a_key(one: PersonDetails, other: PersonDetails) -> bool:
    return not blocking_keys(features(one)).isdisjoint(blocking_keys(features(other)))


def test_features_survive_json() -> None:
    whole = features_of(JANE, digest=lambda id_type, value: "d", flags=["deceased"])
    assert Features.from_json(json.loads(json.dumps(whole.as_json()))) == whole


def test_features_hold_no_plain_identifier() -> None:
    assert "123" not in json.dumps(features_of(replace(JANE, addresses=()), digest=lambda *_: "d").as_json()["i"])


def test_flags_are_carried_for_the_vetoes() -> None:
    assert features_of(JANE, digest=lambda *_: "d", flags=["deceased"]).flags == {"deceased"}


def test_what_is_empty_takes_no_room() -> None:
    assert Features().as_json() == {}
    assert features(PersonDetails(given_name="Jo")).as_json() == {"g": "jo"}


def test_keys_are_the_same_in_another_process() -> None:
    program = (
        "from keyturn.matching import *; from keyturn.terms.person import *; from datetime import date;"
        "print(sorted(blocking_keys(features_of(PersonDetails(given_name='Jane', family_name='Zelenko',"
        " date_of_birth=date(1970, 3, 12)), digest=lambda *_: 'd'))))"
    )
    there = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    )
    here = PersonDetails(given_name="Jane", family_name="Zelenko", date_of_birth=date(1970, 3, 12))
    assert json.loads(there.stdout) == sorted(blocking_keys(features(here)))


def test_keys_fit_a_signed_bigint() -> None:
    assert all(-(2**63) <= key < 2**63 for key in blocking_keys(features(JANE)))


@pytest.mark.parametrize(
    "changes",
    [
        {"given_name": "Zelenko", "family_name": "Jane"},
        {"family_name": "Zelenka"},
        {"family_name": "Roe", "addresses": (), "emails": (), "phones": (), "identifiers": ()},
        {"given_name": "June", "addresses": (), "emails": (), "phones": (), "identifiers": ()},
        {"date_of_birth": date(1970, 12, 3), "addresses": (), "emails": (), "phones": (), "identifiers": ()},
        {"date_of_birth": date(1970, 3, 21), "addresses": (), "emails": (), "phones": (), "identifiers": ()},
        {"date_of_birth": date(1980, 3, 12), "addresses": (), "emails": (), "phones": (), "identifiers": ()},
        {"date_of_birth": None, "emails": (), "phones": (), "identifiers": ()},
        {"date_of_birth": None, "addresses": (), "emails": (), "phones": (), "identifiers": ()},
        {"given_name": "", "family_name": "", "date_of_birth": None, "addresses": (), "emails": (), "identifiers": ()},
        {"given_name": "", "family_name": "", "date_of_birth": None, "addresses": (), "phones": (), "identifiers": ()},
        {"given_name": "", "family_name": "", "date_of_birth": None, "addresses": (), "phones": (), "emails": ()},
        {"given_name": "Bob", "date_of_birth": date(1950, 1, 2), "emails": (), "phones": (), "identifiers": ()},
    ],
    ids=lambda changes: ", ".join(changes),
)
def test_somebody_is_found_again_though_something_changed(changes: dict[str, object]) -> None:
    assert share_a_key(JANE, replace(JANE, **changes))  # type: ignore[arg-type]


def test_either_name_with_a_slip_in_the_birth_date_or_the_zip_code_is_enough() -> None:
    """Nothing else is left to meet by: another door, no contacts."""
    there = Address("7 Oak Ave", "", "Beaverton", "OR", "97132")
    bare = replace(JANE, emails=(), phones=(), identifiers=())
    assert share_a_key(bare, replace(bare, given_name="Zoe", date_of_birth=date(1970, 3, 21), addresses=()))
    assert share_a_key(bare, replace(bare, date_of_birth=None, family_name="Zelinko", addresses=(there,)))


@pytest.mark.parametrize("born", [date(1970, 3, 22), date(1970, 5, 12), date(1981, 3, 12)])
def test_given_name_and_middle_initial_are_enough_with_half_of_the_birth_date(born: date) -> None:
    """The surname is another, the door too, and there is a slip in the date."""
    one = PersonDetails(given_name="Susan", middle_name="Q", family_name="Miller", date_of_birth=date(1970, 3, 12))
    assert share_a_key(one, replace(one, given_name="Sue", family_name="Baker", date_of_birth=born))
    assert not share_a_key(one, replace(one, family_name="Baker", middle_name="R", date_of_birth=born))


def test_a_rare_name_is_found_with_its_halves_exchanged() -> None:
    one = PersonDetails(given_name="Radomir", family_name="Zelenko")
    assert share_a_key(one, PersonDetails(given_name="Zelenko", family_name="Radomir"))


def test_few_people_meet_by_chance_even_where_names_and_streets_are_few() -> None:
    random = Random(11)
    filed = [blocking_keys(features(a_person(random))) for _ in range(300)]
    meetings = sum(not one.isdisjoint(other) for one in filed for other in filed if one is not other)
    assert meetings / (300 * 299) < 0.005


def test_a_common_name_alone_is_no_key_and_a_rare_one_is() -> None:
    assert not share_a_key(
        PersonDetails(given_name="James", family_name="Smith", date_of_birth=date(1950, 5, 5)),
        PersonDetails(given_name="James", family_name="Smith", date_of_birth=date(1983, 8, 9)),
    )
    assert share_a_key(
        PersonDetails(given_name="Radomir", family_name="Zelenko", date_of_birth=date(1950, 5, 5)),
        PersonDetails(given_name="Radomir", family_name="Zelenko", date_of_birth=date(1983, 8, 9)),
    )


def test_organisations_are_found_by_name_and_by_tax_number() -> None:
    acme = PersonDetails(
        kind=Kind.ORGANISATION, organisation_name="Acme Plumbing LLC", identifiers=(Identifier("tax_id", "12-3456789"),)
    )
    assert share_a_key(acme, PersonDetails(kind=Kind.ORGANISATION, organisation_name="ACME PLUMBING, INC."))
    assert share_a_key(
        acme,
        PersonDetails(
            kind=Kind.ORGANISATION, organisation_name="Blue", identifiers=(Identifier("tax_id", "123456789"),)
        ),
    )


def test_whoever_has_any_detail_has_a_key() -> None:
    assert blocking_keys(features(PersonDetails(given_name="James")))
    assert blocking_keys(features(PersonDetails(addresses=(Address(city="Hillsboro"),))))
    assert not blocking_keys(features(PersonDetails()))


def test_two_careless_records_of_one_person_always_share_a_lock_in_one_order() -> None:
    random = Random(12)
    for _ in range(500):
        person = a_person(random)
        one, other = (identity_lock_keys(features(carelessly(person, random))) for _ in range(2))
        assert set(one) & set(other)
        assert list(one) == sorted(one)


def test_keys_stay_few() -> None:
    random = Random(13)
    counts = [len(blocking_keys(features(a_person(random)))) for _ in range(200)]
    assert sum(counts) / len(counts) < 30
    hostile = replace(JANE, addresses=JANE.addresses * 500, emails=tuple(f"a{n}@example.com" for n in range(500)))
    assert len(blocking_keys(features(hostile))) < 60
