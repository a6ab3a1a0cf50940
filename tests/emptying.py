"""How are the tables emptied after a test whose commits were real?

Django's own way truncates every table there is and writes the content types anew: a fifth of a second each time. Most
tests write to a few tables: only those are emptied, and rows go faster by DELETE while there are few.
"""

from typing import Any

from django.db import connection, transaction
from django.test import TransactionTestCase
from psycopg import sql

KEPT = {"django_migrations", "django_content_type", "auth_permission"}
NO_MODEL = {"signin_limit"}  # Django's cache, in which tries are counted: the next test begins with none
MANY = 200_000  # bytes: then TRUNCATE, which also leaves nothing behind that the next tests would read past


def empty_what_was_written(*_: Any) -> None:
    """Forget every row of the application's tables; the queue's are left alone, as by Django's own."""
    names = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT | NO_MODEL
    with transaction.atomic(), connection.cursor() as cursor:
        tables = sql.SQL(", ").join(map(sql.Identifier, sorted(names)))
        cursor.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(tables))  # whoever still writes has committed
        each = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {}, pg_relation_size({}::regclass) WHERE EXISTS (SELECT FROM {})").format(
                name, name, sql.Identifier(name)
            )
            for name in sorted(names)
        )
        cursor.execute(each)
        written = dict(cursor.fetchall())
        many = [sql.Identifier(name) for name, size in written.items() if size > MANY]
        few = [sql.Identifier(name) for name, size in written.items() if size <= MANY]
        if many:  # what refers to them goes with them
            cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(many)))
        if few:  # in any order: foreign keys are looked at when it commits
            cursor.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(name) for name in few))


def install() -> None:
    TransactionTestCase._fixture_teardown = empty_what_was_written  # type: ignore[method-assign]
