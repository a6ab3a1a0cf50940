"""Can everything that was ever believed of a person be read again, as of any day and as known at any moment?

Against a plain model (`two_times.py`), after random acts; then the single cases.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyturn.flow import upkeep
from keyturn.records import dated, person_index
from keyturn.records.models import AccountPerson, Person, PersonAddress, PersonContact, PersonIdentifier, PersonName
from keyturn.records.queries import persons
from keyturn.terms.errors import NotAllowed
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy
from keyturn.terms.spans import Span
from tests import factories
from tests.flow.town import ANA, BEN
from tests.records.two_times import ACTS, DAY, DAYS, Act, Both, an_account

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@settings(
    max_examples=30, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    acts=st.lists(ACTS, min_size=4, max_size=8),
    asked=st.lists(st.tuples(st.integers(0, DAYS - 1), st.integers(0, 7)), min_size=4, max_size=4, unique=True),
)
def test_what_was_believed_at_any_moment_of_any_day_can_be_read_again(
    db: None, acts: list[Act], asked: list[tuple[int, int]]
) -> None:
    with undone():
        both = Both()
        acts = [Act("enter", 0, "Yew", 0, DAYS, 0, True), *acts]
        for act in acts:
            both.does(act)
        for day, known in [*asked, *((day, len(acts) - 1) for day in (0, DAYS // 2, DAYS - 1))]:
            known = min(known, len(acts) - 1)
            assert both.read(day, known) == [line[day] for line in both.kept[known]], (day, known)
        assert both.stored() == both.kept


# ---------------------------------------------------------------- single cases


@pytest.fixture
def ana(db: None) -> Person:
    return factories.a_person(ANA, in_cis=False)


def changing(person: Person, now: datetime = NOW) -> Any:
    return dated.changing(person=person, now=now, source="staff:1")


def values(person: Person, channel: str) -> list[tuple[str, bool]]:
    rows = PersonContact.objects.filter(person=person, channel=channel, valid_to=None)
    return sorted(rows.values_list("value", "is_primary"))


def test_a_block_that_fails_writes_nothing(ana: Person) -> None:
    def fails() -> None:
        with changing(ana) as file:
            file.enter(PersonName(given_name="Eva"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert PersonName.ever.get(person=ana).given_name == "Ana"


def test_a_block_that_changes_nothing_leaves_the_version_as_it_is(ana: Person) -> None:
    with changing(ana) as file:
        [name] = file.holding(PersonName)
        assert file.enter(PersonName(given_name="Ana", family_name="Zelenko")) is name
    ana.refresh_from_db()
    assert (ana.version, PersonName.ever.count()) == (1, 1)


def test_a_new_contact_in_first_place_leaves_the_other_on_file(ana: Person) -> None:
    with changing(ana) as file:
        file.enter(PersonContact(channel="phone", value="+1 2", normalised="+12", is_primary=True))
    assert values(ana, "phone") == [("+1 2", True), ("+15035550142", False)]
    assert values(ana, "email") == [("ana@example.com", True)]


def test_who_changes_a_contact_ends_the_old_one(ana: Person) -> None:
    with changing(ana) as file:
        for old in file.holding(PersonContact, channel="phone"):
            file.end(old)
        file.enter(PersonContact(channel="phone", value="+1 2", normalised="+12", is_primary=True))
    assert values(ana, "phone") == [("+1 2", True)]


def test_a_person_is_found_by_their_new_name_at_once(ana: Person) -> None:
    with changing(ana) as file:
        file.correct(file.holding(PersonName)[0], given_name="Zdravka", family_name="Nowak")
    probe = person_index.features(persons.details_of(persons.with_parts(at=NOW).get(pk=ana.pk)))
    assert person_index.candidates(probe)[str(ana.pk)].family == "nowak"
    assert ana.version == 2


def test_a_person_is_found_by_a_planned_name_from_its_day_on(ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep.cis, "activate_due", lambda today: None)
    with changing(ana) as file:
        file.enter(PersonName(given_name="Zdravka", family_name="Nowak"), start=NOW + 3 * DAY)
    probe = person_index.features(PersonDetails(given_name="Zdravka", family_name="Nowak", emails=ANA.emails))
    for days, family in ((2, "zelenko"), (4, "nowak"), (6, "nowak")):
        upkeep.turn_day(now=NOW + days * DAY, policy=Policy())
        assert person_index.candidates(probe)[str(ana.pk)].family == family


def test_a_sealed_value_can_be_read_from_every_copy(ana: Person) -> None:
    with changing(ana) as file:
        file.end(file.holding(PersonIdentifier)[0], at=NOW + DAY)
    assert [row.value for row in PersonIdentifier.ever.filter(person=ana)] == ["D1234567", "D1234567"]


def test_an_identifier_that_stands_on_somebody_else_is_refused(ana: Person) -> None:
    ben = factories.a_person(BEN, in_cis=False)
    held = PersonIdentifier.objects.get(person=ana)
    row = PersonIdentifier(id_type=held.id_type, digest=held.digest, last_four="4567", unique_by_nature=True)
    row.value = "D1234567"
    with pytest.raises(IntegrityError), transaction.atomic(), changing(ben) as file:
        file.enter(row)


def test_the_database_holds_one_address_for_all_accounts(ana: Person) -> None:
    with changing(ana) as file:
        file.enter(PersonAddress(line1="PO Box 1"))
    with pytest.raises(IntegrityError, match="one_mailing_address_per_account"), transaction.atomic():
        PersonAddress.objects.create(person=ana, line1="PO Box 2", **factories.DATED)


def test_two_seasons_that_share_a_day_are_refused(ana: Person) -> None:
    winter = PersonAddress(line1="1 Sun Way", season_from=1101, season_to=331)
    with changing(ana) as file:
        file.enter(winter)
    with pytest.raises(NotAllowed, match="seasons_overlap"), changing(ana, NOW + DAY) as file:
        file.enter(PersonAddress(line1="2 Lake Road", season_from=331, season_to=930))
    with changing(ana, NOW + DAY) as file:  # the same season again is a new address for it
        file.enter(PersonAddress(line1="3 Palm Court", season_from=1101, season_to=331))
    held = PersonAddress.objects.filter(person=ana, valid_to=None, season_from=1101)
    assert [row.line1 for row in held] == ["3 Palm Court"]


def test_a_plan_that_is_called_off_never_was(ana: Person) -> None:
    with changing(ana) as file:
        planned = file.enter(PersonName(given_name="Ana", family_name="Bauer"), start=NOW + 30 * DAY)
    with changing(ana, NOW + DAY) as file:
        file.withdraw(planned)
    name = PersonName.objects.get(person=ana)
    assert (name.family_name, name.valid_to) == ("Zelenko", None)


def test_what_another_machine_with_a_faster_clock_has_just_written_is_not_taken_for_a_plan(ana: Person) -> None:
    with changing(ana, NOW + timedelta(minutes=3)) as file:
        file.enter(PersonName(given_name="Ana", family_name="Bauer"))
    with changing(ana, NOW) as file:
        file.enter(PersonName(given_name="Ana", family_name="Nowak"))
    assert PersonName.objects.get(person=ana, valid_to=None).family_name == "Nowak"


def test_another_main_customer_ends_the_part_of_the_first(ana: Person) -> None:
    ben = factories.a_person(BEN, in_cis=False)
    account = an_account(ana)
    with dated.changing(account=account, now=NOW, source="staff:1") as file:
        file.enter(AccountPerson(person=ben), start=NOW + 7 * DAY)
    rows = AccountPerson.objects.filter(account=account).order_by("valid_from")
    assert [(row.person_id, row.valid_to) for row in rows] == [(ana.pk, NOW + 7 * DAY), (ben.pk, None)]
    assert account.version == 2


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ((2, 4), [(0, 2), (4, None)]),
        ((0, None), []),
        ((5, None), [(0, 5)]),
        ((0, 3), [(3, None)]),
        ((4, 4), [(0, None)]),
    ],
)
def test_a_span_without_another_is_what_is_left_of_it(taken: Any, left: Any) -> None:
    def span(first: int, end: int | None) -> Span:
        return Span(NOW + DAY * first, None if end is None else NOW + DAY * end)

    assert list(span(0, None).without(span(*taken))) == [span(*each) for each in left]
