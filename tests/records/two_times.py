"""What should be believed of a person on any day, as known at any moment? A plain model, and the database beside it.

The model: for each line (the primary name; a mailing address of one account or season) a row of days, each cell saying
which entry holds on that day; after every act a copy of it is kept. It knows nothing of rows, copies or the two columns
of recording.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import strategies as st

from keyturn.records import dated
from keyturn.records.models import Account, AccountPerson, Person, PersonAddress, PersonName
from keyturn.records.models.dated import Dated
from keyturn.records.queries import as_of
from keyturn.records.queries.as_of import Moments
from keyturn.terms.errors import NotAllowed
from tests import factories
from tests.flow.town import BEN

DAY = timedelta(days=1)
FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 8  # the last one stands for all that follow
FIRST_TOLD = datetime(2026, 3, 4, 12, tzinfo=UTC)

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
