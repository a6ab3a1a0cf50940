"""Is the demo utility's data what the demo, the tests and the benchmarks rely on?"""

import csv
import hashlib
import json
import time
from collections import Counter
from datetime import date
from itertools import pairwise

import phonenumbers
import pytest
from stdnum.us import ein

from keyturn.local.demo_utility import cast
from keyturn.local.demo_utility.dataset import Dataset, generate, write
from keyturn.local.demo_utility.places import towns
from keyturn.terms import rows

TODAY = date(2026, 1, 15)
FULL = 20_000


@pytest.fixture(scope="module")
def utility() -> Dataset:
    return generate(persons=FULL, seed=1, today=TODAY)


def digest(dataset: Dataset) -> str:
    content = [list(dataset.persons), list(dataset.premises), list(dataset.accounts)]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:16]


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    assert digest(generate(persons=300, seed=7, today=TODAY)) == digest(generate(persons=300, seed=7, today=TODAY))
    assert digest(generate(persons=300, seed=7, today=TODAY)) != digest(generate(persons=300, seed=8, today=TODAY))


def test_the_rows_are_the_same_on_every_machine() -> None:
    assert digest(generate(persons=300, seed=1, today=TODAY)) == "0931d2c21c1fefdb"


def test_twenty_thousand_persons_take_at_most_a_second_and_a_half_of_cpu() -> None:
    began = time.process_time()
    generate(persons=FULL, seed=2, today=TODAY)
    assert time.process_time() - began <= 1.5


def test_every_row_has_exactly_the_public_columns_as_text(utility: Dataset) -> None:
    for found, columns in (
        (utility.persons, rows.PERSON_COLUMNS),
        (utility.premises, rows.PREMISE_COLUMNS),
        (utility.accounts, rows.ACCOUNT_COLUMNS),
    ):
        assert {tuple(row) for row in found} == {columns}
        assert {type(value) for row in found for value in row.values()} == {str}
        assert len({row["ref"] for row in found}) == len(found)
    assert len(utility.persons) == FULL


@pytest.mark.parametrize("persons", [16, 17, 50, 333, 2_000])
def test_it_is_sized_down_sanely(persons: int) -> None:
    small = generate(persons=persons, seed=1, today=TODAY)
    assert len(small.persons) == persons
    assert all(cast.PERSONS[ref] in small.persons for ref in cast.PERSONS)
    assert vacant(small) >= 0.15 * len(small.premises)


def test_fewer_persons_than_the_cast_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 16"):
        generate(persons=15, today=TODAY)


def vacant(dataset: Dataset) -> int:
    served = {row["premise_ref"] for row in dataset.accounts if row["status"] != "stopped"}
    return len(dataset.premises) - len(served)


def test_enough_premises_are_vacant(utility: Dataset) -> None:
    assert vacant(utility) >= max(1_500, 0.15 * len(utility.premises))


def test_accounts_point_at_rows_that_exist(utility: Dataset) -> None:
    persons, premises = ({row["ref"] for row in found} for found in (utility.persons, utility.premises))
    assert all(row["person_ref"] in persons and row["premise_ref"] in premises for row in utility.accounts)


def test_at_one_premise_no_two_tenancies_overlap(utility: Dataset) -> None:
    stays: dict[str, list[tuple[str, str]]] = {}
    for row in utility.accounts:
        stays.setdefault(row["premise_ref"], []).append((row["start_date"], row["end_date"] or "9999"))
    assert all(one[1] <= following[0] for found in stays.values() for one, following in pairwise(sorted(found)))


def test_dates_agree_with_the_status(utility: Dataset) -> None:
    today = TODAY.isoformat()
    for row in utility.accounts:
        begun, ended = row["start_date"] <= today, row["end_date"]
        assert {
            "active": begun and not ended,
            "pending_start": not begun and not ended,
            "pending_stop": begun and ended > today,
            "stopped": begun and "" < ended <= today and row["start_date"] <= ended,
        }[row["status"]], row


