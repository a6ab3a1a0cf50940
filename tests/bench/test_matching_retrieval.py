"""Is a person found among thousands, the likeliest first, and what does a key cost that everybody has?"""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from django.db import connection

from bench.matching import background, memory, registry, sources
from keyturn.matching import Features
from keyturn.records import ids, person_index
from keyturn.records.models import MatchKey, Person
from keyturn.terms.address import Address
from keyturn.terms.person import PersonDetails

pytestmark = pytest.mark.django_db

ANA = PersonDetails(
    given_name="Ana",
    family_name="Zelenko",
    date_of_birth=date(1984, 3, 9),
    emails=("ana@example.org",),
    addresses=(Address("12 Oak St", "", "Hillsboro", "OR", "97123", "US"),),
)


def on_file(*forms: Features) -> list[UUID]:
    """Write persons as the benchmark does, in this transaction."""
    people = [(ids.new_id(), form) for form in forms]
    connection.ensure_connection()
    registry.write(connection.connection, people)
    return [ident for ident, _ in people]


def test_who_is_written_is_found_in_the_same_transaction() -> None:
    probe = person_index.features(ANA)
    assert person_index.candidates(probe) == {}
    [ana] = on_file(probe)
    assert connection.in_atomic_block
    assert person_index.candidates(probe) == {str(ana): probe}


def test_who_shares_the_rarest_keys_comes_first() -> None:
    ana = person_index.features(ANA)
    neighbours = [
        person_index.features(PersonDetails(given_name=f"N{number}", family_name="Zeman", addresses=ANA.addresses))
        for number in range(40)
    ]
    # Two keys that are hers alone (name and birth date elsewhere) beat five that the whole house has.
    moved = person_index.features(
        PersonDetails(given_name="Ana", family_name="Zelenko", date_of_birth=ANA.date_of_birth)
    )
    *_, there = on_file(*neighbours, moved)
    found = person_index.candidates(ana)
    assert next(iter(found)) == str(there)
    assert len(found) == person_index.CANDIDATES_READ


def test_two_hundred_of_one_dormitory_do_not_crowd_out_who_shares_one_key_alone() -> None:
    dormitory = [
        replace(form, addresses=person_index.features(ANA).addresses) for form in background.strangers(200, seed=5)
    ]
    elsewhere = Address("9 Elm St", "", "Portland", "OR", "97209", "US")
    at_home = person_index.features(
        PersonDetails(given_name="Zdravka", family_name="Nowak", emails=ANA.emails, addresses=(elsewhere,))
    )
    *_, ana = on_file(*dormitory, at_home)
    assert next(iter(person_index.candidates(person_index.features(ANA)))) == str(ana)


def test_a_key_that_thousands_have_does_not_hide_the_person_and_is_not_read_to_its_end() -> None:
    probe = person_index.features(ANA)
    strangers = list(background.strangers(1000, seed=1))
    *crowd, ana = on_file(*strangers, probe)
    everyones = min(person_index.blocking_keys(probe))
    MatchKey.objects.bulk_create([MatchKey(key=everyones, person_id=each) for each in crowd])
    assert next(iter(person_index.candidates(probe))) == str(ana)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN (ANALYZE, FORMAT JSON) " + person_index._CANDIDATES, [[everyones], person_index.HOLDERS_READ, 30]
        )
        assert "'Actual Rows': 1000" not in str(cursor.fetchone())


def test_who_was_merged_into_another_is_no_candidate() -> None:
    probe = person_index.features(ANA)
    survivor, loser = on_file(probe, probe)
    Person.objects.filter(pk=loser).update(redirect_to=survivor)
    assert set(person_index.candidates(probe)) == {str(survivor)}


def test_a_young_registry_counts_as_ten_thousand_and_is_not_counted_each_time(
    django_assert_num_queries: pytest.FixtureRequest,
) -> None:
    person_index._population.clear()
    assert person_index.population() == 10_000
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert person_index.population() == 10_000


def test_the_registry_in_memory_answers_as_the_one_on_disk() -> None:
    assert (memory.CANDIDATES_READ, memory.HOLDERS_READ) == (
        person_index.CANDIDATES_READ, person_index.HOLDERS_READ,
    )  # fmt: skip
    forms = list(background.strangers(300, seed=3))
    written = on_file(*forms)
    in_memory = memory.Registry((str(ident), form) for ident, form in zip(written, forms, strict=True))
    for probe in forms[:20]:
        assert list(in_memory.candidates(probe)) == list(person_index.candidates(probe))


def test_febrl4_is_found_among_two_thousand_others() -> None:
    originals, duplicates = sources.febrl4()
    numbers = sorted(originals)[:300]
    known = [sources.features(sources.of_febrl(originals[each])) for each in numbers]
    written = on_file(*known, *background.strangers(2000, seed=7))
    truth = dict(zip(numbers, map(str, written), strict=False))
    found = sum(
        truth[each] in list(person_index.candidates(sources.features(sources.of_febrl(duplicates[each]))))[:10]
        for each in numbers
    )
    assert found >= 299
