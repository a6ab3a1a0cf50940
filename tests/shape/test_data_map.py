"""Is every column of every table classified, and is every entry of the map a column? (T-44)"""

import os
import re

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from keyturn.connectors.cis.reference import ReferenceCis
from keyturn.records.data_map import CIS, TABLES, Erasure, Table
from keyturn.records.data_map.shape import Category

ROOTS = {"person", "staff_user", "~email"}
PERSONAL = {Category.IDENTITY, Category.CONTACT, Category.ADDRESS, Category.EVIDENCE}


def columns_of(*schemas: str) -> set[tuple[str, str]]:
    """What PostgreSQL itself says is there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ANY(%s)",
            [list(schemas)],
        )
        return set(cursor.fetchall())


def in_map(tables: dict[str, Table]) -> list[tuple[str, str]]:
    return [(table.name, name) for table in tables.values() for name in table.names]


def difference() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Columns without an entry, entries without a column."""
    there, mapped = columns_of(settings.KEYTURN_SCHEMA, settings.KEYTURN_QUEUE_SCHEMA), set(in_map(TABLES))
    return sorted(there - mapped), sorted(mapped - there)


@pytest.mark.django_db
def test_every_column_of_the_database_is_classified_and_every_entry_of_the_map_is_a_column() -> None:
    unclassified, gone = difference()
    assert unclassified == [], "say in keyturn/records/data_map what these columns hold, and whose it is"
    assert gone == [], "these entries of the data map have no column any more"
    assert len(in_map(TABLES)) == len(set(in_map(TABLES))), "a column is classified once"


@pytest.mark.django_db
def test_a_new_column_and_one_that_went_are_both_noticed() -> None:
    assert difference() == ([], [])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE person_name ADD COLUMN shoe_size integer")
        cursor.execute("ALTER TABLE person_name DROP COLUMN suffix")
    assert difference() == ([("person_name", "shoe_size")], [("person_name", "suffix")])


def test_every_column_of_every_model_is_classified_even_one_that_no_migration_has_made_yet() -> None:
    there = {
        (model._meta.db_table, field.column)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed or model._meta.app_label == "procrastinate"
        for field in model._meta.concrete_fields
        if field.column
    }
    assert len(there) > 400
    assert sorted(there - set(in_map(TABLES))) == []


@pytest.mark.django_db
def test_what_the_reference_cis_holds_is_classified_too() -> None:
    own = ReferenceCis(
        os.environ["DATABASE_URL"], schema="classified"
    )  # what else lies in the other one is another test's
    own.install()
    own.close()
    there, mapped = columns_of("classified"), in_map(CIS)
    assert sorted(there ^ set(mapped)) == []


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_table_leads_to_somebody_or_says_why_to_nobody(table: Table) -> None:
    """No row that holds something personal is beyond the reach of a copy or an erasure without a reason."""
    assert table.whose or table.because, table.name
    for link in table.whose:
        assert link.of in ROOTS or link.of in TABLES, f"{table.name} leads over {link.of}, which is no table"
        if link.of != "~email" and re.fullmatch(r"\w+", link.takes):
            assert link.takes in TABLES[link.of].names, f"{link.of}.{link.takes}"


@pytest.mark.parametrize("table", [*TABLES.values(), *CIS.values()], ids=lambda table: f"{table.place}.{table.name}")
def test_what_an_erasure_leaves_says_why(table: Table) -> None:
    if table.erasure is Erasure.KEEP:
        assert table.because, table.name
    for columns in table.columns:
        assert columns.use.purpose and columns.use.kept and columns.use.ground
        if table.erasure is Erasure.BLANK and columns.stays and columns.use.category in PERSONAL:
            assert len(columns.stays) > 20, f"{table.name}.{columns.names}: a personal column stays for a reason"


def test_a_sealed_column_is_personal_and_goes_with_an_erasure() -> None:
    for table in TABLES.values():
        for name in table.names:
            if name.startswith("sealed_"):
                columns = table.of(name)
                assert columns.use.category in PERSONAL, f"{table.name}.{name}"
                assert table.erasure is Erasure.DELETE or not columns.stays, f"{table.name}.{name}"
