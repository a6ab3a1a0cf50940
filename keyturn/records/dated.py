"""How does what is on file about a person or an account change, so that what was believed before can still be read?

The only way for everybody but the bulk import, which follows the same discipline in SQL (`records/bulk`). Inside a
transaction:

    with dated.changing(person=person, now=now, source=f"request:{request.pk}") as file:
        file.enter(PersonName(given_name="Ana", family_name="Ruiz"))           # from now on; ends what it replaces
        file.enter(PersonAddress(**new.as_json()), start=day_begins(day, policy))     # from a later day on
        file.enter(PersonAddress(season_from=1101, season_to=331, **winter.as_json()))       # each year
        for old in file.holding(PersonContact, channel="phone"):
            file.end(old)                                                      # held until now
        file.correct(name, given_name="Anna")                                  # we had it wrong all the time
        file.withdraw(planned)                                                 # it never held and will not

The row of the person (and of the account, which `AccountPerson` rows need) is locked first; who changes several
persons or accounts in one transaction calls `hold` before. Nothing is written before the block ends: then all rows in
a few trips, the versions, and the keys by which the person is found. A block that fails or changes nothing writes
nothing. The rows that it gave way to, and those it made, are in `file.superseded` and `file.entered`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from django.db.models import F

from keyturn.records import ids, writing
from keyturn.records.bulk import persons as bulk
from keyturn.records.models import (
    Account,
    AccountPerson,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonName,
    PersonPerson,
)
from keyturn.records.models.dated import NOT_CONTENT, Dated
from keyturn.terms.errors import NotAllowed
from keyturn.terms.season import Season, overlapping
from keyturn.terms.spans import Span, cut, span_of, until_the_next

D = TypeVar("D", bound=Dated)


def rewrite(*, superseded: Iterable[Dated], entered: Iterable[Dated], now: datetime) -> datetime:
    """Stop believing some rows and believe others instead, of several persons and accounts at once; when that was.

    Whoever calls has planned both under the locks of `hold`, has set what each new row says and from when until when,
    and makes the keys anew by which those persons are found. Versions of the accounts whose people change are counted.
    """
    gone, new = list(superseded), list(entered)
    moment = max([now, *(row.recorded_at for row in gone)])  # nothing is given up before it was believed
    for table in {type(row) for row in gone}:
        ids_gone = [row.pk for row in gone if type(row) is table]
        if table.objects.filter(pk__in=ids_gone).update(superseded_at=moment) != len(ids_gone):
            raise NotAllowed("changed_meanwhile")
    for row in new:
        row.recorded_at, row.superseded_at = moment, None
    writing.insert(new)
    accounts = {row.account_id for row in (*gone, *new) if isinstance(row, AccountPerson)}
    Account.objects.filter(pk__in=accounts).update(version=F("version") + 1)
    return moment


_FOUND_BY = (PersonName, PersonContact, PersonIdentifier, PersonAddress)


def hold(*, persons: Iterable[Any] = (), accounts: Iterable[Any] = ()) -> None:
    """Lock these rows (ids) in the one order in which everybody takes them: persons, then accounts, each by id.

    A row that names one of these persons waits until we are done, for they may be merged. One that names an account
    does not: it holds its account already when it waits for its person, so both would wait for each other.
    """
    for table, wanted, no_key in ((Person, persons, False), (Account, accounts, True)):
        keys = sorted({UUID(str(each)) for each in wanted})
        rows = table._default_manager.select_for_update(no_key=no_key).filter(pk__in=keys).order_by("pk")
        if keys:
            list(rows.values_list("pk"))


@contextmanager
def changing(
    *, person: Person | None = None, account: Account | None = None, now: datetime, source: str
) -> Iterator["Changes"]:
    """Change what is on file about this person, this account's people, or both; see the module.

    `source` says who brought it ("request:<id>", "staff:<id>", "cis", "import"). Afterwards `person.version` and
    `account.version` are those on disk. Raises NotAllowed("seasons_overlap"), and IntegrityError where the database
    refuses (an identifier that stands on another person).
    """
    hold(persons=[person.pk] if person else [], accounts=[account.pk] if account else [])
    changes = Changes(person, account, now, source)
    yield changes
    changes.write()


class Changes:
    """What is believed of one person and account, and what shall be believed instead."""

    def __init__(self, person: Person | None, account: Account | None, now: datetime, source: str) -> None:
        self.person, self.account, self.now, self.source = person, account, now, source[:60]
        self.superseded: list[Dated] = []
        self.entered: list[Dated] = []
        self._believed: dict[type[Dated], list[Dated]] = {}

    def rows(self, table: type[D], **having: Any) -> list[D]:
        """The believed rows, past and planned ones too, as this block has left them."""
        if table not in self._believed:
            of = {"account": self.account} if table is AccountPerson else {"person": self.person}
            assert all(of.values()), f"name the {next(iter(of))} whose {table.__name__} changes"
            self._believed[table] = list(table.objects.filter(**of).order_by("valid_from", "id"))
            self._catch_up(self._believed[table])
        found = cast(list[D], self._believed[table])
        return [row for row in found if all(getattr(row, name) == value for name, value in having.items())]

    def _catch_up(self, rows: Iterable[Dated]) -> None:
        """Clocks of several machines differ: what another has recorded was before this, under the lock, whatever they say."""
        self.now = max([self.now, *(row.recorded_at for row in rows)])

    def holding(self, table: type[D], **having: Any) -> list[D]:
        """Those that hold now."""
        rows = self.rows(table, **having)
        return [row for row in rows if span_of(row).holds_at(self.now)]

    def enter(
        self, row: D, *, start: datetime | None = None, until: datetime | None = None, keep_planned: bool = True
    ) -> D:
        """A new row holds from `start` (now) until just before `until` (open); what it replaces gives way.

        A change that is planned for later stays and ends the new row, unless `keep_planned` is false. What is on file
        already, word for word and over that whole time, is left as it is; the answer is the row that stands.
        """
        if self.person is not None and hasattr(row, "person_id") and row.person_id is None:
            row.person = self.person  # type: ignore[attr-defined]
        if isinstance(row, AccountPerson) and row.account_id is None:
            row.account = self.account  # type: ignore[misc]
        rivals = [each for each in self.rows(type(row)) if _exclude_each_other(row, each)]
        span = Span(start or self.now, until)
        if keep_planned:
            span = until_the_next(rivals, span)
        if span.is_empty:
            raise NotAllowed("ends_before_it_begins")
        for each in rivals:
            if row.says_the_same(each) and not span.without(span_of(each)):
                return each
        self._make_room(row, span)
        return self._enter(row, span)

    def alter(self, row: D, *, start: datetime | None = None, **values: Any) -> D:
        """From `start` (now) on the row says otherwise in these columns, until where it would have ended."""
        self.rows(type(row))
        span = Span(max(start or self.now, row.valid_from), row.valid_to)
        if span.is_empty:
            raise NotAllowed("ended_already")
        self._cut([row], span)
        new = copy_of(row, **values)
        self._make_room(new, span)
        return self._enter(new, span)

    def end(self, row: Dated, *, at: datetime | None = None) -> None:
        """The row holds until just before `at` (now). One that would have begun later never holds."""
        self.rows(type(row))
        self._cut([row], Span(at or self.now, None))

    def correct(self, row: D, **values: Any) -> D:
        """We had it wrong: believe these columns (`valid_from` and `valid_to` may be among them) instead."""
        span = Span(values.pop("valid_from", row.valid_from), values.pop("valid_to", row.valid_to))
        if span.is_empty:
            raise NotAllowed("ends_before_it_begins")
        self._give_up(row)
        new = copy_of(row, **values)
        self._make_room(new, span)
        return self._enter(new, span)

    def withdraw(self, row: Dated) -> None:
        """The row never held and will not: a plan is called off. What it would have ended goes on instead of it."""
        self._give_up(row)
        before = [
            each for each in self.rows(type(row)) if each.valid_to == row.valid_from and _exclude_each_other(row, each)
        ]
        for each in before:
            self._give_up(each)
            self._enter(copy_of(each), Span(each.valid_from, row.valid_to))

    def _make_room(self, row: Dated, span: Span) -> None:
        others = self.rows(type(row))
        self._refuse_overlapping_seasons(row, span, others)
        self._cut([each for each in others if _exclude_each_other(row, each)], span)
        if getattr(row, "is_primary", False):  # another one stays on file, but no longer in first place
            rivals = [each for each in self.rows(type(row)) if each.is_primary and _same_first_place(row, each)]  # type: ignore[attr-defined]
            self._cut(rivals, span, is_primary=False)

    def _cut(self, rows: Iterable[Dated], span: Span, **instead: Any) -> None:
        plan = cut(rows, span)
        for row in plan.supersede:
            self._give_up(row)
        for piece in plan.pieces:
            if not piece.lost:
                self._enter(copy_of(piece.row), piece.span)
            elif instead:
                self._enter(copy_of(piece.row, **instead), piece.span)

    def _give_up(self, row: Dated) -> None:
        rows = self.rows(type(row))
        if row not in rows:
            raise NotAllowed("changed_meanwhile")
        self._believed[type(row)].remove(row)
        if row in self.entered:
            self.entered.remove(row)  # made in this block: nobody has believed it
        else:
            self.superseded.append(row)

    def _enter(self, row: D, span: Span) -> D:
        row.valid_from, row.valid_to = span.start, span.end
        row.recorded_at, row.superseded_at, row.source = self.now, None, self.source
        self.rows(type(row))
        self._believed[type(row)].append(row)
        self.entered.append(row)
        return row

    def _refuse_overlapping_seasons(self, row: Dated, span: Span, others: Iterable[Dated]) -> None:
        if not isinstance(row, PersonAddress) or row.season_from is None or row.season_to is None:
            return
        wanted = Season(row.season_from, row.season_to)
        seasons = [
            Season(each.season_from, each.season_to)
            for each in cast(Iterable[PersonAddress], others)
            if each.season_from is not None and each.season_to is not None and each.purpose == row.purpose
            and each.account_id == row.account_id and span_of(each).overlaps(span)
        ]  # fmt: skip
        if overlapping(wanted, [each for each in seasons if each != wanted]):
            raise NotAllowed("seasons_overlap")

    def write(self) -> None:
        """Supersede and insert; called once, when the block has ended well."""
        if not self.superseded and not self.entered:
            return
        # Nothing is given up before it was believed.
        moment = max([self.now, *(row.recorded_at for row in self.superseded)])
        for table in {type(row) for row in self.superseded}:
            gone = [row.pk for row in self.superseded if type(row) is table]
            if table.objects.filter(pk__in=gone).update(superseded_at=moment) != len(gone):
                raise NotAllowed("changed_meanwhile")
        for row in self.entered:
            row.recorded_at = moment
        writing.insert(self.entered)
        self._count_versions({type(row) for row in (*self.superseded, *self.entered)})

    def _count_versions(self, tables: set[type[Dated]]) -> None:
        if self.account is not None and AccountPerson in tables:
            Account.objects.filter(pk=self.account.pk).update(version=F("version") + 1)
            self.account.refresh_from_db(fields=["version"])
        if self.person is not None and tables - {AccountPerson}:
            Person.objects.filter(pk=self.person.pk).update(version=F("version") + 1, updated_at=self.now)
            self.person.refresh_from_db(fields=["version", "updated_at"])
        if self.person is not None and tables.intersection(_FOUND_BY):
            bulk.reindex([self.person.pk], now=self.now)


def copy_of(row: D, **values: Any) -> D:
    """The same content under a new id. A sealed value is bound to its row's id, so it is sealed anew."""
    fields = [each.attname for each in row._meta.concrete_fields if each.attname not in NOT_CONTENT]
    new = type(row)(id=ids.new_id(), **{name: getattr(row, name) for name in fields})
    if isinstance(row, PersonIdentifier):
        new.value = row.value  # type: ignore[attr-defined]
    for name, value in values.items():
        setattr(new, name, value)
    return new


