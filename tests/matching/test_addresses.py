"""Is one place one place, however it is written?"""

import pytest

from keyturn.matching import closeness, normalise, search_terms
from keyturn.matching.places import compare_addresses
from keyturn.terms.address import Address


def us(line1: str, line2: str = "", city: str = "Hillsboro", state: str = "OR", postal_code: str = "97123") -> Address:
    return Address(line1, line2, city, state, postal_code)


ONE_DOOR = [
    us("12 N Main Street Apt 3"),
    us("12 North Main St. #3"),
    us("12 n. main ST", "unit 3", postal_code="97123-1234"),
    us("Apt 3, 12 N Main St"),
    us("12 N MAIN ST", "3"),
    us("#3 12 N Main St", city="HILLSBORO", state="Oregon"),
    us("12 N Main St", "Apt. 03"),
    us("c/o Jane Roe", "12 N Main St Ste 3"),
    us("12 N Main St, Apartment 3", "Attn: Billing"),
]


@pytest.mark.parametrize("written", ONE_DOOR, ids=lambda address: f"{address.line1} / {address.line2}")
def test_one_door_has_one_key_however_it_is_written(written: Address) -> None:
    assert normalise(written).unit_key == normalise(ONE_DOOR[0]).unit_key
    assert compare_addresses((normalise(written),), (normalise(ONE_DOOR[0]),)) == "exact"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 1/2 Main St", "12½ Main Street"),
        ("One Main Street", "1 Main St"),
        ("123 Fifth Ave", "123 5th Avenue"),
        ("123 Twenty-First St NW", "123 21st Street Northwest"),
        ("PO Box 123", "P.O. Box #0123"),
        ("Post Office Box 123", "p o box 123"),
        ("RR 2 Box 15", "Rural Route 2, Box 15"),
        ("1000 County Road 12", "1000 CR 12"),
        ("1000 US Highway 26", "1000 US Hwy 26"),
        ("100 North Ave", "100 N Avenue"),
        ("55 Avenue B", "55 Ave B"),
        ("12 St James St", "12 Saint James Street"),
        ("100 S.E. 12th Ave.", "100 Southeast 12th Avenue"),
        ("12 Mt Hood Hwy", "12 Mount Hood Highway"),
        ("100 MLK Blvd", "100 Dr Martin Luther King Jr Boulevard"),
        ("500 Broadway 3rd Floor", "500 Broadway Fl 3"),
        ("Bldg 4 Apt 3B 500 Park Dr", "500 Park Drive Apt 3-B Bldg 4"),
        ("No. 12 Main St", "12 Main St"),
        ("12 B Main St", "12B Main St"),
        ("Calle Luna 15", "15 Calle Luna"),
        ("12 Main Sreet", "12 Main Street"),
        ("33 Muellerstreet", "33 Mueller St"),
        ("O’Brien’s Way 4", "4 OBriens Way"),
        ("12 Cañón Dr", "12 Canon Drive"),
    ],
)
def test_two_spellings_are_one_place(one: str, other: str) -> None:
    assert normalise(us(one)).unit_key == normalise(us(other)).unit_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 N Main St", "12 S Main St"),
        ("12 Main St", "12 Main Ave"),
        ("12 Main St", "21 Main St"),
        ("12 Main St", "12 1/2 Main St"),
        ("500 E St", "500 F St"),
        ("500 5th St", "500 6th St"),
        ("12 B Street", "12 Street"),
        ("PO Box 12", "12 Box St"),
        ("1000 Highway 26", "1000 Highway 27"),
    ],
)
def test_two_places_keep_two_keys(one: str, other: str) -> None:
    assert normalise(us(one)).key != normalise(us(other)).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 Main St Apt 3", "12 Main St Apt 4"),
        ("12 Main St Floor 3", "12 Main St Apt 3"),
        ("12 Main St Lot 3", "12 Main St #3"),
        ("12 Main St rear", "12 Main St"),
    ],
)
def test_two_doors_of_a_house_share_the_key_without_the_unit(one: str, other: str) -> None:
    assert normalise(us(one)).key == normalise(us(other)).key
    assert normalise(us(one)).unit_key != normalise(us(other)).unit_key


def test_the_raw_text_stays_as_it_was_typed() -> None:
    written = us("12  n. MAIN st", "#3")
    normalise(written)
    assert written == us("12  n. MAIN st", "#3")


def test_a_town_stands_in_where_the_zip_code_is_missing() -> None:
    assert normalise(us("12 Main St", city="St. Helens", postal_code="")).key == (
        normalise(us("12 Main St", city="Saint Helens", postal_code="")).key
    )


def test_australian_addresses_put_the_flat_before_a_stroke() -> None:
    place = normalise(Address("3/12 High Street", "", "Ryde", "New South Wales", "2112", "AU"))
    assert (place.unit, place.number, place.street, place.state, place.postal) == ("3", "12", "high st", "nsw", "2112")


