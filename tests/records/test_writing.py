"""Do new rows of several tables arrive as they are, in one trip, all or none?"""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from keyturn.records import writing
from keyturn.records.models import (
    Account,
    AccountPerson,
    MatchKey,
    Person,
    PersonFeatures,
    PersonIdentifier,
    PersonName,
)
from keyturn.records.prepared import at_once
from tests.trips import Trips

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)
DATED = {"valid_from": NOW, "recorded_at": NOW}


def a_person(**values: object) -> Person:
    return Person(kind="person", created_at=NOW, updated_at=NOW, **values)


def test_each_value_arrives_as_it_is(db: None) -> None:
    person = a_person(date_of_birth=date(1985, 3, 27), flags=["deceased", 'a b,c"d'])
    identifier = PersonIdentifier(person=person, id_type="passport", digest="d", last_four="4321", **DATED)
    identifier.value = "P7654321 % %s; DROP TABLE person"
    account = Account(set_up_on=NOW.date(), balance=Decimal("12.50"))
    features = PersonFeatures(person=person, features={"g": "añá", "e": []}, keys_version="1")
    writing.insert([features, identifier, account, person, *(MatchKey(key=each, person=person) for each in (-5, 7))])
    read = Person.objects.get()
    assert (read.pk, read.date_of_birth, read.flags, read.ref) == (person.pk, date(1985, 3, 27), person.flags, None)
    assert PersonIdentifier.objects.get().value == identifier.value
    assert Account.objects.get().balance == Decimal("12.50")
    assert PersonFeatures.objects.get().features == {"g": "añá", "e": []}
    assert sorted(MatchKey.objects.values_list("key", flat=True)) == [-5, 7]


def test_rows_of_several_tables_are_one_trip_and_none_is_none(db: None) -> None:
    person, account = a_person(), Account(set_up_on=NOW.date())
    with Trips(connection) as counted:
        writing.insert([AccountPerson(account=account, person=person, **DATED), account, person, a_person()])
        writing.insert([])
    assert len(counted) == 1
    assert (Person.objects.count(), AccountPerson.objects.get().person_id) == (2, person.pk)


def test_what_the_database_refuses_leaves_nothing_behind(db: None) -> None:
    person = a_person(ref="C1")
    with pytest.raises(IntegrityError), transaction.atomic():
        writing.insert([PersonName(person=person, **DATED), person, a_person(ref="C1")])
    assert not Person.objects.exists() and not PersonName.objects.exists()


def test_a_row_that_was_written_is_changed_by_saving_it(db: None) -> None:
    person = a_person()
    writing.insert([person])
    person.language = "es"
    person.save()
    assert Person.objects.get().language == "es"


def test_rows_that_changed_go_in_the_same_trip_as_new_ones(db: None) -> None:
    person = a_person(flags=["deceased"])
    writing.insert([person])
    person.language, person.flags = "es", []
    with Trips(connection) as counted:
        writing.write([PersonName(person=person, given_name="Ana", **DATED)], changed=[person])
    assert len(counted) == 1
    read = Person.objects.get()
    assert (read.language, read.flags, read.names.get().given_name) == ("es", [], "Ana")


def test_a_row_that_is_there_already_is_left_as_it_is_where_that_was_said(db: None) -> None:
    person = a_person(ref="C1")
    give_back = "ON CONFLICT DO NOTHING RETURNING id"
    assert at_once(writing.insertion(person, otherwise=give_back)) == [[(person.pk,)]]
    assert at_once(writing.insertion(a_person(ref="C1"), otherwise=give_back)) == [[]]
    assert Person.objects.get() == person