def _exclude_each_other(one: Dated, other: Dated) -> bool:
    """Can these two rows of one person or account not hold at the same time?"""
    if one is other:
        return False
    return _RIVALS[type(one)](one, other)


def _names(one: Any, other: Any) -> bool:
    """One primary and one legal name; of the other kinds any number, each once."""
    return one.name_type == other.name_type and (one.name_type in ("primary", "legal") or one.says_the_same(other))


def _addresses(one: Any, other: Any) -> bool:
    """One mailing address for each account (or for all), and one for each season; any number of the other kinds."""
    scope = ("purpose", "account_id", "season_from", "season_to")
    same = all(getattr(one, name) == getattr(other, name) for name in scope)
    return same and (one.purpose == "mailing" or one.says_the_same(other))


_RIVALS: dict[type[Dated], Callable[[Any, Any], bool]] = {
    PersonName: _names,
    PersonIdentifier: lambda one, other: one.id_type == other.id_type,
    PersonContact: lambda one, other: (one.channel, one.normalised) == (other.channel, other.normalised),
    PersonAddress: _addresses,
    PersonPerson: lambda one, other: (one.other_id, one.relationship) == (other.other_id, other.relationship),
    AccountPerson: lambda one, other: one.person_id == other.person_id or (one.is_main and other.is_main),
}


def _same_first_place(one: Any, other: Any) -> bool:
    """Contacts have a first place per channel (BR-15), identifiers have one (C.3)."""
    return one is not other and (not isinstance(one, PersonContact) or one.channel == other.channel)
