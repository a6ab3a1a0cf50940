"""Do the migrations lead to the tables that the code knows, by the long way and by the short one?"""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState


def changes(one: MigrationLoader, other: ProjectState) -> dict[str, object]:
    """What would have to be migrated to come from what these migrations make to the other state."""
    return MigrationAutodetector(one.project_state(), other)._detect_changes(graph=one.graph)


def test_they_make_the_tables_that_the_code_knows() -> None:
    assert "records" not in changes(MigrationLoader(None), ProjectState.from_apps(apps))


def test_a_new_installation_and_one_that_went_every_step_have_the_same_tables() -> None:
    short, long = MigrationLoader(None), MigrationLoader(None, replace_migrations=False)
    for key, migration in long.replacements.items():
        long.graph.remove_replacement_node(key, migration.replaces)
    assert len(long.graph.nodes) > len(short.graph.nodes)
    assert "records" not in changes(long, short.project_state())


@pytest.mark.django_db
def test_a_cursor_becomes_text_without_its_table_being_written_anew() -> None:
    name = "0018_cursor_of_any_length"
    (widened,) = import_module(f"keyturn.records.migrations.{name}").Migration.operations
    before = MigrationLoader(None).project_state(("records", "0017_events_under_seals"))
    after = MigrationLoader(None).project_state(("records", name))
    with connection.cursor() as cursor, connection.schema_editor(atomic=False) as editor:
        widened.database_backwards("records", editor, after, before)
        kept = _file_of(cursor)
        widened.database_forwards("records", editor, before, after)
        assert _file_of(cursor) == kept
        cursor.execute(
            "SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = 'cis_cursor'::regclass AND attname = 'cursor'"
        )
        assert cursor.fetchone() == ("text",)


def _file_of(cursor: Any) -> Any:
    """Where PostgreSQL keeps the rows: another file once it has written them anew."""
    cursor.execute("SELECT pg_relation_filenode('cis_cursor')")
    return cursor.fetchone()
