"""Does the map of a merge name every row that names a person?"""

from typing import Any

from django.apps import apps

from keyturn.records.models import Person
from keyturn.records.models.dated import Dated
from keyturn.records.queries.joining.file import TABLES
from keyturn.records.queries.joining.labels import _LABELS
from keyturn.records.queries.joining.tables import HANDLED, MOVES, How


def keys_to_a_person() -> dict[str, Any]:
    return {
        f"{model._meta.db_table}.{column.column}": model
        for model in apps.get_models(include_auto_created=True)
        for column in model._meta.concrete_fields
        if column.related_model is Person
    }


def test_every_foreign_key_to_a_person_says_what_a_merge_does_with_it() -> None:
    """A new table fails here until somebody has decided whether its rows move, stay or are reconciled."""
    assert set(HANDLED) == set(keys_to_a_person())


def test_dated_tables_are_entered_anew_and_nothing_else_is() -> None:
    dated = {name for name, model in keys_to_a_person().items() if issubclass(model, Dated)}
    assert {name for name, how in HANDLED.items() if how is How.FILE} == dated
    assert {name.partition(".")[0] for name in dated} == set(TABLES)


def test_whatever_moves_has_its_table_and_its_words() -> None:
    said = {name.partition(".")[0] for name, how in HANDLED.items() if how is How.MOVES}
    assert said <= set(MOVES)
    reconciled_first = {"account_group", "blind_review", "preference", "protection"}
    assert set(MOVES) - said == reconciled_first
    assert {*(each.model for each in MOVES.values()), *TABLES.values()} == set(_LABELS)