def test_every_story_of_the_domain_has_its_people(utility: Dataset) -> None:
    people = [row for row in utility.persons if row["kind"] == "person"]
    named = Counter((row["given_name"], row["family_name"]) for row in people)
    born = Counter(
        (row["given_name"], row["family_name"], row["date_of_birth"]) for row in people if row["date_of_birth"]
    )
    siblings = Counter(
        (row["family_name"], row["date_of_birth"], row["line1"]) for row in people if row["date_of_birth"]
    )
    ended = [row for row in utility.accounts if row["status"] == "stopped"]
    unpaid = [row for row in ended if float(row["balance"]) > 0]
    present = {row["person_ref"] for row in utility.accounts if row["status"] != "stopped"}
    shares = Counter(row["customer_class"] for row in utility.accounts)
    found = {
        "namesakes": sum(count for count in named.values() if count > 1),
        "namesakes with one birthday": sum(count > 1 for count in born.values()),
        "twins": sum(count > 1 for count in siblings.values()),
        "juniors": sum(row["suffix"] == "Jr." for row in people),
        "shared phones": sum(count > 1 for count in Counter(r["phone"] for r in people if r["phone"]).values()),
        "shared e-mails": sum(count > 1 for count in Counter(r["email"] for r in people if r["email"]).values()),
        "without phone": sum(not row["phone"] for row in people),
        "without e-mail": sum(not row["email"] for row in people),
        "without identifier": sum(not row["id_value"] for row in people),
        "mononyms": sum(not row["family_name"] for row in people),
        "organisations": FULL - len(people),
        "movers": len({row["person_ref"] for row in ended} & present),
        "former customers": len({row["person_ref"] for row in ended} - present),
        "unpaid final bills": len(unpaid),
        "very old debts": sum(row["end_date"] < "2019-01-15" for row in unpaid),
        "landlords' flats": shares["landlord"],
        "post-office boxes": sum(row["line1"].startswith("PO Box") for row in people),
        "post abroad": sum(row["country"] not in ("", "US") for row in people),
        "flats": sum(row["line2"] != "" for row in utility.premises),
    }
    least = {
        "namesakes": 2_000, "namesakes with one birthday": 5, "twins": 20, "juniors": 20, "shared phones": 500,
        "shared e-mails": 200, "without phone": 500, "without e-mail": 1_000, "without identifier": 2_000,
        "mononyms": 20, "organisations": 400, "movers": 1_000, "former customers": 2_000,
        "unpaid final bills": 200, "very old debts": 20,
        "landlords' flats": 100, "post-office boxes": 300, "post abroad": 50, "flats": 1_500,
    }  # fmt: skip
    assert {story: count for story, count in found.items() if count < least[story]} == {}


def test_frequent_names_are_frequent(utility: Dataset) -> None:
    family = Counter(row["family_name"] for row in utility.persons)
    assert family["Smith"] > 15 * max(1, family["Zelenko"]) > 0


def test_nobody_can_be_reached_by_accident(utility: Dataset) -> None:
    for row in utility.persons:
        if row["email"]:
            assert row["email"].rpartition("@")[2] in ("example.com", "example.org", "example.net")
        if row["phone"]:
            assert "555" in row["phone"]
            assert phonenumbers.is_possible_number(phonenumbers.parse(row["phone"], "US"))


def test_full_identifiers_stand_on_one_person_only(utility: Dataset) -> None:
    full = [(r["id_type"], r["id_value"]) for r in utility.persons if r["id_value"] and r["id_type"] != "ssn_last4"]
    assert len(full) == len(set(full))
    assert all(ein.is_valid(value) for kind, value in full if kind == "tax_id")


def test_premises_lie_in_the_territory_and_no_address_comes_twice(utility: Dataset) -> None:
    division = {town.postal_code: town.division for town in towns()}
    assert all(row["division"] == division[row["postal_code"]] for row in utility.premises)
    assert set(division.values()) == {"north", "river"}
    assert len({(r["line1"], r["line2"], r["city"]) for r in utility.premises}) == len(utility.premises)


def test_nobody_shares_a_phone_with_the_cast_by_accident(utility: Dataset) -> None:
    played = [*cast.PERSONS.values(), cast.NEWCOMER, cast.TWIN_SISTER]
    numbers = {_digits(row["phone"]) for row in played if row["phone"]}
    assert not [row for row in utility.persons if row["ref"] not in cast.PERSONS and _digits(row["phone"]) in numbers]


def _digits(phone: str) -> str:
    return "".join(filter(str.isdigit, phone))[-10:]


def test_files_read_back_as_they_were(utility: Dataset, tmp_path: pytest.TempPathFactory) -> None:
    for path, expected in zip(
        write(utility, tmp_path), (utility.persons, utility.premises, utility.accounts), strict=True
    ):
        with path.open(encoding="utf-8", newline="") as file:
            assert list(csv.DictReader(file)) == list(expected)


def test_the_cast_is_where_the_stories_say(utility: Dataset) -> None:
    accounts = {(row["person_ref"], row["premise_ref"]): row for row in utility.accounts}
    served = {row["premise_ref"] for row in utility.accounts if row["status"] != "stopped"}
    assert accounts[cast.DEBTOR, cast.DEBTOR_HOUSE]["balance"] == "214.60"
    assert accounts[cast.FORMER, cast.HOLLOWAY_HOUSE]["status"] == "stopped"
    assert cast.OCCUPIED_HOUSE in served
    assert not served & {cast.VACANT_HOUSE, cast.VACANT_SHOP, *cast.NEW_BUILDING}
    twin = cast.PERSONS[cast.TWIN]
    assert all(twin[name] == cast.TWIN_SISTER[name] for name in ("family_name", "date_of_birth", "phone"))
    assert twin["given_name"] != cast.TWIN_SISTER["given_name"]