def test_a_property_name_over_the_street_is_not_taken_for_the_street() -> None:
    place = normalise(Address("30 Springfield Farms", "Rodway Street", "Mount Ommaney", "QLD", "3133", "AU"))
    assert (place.number, place.street, place.building) == ("30", "rodway st", "springfield farms")


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (us("12 Main St Apt 3"), us("12 Main St"), "building"),
        (us("12 Main St Apt 3"), us("12 Main St Apt 4"), "neighbour"),
        (us("12 Washington St"), us("12 Wahsington St"), "similar"),
        (us("12 Main St"), us("12 Main Ave"), "similar"),
        (us("12 Main St"), us("12 Main St", postal_code="97132"), "similar"),
        (us("12 Main St"), us("14 Main St"), "street"),
        (us("12 Main St"), us("7 Oak Ave"), "locality"),
        (us("12 Main St"), us("12 Main St", city="Salem", postal_code="97301"), "different"),
        (us("500 1st St"), us("500 2nd St"), "locality"),
        (us("70 Elm St"), us("70 Oak St"), "locality"),
        (us("4120 Larkspur Lane"), us("4102 Larkspur Ln"), "near_number"),
        (us("21 Larkspur Ln"), us("12 Larkspur Ln"), "near_number"),
        (us("Larkspur Lane"), us("12 Larkspur Ln"), "near_number"),
        (us("4120 Larkspur Lane"), us("4377 Larkspur Ln"), "street"),
        (us("PO Box 411"), us("PO Box 726"), "locality"),
        (us("77"), us("77 Larkspur Ln"), "number"),
        (us("77 Lrkxiur Qn"), us("77 Larkspur Ln"), "similar"),
        (us("77 Lsrjdpit"), us("77 Larkspur Ln"), "locality"),
        (us("77 Laksprulane"), us("77 Larkspur Ln"), "similar"),
        (us("77 Larkspurxane"), us("77 Larkspur Lane"), "similar"),
        (us("77 Larksp ur Ln"), us("77 Larkspur Ln"), "similar"),
        (us("77 Karkzpud Lm"), us("77 Larkspur Ln"), "similar"),
        (us("77 NW 16tj Ave"), us("77 NW 16th Ave"), "similar"),
        (us("77 Larkspur Ln", postal_code="79123"), us("5 Birch Ct"), "locality"),
        (us("77 Larkspur Ln", postal_code="79123", city="Hillsbroo"), us("5 Birch Ct"), "locality"),
        (us("77 Larkspur Ln", postal_code=""), us("5 Birch Ct"), "locality"),
        (us("77 Larkspur Ln", postal_code="", city="Salem"), us("5 Birch Ct"), "different"),
        (us("8 Quarry Rise", "Old Mill House"), us("8 Old Mill House"), "similar"),
        (us("8 Quarry Rise", "Old Mill House"), us("Old Mill House"), "near_number"),
        (us("8 Fern Circuit"), us("8 Quarry St", "Fern Circuit"), "similar"),
    ],
)
def test_how_close_two_addresses_are(one: Address, other: Address, level: str) -> None:
    assert compare_addresses((normalise(one),), (normalise(other),)) == level
    assert compare_addresses((normalise(other),), (normalise(one),)) == level


def test_the_best_of_several_addresses_counts() -> None:
    old, new = normalise(us("12 Main St")), normalise(us("7 Oak Ave", postal_code="97006"))
    assert compare_addresses((old,), (new, old)) == "exact"
    assert compare_addresses((), (new,)) == ""


@pytest.mark.parametrize(
    ("typed", "number", "street", "unit", "city", "postal"),
    [
        ("12 n main street apt 3, 97123", "12", "n main st", "3", "", "97123"),
        ("apt 3 12 n main st hillsboro or 97123", "12", "n main st", "3", "hillsboro", "97123"),
        ("12 Main St, Hillsboro, Oregon", "12", "main st", "", "hillsboro", ""),
        ("12 main st lake oswego or", "12", "main st", "", "lake oswego", ""),
        ("main st 12", "12", "main st", "", "", ""),
        ("97123 12 main st", "12", "main st", "", "", "97123"),
        ("unit 4, 500 park drive", "500", "park dr", "4", "", ""),
        ("500 park dr 4", "500", "park dr", "4", "", ""),
        ("12 main street hillsboro #3", "12", "main st", "3", "hillsboro", ""),
        ("100 northwest 23rd place portland oregon 97210", "100", "nw 23 pl", "", "portland", "97210"),
        ("12 st helens rd", "12", "saint helens rd", "", "", ""),
        ("12 N Main St Hillsboro OR 97123 USA", "12", "n main st", "", "hillsboro", "97123"),
        ("97123", "", "", "", "", "97123"),
        ("44 cedar, 12b", "44", "cedar", "12b", "", ""),
        ("", "", "", "", "", ""),
    ],
)
def test_the_search_box_understands_what_people_type(
    typed: str, number: str, street: str, unit: str, city: str, postal: str
) -> None:
    found = search_terms(typed)
    assert (found.number, found.street, found.unit, found.city, found.postal) == (number, street, unit, city, postal)


@pytest.mark.parametrize(
    "typed", ["12 n maim street", "12 north main hillsboro", "12 main", "12 Main St N, Hillsboro", "12 n mian st 97123"]
)
def test_what_was_meant_ranks_before_what_only_looks_like_it(typed: str) -> None:
    meant = normalise(us("12 N Main St"))
    others = [normalise(us(line)) for line in ("12 Oak St", "14 N Maine Ave", "112 Cedar Ct", "12 Mandarin Ln")]
    assert all(closeness(search_terms(typed), meant) > closeness(search_terms(typed), other) for other in others)
