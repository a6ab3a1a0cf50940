"""Do the migrations lead to the tables that the code knows, by the long way and by the short one?"""

from django.apps import apps
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
