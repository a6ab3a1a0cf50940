"""How are the CIS's changes heard: from a cursor, page by page, once each, whatever fails on the way?"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from keyturn.connectors.cis.faults import FaultyCis, Plan
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.flow import hearing, inbound
from keyturn.records import cis_news
from keyturn.records.models import (
    CisAgreed,
    CisCursor,
    CisNews,
    Person,
    PersonName,
)
from keyturn.terms.change import DetailChange, NameChange
from keyturn.terms.cis import Changed, Changes
from keyturn.terms.errors import Rejected
from tests.flow.both_sides import Heard, heard, name_of
from tests.flow.town import ANA, BEN, Town

__all__ = ["heard"]


RENAMED = NameChange("primary", given_name="Ana", family_name="Marquez")


class TestHearing:
    def test_the_cursor_moves_with_what_is_noted_and_a_second_worker_changes_nothing(
        self, town: Town, heard: Heard
    ) -> None:
        ana = town.knows(ANA)
        heard.there(ana, RENAMED)
        assert hearing.hear(now=town.now, policy=town.policy) > 0
        cursor = CisCursor.objects.get().cursor
        assert hearing.hear(now=town.now, policy=town.policy) == 0
        assert CisCursor.objects.get().cursor == cursor
        assert not hearing._noted("", (), "elsewhere", now=town.now)
        assert CisCursor.objects.get().cursor == cursor

    def test_a_cursor_is_as_long_as_the_cis_will_have_it(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        behind = "eyJ" + 30_000 * "x"
        asked = []

        def changes(since: str, *, limit: int) -> Changes:
            asked.append(since)
            return Changes((Changed("person", "C9"),) if not since else (), behind)

        monkeypatch.setattr(town.cis, "changes", changes)
        assert hearing.hear(now=town.now, policy=town.policy) == 1
        assert hearing.hear(now=town.now, policy=town.policy) == 0
        assert asked == ["", behind]

    def test_a_word_without_a_key_does_not_take_away_the_key_under_which_it_was_told_first(self, town: Town) -> None:
        hearing.note(
            (Changed("person", "C1", key="KT-1:establish"), Changed("person", "C2", key="import")), now=town.now
        )
        hearing.changed_in_cis(noun="person", ref="C1", now=town.now)
        hearing.note((Changed("person", "C2", key="KT-2:establish"), Changed("person", "C2")), now=town.now)
        news = {each.ref: each for each in CisNews.objects.all()}
        assert {ref: each.key for ref, each in news.items()} == {"C1": "KT-1:establish", "C2": "KT-2:establish"}
        assert {each.told_again for each in news.values()} == {1}

    def test_what_an_import_brought_and_somebody_there_changed_since_is_looked_at(self, town: Town) -> None:
        ana = str(town.knows(ANA).ref)
        hearing.note((Changed("person", ana, key="import"), Changed("person", ana)), now=town.now)
        assert [(each.ref, each.key) for each in CisNews.objects.all()] == [(ana, "")]

    def test_news_that_are_looked_at_and_taken_away_at_the_same_moment_are_noted_again(self, town: Town) -> None:
        """Between two statements of who notes it, somebody else has done with the news before and deletes it."""
        hearing.note((Changed("person", "C1"),), now=town.now)
        seen = []

        def done_with(execute: Any, sql: str, *rest: Any) -> Any:
            if "cis_news" in sql:
                seen.append(sql)
                if len(seen) == 2:
                    with connection.cursor() as cursor:
                        cursor.execute("DELETE FROM cis_news")
            return execute(sql, *rest)

        with connection.execute_wrapper(done_with):
            hearing.note((Changed("person", "C1"),), now=town.now)
        assert CisNews.objects.count() == 1

    def test_what_the_cis_refuses_to_show_is_put_before_staff_in_the_end(self, town: Town, heard: Heard) -> None:
        def refuses(noun: str, ref: str) -> None:
            raise Rejected("unreadable_value")

        ana = town.knows(ANA)
        town.faulty.read = refuses  # type: ignore[method-assign]
        hearing.changed_in_cis(noun="person", ref=str(ana.ref), now=town.now)
        for _ in range(inbound.GIVES_UP_AFTER):
            assert heard.cases == {}
            inbound.look(now=town.now, policy=town.policy)
            town.now += timedelta(hours=1)
        assert (heard.waiting, heard.cases) == ({}, {(ana.ref, ""): "not_understood"})

    def test_a_reference_that_is_too_long_is_nobodys(self, town: Town) -> None:
        hearing.changed_in_cis(noun="person", ref="C" * 65, now=town.now)
        assert not CisNews.objects.exists()

    def test_an_older_reading_overwrites_nothing_that_another_worker_has_merged_since(
        self, town: Town, heard: Heard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """We changed the name; a clerk changed it to something else, and, while a slow worker was reading, to the same."""
        ana = town.knows(ANA)
        heard.there(ana, DetailChange("paperless", "yes"))
        heard.listens()
        PersonName.objects.filter(person=ana, name_type="primary").update(family_name="Marquez")
        heard.there(ana, NameChange("primary", given_name="Ana", family_name="Stale"))
        reads = town.faulty.read

        def slow(noun: str, ref: str) -> Any:
            said = reads(noun, ref)
            monkeypatch.setattr(town.faulty, "read", reads)
            heard.there(ana, RENAMED)
            heard.listens()
            return said

        monkeypatch.setattr(town.faulty, "read", slow)
        with pytest.raises(inbound.Later, match="changed_meanwhile"):
            inbound.person_again(ana, now=town.now, policy=town.policy)
        assert name_of(ana, town.now) == "Ana Marquez"
        assert heard.cases == {}

    def test_pages_are_read_to_the_end(self, town: Town, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(hearing, "PAGE", 1)
        monkeypatch.setattr(hearing, "PAGES_AT_ONCE", 2)
        people = [town.knows(replace(ANA, emails=(f"{n}@example.com",), identifiers=())) for n in range(5)]
        for each in people:
            heard.there(each, DetailChange("language", "es"))
        hearing.hear(now=town.now, policy=town.policy)
        assert town.jobs("hear_cis") == 1
        while hearing.hear(now=town.now, policy=town.policy):
            pass
        assert {ref for _, ref in heard.waiting} == {each.ref for each in people}

    def test_a_cis_that_is_away_is_asked_again_from_the_same_place(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        heard.there(ana, RENAMED)
        town.cis_is("down", calls=["changes", "read"])
        heard.listens()
        assert CisCursor.objects.get().problem == "cis_unreachable"
        town.cis_is()
        heard.listens()
        assert CisCursor.objects.get().problem == ""
        assert name_of(ana, town.now) == "Ana Marquez"

    def test_a_reading_that_fails_is_tried_again_and_keeps_nobody_else_waiting(self, town: Town, heard: Heard) -> None:
        ana, ben = town.knows(ANA), town.knows(BEN)
        for each in (ana, ben):
            heard.there(each, DetailChange("language", "es"))
        town.cis_is(script=[{"fault": "down"}], calls=["read"])
        heard.listens()
        assert len(heard.waiting) == 1
        heard.waits(minutes=1)
        assert set(Person.objects.values_list("language", flat=True)) == {"es"}

    def test_a_cis_that_answers_nobody_is_left_alone_after_a_few(self, town: Town, heard: Heard) -> None:
        for n in range(9):
            heard.there(
                town.knows(replace(ANA, emails=(f"{n}@x.org",), identifiers=())), DetailChange("language", "es")
            )
        hearing.hear(now=town.now, policy=town.policy)
        town.cis_is("down", calls=["read"])
        inbound.look(now=town.now, policy=town.policy)
        assert Counter(heard.waiting.values()) == {"cis_unreachable": inbound.IN_VAIN, "": 9 - inbound.IN_VAIN}
        town.cis_is()
        heard.waits(hours=1)
        assert set(Person.objects.values_list("language", flat=True)) == {"es"}

    def test_what_is_told_again_while_it_is_looked_at_is_looked_at_again(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        heard.there(ana, DetailChange("language", "es"))
        hearing.hear(now=town.now, policy=town.policy)
        town.guarded = _Telling(GuardedCis(FaultyCis(town.cis, Plan())), lambda: self._again(ana, town, heard))
        inbound.look(now=town.now, policy=town.policy)
        assert len(heard.waiting) == 1
        town.cis_is()
        inbound.look(now=town.now, policy=town.policy)
        assert name_of(ana, town.now) == "Ana Marquez"

    def test_what_we_changed_since_it_was_read_is_newer_than_what_was_read(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        heard.there(ana, RENAMED)
        hearing.hear(now=town.now, policy=town.policy)
        town.guarded = _Telling(
            GuardedCis(FaultyCis(town.cis, Plan())), lambda: Person.objects.filter(pk=ana.pk).update(version=9)
        )
        inbound.look(now=town.now, policy=town.policy)
        assert heard.waiting == {("person", ana.ref): "changed_meanwhile"}
        assert name_of(ana, town.now) == "Ana Zelenko"
        town.cis_is()
        heard.waits(minutes=1)
        assert name_of(ana, town.now) == "Ana Marquez"

    def _again(self, ana: Person, town: Town, heard: Heard) -> None:
        heard.there(ana, RENAMED)
        hearing.hear(now=town.now, policy=town.policy)

    def test_an_import_is_no_news_of_those_it_brought(self, town: Town, heard: Heard) -> None:
        town.knows(ANA)
        heard.listens()
        assert CisNews.objects.count() == 0
        assert CisAgreed.objects.count() == 0

    def test_what_cannot_be_taken_in_goes_to_staff_at_last(
        self, town: Town, heard: Heard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ana, ben = town.knows(ANA), town.knows(BEN)
        for each in (ana, ben):
            heard.there(each, DetailChange("language", "es"))
        real = inbound.person_again

        def stumbles(person: Person, **more: object) -> list[str]:
            if person.pk == ana.pk:
                raise ZeroDivisionError
            return real(person, **more)

        monkeypatch.setattr(inbound, "person_again", stumbles)
        monkeypatch.setattr(inbound, "GIVES_UP_AFTER", 3)
        for _ in range(4):
            heard.waits(hours=1)
        assert heard.waiting == {}
        assert heard.cases == {(ana.ref, ""): "not_understood"}
        assert Person.objects.get(pk=ben.pk).language == "es"

    def test_a_long_list_is_worked_off_in_several_jobs(
        self, town: Town, heard: Heard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        people = [town.knows(replace(ANA, emails=(f"{n}@example.com",), identifiers=())) for n in range(5)]
        for each in people:
            heard.there(each, DetailChange("language", "es"))
        monkeypatch.setattr(inbound, "LOOKED_AT_ONCE", 2)
        monkeypatch.setattr(inbound, "TAKEN_AT_ONCE", 2)
        inbound.hear_job(now=town.now)
        assert town.jobs("hear_cis") == 1
        town.works()
        assert set(Person.objects.values_list("language", flat=True)) == {"es"}
        assert (heard.waiting, town.jobs("hear_cis")) == ({}, 0)


class TestSeveralWorkers:
    """Who looks takes what it looks at: two at one moment share it out."""

    @pytest.fixture
    def waiting(self, town: Town, heard: Heard) -> list[str]:
        people = [town.knows(replace(ANA, emails=(f"{n}@example.com",), identifiers=())) for n in range(4)]
        for each in people:
            heard.there(each, DetailChange("language", "es"))
        hearing.hear(now=town.now, policy=town.policy)
        return [str(each.ref) for each in people]

    def take(self, town: Town, most: int) -> list[CisNews]:
        return cis_news.take("person", most=most, now=town.now, until=town.now + timedelta(minutes=1))

    def test_nothing_is_taken_by_two(self, town: Town, waiting: list[str]) -> None:
        first, second, third = self.take(town, 3), self.take(town, 3), self.take(town, 3)
        assert [len(first), len(second), len(third)] == [3, 1, 0]
        assert {each.ref for each in (*first, *second)} == set(waiting)

    def test_what_one_took_that_died_is_looked_at_by_another_afterwards(
        self, town: Town, heard: Heard, waiting: list[str]
    ) -> None:
        self.take(town, 3)
        assert inbound.look(now=town.now, policy=town.policy) == 1
        heard.waits(minutes=2)
        assert heard.waiting == {}
        assert set(Person.objects.filter(ref__in=waiting).values_list("language", flat=True)) == {"es"}

    def test_what_is_told_again_while_it_is_looked_at_is_looked_at_again(self, town: Town, waiting: list[str]) -> None:
        (taken,) = self.take(town, 1)
        hearing.changed_in_cis(noun="person", ref=taken.ref, now=town.now)
        assert inbound._look_at(taken, now=town.now, policy=town.policy) is False
        assert [each.ref for each in self.take(town, 9)].count(taken.ref) == 1


class _Telling:
    """A CIS in which something happens right after it was read."""

    def __init__(self, inner, meanwhile):
        self._inner, self._meanwhile = inner, meanwhile

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def read(self, noun, ref):
        found = self._inner.read(noun, ref)
        meanwhile, self._meanwhile = self._meanwhile, lambda: None
        meanwhile()
        return found
