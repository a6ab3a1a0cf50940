"""T-05: what becomes of one person whose requests are served by machines whose clocks are far apart?

The order is that of the locks and commits, whatever the clocks say: what was written has begun, for every machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from keyturn.records import dated
from keyturn.records.models import Account, Person, PersonContact, PersonIdentifier, PersonName
from keyturn.records.models.dated import holds_at
from tests import factories
from tests.flow.conftest import cis_installed, town  # noqa: F401
from tests.flow.town import ANA, COMPLETED, MONDAY, Town

APART = [timedelta(minutes=10), timedelta(minutes=20), timedelta(hours=2), timedelta(days=3)]
apart = pytest.mark.parametrize("apart", APART, ids=["10 minutes", "20 minutes", "2 hours", "3 days"])
PROVED = ("email", "identity")


@contextmanager
def ahead(town: Town, by: timedelta) -> Iterator[None]:  # noqa: F811
    """Who works meanwhile has a clock that goes before the others'."""
    town.now += by
    try:
        yield
    finally:
        town.now -= by


@pytest.fixture
def ana(db: None) -> Person:
    return factories.a_person(ANA, in_cis=False)


@apart
def test_one_person_has_one_file_and_one_account(town: Town, apart: timedelta) -> None:  # noqa: F811
    with ahead(town, apart):
        first = town.a_partner_asks(ANA, attested=PROVED)
        town.works()
    second = town.a_partner_asks(ANA, attested=PROVED)
    town.works()
    assert (first.status, second.status) == (COMPLETED, COMPLETED)
    assert (Person.objects.count(), Account.objects.count()) == (1, 1)
    assert town.cis_holds()["accounts"] == 1


@apart
def test_of_two_changes_the_later_counts_though_its_clock_is_behind(ana: Person, apart: timedelta) -> None:
    with dated.changing(person=ana, now=MONDAY + apart, source="staff:1") as file:
        file.enter(PersonName(given_name="Ana", family_name="Bauer"))
    with dated.changing(person=ana, now=MONDAY, source="staff:2") as file:
        (before,) = file.holding(PersonName, name_type="primary")
        file.enter(PersonName(given_name="Ana", family_name="Nowak"))
    assert before.family_name == "Bauer"
    for at in (MONDAY - apart, MONDAY, MONDAY + apart):
        (held,) = PersonName.objects.filter(holds_at(at), person=ana)
        assert held.family_name == "Nowak"


@apart
def test_what_was_ended_is_over_for_a_machine_behind(ana: Person, apart: timedelta) -> None:
    with dated.changing(person=ana, now=MONDAY + apart, source="staff:1") as file:
        for row in file.holding(PersonContact):
            file.end(row)
    assert not PersonContact.objects.filter(holds_at(MONDAY), person=ana).exists()


def test_what_is_planned_has_not_begun_and_has_not_ended(ana: Person) -> None:
    with dated.changing(person=ana, now=MONDAY, source="staff:1") as file:
        file.enter(PersonName(given_name="Ana", family_name="Bauer"), start=MONDAY + timedelta(days=30))
        for row in file.holding(PersonIdentifier):
            file.end(row, at=MONDAY + timedelta(days=30))
    assert PersonName.objects.get(holds_at(MONDAY), person=ana).family_name == "Zelenko"
    assert PersonName.objects.get(holds_at(MONDAY + timedelta(days=31)), person=ana).family_name == "Bauer"
    assert PersonIdentifier.objects.filter(holds_at(MONDAY), person=ana).exists()
    assert not PersonIdentifier.objects.filter(holds_at(MONDAY + timedelta(days=31)), person=ana).exists()
