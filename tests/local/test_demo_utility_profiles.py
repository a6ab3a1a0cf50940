"""Do the profiles that ship go with the code, and the demo's profile with the demo's data?"""

from pathlib import Path

import pytest

from keyturn.local.demo_utility import cast
from keyturn.local.demo_utility.contacts import Contacts
from keyturn.local.demo_utility.places import towns
from keyturn.look import brand
from keyturn.terms import policy

PROFILES = sorted(path for path in (Path(__file__).parents[2] / "profiles").iterdir() if path.is_dir())
LUMEN_VALLEY = policy.load(Path(__file__).parents[2] / "profiles" / "lumen-valley" / "policy.toml")


@pytest.mark.parametrize("folder", PROFILES, ids=lambda folder: folder.name)
def test_a_profile_is_whole(folder: Path) -> None:
    assert policy.load(folder / "policy.toml").label == folder.name
    face = brand.load(folder)
    assert face.name and face.phone and face.email and face.logo
    for texts in (face.tagline, face.phone_hours):
        assert set(texts) == {"en", "es"}


def prefixed(postal_code: str, prefixes: object) -> list[str]:
    return [each for each in prefixes if postal_code.startswith(each)]  # type: ignore[attr-defined]


def test_every_town_lies_in_the_territory_and_in_no_neighbours() -> None:
    for town in towns():
        assert prefixed(town.postal_code, LUMEN_VALLEY.territory_postal_codes)
        assert not prefixed(town.postal_code, LUMEN_VALLEY.neighbours)


def test_the_address_outside_has_a_neighbour_who_serves_it_and_the_new_one_is_ours() -> None:
    outside, new = cast.OUTSIDE["postal_code"], cast.NOT_ON_FILE["postal_code"]
    assert [LUMEN_VALLEY.neighbours[each] for each in prefixed(outside, LUMEN_VALLEY.neighbours)] == [
        "Cinder Butte People's Utility District"
    ]
    assert prefixed(new, LUMEN_VALLEY.territory_postal_codes)


def test_the_casts_identifiers_are_of_types_that_the_policy_accepts() -> None:
    for row in cast.PERSONS.values():
        accepted = (
            LUMEN_VALLEY.identifiers_for_organisation
            if row["kind"] == "organisation"
            else LUMEN_VALLEY.identifiers_for_person
        )
        assert row["id_type"] in ("", *accepted)


def test_phones_are_written_in_several_ways() -> None:
    import random

    contacts = Contacts(random.Random(1))
    shapes = {"".join("9" if each.isdigit() else each for each in contacts.phone()) for _ in range(200)}
    assert shapes == {"(999) 999-9999", "999-999-9999", "+99999999999", "9999999999"}
