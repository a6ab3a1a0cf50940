"""T-18: whatever the database's owner changes in what was written down, does `keyturn audit verify` see it?"""

import os
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner
from django.db import IntegrityError, transaction
from django.db.models import F

from keyturn import flow
from keyturn.cli import cli
from keyturn.records import acts, history, seals
from keyturn.records.models import Act, Event, Person, Reading, Request, Seal
from keyturn.terms.request import Actor, Role
from tests.durability import bound
from tests.flow.town import ANA, BEN, Town

TIMES = int(os.environ.get("TAMPERINGS", "60"))
SEED = int(os.environ.get("TAMPER_SEED", "0")) or random.SystemRandom().randrange(10**6)
ROSA = Actor(Role.STAFF, "7")
EVENT = (
    "at",
    "what",
    "role",
    "actor",
    "on_behalf_of",
    "step",
    "standing",
    "outcome",
    "data",
    "number",
    "hash",
    "request_id",
)
ACT = ("subject", "number", "at", "what", "role", "actor", "on_behalf_of", "data", "hash")
READING = ("at", "role", "actor", "what", "subject", "person_id", "reason")
SIDE_BY_SIDE = READING[1:5]


@pytest.fixture
def history_of_a_day(town: Town) -> Town:
    """Five requests, some acts and readings, under two seals."""
    for who in (ANA, BEN):
        town.moves_in(who)
    _acts_and_readings(town)
    _an_hour_later(town)
    for who in (ANA, BEN):
        town.moves_in(who)
    town.asks(ANA)
    _acts_and_readings(town)
    _an_hour_later(town)
    assert all_is_well()
    return town


def _acts_and_readings(town: Town) -> None:
    people = Person.objects.order_by("id")
    for what, whose in zip(("linked", "renamed", "unlinked"), cycle(people), strict=False):
        acts.note(subject="account:1", what=what, actor=ROSA, now=town.now, data={"access": "a"})
        Reading.objects.create(
            at=town.now, role="staff", actor="7", what="identifier", subject="person:1", person=whose, reason="call"
        )


def _an_hour_later(town: Town) -> None:
    """All that was written is old enough to be under a seal."""
    town.now += timedelta(hours=1)
    seals.seal(now=town.now)


def all_is_well() -> bool:
    return not [*history.broken_chains(), *acts.broken_chains(), *seals.broken()]


class Owner:
    """Somebody who may do anything to the tables, and does not have the key."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def does_something(self) -> str:
        ways = [self.changes, self.changes, self.deletes, self.adds, self.takes_all, self.cuts_off, self.moves_along]
        return self.chance.choice(ways)()

    def _table(self) -> Any:
        return self.chance.choice([(Event, EVENT), (Act, ACT), (Reading, READING)])

    def changes(self) -> str:
        """One value of one row takes another's, or another one."""
        model, columns = self._table()
        column, (one, other) = self.chance.choice(columns), self.chance.sample(list(model.objects.values()), 2)
        value = other[column] if other[column] != one[column] else self._different(one[column])
        model.objects.filter(pk=one["id"]).update(**{column: value})
        return f"{model.__name__}.{column} changed"

    def _different(self, value: Any) -> Any:
        match value:
            case int():
                return value + 100
            case str():
                return "x"
            case dict():
                return {**value, "more": 1}
            case UUID():
                return uuid4()
            case bytes() | memoryview():
                return bytes(32)
        return value + timedelta(seconds=1)

    def deletes(self) -> str:
        model, _ = self._table()
        self._gone(model.objects.filter(pk=self.chance.choice(list(model.objects.values_list("pk", flat=True)))))
        return f"{model.__name__} deleted"

    def adds(self) -> str:
        """A row that never was, made of one that is."""
        model, _ = self._table()
        row = self.chance.choice(list(model.objects.values()))
        del row["id"]
        if "number" in row:
            row["number"] += 100
        model.objects.create(**row)
        return f"{model.__name__} added"

    def takes_all(self) -> str:
        """A request with everything about it, as if nobody had ever asked."""
        request = self.chance.choice(list(Request.objects.all()))
        self._gone(Event.objects.filter(request=request))
        self._gone(Request.objects.filter(pk=request.pk))
        return "a whole request removed"

    def cuts_off(self) -> str:
        """The last acts of a subject, or the last event with the request's count, and perhaps its head, set back to the one
        before."""
        if self.chance.random() < 0.5:
            self._gone(Act.objects.filter(number=Act.objects.order_by("-number").first().number))  # type: ignore[union-attr]
            return "the last act cut off"
        request = self.chance.choice(list(Request.objects.all()))
        before, last = list(request.events.order_by("-number")[:2])[::-1]
        self._gone(Event.objects.filter(pk=last.pk))
        head = {"chain_head": before.hash} if self.chance.random() < 0.5 else {}
        Request.objects.filter(pk=request.pk).update(events_written=before.number, **head)
        return f"the last event cut off, {len(head)} head set back"

    def moves_along(self) -> str:
        """A letter goes from one column of a reading to the one before it: side by side they say the same."""
        at = self.chance.randrange(len(SIDE_BY_SIDE) - 1)
        left, right = SIDE_BY_SIDE[at : at + 2]
        row = self.chance.choice(list(Reading.objects.values()))
        moved = {left: row[left] + row[right][:1], right: row[right][1:]}
        Reading.objects.filter(pk=row["id"]).update(**moved)
        return f"a letter moved from {right} to {left}"

    def _gone(self, rows: Any) -> None:
        """Without regard to what refers to it: the keys are looked at when a transaction commits, and this one will not."""
        rows._raw_delete(rows.db)


