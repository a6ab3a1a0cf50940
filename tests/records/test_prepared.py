"""Does a query that was built once find what Django's own would, whatever it is asked?"""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef

from keyturn.records import prepared
from keyturn.records.models import Person, PersonContact, PersonFeatures, PersonName
from keyturn.records.models.dated import holds_at
from keyturn.records.prepared import Prepared
from tests.trips import Trips

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)
DATED = {"valid_from": NOW, "recorded_at": NOW}

person = Prepared(lambda pk: Person.objects.filter(pk=pk))
contacts = Prepared(
    lambda at, values: PersonContact.objects.filter(holds_at(at), normalised__in=values).order_by("normalised")
)
names = Prepared(lambda of: PersonName.objects.filter(person=of).values_list("given_name", "family_name"))
born = Prepared(lambda on: Person.objects.filter(date_of_birth=on).values_list("language", flat=True))
with_name = Prepared(
    lambda pk: (
        Person.objects.filter(pk=pk)
        .annotate(named=Exists(PersonName.objects.filter(person=OuterRef("pk"))))
        .select_related("redirect_to")
    )
)
features = Prepared(lambda of: PersonFeatures.objects.filter(person=of))


def a_person(**values: object) -> Person:
    return Person.objects.create(kind="person", created_at=NOW, updated_at=NOW, **values)


def test_it_is_asked_with_other_values_each_time(db: None) -> None:
    ana, ben = a_person(language="es", date_of_birth=date(1985, 3, 27), flags=["deceased", "x"]), a_person()
    assert person(pk=ana.pk) == [ana] and person.first(pk=ben.pk) == ben
    found = person.first(pk=ana.pk)
    assert found is not None
    assert (found.language, found.date_of_birth, found.flags) == ("es", date(1985, 3, 27), ["deceased", "x"])
    assert found._state.db == "default" and not found._state.adding
    assert born(on=date(1985, 3, 27)) == ["es"] and born(on=date(1985, 3, 28)) == []


def test_what_is_found_can_be_changed_and_saved(db: None) -> None:
    ana = a_person()
    found = person.first(pk=ana.pk)
    assert found is not None
    found.language = "es"
    found.save()
    assert Person.objects.get().language == "es"


def test_lists_of_any_length_are_asked_for(db: None) -> None:
    ana = a_person()
    for each in ("a@x.example", "b@x.example", "c' OR 1=1 --%s"):
        PersonContact.objects.create(person=ana, channel="email", value=each, normalised=each, **DATED)
    later = NOW + timedelta(days=1)
    for wanted in ([], ["a@x.example"], ["c' OR 1=1 --%s", "b@x.example"], ["a@x.example", "a@x.example", "nobody"]):
        own = PersonContact.objects.filter(holds_at(later), normalised__in=wanted).order_by("normalised")
        assert contacts(at=later, values=wanted) == list(own)


def test_joined_rows_annotations_and_json_are_read(db: None) -> None:
    into = a_person(language="es")
    ana = a_person(redirect_to=into)
    PersonName.objects.create(person=ana, given_name="Ana", family_name="Zelenko", **DATED)
    PersonFeatures.objects.create(person=ana, features={"g": "añá"}, keys_version="1")
    with Trips(connection) as counted:
        found = with_name.first(pk=ana.pk)
        assert found is not None and found.redirect_to is not None and found.redirect_to.language == "es"
        other = with_name.first(pk=into.pk)
        assert other is not None and other.redirect_to is None
        assert (found.named, other.named) == (True, False)  # type: ignore[attr-defined]
        assert [each.features for each in features(of=ana.pk)] == [{"g": "añá"}]
    assert len(counted) == 3
    assert names(of=ana.pk) == [("Ana", "Zelenko")]


def test_several_are_asked_in_one_trip(db: None) -> None:
    ana = a_person()
    with Trips(connection) as counted:
        found = prepared.at_once(person.asked(pk=ana.pk), contacts.asked(at=NOW, values=[]), names.asked(of=ana.pk))
    assert (found, len(counted)) == ([[ana], [], []], 1)


def test_nothing_is_equal_to_none(db: None) -> None:
    with pytest.raises(TypeError):
        born(on=None)


def test_what_cannot_be_read_is_refused_when_it_is_first_asked(db: None) -> None:
    with pytest.raises(TypeError):
        Prepared(lambda pk: Person.objects.filter(pk=pk).prefetch_related("names"))(pk=a_person().pk)
    with pytest.raises(TypeError):
        Prepared(lambda pk: Person.objects.filter(pk=pk).values("pk"))(pk=a_person().pk)
