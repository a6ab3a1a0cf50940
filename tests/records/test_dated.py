"""Can everything that was ever believed of a person be read again, as of any day and as known at any moment?

Against a plain model: for each line (the primary name; a mailing address of one account or season) a row of days, each
cell saying which entry holds on that day; after every act a copy of it is kept. The model knows nothing of rows, copies
or the two columns of recording.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyturn.flow import upkeep
from keyturn.records import dated, person_index
from keyturn.records.models import (
    Account,
    AccountPerson,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonName,
)
from keyturn.records.models.dated import Dated
from keyturn.records.queries import as_of, persons
from keyturn.records.queries.as_of import Moments
from keyturn.terms.errors import NotAllowed
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy
from keyturn.terms.spans import Span
from tests import factories
from tests.flow.town import ANA, BEN

DAY = timedelta(days=1)
FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 8  # the last one stands for all that follow
FIRST_TOLD = datetime(2026, 3, 4, 12, tzinfo=UTC)
NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)

# ---------------------------------------------------------------- the model


@dataclass
class Line:
    """What is believed of one line: for each day an entry's number, or None; and what each entry says."""

    cells: list[int | None] = field(default_factory=lambda: [None] * DAYS)
    says: dict[int, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    def on(self, day: int) -> str | None:
        number = self.cells[day]
        return None if number is None else self.says[number]

    def rows(self) -> list[tuple[int, int]]:
        """First day and the day after the last of each run, in order."""
        found: list[tuple[int, int]] = []
        for day, number in enumerate(self.cells):
            if number is not None and (day == 0 or self.cells[day - 1] != number):
                found.append((day, next((d for d in range(day, DAYS) if self.cells[d] != number), DAYS)))
        return found

    def put(self, what: str | None, first: int, end: int) -> None:
        """These days say something else; what is left of a run behind them becomes a run of its own."""
        behind = self.cells[end] if end < DAYS else None
        if behind is not None and first > 0 and self.cells[first - 1] == behind:
            renamed, day = next(self.numbers), end
            self.says[renamed] = self.says[behind]
            while day < DAYS and self.cells[day] == behind:
                self.cells[day], day = renamed, day + 1
        number = None if what is None else next(self.numbers)
        if number is not None and what is not None:
            self.says[number] = what
        self.cells[first:end] = [number] * (end - first)

    def enter(self, what: str, first: int, end: int, *, keep_planned: bool) -> None:
        if keep_planned:
            end = min([end, *(begins for begins, _ in self.rows() if begins > first)])
        held = set(self.cells[first:end])
        if len(held) == 1 and self.on(first) == what:
            return
        self.put(what, first, end)

    def withdraw(self, first: int, end: int) -> None:
        before = self.cells[first - 1] if first else None
        self.cells[first:end] = [before] * (end - first)


# ---------------------------------------------------------------- both at once


@dataclass(frozen=True)
class Act:
    """One thing that staff or a customer do. `which` chooses among the rows that there are."""

    verb: str
    line: int
    what: str
    first: int
    length: int
    which: int
    keep_planned: bool


def when(day: int) -> datetime | None:
    return None if day >= DAYS else FIRST_DAY + DAY * day


ACTS = st.builds(
    Act,
    verb=st.sampled_from(["enter", "enter", "enter", "end", "alter", "correct", "withdraw"]),
    line=st.sampled_from([0, 0, 0, 1, 2, 3]),
    what=st.sampled_from(["Elm", "Oak", "Fir"]),
    first=st.integers(0, DAYS - 1),
    length=st.sampled_from([2, 1, 3, 5, DAYS]),
    which=st.integers(0, 5),
    keep_planned=st.booleans(),
)


class Both:
    """A person on file in the database, and the model of them."""

    def __init__(self) -> None:
        self.person = factories.a_person(BEN, in_cis=False)
        PersonName.objects.filter(person=self.person).delete()
        self.account = an_account(self.person)
        self.lines = [Line() for _ in range(4)]
        self.kept: list[list[list[str | None]]] = []
        self.now = FIRST_TOLD

    def scope(self, line: int) -> dict[str, Any]:
        """Line 0 is the primary name, the others are addresses: for all accounts, for one, for a season."""
        seasons = {"season_from": 1101, "season_to": 331} if line == 3 else {"season_from": None, "season_to": None}
        return {"account_id": self.account.pk if line == 2 else None, **seasons}

    def new(self, line: int, what: str) -> Dated:
        if line == 0:
            return PersonName(given_name=what, family_name="Wood")
        return PersonAddress(line1=what, **self.scope(line))

    def rows(self, file: dated.Changes, line: int) -> list[Any]:
        found = file.rows(PersonName) if line == 0 else file.rows(PersonAddress, **self.scope(line))
        return sorted(found, key=lambda row: row.valid_from)

    def does(self, act: Act) -> None:
        self.now += timedelta(hours=1)
        before = everything(self.person)
        with dated.changing(person=self.person, now=self.now, source="staff:1") as file:
            self._does(act, file, self.lines[act.line])
        self.kept.append([[line.on(day) for day in range(DAYS)] for line in self.lines])
        for key, values in before.items():
            assert everything(self.person)[key][1:] == values[1:], "the content of a row changed in its place"
            assert values[0] in (None, everything(self.person)[key][0]), "a row was given up twice"

    def _does(self, act: Act, file: dated.Changes, line: Line) -> None:
        end = min(act.first + act.length, DAYS)
        start, column = when(act.first), "given_name" if act.line == 0 else "line1"
        rows, runs = self.rows(file, act.line), line.rows()
        assert [(row.valid_from, row.valid_to) for row in rows] == [(when(a), when(b)) for a, b in runs]
        if act.verb == "enter" or not rows:
            file.enter(self.new(act.line, act.what), start=start, until=when(end), keep_planned=act.keep_planned)
            return line.enter(act.what, act.first, end, keep_planned=act.keep_planned)
        row, (begins, ends) = rows[act.which % len(rows)], runs[act.which % len(rows)]
        if act.verb == "end":
            file.end(row, at=start)
            if act.first < ends:
                line.put(None, max(act.first, begins), ends)
        elif act.verb == "alter":
            first = max(act.first, begins)
            if first >= ends:
                with pytest.raises(NotAllowed):
                    file.alter(row, start=start, **{column: act.what})
                return None
            file.alter(row, start=start, **{column: act.what})
            line.put(act.what, first, ends)
        elif act.verb == "correct":
            file.correct(row, valid_from=start, valid_to=when(end), **{column: act.what})
            line.put(None, begins, ends)
            line.put(act.what, act.first, end)
        else:
            file.withdraw(row)
            line.withdraw(begins, ends)
        return None

    def stored(self) -> list[list[list[str | None]]]:
        """What the rows say of every day, as known after every act."""
        names = list(PersonName.ever.filter(person=self.person))
        lines = [(names, "given_name")]
        lines += [(list(PersonAddress.ever.filter(person=self.person, **self.scope(n))), "line1") for n in (1, 2, 3)]
        return [
            [[self._only(holding(rows, day, known), column) for day in range(DAYS)] for rows, column in lines]
            for known in range(len(self.kept))
        ]

    def _only(self, rows: list[Any], column: str) -> str | None:
        assert len(rows) < 2, "two rows of one line hold at the same time"
        return getattr(rows[0], column) if rows else None

    def read(self, day: int, known: int) -> list[str | None]:
        """As the API and the console read it."""
        moments = Moments(FIRST_DAY + DAY * day + timedelta(hours=5), FIRST_TOLD + timedelta(hours=known + 1))
        found = as_of.person(str(self.person.pk), moments)
        assert found is not None
        names, addresses = list(found.names.all()), list(found.addresses.all())
        lines: list[str | None] = [names[0].given_name if names else None]
        for line in (1, 2, 3):
            scope = self.scope(line).items()
            fits = [row for row in addresses if all(getattr(row, key) == value for key, value in scope)]
            assert len(fits) < 2
            lines.append(fits[0].line1 if fits else None)
        return lines


def holding(rows: list[Any], day: int, known: int) -> list[Any]:
    """The two times in plain words, without the database."""
    at, told = FIRST_DAY + DAY * day, FIRST_TOLD + timedelta(hours=known + 1)
    return [
        row
        for row in rows
        if row.recorded_at <= told and (row.superseded_at is None or told < row.superseded_at)
        and row.valid_from <= at and (row.valid_to is None or at < row.valid_to)
    ]  # fmt: skip


def an_account(person: Person) -> Account:
    account = Account.objects.create(set_up_on=FIRST_DAY.date())
    AccountPerson.objects.create(account=account, person=person, **factories.DATED)
    return account


def everything(person: Person) -> dict[Any, tuple[Any, ...]]:
    """Every row there ever was: `superseded_at`, then all that must never change."""
    found: dict[Any, tuple[Any, ...]] = {}
    for table in (PersonName, PersonAddress):
        names = [each.attname for each in table._meta.concrete_fields if each.attname != "superseded_at"]
        for row in table.ever.filter(person=person).values_list("id", "superseded_at", *names):
            found[table, row[0]] = row[1:]
    return found


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