def test_every_tampering_is_found(history_of_a_day: Town) -> None:
    owner, unseen, done = Owner(random.Random(SEED)), [], 0
    while done < TIMES:
        with suppress(IntegrityError), transaction.atomic():  # what the tables refuse is not done
            tampering = owner.does_something()
            done += 1
            unseen += [tampering] if all_is_well() else []
            transaction.set_rollback(True)
    assert all_is_well()
    bound.tell("T-18", __doc__, f"seed {SEED}: {bound.of(len(unseen), TIMES, 'tamperings not found')}")
    assert unseen == []


@pytest.mark.parametrize(
    "change",
    [
        lambda: Seal.objects.filter(number=1).delete(),
        lambda: Seal.objects.filter(number=1).update(requests=9),
        lambda: Seal.objects.filter(number=2).update(hash=bytes(32)),
        lambda: Seal.objects.filter(number=2).update(events=F("events") - 1),
        lambda: Seal.objects.filter(number=2).update(last_event=F("last_event") + 9),
        lambda: Seal.objects.update(events=None, last_event=None),
    ],
    ids=["one is gone", "a count", "a hash", "a count of events", "up to which event", "as if of a release before"],
)
def test_a_seal_that_was_touched_shows(history_of_a_day: Town, change: Callable[[], Any]) -> None:
    change()
    assert not all_is_well()


def _cut_off(request: Request) -> None:
    """The last event, and nothing in the request says that there was one."""
    before, last = list(request.events.order_by("-number")[:2])[::-1]
    Event.objects.filter(pk=last.pk)._raw_delete("default")  # type: ignore[attr-defined]
    Request.objects.filter(pk=request.pk).update(events_written=before.number, chain_head=before.hash)


class TestAnUpgrade:
    """A release before sealed no events, and joined the columns of a reading without anything between them."""

    @pytest.fixture
    def upgraded(self, town: Town) -> Town:
        town.moves_in(ANA)
        _acts_and_readings(town)
        town.now += timedelta(hours=1)
        formerly = Seal(number=1, at=town.now, upto=town.now - seals.AGE)
        formerly.hash = seals._cover(formerly, None)
        formerly.save()
        return town

    def test_leaves_its_seals_as_they_were(self, upgraded: Town) -> None:
        found = Seal.objects.get()
        assert (found.events, found.last_event, found.requests, found.readings) == (None, None, 1, 3)
        assert all_is_well()

    def test_puts_the_events_from_then_on_under_seals(self, upgraded: Town) -> None:
        for who in (BEN, replace(BEN, given_name="Cleo", emails=("cleo@example.com",), identifiers=())):
            upgraded.moves_in(who)
            _an_hour_later(upgraded)
        assert [each.events for each in Seal.objects.order_by("number")][:2] == [None, 0], (
            "the first one says from where"
        )
        assert all_is_well()
        _cut_off(Request.objects.order_by("created_at", "id").last())  # type: ignore[arg-type]
        assert [*seals.broken()] == [3]


def test_the_last_seal_is_told_to_compare_it_with_the_log(history_of_a_day: Town) -> None:
    told = CliRunner().invoke(cli, ["audit", "verify"])
    assert told.exit_code == 0, told.output
    last = seals.last()
    assert last is not None
    assert "Seal 2 covers all until" in told.output
    assert bytes(last.hash).hex() in told.output


def test_what_is_young_waits_for_the_next_seal(town: Town) -> None:
    town.moves_in(ANA)
    flow.seal_audit(now=town.now)
    assert seals.last() is None
    flow.seal_audit(now=town.now + timedelta(hours=1))
    assert seals.last() is not None
    flow.seal_audit(now=town.now + timedelta(hours=2))
    assert seals.last().number == 1, "nothing happened since"  # type: ignore[union-attr]
