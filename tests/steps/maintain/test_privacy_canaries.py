"""Does a copy hold everything, and does an erasure leave nothing? One planted value in each column of each table (T-44)."""

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from keyturn.records.crypto import unseal
from keyturn.records.data_map import TABLES, Erasure, Hold
from keyturn.records.data_map.erasing import erase
from keyturn.records.data_map.reach import Reach
from keyturn.records.models import Person
from keyturn.steps.maintain.privacy import copy as privacy_copy
from keyturn.terms.policy import Policy
from tests.steps.maintain.canaries import Plant, Planted, Planter

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)
PAPER = b"Zq-canary-of-the-paper"


@pytest.fixture
def planted(db: None) -> Planted:
    return Planter().plant()


def of(planted: Planted) -> dict[str, Any]:
    return {"persons": [planted.rows["person"][0]["id"]], "logins": [planted.rows["staff_user"][0]["id"]]}


def everything_in_the_database() -> dict[str, str]:
    """Every table as text, with its sealed values opened."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES.values():
            cursor.execute(f"SELECT coalesce(string_agg(row_to_json(t)::text, ' '), '') FROM {table.name} t")
            found[table.name] = cursor.fetchone()[0]
            for name in (each for each in table.names if each.startswith("sealed_")):
                cursor.execute(f"SELECT {table.key}, {name} FROM {table.name} WHERE {name} IS NOT NULL")
                for key, value in cursor.fetchall():
                    found[table.name] += json.dumps(unseal(value, place=f"{table.name}:{key}:{name}"))
    return found


def goes(plant: Plant) -> bool:
    table = TABLES[plant.table]
    return table.erasure is Erasure.DELETE or (table.erasure is Erasure.BLANK and not table.of(plant.column).stays)


def test_something_is_planted_in_every_table_that_leads_to_somebody(planted: Planted) -> None:
    assert {name for name, table in TABLES.items() if table.whose} <= set(planted.rows)
    assert len(planted.plants) > 300
    whole = " ".join(everything_in_the_database().values())
    assert [each for each in planted.plants if each.shown not in whole and each.column != "content"] == []


def test_a_copy_holds_every_planted_value_and_no_secret(planted: Planted) -> None:
    archive = zipfile.ZipFile(io.BytesIO(privacy_copy.make(**of(planted), now=NOW, policy=Policy())))
    text = archive.read("everything.json").decode()
    found = json.loads(text)
    withheld = {each["table"] for each in found["withheld"]}
    assert withheld == {name for name, table in TABLES.items() if table.withheld}
    missing, shown = [], []
    for plant in planted.plants:
        if plant.table in withheld or plant.column == "content":
            continue
        secret = TABLES[plant.table].of(plant.column).secret
        if secret and plant.shown in text:
            shown.append(plant)
        if not secret and plant.shown not in text:
            missing.append(plant)
    assert missing == []
    assert shown == []
    assert [archive.read(name) for name in archive.namelist() if name.startswith("documents/")] == [PAPER]


def test_a_copy_can_be_read_in_each_language_without_anything_else(planted: Planted) -> None:
    archive = zipfile.ZipFile(io.BytesIO(privacy_copy.make(**of(planted), now=NOW, policy=Policy())))
    for language in ("en", "es"):
        page = archive.read(f"about-you.{language}.html").decode()
        assert f'<html lang="{language}">' in page
        assert "<script" not in page and "://" not in page and "src=" not in page
        for plant in planted.plants:
            if plant.table in ("person_name", "person_contact", "message") and plant.column.startswith("sealed_"):
                assert plant.shown in page
    english, spanish = (archive.read(f"about-you.{each}.html").decode() for each in ("en", "es"))
    assert "Everything we hold about you" in english
    assert len(english) > 10_000 and len(spanish) > 10_000


def test_an_erasure_leaves_no_planted_value_anywhere_but_where_the_map_says_so(planted: Planted) -> None:
    erased = erase(Reach(**of(planted)), hold=Hold.NONE, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as at the commit: nothing that stays names what went
    there = everything_in_the_database()
    whole = " ".join(there.values())
    assert [each for each in planted.plants if goes(each) and each.shown in whole] == []
    assert [each for each in planted.plants if not goes(each) and each.shown not in there[each.table]] == []
    kept = {each.table for each in erased.kept}
    assert {each.table for each in planted.plants if not goes(each)} <= kept, "what stays is said"
    assert all(each.why == "record" for each in erased.kept)


@pytest.mark.parametrize("hold", [Hold.BOOKS, Hold.SERVED])
def test_where_something_must_stay_everything_else_goes_all_the_same(planted: Planted, hold: Hold) -> None:
    erased = erase(Reach(**of(planted)), hold=hold, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    there = everything_in_the_database()
    left = [plant for plant in planted.plants if goes(plant) and not may_stay(plant, hold)]
    assert len(left) > 40
    assert [plant for plant in left if plant.shown in there[plant.table]] == []
    assert {each.why for each in erased.kept} <= {"record", str(hold)}


def may_stay(plant: Plant, hold: Hold) -> bool:
    table = TABLES[plant.table]
    columns = table.of(plant.column)
    books = bool(table.books or columns.books)
    return books if hold is Hold.BOOKS else bool(books or table.served or columns.served)


def test_an_erasure_takes_the_paper_and_the_search_keys(planted: Planted) -> None:
    erase(Reach(**of(planted)), hold=Hold.NONE, now=NOW)
    with connection.cursor() as cursor:
        for query in (
            "SELECT count(*) FROM document WHERE content IS NOT NULL OR erased_at IS NULL",
            "SELECT count(*) FROM match_key",
            "SELECT count(*) FROM person_features",
            "SELECT count(*) FROM django_session",
        ):
            cursor.execute(query)
            assert cursor.fetchone() == (0,), query


def test_who_is_somebody_else_keeps_everything(planted: Planted) -> None:
    """The same town, another person: no row of theirs is reached."""
    before = everything_in_the_database()
    other = Person.objects.create(kind="person", created_at=NOW, updated_at=NOW)
    reach = Reach(persons=[other.pk], logins=[])
    erase(reach, hold=Hold.NONE, now=NOW)
    after = everything_in_the_database()
    assert {name for name in before if name != "person" and before[name] != after[name]} == set()
